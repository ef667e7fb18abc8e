//! The posterior of linear models against dense algebra, with every constant: y ~ N(Xm, σ²(W⁻¹ + ZΛΛ'Z') + X S₀ X').

use std::f64::consts::TAU;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use faer::prelude::*;
use faer::{Mat, Side};
use hlmrs::Structure;
use hlmrs::design::Rows;
use hlmrs::fit::{Control, fit};
use hlmrs::linalg::fourth_order;
use hlmrs::model::Criterion;
use hlmrs::posterior::LinearPosterior;
use hlmrs::posterior::draws::{Asked, Drawn, draws};
use hlmrs::posterior::leave_out::leave_out;
use hlmrs::posterior::sampled::{Method, Settings, Source};
use hlmrs::posterior::slots::{SlotKind, of_residuals, of_terms};
use hlmrs::prior::{Combination, Prior};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrays::Arrays;
use crate::dense::{Dense, user_factors};
use crate::designs::{KINDS, design, design_in, model};

const MEANS: [f64; 4] = [45.0, 0.2, -1.0, 0.7];
const SDS: [f64; 4] = [20.0, 0.7, 3.0, 2.0];

fn posterior(rows: &Rows) -> LinearPosterior {
    posterior_in(rows, 1.0)
}

/// A posterior with proper priors of everything, of a response that is so many times that of a design.
fn posterior_in(rows: &Rows, unit: f64) -> LinearPosterior {
    let model = model(rows, Criterion::Reml);
    let fit = fit(&model, &Control::default(), &AtomicBool::new(false)).unwrap();
    let names = names_of(&model);
    let slots = of_terms(model.parameters(), &names).into_iter().chain(of_residuals(&model));
    let prior = |kind: SlotKind| match kind {
        SlotKind::Sd => Prior::HalfStudentT { df: 3.0, scale: 2.0 * unit },
        SlotKind::CorrelationMatrix => Prior::Lkj { eta: 1.5 },
        SlotKind::Distance => Prior::Gamma { shape: 2.0, rate: 1.0 },
        SlotKind::Sigma => Prior::HalfNormal { scale: 3.0 * unit },
        SlotKind::Correlation | SlotKind::LogSd => Prior::Flat,
    };
    let priors = slots.map(|slot| prior(slot.kind)).collect();
    let p = model.a.n_fixed();
    let combination = |j: usize| {
        let mut along = vec![0.0; p];
        along[j] = 1.0;
        Combination { along, prior: Prior::Normal { mean: MEANS[j] * unit, sd: SDS[j] * unit } }
    };
    let all: Vec<Combination> = (0..p).map(combination).collect();
    LinearPosterior::new(&fit, &all, priors).unwrap()
}

/// A point near the start.
fn point(of: &LinearPosterior, seed: u64) -> Vec<f64> {
    point_in(of, seed, 1.0)
}

fn point_in(of: &LinearPosterior, seed: u64, unit: f64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let n = of.model.n_free();
    let mut x: Vec<f64> = of.model.theta_map.start();
    x.push(0.4 + 2.0 * unit.ln());
    assert_eq!(x.len(), n + 1);
    let mut psi = of.coordinates().from_engine(&x);
    let off = |v: f64, (a, b): (f64, f64)| v * (0.6 + 0.8 * a) + 0.3 * (b - 0.5);
    let last = psi.len() - 1;
    psi[..last].iter_mut().for_each(|v| *v = off(*v, rng.random()));
    psi[last] += rng.random::<f64>() - 0.5;
    for place in of.coordinates().reflections().places {
        psi[place] = psi[place].abs() + 0.05;
    }
    psi
}

fn moments(of: &LinearPosterior, dense: &Dense, psi: &[f64]) -> (Mat<f64>, Mat<f64>) {
    moments_under(of, dense, psi, (&MEANS, &SDS))
}

