//! The posterior of linear models against dense algebra, with every constant: y ~ N(Xm, σ²(W⁻¹ + ZΛΛ'Z') + X S₀ X').

use std::f64::consts::TAU;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use faer::prelude::*;
use faer::{Mat, Side};
use hlmrs::Structure;
use hlmrs::design::Rows;
use hlmrs::fit::{Control, fit};
use hlmrs::linalg::fourth_order;
use hlmrs::model::{Criterion, NormalCombination};
use hlmrs::posterior::LinearPosterior;
use hlmrs::posterior::draws::{Asked, Drawn, draws};
use hlmrs::posterior::leave_out::leave_out;
use hlmrs::posterior::sampled::{Method, Settings, Source};
use hlmrs::posterior::slots::{SlotKind, of_residuals, of_terms};
use hlmrs::prior::Prior;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrays::Arrays;
use crate::dense::{Dense, user_factors};
use crate::designs::{KINDS, design, model};

const MEANS: [f64; 4] = [45.0, 0.2, -1.0, 0.7];
const SDS: [f64; 4] = [20.0, 0.7, 3.0, 2.0];

/// A posterior with proper priors of everything.
fn posterior(rows: &Rows) -> LinearPosterior {
    let model = model(rows, Criterion::Reml);
    let fit = fit(&model, &Control::default(), &AtomicBool::new(false)).unwrap();
    let names: Vec<(String, Vec<String>)> = (model.theta_map.terms.iter().enumerate())
        .map(|(t, term)| (format!("g{t}"), (0..term.width).map(|k| format!("z{k}")).collect()))
        .collect();
    let slots = of_terms(model.parameters(), &names).into_iter().chain(of_residuals(&model));
    let prior = |kind: SlotKind| match kind {
        SlotKind::Sd => Prior::HalfStudentT { df: 3.0, scale: 2.0 },
        SlotKind::CorrelationMatrix => Prior::Lkj { eta: 1.5 },
        SlotKind::Distance => Prior::Gamma { shape: 2.0, rate: 1.0 },
        SlotKind::Sigma => Prior::HalfNormal { scale: 3.0 },
        SlotKind::Correlation | SlotKind::LogSd => Prior::Flat,
    };
    let priors = slots.map(|slot| prior(slot.kind)).collect();
    let p = model.a.n_fixed();
    let combination = |j: usize| {
        let mut along = vec![0.0; p];
        along[j] = 1.0;
        NormalCombination { along, mean: MEANS[j], sd: SDS[j] }
    };
    let all: Vec<NormalCombination> = (0..p).map(combination).collect();
    LinearPosterior::new(&fit, &all, priors).unwrap()
}

/// A point near the start.
fn point(of: &LinearPosterior, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let n = of.model.n_free();
    let mut x: Vec<f64> = of.model.theta_map.start();
    x.push(0.4);
    assert_eq!(x.len(), n + 1);
    let mut psi = of.coordinates().from_engine(&x);
    psi.iter_mut().for_each(|v| *v = *v * (0.6 + 0.8 * rng.random::<f64>()) + 0.3 * (rng.random::<f64>() - 0.5));
    for place in of.coordinates().reflections().places {
        psi[place] = psi[place].abs() + 0.05;
    }
    psi
}

/// The mean and covariance of y given ψ, β integrated over.
fn moments(of: &LinearPosterior, dense: &Dense, psi: &[f64]) -> (Mat<f64>, Mat<f64>) {
    let x = of.coordinates().to_engine(psi).unwrap();
    let (model, n) = (&of.model, dense.y.nrows());
    let variance = x[model.n_free()].exp();
    let mut v = Mat::<f64>::from_fn(n, n, |i, j| if i == j { variance / dense.w[i] } else { 0.0 });
    for ((z, r), l) in dense.z.iter().zip(user_factors(model, &x[..model.theta_map.n_parameters])) {
        let q = z.ncols();
        let block = Mat::from_fn(q, q, |i, j| if i / r == j / r { l[(j % r) * r + i % r] } else { 0.0 });
        let zl = z * &block;
        v += Scale(variance) * (&zl * zl.transpose());
    }
    let kept = &model.a.fixed.kept;
    let fixed = Mat::from_fn(n, kept.len(), |i, c| dense.x[(i, kept[c])]);
    let scaled = Mat::from_fn(n, kept.len(), |i, c| fixed[(i, c)] * SDS[c]);
    v += &scaled * scaled.transpose();
    let mean = Mat::from_fn(n, 1, |i, _| (0..kept.len()).map(|c| fixed[(i, c)] * MEANS[c]).sum());
    (mean, v)
}

