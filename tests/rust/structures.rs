//! What every covariance structure in the list must obey.

use hlmrs::covariance::toeplitz::autocorrelations;
use hlmrs::covariance::{
    Coordinate, Decay, Invariance, Places, RandomBasis, Reported, Role, Shape, Structure, TermSpec, ThetaMap, square,
};
use hlmrs::ids::FactorId;
use hlmrs::linalg::fourth_order;
use proptest::prelude::*;

const TIMES: [f64; 4] = [0.0, 0.5, 1.7, 2.9];
const POINTS: [f64; 8] = [0.0, 0.0, 1.0, 0.5, -0.4, 2.0, 1.5, 1.5];

/// So many columns of a structure: at times, where their distances count.
fn shape(structure: Structure, r: usize) -> Shape {
    match structure.decay() {
        Some(_) => Shape::at(Places::new(1, TIMES[..r].to_vec()).unwrap()),
        None if structure.has_rank() => Shape::of_rank(r, r.min(2)),
        None => Shape::from(r),
    }
}

/// A structure, a number of columns, and parameters away from their boundaries.
fn terms() -> impl Strategy<Value = (Structure, usize, Vec<f64>)> {
    (prop::sample::select(Structure::ALL), 1..5usize).prop_flat_map(|(structure, r)| {
        let theta = prop::collection::vec(0.3..1.1f64, structure.roles(&shape(structure, r)).len());
        (Just(structure), Just(r), theta)
    })
}

/// A change of columns that the structure allows.
fn basis(structure: Structure, r: usize) -> RandomBasis {
    let mut basis = RandomBasis::identity(r);
    for j in 0..r {
        let scale = if structure.invariance() == Invariance::CommonScaling { 2.5 } else { 0.5 + j as f64 };
        basis.transform[j * r + j] = scale;
        if structure.invariance() == Invariance::Linear {
            (0..j).for_each(|i| basis.transform[j * r + i] = 0.3 * (i + 1) as f64 - 0.2 * j as f64);
        }
    }
    basis
}

fn factor(structure: Structure, theta: &[f64], r: usize) -> Vec<f64> {
    let mut lambda = vec![0.0; r * r];
    structure.factor(theta, (&shape(structure, r), r), &mut lambda);
    lambda
}

fn covariance(structure: Structure, theta: &[f64], r: usize) -> Vec<f64> {
    square(&factor(structure, theta, r), r)
}

fn assert_close(a: &[f64], b: &[f64], tolerance: f64, name: &str) {
    assert_eq!(a.len(), b.len(), "{name}");
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0)), "{name}: {a:?} {b:?}");
}

#[test]
fn names_are_found_and_the_special_cases_are_structures() {
    for &structure in Structure::ALL {
        assert_eq!(Structure::parse(structure.name()).unwrap(), structure);
        for name in structure.contains() {
            assert!(Structure::parse(name).is_ok_and(|other| other != structure), "{structure:?} {name}");
        }
    }
    assert!(Structure::parse("none").is_err());
}

#[test]
fn the_start_is_the_identity_or_has_neighbours_of_correlation_one_half() {
    for (&structure, r) in Structure::ALL.iter().flat_map(|s| (1..5).map(move |r| (s, r))) {
        let mut expected = RandomBasis::identity(r).transform;
        if structure.has_rank() {
            (2..r).for_each(|k| expected[k * r + k] = 0.0);
        }
        if let Some(decay) = structure.decay() {
            let times = TIMES.map(|t| t / 0.5 * 2f64.ln());
            let entry = |k: usize| decay.correlation((times[k % r] - times[k / r]).abs());
            expected = (0..r * r).map(entry).collect();
        }
        let start = structure.start(&shape(structure, r));
        assert_close(&covariance(structure, &start, r), &expected, 1e-14, structure.name());
    }
}