/// The mean and covariance of y given ψ, β ~ N(means, sds²) integrated over.
fn moments_under(
    of: &LinearPosterior,
    dense: &Dense,
    psi: &[f64],
    (means, sds): (&[f64], &[f64]),
) -> (Mat<f64>, Mat<f64>) {
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
    let scaled = Mat::from_fn(n, kept.len(), |i, c| fixed[(i, c)] * sds[c]);
    v += &scaled * scaled.transpose();
    let mean = Mat::from_fn(n, 1, |i, _| (0..kept.len()).map(|c| fixed[(i, c)] * means[c]).sum());
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

/// The response in other units: the same posterior, whose slopes are as exact.
#[test]
fn its_slope_is_that_of_differences_in_any_unit_of_the_response() {
    let stop = AtomicBool::new(false);
    for (kind, unit) in KINDS.into_iter().zip([1.0, 1e-6, 1e6].into_iter().cycle()) {
        for seed in 0..3 {
            let of = posterior_in(&design_in(kind, seed, unit), unit);
            let mut density = of.target().log_posterior(&stop);
            let psi = point_in(&of, seed, unit);
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

/// Student's t and the horseshoe are normal given scales, which are the last coordinates.
#[test]
fn priors_that_are_normal_given_scales_are_those_of_dense_algebra() {
    let stop = AtomicBool::new(false);
    for kind in KINDS {
        let rows = design(kind, 3, true);
        let plain = posterior(&rows);
        let fit = fit(&model(&rows, Criterion::Reml), &Control::default(), &stop).unwrap();
        let p = plain.model.a.n_fixed();
        let of_one = |j: usize| match j {
            0 => Prior::StudentT { df: 3.0, mean: MEANS[0], sd: SDS[0] },
            1 => Prior::Normal { mean: MEANS[1], sd: SDS[1] },
            _ => Prior::Horseshoe { scale: 0.7 },
        };
        let along = |j: usize| (0..p).map(|k| f64::from(u8::from(k == j))).collect();
        let all: Vec<Combination> = (0..p).map(|j| Combination { along: along(j), prior: of_one(j) }).collect();
        let priors = vec![Prior::Flat; plain.coordinates().n_priors()];
        let of = LinearPosterior::new(&fit, &all, priors).unwrap();
        let n = plain.coordinates().dim();
        // of t, and where there is a horseshoe the common scale and one of each
        let n_scales = if p > 2 { p } else { 1 };
        assert_eq!(of.coordinates().dim(), n + n_scales);
        let logs: Vec<f64> = (0..n_scales).map(|k| 0.4 - 0.3 * k as f64).collect();
        let psi = [point(&plain, 2), logs.clone()].concat();
        let sd = |j: usize| match j {
            0 => SDS[0] * (0.5 * logs[0]).exp(),
            1 => SDS[1],
            _ => 0.7 * (logs[1] + logs[j]).exp(),
        };
        let mean = |j: usize| if j < 2 { MEANS[j] } else { 0.0 };
        let (means, sds): (Vec<f64>, Vec<f64>) = (0..p).map(|j| (mean(j), sd(j))).unzip();
        let dense = Dense::new(&rows);
        let (mean, v) = moments_under(&plain, &dense, &psi[..n], (&means, &sds));
        let mut density = of.target().log_posterior(&stop);
        let found = density.value(&psi).unwrap() - of.coordinates().log_prior(&psi);
        let expected = log_normal(&dense.y, &mean, &v);
        assert!((found - expected).abs() < 1e-8 * expected.abs(), "{kind:?}: {found} {expected}");
        let (_, slope) = density.gradient(&psi).unwrap();
        for k in 0..psi.len() {
            let mut at = |shift: f64| {
                let mut to = psi.clone();
                to[k] += shift;
                density.value(&to).unwrap()
            };
            let h = 1e-4;
            let expected = fourth_order([at(h), at(-h), at(2.0 * h), at(-2.0 * h)], h);
            assert!(
                (slope[k] - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{kind:?} {k}: {} {expected}",
                slope[k]
            );
        }
    }
}

/// The prior of every slot is over what users read: log p(ψ) less the densities of these is the Jacobian, by differences.
#[test]
fn the_prior_is_over_what_users_read() {
    for (kind, unit) in KINDS.into_iter().zip([1.0, 1e-6, 1e6].into_iter().cycle()) {
        let of = posterior_in(&design_in(kind, 2, unit), unit);
        a_prior_over_what_users_read(&of, kind, unit);
    }
}

/// Correlations by lag bound each other, and their prior is over them all.
#[test]
fn the_prior_of_correlations_by_lag_is_over_these() {
    let codes: Vec<u32> = (0..90).map(|i| i / 3 % 15).collect();
    let times = (0..90).map(|i| f64::from(i % 4)).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let y: Vec<f64> = (0..90).map(|i| 45.0 + 0.4 * f64::from(i / 6) + 2.0 * (rng.random::<f64>() - 0.5)).collect();
    let rows = Arrays::new(y).grouping("g", &codes).at_places("g", Structure::Toeplitz, vec![times]).rows();
    let of = posterior(&rows);
    a_prior_over_what_users_read(&of, "toep", 1.0);
    // to the engine and back
    let psi = point(&of, 1);
    let back = of.coordinates().from_engine(&of.coordinates().to_engine(&psi).unwrap());
    assert!(psi.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-7), "{psi:?} {back:?}");
}

fn a_prior_over_what_users_read(of: &LinearPosterior, kind: impl std::fmt::Debug, unit: f64) {
    let (coordinates, psi) = (of.coordinates(), point_in(of, 4, unit));
    if of.model.theta_map.terms.iter().any(|term| term.structure.is_unrestricted() && term.width > 2) {
        return; // of more than one correlation LKJ: rust/prior/lkj.rs
    }
    let model = &of.model;
    let named = model.parameters().named(Vec::new(), &names_of(model));
    let asked: Vec<_> = named.iter().map(|(_, parameter)| *parameter).collect();
    let stop = AtomicBool::new(false);
    let user = |psi: &[f64]| {
        draws(of, (&[psi.to_vec()], 1), Asked { parameters: &asked, terms: &[] }, &stop).unwrap()[0].values.clone()
    };
    let at = user(&psi);
    let density = |(parameter, value): (&hlmrs::model::Parameter, &f64)| match parameter.kind() {
        "sd" => Prior::HalfStudentT { df: 3.0, scale: 2.0 * unit }.log_density(*value),
        "distance" => Prior::Gamma { shape: 2.0, rate: 1.0 }.log_density(*value),
        "sigma" => Prior::HalfNormal { scale: 3.0 * unit }.log_density(*value),
        // LKJ of two columns with η = 1.5: (1 - ρ²)^½ over π/2; of structures flat between their ends
        _ if model.theta_map.terms.iter().any(|term| term.structure.is_unrestricted() && term.width == 2) => {
            0.5 * (1.0 - value * value).ln() - (TAU / 4.0).ln()
        }
        _ => flat_of(model),
    };
    let priors: f64 = asked.iter().zip(&at).map(density).sum();
    let n = psi.len();
    let columns: Vec<f64> = (0..n)
        .flat_map(|k| {
            let h = 1e-4;
            let shifted = |shift: f64| {
                let mut to = psi.clone();
                to[k] += shift;
                user(&to)
            };
            let (a, b, c, d) = (shifted(h), shifted(-h), shifted(2.0 * h), shifted(-2.0 * h));
            (0..n).map(|i| fourth_order([a[i], b[i], c[i], d[i]], h)).collect::<Vec<f64>>()
        })
        .collect();
    let jacobian = hlmrs::linalg::dense::log_abs_determinant(&columns, n);
    let found = coordinates.log_prior(&psi);
    assert!((found - priors - jacobian).abs() < 1e-6 * (1.0 + found.abs()), "{kind:?}: {found} {priors} {jacobian}");
}

/// A flat prior of a correlation is uniform between its ends.
fn flat_of(model: &hlmrs::model::Lmm) -> f64 {
    let homogeneous = |term: &&hlmrs::covariance::TermCovariance| {
        term.structure == Structure::HomogeneousCompoundSymmetry || term.structure == Structure::CompoundSymmetry
    };
    let width =
        model.theta_map.terms.iter().find(homogeneous).map_or(2.0, |term| 1.0 + 1.0 / (term.width as f64 - 1.0));
    -f64::ln(width)
}

fn names_of(model: &hlmrs::model::Lmm) -> Vec<(String, Vec<String>)> {
    (model.theta_map.terms.iter().enumerate())
        .map(|(t, term)| (format!("g{t}"), (0..term.width).map(|k| format!("z{k}")).collect()))
        .collect()
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

/// A row that alone has a coefficient, whose prior is flat: nothing predicts it.
#[test]
fn a_row_that_alone_determines_a_coefficient_is_told() {
    let codes: Vec<u32> = (0..24).map(|i| i % 6).collect();
    let y: Vec<f64> = (0..24).map(|i| 45.0 + f64::from(i * 7 % 11) + f64::from(i % 6)).collect();
    let x = (0..24).map(|i| f64::from(u8::from(i == 5))).collect();
    let rows = Arrays::new(y).numeric("x", x).grouping("g", &codes).random("g", Structure::Unstructured, vec![]).rows();
    let model = model(&rows, Criterion::Reml);
    let stop = AtomicBool::new(false);
    let fit = fit(&model, &Control::default(), &stop).unwrap();
    let of = LinearPosterior::new(&fit, &[], vec![Prior::HalfNormal { scale: 5.0 }, Prior::HalfNormal { scale: 5.0 }])
        .unwrap();
    let settings = Settings { draws: 400, seed: 1, method: Method::Auto };
    let sampled = of.sample(settings, (&AtomicUsize::new(0), &stop)).unwrap();
    let found = leave_out(&of, &sampled.points, &rows, None, &stop).unwrap();
    assert!(found.elpd[5].is_nan() && found.k[5] == f64::INFINITY, "{} {}", found.elpd[5], found.k[5]);
    assert!(found.elpd.iter().enumerate().all(|(i, v)| i == 5 || v.is_finite()) && found.n_draws == 400);
}

/// Draws of both methods have the same means, to their Monte Carlo errors.
#[test]
fn direct_draws_are_those_of_chains() {
    let stop = AtomicBool::new(false);
    let of = posterior(&design(KINDS[1], 3, false));
    let mean_of = |method: Method| {
        let sampled = of.sample(Settings { draws: 4002, seed: 2, method }, (&AtomicUsize::new(0), &stop)).unwrap();
        assert_eq!(sampled.points.len(), 4002);
        (0..sampled.points[0].len())
            .map(|k| {
                let mean = sampled.points.iter().map(|psi| psi[k]).sum::<f64>() / 4002.0;
                (mean, sampled.points.iter().map(|psi| (psi[k] - mean).powi(2)).sum::<f64>() / 4002.0)
            })
            .collect::<Vec<_>>()
    };
    for (direct, chain) in mean_of(Method::Direct).into_iter().zip(mean_of(Method::Nuts)) {
        // both are worth some hundred independent draws at least
        assert!((direct.0 - chain.0).abs() < 5.0 * (2.0 * direct.1 / 400.0).sqrt(), "{direct:?} {chain:?}");
    }
}

/// Nothing but coefficients is left open: they are integrated over.
#[test]
fn a_model_whose_coefficients_alone_are_open_is_drawn_from() {
    let rows = Arrays::new(vec![1.0, 2.0, 4.0]).rows();
    let model = model(&rows, Criterion::Reml).with_scale(hlmrs::model::Scale::Known(4.0));
    let stop = AtomicBool::new(false);
    let fit = fit(&model, &Control::default(), &stop).unwrap();
    let prior = Combination { along: vec![1.0], prior: Prior::Normal { mean: 1.0, sd: 3.0 } };
    let of = LinearPosterior::new(&fit, &[prior], Vec::new()).unwrap();
    let settings = Settings { draws: 4000, seed: 1, method: Method::Auto };
    let sampled = of.sample(settings, (&AtomicUsize::new(0), &stop)).unwrap();
    let fixed = [hlmrs::model::Parameter::Fixed(0)];
    let all = draws(&of, (&sampled.points, 1), Asked { parameters: &fixed, terms: &[] }, &stop).unwrap();
    let mean = all.iter().map(|draw| draw.values[0]).sum::<f64>() / 4000.0;
    // precision 3/4 + 1/9
    let (precision, expected) = (3.0 / 4.0 + 1.0 / 9.0, (7.0 / 4.0 + 1.0 / 9.0) / (3.0 / 4.0 + 1.0 / 9.0));
    assert!((mean - expected).abs() < 5.0 * f64::sqrt(1.0 / precision / 4000.0));
    // y ~ N(1, 4 I + 9 11'): |V| = 4³ (1 + 27/4), e = (0, 1, 3)
    let (logdet, square) = (64f64.ln() + 7.75f64.ln(), 10.0 / 4.0 - 9.0 / 16.0 * 16.0 / 7.75);
    let expected = -0.5 * (3.0 * TAU.ln() + logdet + square);
    assert!((sampled.log_marginal.unwrap().0 - expected).abs() < 1e-9, "{:?} {expected}", sampled.log_marginal);
}
