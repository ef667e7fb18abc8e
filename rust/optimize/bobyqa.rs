//! BOBYQA (Powell 2009), without derivatives: an independent check of the trust region.

use bobyqa::{Bobyqa, Config, Status};

use super::optimizer::{Objective, Outcome, Settings, Stop};
use crate::{Error, Result};

/// Minimizes within bounds from `start`; first steps of length `step`.
///
/// # Errors
/// Those of the objective; a `Numerical` one at a trial point only counts as a high value.
pub fn minimize(objective: &mut dyn Objective, start: &[f64], lower: &[f64], settings: Settings) -> Result<Outcome> {
    let n = start.len();
    let mut failure = None;
    let mut evaluations = 0;
    let highest = objective.value(start)?.abs().max(1.0) * 1e6;
    let mut value = |x: &[f64]| -> f64 {
        evaluations += 1;
        match objective.value(x) {
            Ok(v) if v.is_finite() => v,
            Ok(_) | Err(Error::Numerical(_)) => highest,
            Err(e) => {
                failure.get_or_insert(e);
                highest
            }
        }
    };
    let upper = vec![f64::INFINITY; n];
    let mut x = start.to_vec();
    let result = run(&mut value, &mut x, lower, &upper, settings);
    match failure {
        Some(error) => Err(error),
        None => result.map(|(value, stop)| Outcome { x, value, stop, evaluations, slope: None }),
    }
}

fn run(
    value: &mut dyn FnMut(&[f64]) -> f64,
    x: &mut [f64],
    lower: &[f64],
    upper: &[f64],
    settings: Settings,
) -> Result<(f64, Stop)> {
    let n = x.len();
    let mut config = Config::new(n);
    // Powell's first step must fit between a bound and the start, which lies at 1 for a free scale
    config.rho_begin = 0.25;
    config.rho_end = 1e-7;
    config.max_fun = settings.max_evaluations.max(config.npt + 1);
    let refused = |status: Status| Error::Numerical(format!("BOBYQA: {status}"));
    let outcome = Bobyqa::new(n, config).map_err(refused)?.minimize(value, x, lower, upper);
    let stop = match outcome.status {
        Status::Converged | Status::FtolReached | Status::TargetReached => Stop::Converged,
        Status::MaxFunReached => Stop::EvaluationLimit,
        Status::ModelDegenerate => Stop::NoProgress,
        other => return Err(refused(other)),
    };
    Ok((outcome.f, stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bowl;

    impl Objective for Bowl {
        fn n_parameters(&self) -> usize {
            2
        }
        fn value(&mut self, x: &[f64]) -> Result<f64> {
            Ok((x[0] + 1.0).powi(2) + 3.0 * (x[1] - 0.5).powi(2) + x[0] * x[1])
        }
        fn slope(&mut self, _: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
            unreachable!("BOBYQA uses no derivatives")
        }
    }

    #[test]
    fn a_bound_is_kept() {
        let out = minimize(&mut Bowl, &[1.0, 1.0], &[0.0, f64::NEG_INFINITY], Settings::default()).unwrap();
        assert_eq!(out.stop, Stop::Converged);
        assert!(out.x[0].abs() < 1e-9 && (out.x[1] - 0.5).abs() < 1e-5, "{:?}", out.x);
    }
}