fn log_normal(y: &Mat<f64>, mean: &Mat<f64>, v: &Mat<f64>) -> f64 {
    let (n, factor) = (y.nrows(), v.llt(Side::Lower).unwrap());
    let e = y - mean;
    let solved = factor.solve(&e);
    let logdet: f64 = (0..n).map(|i| 2.0 * factor.L()[(i, i)].ln()).sum();
    -0.5 * (n as f64 * TAU.ln() + logdet + (e.transpose() * solved)[(0, 0)])
}

#[test]
fn the_density_is_that_of_the_response_times_the_priors() {
    let stop = AtomicBool::new(false);
    for kind in KINDS {
        for seed in 0..3 {
            let rows = design(kind, seed, seed % 2 == 1);
            let (of, dense) = (posterior(&rows), Dense::new(&rows));
            let mut density = of.target().log_posterior(&stop);
            for k in 0..2 {
                let psi = point(&of, 10 * seed + k);
                let (mean, v) = moments(&of, &dense, &psi);
                let expected = log_normal(&dense.y, &mean, &v) + of.coordinates().log_prior(&psi);
                let found = density.value(&psi).unwrap();
                assert!((found - expected).abs() < 1e-8 * expected.abs(), "{kind:?} {seed}: {found} {expected}");
            }
        }
    }
}

#[test]
fn its_slope_is_that_of_differences() {
    let stop = AtomicBool::new(false);
    for kind in KINDS {
        for seed in 0..3 {
            let of = posterior(&design(kind, seed, false));
            let mut density = of.target().log_posterior(&stop);
            let psi = point(&of, seed);
            let (_, slope) = density.gradient(&psi).unwrap();
            for k in 0..psi.len() {
                let mut at = |shift: f64| {
                    let mut to = psi.clone();
                    to[k] += shift;
                    density.value(&to).unwrap()
                };
                let h = 1e-4;
                let expected = fourth_order([at(h), at(-h), at(2.0 * h), at(-2.0 * h)], h);
                let error = (slope[k] - expected).abs() / (1.0 + expected.abs());
                assert!(error < 1e-5, "{kind:?} {seed} {k}: {} {expected}", slope[k]);
            }
        }
    }
}

#[test]
fn reflections_are_the_same_covariance_and_points_come_back() {
    let stop = AtomicBool::new(false);
    for kind in KINDS {
        let of = posterior(&design(kind, 1, false));
        let mut density = of.target().log_posterior(&stop);
        let psi = point(&of, 5);
        let back = of.coordinates().from_engine(&of.coordinates().to_engine(&psi).unwrap());
        assert!(psi.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a.abs())), "{psi:?} {back:?}");
        let reflections = of.coordinates().reflections();
        let value = density.value(&psi).unwrap();
        for signs in 1..1usize << reflections.places.len().min(4) {
            let mut to = psi.clone();
            reflections.reflect(&mut to, signs);
            assert!((density.value(&to).unwrap() - value).abs() < 1e-8 * value.abs());
            reflections.fold(&mut to);
            assert_eq!(to, psi);
        }
    }
}

/// Of one row, and of all rows of a level, from the joint distribution of y.
#[test]
fn densities_without_rows_are_conditional_ones() {
    let stop = AtomicBool::new(false);
    for (kind, seed) in KINDS.into_iter().zip([1u64, 2, 3].into_iter().cycle()) {
        let rows = design(kind, seed, true);
        let (of, dense) = (posterior(&rows), Dense::new(&rows));
        let psi = point(&of, seed);
        let (mean, v) = moments(&of, &dense, &psi);
        let n = dense.y.nrows();
        let whole = log_normal(&dense.y, &mean, &v);
        let without = |gone: &[u32]| {
            let rest: Vec<usize> = (0..n).filter(|i| !gone.contains(&(*i as u32))).collect();
            let part = |m: &Mat<f64>| Mat::from_fn(rest.len(), 1, |i, _| m[(rest[i], 0)]);
            let block = Mat::from_fn(rest.len(), rest.len(), |i, j| v[(rest[i], rest[j])]);
            whole - log_normal(&part(&dense.y), &part(&mean), &block)
        };
        let level: Vec<u32> = (0..n as u32).filter(|i| rows.factors[0].codes()[*i as usize] == 1).collect();
        let sets = vec![vec![0], vec![7], level];
        // one point: the mean over the posterior is the density itself
        let found = leave_out(&of, &[psi], &rows, Some(&sets), &stop).unwrap();
        for (set, found) in sets.iter().zip(&found.log_mean) {
            let expected = without(set);
            assert!((found - expected).abs() < 1e-7 * (1.0 + expected.abs()), "{kind:?}: {found} {expected}");
        }
    }
}

