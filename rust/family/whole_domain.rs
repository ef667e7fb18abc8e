//! Tests of every family with every link: derivatives in every predictor against differences, over the whole domain.

use crate::linalg::fourth_order;

use super::{FamilySpec, Kernel, Link, Observation, Predictor, RowDerivatives, Thresholds, Zero};

const SIZES: [f64; 10] = [0.1, 0.5, 2.0, 5.0, 10.0, 20.0, 40.0, 100.0, 300.0, 700.0];
const STEP: f64 = 1e-4;
const PROBABILITY: [Link; 4] = [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit];
const COUNT: [Link; 3] = [Link::Log, Link::Sqrt, Link::Identity];

fn links(name: &str) -> Vec<Link> {
    match name {
        "binomial" | "betabinomial" | "cumulative" | "beta" => PROBABILITY.to_vec(),
        "ordbeta" => vec![Link::Logit],
        "lognormal" => vec![Link::Identity],
        "gamma" => vec![Link::Inverse, Link::Log, Link::Identity, Link::Sqrt],
        "inverse_gaussian" => vec![Link::InverseSquare, Link::Log, Link::Inverse, Link::Identity, Link::Sqrt],
        "gaussian" | "student" => vec![Link::Identity, Link::Log, Link::Inverse, Link::Sqrt],
        _ => COUNT.to_vec(),
    }
}

fn specs() -> Vec<FamilySpec> {
    let counts = ["poisson", "nbinom2", "nbinom1", "genpois"];
    let truncated: Vec<String> = counts.iter().map(|name| format!("truncated_{name}")).collect();
    let with_zeros = [&counts[..], &["gamma", "inverse_gaussian", "lognormal", "beta"]].concat();
    let with_zeros: Vec<String> = with_zeros.iter().map(|name| name.to_string()).chain(truncated).collect();
    let plain = ["binomial", "betabinomial", "cumulative", "ordbeta", "tweedie", "gaussian", "student"];
    let all = with_zeros.iter().flat_map(|name| [(name.clone(), Zero::None), (name.clone(), Zero::Part)]);
    let all = all.chain(plain.iter().map(|name| (name.to_string(), Zero::None)));
    let spec = |name: &str, link, zero, has_scale| FamilySpec {
        name: name.into(),
        link,
        zero,
        n_categories: 4,
        thresholds: Thresholds::Flexible,
        has_scale,
    };
    let both = |name: &str| if name == "cumulative" { vec![false, true] } else { vec![false] };
    all.flat_map(|(name, zero)| {
        let scales = both(&name);
        links(&name).into_iter().flat_map(move |link| {
            let name = name.clone();
            scales.clone().into_iter().map(move |has_scale| spec(&name, link, zero, has_scale))
        })
    })
    .collect()
}

/// The values at which other predictors are held.
fn held(predictor: Predictor) -> f64 {
    match predictor {
        Predictor::Conditional => 0.6,
        Predictor::Dispersion => 0.4,
        Predictor::Zero => -0.7,
        Predictor::Shape | Predictor::Lower => -1.1,
        Predictor::SecondShape | Predictor::Upper => 1.2,
        Predictor::Scale => 0.2,
    }
}

fn at(family: &dyn Kernel, o: Observation, eta: &[f64]) -> (f64, RowDerivatives) {
    let eta: Vec<Vec<f64>> = eta.iter().map(|v| vec![*v]).collect();
    let mut out = RowDerivatives::default();
    family.derivatives(&[o], &eta, &(0..eta.len()).collect::<Vec<_>>(), &mut out);
    (family.total(&[o], &[], &eta), out)
}

/// Between which values a predictor is where a family is defined, its numbers do not overflow, and sums keep their digits.
fn domain(spec: &FamilySpec, predictor: Predictor) -> (f64, f64) {
    let name = spec.name.strip_prefix("truncated_").unwrap_or(&spec.name);
    let is_real = matches!(name, "gaussian" | "student" | "lognormal");
    match predictor {
        Predictor::Zero => (-700.0, 700.0),
        // of a normal law tails are small numbers
        Predictor::Conditional | Predictor::Upper | Predictor::Lower if spec.link == Link::Probit => {
            if spec.has_scale {
                (-20.0, 20.0)
            } else {
                (-40.0, 40.0)
            }
        }
        Predictor::Conditional => match (name, spec.link) {
            (_, Link::Identity | Link::Inverse | Link::InverseSquare) if !is_real => (0.0, 700.0),
            ("student", Link::Log) => (-100.0, 100.0),
            ("inverse_gaussian" | "gaussian", Link::Log) | ("betabinomial" | "beta", Link::Cloglog) => (-300.0, 300.0),
            _ => (-700.0, 700.0),
        },
        Predictor::Dispersion => match name {
            "tweedie" => (-2.0, 300.0),
            "nbinom1" | "student" => (-100.0, 700.0),
            "gamma" => (-100.0, 300.0),
            "genpois" => (-0.5, 700.0),
            "beta" | "ordbeta" => (-700.0, 300.0),
            _ => (-300.0, 700.0),
        },
        Predictor::Shape if name == "student" => (-300.0, 300.0),
        Predictor::Shape if name == "tweedie" => (-5.0, 5.0),
        Predictor::Scale => (-10.0, 40.0),
        Predictor::Shape | Predictor::SecondShape | Predictor::Upper | Predictor::Lower => (-700.0, 700.0),
    }
}

