//! Priors beside the likelihood: their slopes, and posteriors of generalized models at one point.

use std::sync::atomic::AtomicBool;

use hlmrs::design::Rows;
use hlmrs::family::{Link, Predictor, Zero};
use hlmrs::fit::{Control, fit_generalized};
use hlmrs::linalg::fourth_order;
use hlmrs::model::generalized::scaled;
use hlmrs::model::{CovariancePrior, Criterion, Evaluator, GlmmEvaluator, LmmEvaluator, Parameter};
use hlmrs::optimize::Objective;
use hlmrs::posterior::GeneralizedPosterior;
use hlmrs::posterior::draws::{Asked, Drawn, draws};
use hlmrs::prior::{Combination, Prior};
use hlmrs::{Error, Structure};

use crate::arrays::Arrays;
use crate::designs::{KINDS, design, model};
use crate::generalized::{model_of, spec};

fn differences(mut value: impl FnMut(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    let h = 1e-4;
    (0..x.len())
        .map(|k| {
            let mut at = |shift: f64| {
                let mut to = x.to_vec();
                to[k] += shift;
                value(&to)
            };
            fourth_order([at(h), at(-h), at(2.0 * h), at(-2.0 * h)], h)
        })
        .collect()
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < tolerance * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn a_prior_of_covariances_has_its_slope_and_no_density_at_zero() {
    let stop = AtomicBool::new(false);
    for kind in KINDS {
        let mut model = model(&design(kind, 2, false), Criterion::Reml);
        model.covariance_prior = Some(CovariancePrior { exponent: 0.75 });
        let mut evaluator = LmmEvaluator::new(&model, &stop);
        let x: Vec<f64> = model.theta_map.start().iter().map(|v| 0.7 * v + 0.1).collect();
        let expected = differences(|x| evaluator.value(x).unwrap(), &x);
        close(&evaluator.gradient(&x).unwrap(), &expected, 1e-6);
        let (slope, curvature) = evaluator.slope(&x).unwrap();
        close(&slope, &expected, 1e-6);
        assert!(curvature.iter().all(|v| v.is_finite()));
        assert!(matches!(evaluator.value(&vec![0.0; x.len()]), Err(Error::Numerical(_))));
    }
}

fn small_groups() -> Rows {
    let n = 60;
    let codes: Vec<u32> = (0..n).map(|i| (i % 12) as u32).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::from((i * 7 % 11) as u32) / 5.0 - 1.0).collect();
    Arrays::new(x.iter().map(|x| 0.5 * x).collect())
        .numeric("x", x)
        .grouping("g", &codes)
        .random("g", Structure::Unstructured, vec![])
        .rows()
}

#[test]
fn generalized_posteriors_have_their_slopes_and_draw_effects_around_the_modes() {
    let stop = AtomicBool::new(false);
    for (name, link) in [("binomial", Link::Logit), ("poisson", Link::Log)] {
        let model = model_of(&spec(name, link, Zero::None), &small_groups(), &[] as &[Predictor], 3);
        let fit = fit_generalized(&model, &Control::default(), &stop).unwrap();
        let along = |j: usize| (0..2).map(|k| f64::from(u8::from(k == j))).collect();
        let coefficients = [
            Combination { along: along(0), prior: Prior::StudentT { df: 3.0, mean: 0.3, sd: 2.0 } },
            Combination { along: along(1), prior: Prior::Normal { mean: 0.0, sd: 1.0 } },
        ];
        let sd = Prior::HalfStudentT { df: 3.0, scale: 1.0 };
        for nodes in [None, Some(15)] {
            let of = GeneralizedPosterior::new(&fit, &coefficients, vec![sd], nodes).unwrap();
            let mut density = of.target().log_posterior(&stop);
            let psi = [0.6, 0.4, -0.3];
            let expected = differences(|psi| density.value(psi).unwrap(), &psi);
            close(&density.gradient(&psi).unwrap().1, &expected, 1e-5);
            // the criterion, the priors by hand, and the user's coefficients
            let x = of.coordinates().to_engine(&psi).unwrap();
            let beta = of.model.user_coefficients(&x);
            let priors = sd.log_density(of.coordinates().in_user_units(&psi)[0])
                + of.coordinates().log_unit_of_points()
                + coefficients.iter().zip(&beta).map(|(one, b)| one.prior.log_density(*b)).sum::<f64>();
            let own = GlmmEvaluator::new(&of.model, &stop).value(&x).unwrap();
            // the same constant everywhere: the Jacobian of the coordinates
            let jacobian = density.value(&psi).unwrap() - (priors - 0.5 * own);
            let unit =
                |k: usize| of.model.user_coefficients(&[0.0, f64::from(u8::from(k == 0)), f64::from(u8::from(k == 1))]);
            let (a, b) = (unit(0), unit(1));
            assert!((jacobian - (a[0] * b[1] - a[1] * b[0]).abs().ln()).abs() < 1e-9);
        }
        let of = GeneralizedPosterior::new(&fit, &coefficients, vec![sd], None).unwrap();
        let psi = vec![0.6, 0.4, -0.3];
        let (x, n) = (of.coordinates().to_engine(&psi).unwrap(), 4000);
        let mut evaluator = GlmmEvaluator::new(&of.model, &stop);
        evaluator.invert_at(&x).unwrap();
        let u = evaluator.evaluate(&x).unwrap().1.u.clone();
        let modes = scaled(&evaluator.newton.lambda, &u, false);
        let variances = evaluator.inverse.level_blocks(&evaluator.newton.factor, &of.model.symbolic, 0);
        let all =
            draws(&of, (&vec![psi; n], 5), Asked { parameters: &[Parameter::Fixed(1)], terms: &[0] }, &stop).unwrap();
        for (level, (mode, variance)) in modes[0].iter().zip(&variances).enumerate() {
            let own: Vec<f64> = all.iter().map(|draw| draw.effects[0][level]).collect();
            let mean = own.iter().sum::<f64>() / n as f64;
            let spread = own.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            assert!((mean - mode).abs() < 5.0 * (variance / n as f64).sqrt(), "{mean} {mode}");
            assert!((spread / variance - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{spread} {variance}");
        }
        assert!((all[0].values[0] - of.model.user_coefficients(&x)[1]).abs() < 1e-9);
    }
}