#[test]
fn correlations_at_places_are_those_of_their_distances_and_range() {
    let shape = Shape::at(Places::new(2, POINTS.to_vec()).unwrap());
    let basis = RandomBasis::identity(4);
    let distance = |i: usize, j: usize| (POINTS[2 * i] - POINTS[2 * j]).hypot(POINTS[2 * i + 1] - POINTS[2 * j + 1]);
    for (structure, decay) in [
        (Structure::Exponential, Decay::Exponential),
        (Structure::Gaussian, Decay::Gaussian),
        (Structure::Matern, Decay::Smooth),
        (Structure::RoughMatern, Decay::Exponential),
        (Structure::SmoothMatern, Decay::Smoother),
    ] {
        for range in [0.3, 1.2, 5.0] {
            let theta = structure.to_working(&[1.5, range], (&shape, &basis));
            let mut lambda = vec![0.0; 16];
            structure.factor(&theta, (&shape, 4), &mut lambda);
            let expected: Vec<f64> =
                (0..16).map(|k| 2.25 * decay.correlation(distance(k % 4, k / 4) / range)).collect();
            assert_close(&square(&lambda, 4), &expected, 1e-13, structure.name());
        }
    }
}

#[test]
fn an_ornstein_uhlenbeck_process_at_equal_steps_is_autoregressive() {
    let basis = RandomBasis::identity(5);
    let shape = Shape::at(Places::new(1, (0..5).map(|k| 3.0 + 2.0 * f64::from(k)).collect()).unwrap());
    for rate in [0.05, 0.4, 2.0] {
        let theta = Structure::OrnsteinUhlenbeck.to_working(&[1.5, rate], (&shape, &basis));
        let mut lambda = vec![0.0; 25];
        Structure::OrnsteinUhlenbeck.factor(&theta, (&shape, 5), &mut lambda);
        let rho = (-2.0 * rate).exp();
        assert_close(&square(&lambda, 5), &covariance(Structure::Ar1, &[1.5, rho.asin()], 5), 1e-13, "ou");
    }
}

#[test]
fn a_range_without_end_is_one_effect_and_a_range_of_zero_independent_ones() {
    let half = std::f64::consts::FRAC_PI_2;
    for &structure in Structure::ALL.iter().filter(|s| s.decay().is_some()) {
        assert_close(&covariance(structure, &[2.0, half], 4), &[4.0; 16], 1e-14, structure.name());
        let independent: Vec<f64> = RandomBasis::identity(4).transform.iter().map(|v| 4.0 * v).collect();
        assert_close(&covariance(structure, &[2.0, -half], 4), &independent, 1e-14, structure.name());
        assert!(structure.derivative(&[2.0, -half], &shape(structure, 4), 1).iter().all(|slope| slope.is_finite()));
        assert!(structure.derivative(&[2.0, half], &shape(structure, 4), 1).iter().all(|slope| slope.is_finite()));
    }
}

#[test]
fn a_covariance_of_full_rank_is_any_and_one_of_lower_rank_is_its_loadings() {
    let theta = [1.0, -0.4, 0.3, 0.8, 0.5, 0.6];
    let of = |shape: Shape, theta: &[f64]| {
        let mut lambda = vec![0.0; 9];
        Structure::ReducedRank.factor(theta, (&shape, 3), &mut lambda);
        square(&lambda, 3)
    };
    assert_eq!(of(Shape::of_rank(3, 3), &theta), covariance(Structure::Unstructured, &theta, 3));
    let loadings = &theta[..3];
    let product: Vec<f64> = (0..9).map(|k| loadings[k % 3] * loadings[k / 3]).collect();
    assert_close(&of(Shape::of_rank(3, 1), loadings), &product, 1e-15, "rr");
    let counts: Vec<usize> = (1..4).map(|d| Structure::ReducedRank.roles(&Shape::of_rank(4, d)).len()).collect();
    assert_eq!(counts, [4, 7, 9]);
}

#[test]
fn slopes_of_what_users_read_match_differences() {
    for &structure in Structure::ALL {
        let (shape, basis) = (shape(structure, 3), RandomBasis::identity(3));
        let map = ThetaMap::new(&[TermSpec { structure, factor: FactorId(0), shape: shape.clone() }], &[FactorId(0)]);
        let term = &map.terms[0];
        let theta: Vec<f64> = (0..map.n_parameters).map(|k| 0.4 + 0.13 * k as f64).collect();
        for parameter in structure.reported(&shape) {
            let at = |k: usize, step: f64| {
                let mut theta = theta.clone();
                theta[k] += step;
                let value = term.value(parameter, &theta, &term.relative_covariance(&basis, &theta));
                if parameter.kind() == "correlation" { value } else { value.ln() }
            };
            let differences: Vec<f64> = (0..theta.len()).map(|k| (at(k, 1e-6) - at(k, -1e-6)) / 2e-6).collect();
            assert_close(&term.slopes(parameter, &theta, &basis), &differences, 1e-7, structure.name());
        }
    }
}