/// Whether a response can be at all: thresholds ascend, and counts of little dispersion end.
fn is_possible(spec: &FamilySpec, predictors: &[Predictor], o: Observation, eta: &[f64]) -> bool {
    let of = |predictor| predictors.iter().position(|&p| p == predictor).map(|k| eta[k]);
    let ascends = |low: Option<f64>, high: Option<f64>| low.zip(high).is_none_or(|(low, high)| low < high);
    let ends = of(Predictor::Dispersion).filter(|_| spec.name.ends_with("genpois")).is_some_and(|phi| {
        let (mean, root) = (spec.link.mean(eta[0]), (0.5 * phi).exp());
        mean / root + (1.0 - 1.0 / root) * o.y < 0.2
    });
    ascends(of(Predictor::Lower), of(Predictor::Upper))
        && ascends(of(Predictor::Shape).filter(|_| spec.name == "ordbeta"), of(Predictor::SecondShape))
        && !ends
}

/// What differs from differences along a predictor.
fn wrong(family: &dyn Kernel, o: Observation, eta: &[f64], along: usize) -> Option<String> {
    let m = eta.len();
    let moved = |step: f64| {
        let mut to = eta.to_vec();
        to[along] += step * STEP;
        at(family, o, &to)
    };
    let (value, own) = at(family, o, eta);
    if !value.is_finite() {
        return Some(format!("value {value}"));
    }
    let near = [moved(-2.0), moved(-1.0), moved(1.0), moved(2.0)];
    let check = |what: &str, own: f64, below: f64, of: &dyn Fn(&(f64, RowDerivatives)) -> f64| {
        let [far_down, down, up, far_up] = [0, 1, 2, 3].map(|k| of(&near[k]));
        let slope = fourth_order([up, down, far_up, far_down], STEP);
        let allowed = 1e-6 * slope.abs() + 1e-9 * below.abs().max(value.abs()) + 2e-8;
        let is_close = (own - slope).abs() < allowed;
        (!is_close).then(|| format!("{what} {own:e}, by differences {slope:e}"))
    };
    let mut found = check("first", own.g[along], value, &|r| r.0);
    for b in 0..m {
        found = found.or_else(|| check("second", own.d[along * m + b], own.g[b], &|r| r.1.g[b]));
    }
    // of the largest the squares are no numbers
    for e in (0..m * m).filter(|_| eta[along].abs() < 350.0) {
        found = found.or_else(|| check("third", own.t[along * m * m + e], own.d[e], &|r| r.1.d[e]));
    }
    found
}

/// Whether -log density is convex in the predictor of the mean.
fn is_convex(spec: &FamilySpec) -> bool {
    let name = spec.name.as_str();
    match spec.link {
        Link::Logit | Link::Probit | Link::Cloglog => matches!(name, "binomial" | "cumulative"),
        Link::Log => matches!(name, "poisson" | "nbinom2" | "gamma" | "tweedie" | "truncated_poisson"),
        Link::Identity => matches!(name, "gaussian" | "lognormal"),
        _ => false,
    }
}

#[test]
fn derivatives_in_every_predictor_are_differences_over_the_whole_domain_of_every_family_and_link() {
    let mut all = Vec::new();
    for spec in specs() {
        let family = spec.family().unwrap();
        let predictors = family.predictors();
        let held: Vec<f64> = predictors.iter().map(|&p| held(p)).collect();
        let inside = |y: &f64| family.outside(Observation { y: *y, trials: 3.0 }).is_none();
        for (k, &predictor) in predictors.iter().enumerate() {
            let (low, high) = domain(&spec, predictor);
            let mut tried = 0;
            for size in SIZES.iter().flat_map(|s| [*s, -*s]).filter(|s| (low..=high).contains(s)) {
                let mut eta = held.clone();
                eta[k] = size;
                for y in [0.0, 1.0, 2.0, 3.0, 0.3, 7.0].into_iter().filter(inside) {
                    let o = Observation { y, trials: 3.0 };
                    if !is_possible(&spec, &predictors, o, &eta) {
                        continue;
                    }
                    tried += 1;
                    if let Some(found) = wrong(family.as_ref(), o, &eta, k) {
                        all.push(format!("{spec:?} {predictor:?} {size}, y = {y}: {found}"));
                    }
                    let curvature = at(family.as_ref(), o, &eta).1.d[0];
                    if spec.zero == Zero::None && is_convex(&spec) && curvature < -1e-12 {
                        all.push(format!("{spec:?} {predictor:?} {size}, y = {y}: curvature {curvature:e}"));
                    }
                }
            }
            assert!(tried >= 9, "{spec:?} {predictor:?}: {tried}");
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