/// At one ψ: means and variances of coefficients and effects over many draws.
#[test]
fn draws_given_the_variances_have_their_moments() {
    let stop = AtomicBool::new(false);
    for kind in KINDS.into_iter().take(6) {
        let rows = design(kind, 4, false);
        let (of, dense) = (posterior(&rows), Dense::new(&rows));
        let psi = point(&of, 3);
        let (mean, v) = moments(&of, &dense, &psi);
        let (model, n) = (&of.model, 4000);
        let x = of.coordinates().to_engine(&psi).unwrap();
        let (lambda, variance) = (user_factors(model, &x[..model.theta_map.n_parameters]), x[model.n_free()].exp());
        let names = (0..model.theta_map.terms.len()).collect::<Vec<usize>>();
        let fixed: Vec<_> = (0..model.a.n_fixed()).map(hlmrs::model::Parameter::Fixed).collect();
        let all = draws(&of, (&vec![psi.clone(); n], 9), Asked { parameters: &fixed, terms: &names }, &stop).unwrap();
        let factor = v.llt(Side::Lower).unwrap();
        let solved = factor.solve(&(&dense.y - &mean));
        let check = |covariance: Mat<f64>, prior: (f64, f64), values: Vec<f64>| {
            let expected = prior.0 + (covariance.transpose() * &solved)[(0, 0)];
            let left = prior.1 - (covariance.transpose() * factor.solve(&covariance))[(0, 0)];
            let own = values.iter().sum::<f64>() / n as f64;
            let spread = values.iter().map(|v| (v - own).powi(2)).sum::<f64>() / n as f64;
            assert!((own - expected).abs() < 5.0 * (left / n as f64).sqrt(), "{kind:?}: {own} {expected}");
            assert!((spread / left - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{kind:?}: {spread} {left}");
        };
        for (c, &kept) in model.a.fixed.kept.iter().enumerate() {
            let covariance = Mat::from_fn(dense.y.nrows(), 1, |i, _| dense.x[(i, kept)] * SDS[c].powi(2));
            check(covariance, (MEANS[c], SDS[c].powi(2)), all.iter().map(|draw| draw.values[c]).collect());
        }
        for (t, ((z, r), l)) in dense.z.iter().zip(&lambda).enumerate() {
            // the second column of level one, or its only one
            let (level, k) = (1, r - 1);
            let sigma = |a: usize| (0..*r).map(|m| l[m * r + a] * l[m * r + k]).sum::<f64>() * variance;
            let covariance =
                Mat::from_fn(dense.y.nrows(), 1, |i, _| (0..*r).map(|a| z[(i, level * r + a)] * sigma(a)).sum());
            check(covariance, (0.0, sigma(k)), all.iter().map(|draw| draw.effects[t][level * r + k]).collect());
        }
    }
}

/// A balanced layout with known means: the marginal likelihood and a mean by the trapezoidal rule over two parameters.
#[test]
fn direct_draws_have_the_moments_of_the_density() {
    let codes: Vec<u32> = (0..48).map(|i| i / 6).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let y: Vec<f64> = (0..48).map(|i| 45.0 + 0.4 * f64::from(i / 6) + 2.0 * (rng.random::<f64>() - 0.5)).collect();
    let rows = Arrays::new(y).grouping("g", &codes).random("g", Structure::Unstructured, vec![]).rows();
    let of = posterior(&rows);
    let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let settings = Settings { draws: 4000, seed: 1, method: Method::Auto };
    let sampled = of.sample(settings, (&done, &stop)).unwrap();
    let mut density = of.target().log_posterior(&stop);
    let (mut total, mut mean, h) = (0.0, 0.0, 0.02);
    let top = sampled.points.iter().map(|psi| density.value(psi).unwrap()).fold(f64::NEG_INFINITY, f64::max);
    for i in 0..400 {
        for j in 0..150 {
            let psi = [h * (f64::from(i) + 0.5), -2.0 + h * f64::from(j)];
            let p = (density.value(&psi).unwrap() - top).exp();
            total += p;
            mean += p * psi[0];
        }
    }
    let (log_marginal, error) = sampled.log_marginal.unwrap();
    let expected = top + (total * h * h).ln();
    assert!((log_marginal - expected).abs() < 4.0 * error + 1e-3, "{log_marginal} {expected} {error}");
    let own = sampled.points.iter().map(|psi| psi[0]).sum::<f64>() / sampled.points.len() as f64;
    assert!((own - mean / total).abs() < 0.03, "{own} {}", mean / total);
    assert!(matches!(sampled.source, Source::Direct { k, effective, .. } if k < 0.7 && effective > 1000.0));
}