#[test]
fn a_range_follows_from_the_correlation_of_two_effects_with_its_slope() {
    for &structure in Structure::ALL.iter().filter(|s| s.decay().is_some()) {
        let shape = shape(structure, 2);
        let at = |phi: f64| {
            let sigma = covariance(structure, &[1.0, phi], 2);
            (sigma[1], structure.to_user(&[1.0, phi], (&shape, &RandomBasis::identity(2)))[1])
        };
        let (correlation, expected) = at(0.2);
        let (value, slope) = structure.of_correlation(correlation, 0.5).unwrap();
        let (above, below) = (at(0.2 + 1e-6), at(0.2 - 1e-6));
        let difference = (above.1 - below.1) / (above.0 - below.0);
        assert_close(&[value, slope], &[expected, difference], 1e-8, structure.name());
    }
    assert!(Structure::Ar1.of_correlation(0.5, 1.0).is_none());
}

#[test]
fn every_parameter_has_a_role_and_a_name() {
    let with_own = Structure::ALL.iter().filter(|structure| !structure.has_rank());
    for (&structure, r) in with_own.flat_map(|s| (1..5).map(move |r| (s, r))) {
        let columns: Vec<String> = (0..r).map(|k| format!("x{k}")).collect();
        let mut names: Vec<String> =
            structure.reported(&shape(structure, r)).iter().map(|parameter| parameter.name(&columns, "g")).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), structure.roles(&shape(structure, r)).len(), "{structure:?} {r} {names:?}");
    }
}

#[test]
fn structured_correlations_have_their_pattern() {
    let r = 4;
    let cs = covariance(Structure::HomogeneousCompoundSymmetry, &[2.0, 0.4], r);
    let ar = covariance(Structure::Ar1, &[2.0, 0.4], r);
    let arh = covariance(Structure::HeterogeneousAr1, &[1.0, 2.0, 0.5, 3.0, 0.4], r);
    let toep = covariance(Structure::Toeplitz, &[1.0, 2.0, 0.5, 3.0, 0.7, -0.4, 0.3], r);
    let (sd, rho) = ([1.0, 4.0, 0.25, 9.0], 0.4f64.sin());
    for (i, j) in (0..r).flat_map(|j| (0..r).map(move |i| (i, j))) {
        let (k, lag) = (j * r + i, i.abs_diff(j));
        assert!((cs[k] - if i == j { 4.0 } else { cs[1] }).abs() < 1e-12);
        assert!((ar[k] - 4.0 * rho.powi(lag as i32)).abs() < 1e-12);
        assert!((arh[k] / sd[i] / sd[j] - rho.powi(lag as i32)).abs() < 1e-12);
        let of_lag = toep[lag] / sd[lag] / sd[0];
        assert!((toep[k] / sd[i] / sd[j] - of_lag).abs() < 1e-12);
    }
}

