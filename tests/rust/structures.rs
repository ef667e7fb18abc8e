//! What every covariance structure in the list must obey.

use hlmrs::covariance::toeplitz::autocorrelations;
use hlmrs::covariance::{Coordinate, Invariance, RandomBasis, Reported, Structure, square};
use proptest::prelude::*;

/// A structure, a number of columns, and parameters away from their boundaries.
fn terms() -> impl Strategy<Value = (Structure, usize, Vec<f64>)> {
    (prop::sample::select(Structure::ALL), 1..5usize).prop_flat_map(|(structure, r)| {
        let theta = prop::collection::vec(0.3..1.1f64, structure.roles(r).len());
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
    structure.factor(theta, (r, r), &mut lambda);
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
fn the_start_is_the_identity() {
    for (&structure, r) in Structure::ALL.iter().flat_map(|s| (1..5).map(move |r| (s, r))) {
        let identity = RandomBasis::identity(r).transform;
        assert_close(&covariance(structure, &structure.start(r), r), &identity, 1e-14, structure.name());
    }
}

#[test]
fn every_parameter_has_a_role_and_a_name() {
    for (&structure, r) in Structure::ALL.iter().flat_map(|s| (1..5).map(move |r| (s, r))) {
        let columns: Vec<String> = (0..r).map(|k| format!("x{k}")).collect();
        let mut names: Vec<String> =
            structure.reported(r).iter().map(|parameter| parameter.name(&columns, "g")).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), structure.roles(r).len(), "{structure:?} {r} {names:?}");
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
        let scaled = factor(structure, &structure.scaled(&theta, r, c), r);
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
            let difference: Vec<f64> = at(1e-6).iter().zip(at(-1e-6)).map(|(a, b)| (a - b) / 2e-6).collect();
            assert_close(&structure.derivative(&theta, r, k), &difference, 1e-7, structure.name());
        }
    }

    #[test]
    fn what_users_read_leads_back_to_the_same_covariance((structure, r, theta) in terms()) {
        let basis = basis(structure, r);
        let user = structure.to_user(&theta, &basis);
        let back = structure.to_working(&user, &basis);
        assert_close(&structure.to_user(&back, &basis), &user, 1e-10, structure.name());
        let (same, expected) = (covariance(structure, &back, r), covariance(structure, &theta, r));
        assert_close(&same, &expected, 1e-10, structure.name());
    }

    #[test]
    fn another_basis_is_the_same_model((structure, r, theta) in terms()) {
        let basis = basis(structure, r);
        let outside = structure.to_user(&theta, &basis);
        let plain = structure.to_working(&outside, &RandomBasis::identity(r));
        let expected = basis.covariance(&covariance(structure, &theta, r));
        assert_close(&covariance(structure, &plain, r), &expected, 1e-10, structure.name());
    }

    #[test]
    fn a_parameter_at_its_boundary_makes_the_covariance_singular((structure, r, theta) in terms()) {
        for (k, role) in structure.roles(r).into_iter().enumerate() {
            for from in [theta[k], -1.2] {
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
        for parameter in structure.reported(r) {
            let value = parameter.value(&sigma, r);
            let found = match structure.coordinate(parameter, r).expect("a coordinate of every parameter") {
                Coordinate::Power { k, column, power } => basis.scale(column) * theta[k].powi(power),
                Coordinate::Angle { k, angle } => angle.correlation(theta[k]),
                Coordinate::Lag { k, n, lag } => autocorrelations(&theta[k..k + n])[lag],
                Coordinate::Rows => value,
            };
            prop_assert!((found - value).abs() < 1e-10, "{:?} {:?} {} {}", structure, parameter, found, value);
        }
        prop_assert!(structure.coordinate(Reported::Lag(r), r).is_none());
    }

    #[test]
    fn linear_directions_add_up_to_the_covariance((structure, r, theta) in terms()) {
        let sigma = covariance(structure, &theta, r);
        if let Some(directions) = structure.linear_directions(&sigma, r) {
            let sum = (0..r * r).map(|k| directions.iter().map(|d| d.gamma * d.pattern[k]).sum()).collect::<Vec<f64>>();
            assert_close(&sum, &sigma, 1e-12, structure.name());
            prop_assert_eq!(directions.len(), structure.roles(r).len());
        }
    }

    #[test]
    fn special_cases_are_reached((structure, r, theta) in terms()) {
        let sigma = covariance(structure, &theta, r);
        for larger in Structure::ALL.iter().filter(|s| s.contains().contains(&structure.name())) {
            let user: Vec<f64> = larger.reported(r).iter().map(|parameter| parameter.value(&sigma, r)).collect();
            let own = larger.to_working(&user, &RandomBasis::identity(r));
            assert_close(&covariance(*larger, &own, r), &sigma, 1e-10, larger.name());
        }
    }
}