proptest! {
    #[test]
    fn scaled_parameters_scale_the_factor((structure, r, theta) in terms(), c in 0.1..4.0f64) {
        let scaled = factor(structure, &structure.scaled(&theta, &shape(structure, r), c), r);
        let expected: Vec<f64> = factor(structure, &theta, r).iter().map(|v| c * v).collect();
        assert_close(&scaled, &expected, 1e-12, structure.name());
    }

    #[test]
    fn derivatives_match_central_differences((structure, r, theta) in terms()) {
        for k in 0..theta.len() {
            let at = |step: f64| {
                let mut theta = theta.clone();
                theta[k] += step;
                factor(structure, &theta, r)
            };
            // of fourth order: the factor of a smooth covariance that is nearly singular has few digits
            let h = 1e-4;
            let (near, far) = ((at(h), at(-h)), (at(2.0 * h), at(-2.0 * h)));
            let slope = |i: usize| fourth_order([near.0[i], near.1[i], far.0[i], far.1[i]], h);
            let difference: Vec<f64> = (0..near.0.len()).map(slope).collect();
            assert_close(&structure.derivative(&theta, &shape(structure, r), k), &difference, 1e-7, structure.name());
        }
    }

    #[test]
    fn what_users_read_leads_back_to_the_same_covariance((structure, r, theta) in terms()) {
        let (shape, basis) = (shape(structure, r), basis(structure, r));
        let user = structure.to_user(&theta, (&shape, &basis));
        let back = structure.to_working(&user, (&shape, &basis));
        assert_close(&structure.to_user(&back, (&shape, &basis)), &user, 1e-10, structure.name());
        let (same, expected) = (covariance(structure, &back, r), covariance(structure, &theta, r));
        assert_close(&same, &expected, 1e-10, structure.name());
    }

    #[test]
    fn another_basis_is_the_same_model((structure, r, theta) in terms()) {
        let (shape, basis) = (shape(structure, r), basis(structure, r));
        let outside = structure.to_user(&theta, (&shape, &basis));
        let plain = structure.to_working(&outside, (&shape, &RandomBasis::identity(r)));
        let expected = basis.covariance(&covariance(structure, &theta, r));
        assert_close(&covariance(structure, &plain, r), &expected, 1e-10, structure.name());
    }

    #[test]
    fn a_parameter_at_its_boundary_makes_the_covariance_singular((structure, r, theta) in terms()) {
        for (k, role) in structure.roles(&shape(structure, r)).into_iter().enumerate() {
            for from in [theta[k], -1.2] {
                if from < 0.0 && matches!(role, Role::Range | Role::Rate) {
                    continue; // independent effects
                }
                let Some(boundary) = role.boundary(from) else { continue };
                let mut theta = theta.clone();
                theta[k] = boundary;
                let determinant: f64 = (0..r).map(|j| factor(structure, &theta, r)[j * r + j]).product();
                prop_assert!(determinant.abs() < 1e-7, "{:?} {} {}", structure, k, determinant);
            }
        }
    }

    #[test]
    fn what_users_read_is_a_function_of_its_coordinate((structure, r, theta) in terms()) {
        let basis = basis(structure, r);
        let sigma = basis.covariance(&covariance(structure, &theta, r));
        let shape = shape(structure, r);
        let map = ThetaMap::new(&[TermSpec { structure, factor: FactorId(0), shape: shape.clone() }], &[FactorId(0)]);
        for parameter in structure.reported(&shape) {
            let value = map.terms[0].value(parameter, &theta, &sigma);
            let found = match structure.coordinate(parameter, &shape).expect("a coordinate of every parameter") {
                Coordinate::Power { k, column, power } => basis.scale(column) * theta[k].powi(power),
                Coordinate::Angle { k, angle } => angle.correlation(theta[k]),
                Coordinate::Lag { k, n, lag } => autocorrelations(&theta[k..k + n])[lag],
                Coordinate::Distance { k, role } => role.to_user(theta[k], &basis, &shape),
                Coordinate::Rows | Coordinate::Covariance => value,
            };
            prop_assert!((found - value).abs() < 1e-10, "{:?} {:?} {} {}", structure, parameter, found, value);
        }
        prop_assert!(structure.coordinate(Reported::Lag(r), &shape).is_none());
    }

    #[test]
    fn linear_directions_add_up_to_the_covariance((structure, r, theta) in terms()) {
        let sigma = covariance(structure, &theta, r);
        if let Some(directions) = structure.linear_directions(&sigma, r) {
            let sum = (0..r * r).map(|k| directions.iter().map(|d| d.gamma * d.pattern[k]).sum()).collect::<Vec<f64>>();
            assert_close(&sum, &sigma, 1e-12, structure.name());
            prop_assert_eq!(directions.len(), structure.roles(&shape(structure, r)).len());
        }
    }

    #[test]
    fn special_cases_are_reached((structure, r, theta) in terms()) {
        let sigma = covariance(structure, &theta, r);
        for larger in Structure::ALL.iter().filter(|s| s.contains().contains(&structure.name())) {
            let shape = shape(*larger, r);
            let user: Vec<f64> = larger.reported(&shape).iter().map(|parameter| parameter.value(&sigma, r)).collect();
            let own = larger.to_working(&user, (&shape, &RandomBasis::identity(r)));
            assert_close(&covariance(*larger, &own, r), &sigma, 1e-10, larger.name());
        }
    }
}
