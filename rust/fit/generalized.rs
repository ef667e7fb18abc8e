//! The fit of a generalized linear mixed model: optimum, verdict, and standard errors from the Hessian over all parameters.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::quadrature_check::check_quadrature;
use super::search::{Control, leave_zero, search};
use super::verdict::{Status, Verdict};
use crate::linalg::dense::eigen;
use crate::model::generalized::{Glmm, GlmmEvaluator, Integrated, laplace_error};
use crate::model::{Evaluator, Model};
use crate::optimize::Objective;
use crate::penalized_ls::product::Effects;
use crate::{Error, Result, computed};

/// Steps of the Hessian's differences, in standard errors.
const STEP: f64 = 5e-4;
/// Asymmetry of the Hessian's differences, relative to its diagonal, above which they are taken to both sides.
const ASYMMETRIC: f64 = 2e-4;
/// A step moves a linear predictor by no more.
const LARGEST_MOVE: f64 = 0.05;
/// Curvature of half the criterion, where a linear predictor moves by one, below which an estimate has no end.
const FLAT: f64 = 1e-3;
/// The pivot of a level's curvature, one without its rows, below which Laplace's approximation is far from the likelihood.
const LEAST_PIVOT: f64 = 0.2;
const POLE: &str = "Laplace's approximation has no optimum here: it grows without end where a random effect has two modes that meet, \
                    and the likelihood does not";
/// Scales of further starts.
const FURTHER: [f64; 3] = [0.1, 0.4, 1.0];
/// Of models with more rows one evaluator works at a time.
const MOST_ROWS_TOGETHER: usize = 100_000;
/// Shares of a step that are tried one after the other.
const SHARES: [f64; 5] = [1.0, 0.5, 0.2, 0.05, 0.0];
/// Share of such a direction above which a coefficient takes part in it.
const PART: f64 = 1e-3;

/// A fitted model, in the units of its rows' columns and of the search.
#[derive(Clone)]
pub struct GlmmFit {
    pub model: Glmm,
    /// (θ, coordinates of the coefficients).
    pub x: Vec<f64>,
    pub criterion: f64,
    /// Spherical and conditional modes.
    pub u: Effects,
    pub b: Effects,
    /// Linear predictors of the rows, by part.
    pub eta: Vec<Vec<f64>>,
    /// Covariance of x: twice the inverse of the criterion's Hessian; zero for scales on their boundary.
    pub covariance: Vec<f64>,
    /// Directions of x in which the criterion is level: a limit of the family, or not a proper optimum.
    pub unbounded: Vec<Vec<f64>>,
    /// Why there is no covariance: it is NaN then.
    pub uncertain: Option<String>,
    /// Per block, conditional covariances of b (n_levels blocks r x r).
    pub mode_covariances: Vec<Vec<f64>>,
    /// How the effects of the mean that are found with the random ones move with x (p x n, column-major); empty where it is not
    /// known.
    pub fixed_slopes: Vec<f64>,
    pub verdict: Verdict,
    pub iterations: usize,
}

/// Fits the model.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated at the start, `Interrupted` when `stop` is set.
pub fn fit_generalized(model: &Glmm, control: &Control, stop: &AtomicBool) -> Result<GlmmFit> {
    let mut start = model.start(stop)?;
    if let Some(user) = &control.start {
        start[..model.n_theta()].copy_from_slice(&model.parameters().to_working(user)?);
    }
    leave_zero(&mut start, &model.theta_map.scale_parameters(), 1e-3, 1e-2);
    let mut objective = GlmmEvaluator::new(model, stop);
    let start = feasible(&mut objective, start)?;
    let (x, mut verdict) = optimum(&mut objective, &start, control)?;
    check_quadrature(model, &x, objective.value(&x)?, &mut verdict, stop)?;
    let found = uncertainty(&mut objective, &x, stop);
    let uncertainty = Uncertainty::or_unknown(found, x.len())?;
    GlmmFit::at(&mut objective, x, uncertainty, verdict)
}

/// A start where the criterion is finite: nearer to the coefficients of the model without random effects, where it is not. Links
/// that do not take every predictor, such as the inverse, have such starts.
///
/// # Errors
/// `Interrupted`.
pub fn feasible(objective: &mut GlmmEvaluator, start: Vec<f64>) -> Result<Vec<f64>> {
    let (n, initial) = (objective.model.n_theta(), objective.model.coordinates(&objective.model.initial));
    for share in SHARES {
        let mut x = start.clone();
        x[n..].iter_mut().zip(&initial).for_each(|(x, initial)| *x = initial + share * (*x - initial));
        if computed(objective.value(&x))?.is_some() {
            return Ok(x);
        }
    }
    // smaller random effects leave the predictors of the fixed part
    for share in SHARES {
        let mut x = start.clone();
        x[..n].iter_mut().for_each(|theta| *theta *= share.max(0.01));
        x[n..].copy_from_slice(&initial);
        if computed(objective.value(&x))?.is_some() {
            return Ok(x);
        }
    }
    Ok(start)
}

/// The end of a search; where it is lost at a pole of Laplace's criterion, that of searches which keep away from it.
fn optimum(objective: &mut GlmmEvaluator, start: &[f64], control: &Control) -> Result<(Vec<f64>, Verdict)> {
    let first = search(objective, start, control);
    if !is_at_pole(objective, &first) {
        return first;
    }
    objective.refuse_below(LEAST_PIVOT);
    let second = lowest(objective, &further_starts(&objective.model), control)?;
    objective.refuse_below(0.0);
    let (x, mut verdict) = match second {
        Some(end) => end,
        None => first?,
    };
    if verdict.status == Status::NotConverged {
        verdict.reason = POLE.into();
    }
    Ok((x, verdict))
}

/// Whether a search did not converge as a level's curvature went to zero, or found no mode at its start.
fn is_at_pole(objective: &mut GlmmEvaluator, end: &Result<(Vec<f64>, Verdict)>) -> bool {
    objective.has_poles()
        && match end {
            Ok((x, verdict)) => {
                verdict.status == Status::NotConverged
                    && objective.value(x).is_ok_and(|_| objective.least_pivot() < LEAST_PIVOT)
            }
            Err(e) => matches!(e, Error::Numerical(_)),
        }
}

/// The lowest end of searches from several starts, of those that converged if there are any.
fn lowest(
    objective: &mut GlmmEvaluator,
    starts: &[Vec<f64>],
    control: &Control,
) -> Result<Option<(Vec<f64>, Verdict)>> {
    let (mut best, mut lowest) = (None, (true, f64::INFINITY));
    for start in starts {
        let Some(end) = computed(search(objective, start, control))? else { continue };
        let value = computed(objective.value(&end.0))?.unwrap_or(f64::INFINITY);
        let own = (end.1.status == Status::NotConverged, value);
        if best.is_none() || own < lowest {
            (best, lowest) = (Some(end), own);
        }
    }
    Ok(best)
}

/// Coefficients of the model without random effects, beside scales of several sizes.
fn further_starts(model: &Glmm) -> Vec<Vec<f64>> {
    let with_scales = |size: f64| {
        let mut x = model.theta_map.start();
        model.theta_map.scale_parameters().into_iter().for_each(|k| x[k] = size);
        x.extend(model.coordinates(&model.initial));
        x
    };
    FURTHER.map(with_scales).to_vec()
}

/// The covariance of the estimates, and the directions in which they have no end.
pub struct Uncertainty {
    pub covariance: Vec<f64>,
    pub unbounded: Vec<Vec<f64>>,
    /// Why there is no covariance.
    pub reason: Option<String>,
    /// How the effects of the mean that are found with the random ones move with x (p x n, column-major).
    pub fixed_slopes: Vec<f64>,
}

impl Uncertainty {
    /// Unknown where the criterion cannot be evaluated near the estimates: a fit is not lost for that.
    fn or_unknown(found: Result<Self>, n: usize) -> Result<Self> {
        match found {
            Err(Error::Numerical(reason)) => Ok(Self::unknown(n, reason)),
            other => other,
        }
    }

    fn unknown(n: usize, reason: String) -> Self {
        Self {
            covariance: vec![f64::NAN; n * n],
            unbounded: Vec::new(),
            reason: Some(reason),
            fixed_slopes: Vec::new(),
        }
    }
}

/// Twice the inverse of the Hessian of the criterion, by differences of its exact gradient: to one side, which its asymmetry
/// checks, or to both.
///
/// # Errors
/// Those of the criterion.
pub fn uncertainty(objective: &mut GlmmEvaluator, x: &[f64], stop: &AtomicBool) -> Result<Uncertainty> {
    let n = x.len();
    let scales = objective.model.theta_map.scale_parameters();
    objective.value(x)?;
    let (gradient, curvature) = objective.slope(x)?;
    let free: Vec<usize> = (0..n).filter(|k| !(scales.contains(k) && x[*k] == 0.0)).collect();
    let m = free.len();
    let steps: Vec<f64> =
        free.iter().map(|&k| step_of(&objective.model, x, k, curvature[k * n + k], scales.contains(&k))).collect();
    let gradient = [gradient, objective.fixed_effects(x)?].concat();
    let directions: Vec<(usize, f64)> = free.iter().copied().zip(steps).collect();
    let difference = |a: &[f64], b: &[f64], h: f64| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| (a - b) / h).collect() };
    let above = moved_gradients(objective, x, &directions, stop)?;
    let mut rows: Vec<Vec<f64>> =
        above.iter().zip(&directions).map(|(above, (_, h))| difference(above, &gradient, *h)).collect();
    let asymmetry = |rows: &[Vec<f64>]| -> f64 {
        let entry = |i: usize, j: usize| rows[i][free[j]];
        let share = |i: usize, j: usize| {
            (entry(i, j) - entry(j, i)).abs() / (entry(i, i) * entry(j, j)).abs().sqrt().max(f64::MIN_POSITIVE)
        };
        (0..m).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| share(i, j)).fold(0.0, f64::max)
    };
    if asymmetry(&rows) > ASYMMETRIC {
        let down: Vec<(usize, f64)> = directions.iter().map(|(k, h)| (*k, -h)).collect();
        let below = moved_gradients(objective, x, &down, stop)?;
        let both = above.iter().zip(&below).zip(&directions);
        rows = both.map(|((above, below), (_, h))| difference(above, below, 2.0 * h)).collect();
    }
    let hessian: Vec<f64> = (0..m * m).map(|e| 0.25 * (rows[e / m][free[e % m]] + rows[e % m][free[e / m]])).collect();
    let whole = |v: &[f64]| {
        let mut whole = vec![0.0; n];
        free.iter().zip(v).for_each(|(&k, v)| whole[k] = *v);
        whole
    };
    if hessian.iter().any(|v| !v.is_finite()) {
        return Ok(Uncertainty::unknown(n, "the curvature of the criterion is not finite".into()));
    }
    let p = gradient.len() - n;
    let mut fixed_slopes = vec![0.0; p * n];
    free.iter().zip(&rows).for_each(|(&k, row)| fixed_slopes[k * p..(k + 1) * p].copy_from_slice(&row[n..]));
    let mut out = Uncertainty { covariance: vec![0.0; n * n], unbounded: Vec::new(), reason: None, fixed_slopes };
    let (values, vectors) = eigen(&hessian, m);
    for (value, v) in values.iter().zip(vectors.chunks_exact(m.max(1))) {
        let v = whole(v);
        if *value <= FLAT * largest_move(&objective.model, &v).powi(2) {
            out.unbounded.push(v);
        } else {
            (0..n * n).for_each(|e| out.covariance[e] += v[e % n] * v[e / n] / value);
        }
    }
    Ok(out)
}

/// The gradient at points moved in one coordinate, with the effects of the mean that are found with the random ones behind it.
fn moved_gradients(
    objective: &mut GlmmEvaluator,
    x: &[f64],
    moves: &[(usize, f64)],
    stop: &AtomicBool,
) -> Result<Vec<Vec<f64>>> {
    let at = |evaluator: &mut GlmmEvaluator, &(k, h): &(usize, f64)| -> Result<Vec<f64>> {
        let mut to = x.to_vec();
        to[k] += h;
        let mut gradient = evaluator.gradient(&to)?;
        gradient.extend(evaluator.fixed_effects(&to)?);
        Ok(gradient)
    };
    let modes = objective.evaluate(x)?.1.u.clone();
    if objective.model.rows.n <= MOST_ROWS_TOGETHER {
        let (model, near) = (&objective.model, objective.near());
        return side_by_side(model, moves, |of| at(&mut GlmmEvaluator::from_near(model, near.clone(), stop), of));
    }
    // one workspace for all
    objective.drop_working_model();
    let one_after_another = |of| {
        objective.set_from(modes.clone());
        at(objective, of)
    };
    moves.iter().map(one_after_another).collect()
}

/// What each of several tasks gives that evaluate the criterion: side by side, where their workspaces are small.
///
/// # Errors
/// Those of the tasks.
pub fn side_by_side<T: Sync, R: Send>(
    model: &Glmm,
    tasks: &[T],
    of: impl Fn(&T) -> Result<R> + Sync + Send,
) -> Result<Vec<R>> {
    if model.rows.n > MOST_ROWS_TOGETHER { tasks.iter().map(of).collect() } else { tasks.par_iter().map(of).collect() }
}

/// The step of one coordinate; a scale's stays on its side of zero.
fn step_of(model: &Glmm, x: &[f64], k: usize, curvature: f64, is_scale: bool) -> f64 {
    let h = if curvature > 0.0 { STEP * (2.0 / curvature).sqrt() } else { STEP };
    if is_scale {
        return h.min(0.3 * x[k].abs());
    }
    let mut direction = vec![0.0; x.len()];
    direction[k] = 1.0;
    h.min(LARGEST_MOVE / largest_move(model, &direction).max(f64::MIN_POSITIVE))
}

/// How far a direction moves a linear predictor, at most.
fn largest_move(model: &Glmm, direction: &[f64]) -> f64 {
    let own = model.rows.fixed(&model.coefficients(direction));
    let still = model.rows.fixed(&vec![0.0; model.n_coefficients()]);
    own.iter().flatten().zip(still.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// How far Laplace's approximation is from the likelihood, and what that does to the estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplaceError {
    /// The log-likelihood less Laplace's, by the next term of its expansion.
    pub error: f64,
    /// One Newton step of x toward the maximum of both together.
    pub shift: Vec<f64>,
}

impl GlmmFit {
    /// The fit at x.
    ///
    /// # Errors
    /// Those of the criterion.
    pub fn at(objective: &mut GlmmEvaluator, x: Vec<f64>, known: Uncertainty, verdict: Verdict) -> Result<Self> {
        let criterion = objective.value(&x)?;
        objective.invert_at(&x)?;
        let mut point = objective.evaluate(&x)?.1.clone();
        objective.model.to_user_predictors(&x, &mut point.eta);
        let (model, newton, inverse) = (&objective.model, &objective.newton, &objective.inverse);
        let own = |block: usize| inverse.level_blocks(&newton.factor, &model.symbolic, block);
        Ok(Self {
            model: model.clone(),
            criterion,
            b: crate::model::generalized::scaled(&newton.factor.lambda, &point.u, false),
            u: point.u,
            eta: point.eta,
            covariance: known.covariance,
            unbounded: known.unbounded,
            uncertain: known.reason,
            fixed_slopes: known.fixed_slopes,
            mode_covariances: (0..model.rows.blocks.len()).map(own).collect(),
            verdict,
            iterations: newton.iterations,
            x,
        })
    }

    /// The error of Laplace's approximation at the optimum.
    ///
    /// # Errors
    /// `Design` where it is not known; those of the criterion.
    pub fn laplace_error(&self, stop: &AtomicBool) -> Result<LaplaceError> {
        if self.model.integrated.is_some() {
            return Err(Error::Design(
                "the error of Laplace's approximation is known of maximum likelihood alone, not where coefficients of the mean are \
                 found with the random effects"
                    .into(),
            ));
        }
        let mut evaluator = GlmmEvaluator::new(&self.model, stop);
        evaluator.set_from(self.u.clone());
        let (n, error) = (self.x.len(), laplace_error(&mut evaluator, &self.x)?);
        let mut slope = vec![0.0; n];
        for (k, slope) in slope.iter_mut().enumerate() {
            let variance = self.covariance[k * n + k];
            if variance > 0.0 && variance.is_finite() {
                let h = STEP * variance.sqrt();
                let mut at = |shift: f64| {
                    let mut x = self.x.clone();
                    x[k] += shift;
                    laplace_error(&mut evaluator, &x)
                };
                *slope = (at(h)? - at(-h)?) / (2.0 * h);
            }
        }
        let shift = |i: usize| (0..n).map(|j| self.covariance[j * n + i] * slope[j]).sum();
        Ok(LaplaceError { error, shift: (0..n).map(shift).collect() })
    }

    /// The user's coefficients of all parts.
    pub fn user_coefficients(&self) -> Vec<f64> {
        match &self.model.integrated {
            Some(own) => self.model.joined_coefficients(own, &self.b[own.block.0], &self.x),
            None => self.model.user_coefficients(&self.x),
        }
    }

    /// Their covariance; NaN for those that have no end.
    pub fn user_covariance(&self) -> Vec<f64> {
        let (k, n) = (self.model.n_theta(), self.x.len());
        let p = n - k;
        let own: Vec<f64> = match &self.model.integrated {
            Some(integrated) => self.joint_covariance(integrated),
            None => (0..p * p).map(|e| self.covariance[(k + e / p) * n + k + e % p]).collect(),
        };
        let mut covariance = self.model.user_covariance(&own);
        let user = self.model.n_user();
        for j in self.without_end() {
            (0..user).for_each(|i| {
                covariance[j * user + i] = f64::NAN;
                covariance[i * user + j] = f64::NAN;
            });
        }
        covariance
    }

    /// Of the effects of the mean and the other coordinates: N + J C J' and J C, where N is theirs given x, J their slopes in it
    /// and C its covariance.
    fn joint_covariance(&self, own: &Integrated) -> Vec<f64> {
        let (n, k, p) = (self.x.len(), self.model.n_theta(), own.p);
        let slope = |i: usize, j: usize| self.fixed_slopes.get(j * p + i).copied().unwrap_or(0.0);
        // J C, p x n
        let moved: Vec<f64> =
            (0..n * p).map(|e| (0..n).map(|j| slope(e % p, j) * self.covariance[e / p * n + j]).sum()).collect();
        let size = p + n - k;
        let entry = |i: usize, j: usize| -> f64 {
            match (i < p, j < p) {
                (true, true) => {
                    self.mode_covariances[own.block.0][j * p + i]
                        + (0..n).map(|l| moved[l * p + i] * slope(j, l)).sum::<f64>()
                }
                (true, false) => moved[(k + j - p) * p + i],
                (false, true) => moved[(k + i - p) * p + j],
                (false, false) => self.covariance[(k + j - p) * n + k + i - p],
            }
        };
        (0..size * size).map(|e| entry(e % size, e / size)).collect()
    }

    /// The user's coefficients that can grow without end at no cost.
    pub fn without_end(&self) -> Vec<usize> {
        // in units of each: its standard error where the curvature is that of the model without random effects
        let (user, p) = (self.model.n_user(), self.model.n_coefficients() + self.n_integrated());
        let identity: Vec<f64> = (0..p * p).map(|e| f64::from(u8::from(e / p == e % p))).collect();
        let scale: Vec<f64> = {
            let square = self.model.user_covariance(&identity);
            (0..user).map(|j| square[j * user + j].sqrt().max(f64::MIN_POSITIVE)).collect()
        };
        let in_units = |v: &Vec<f64>| -> Vec<f64> {
            self.model.user_coefficients(v).iter().zip(&scale).map(|(v, scale)| v.abs() / scale).collect()
        };
        let moved: Vec<Vec<f64>> = self.unbounded.iter().map(in_units).collect();
        let takes_part =
            |j: &usize| moved.iter().any(|v| v[*j] > PART * v.iter().copied().fold(f64::MIN_POSITIVE, f64::max));
        (0..user).filter(takes_part).collect()
    }

    pub fn user_theta(&self) -> Vec<f64> {
        self.model.parameters().to_user(&self.x[..self.model.n_theta()])
    }

    /// Free parameters.
    pub fn n_params(&self) -> usize {
        self.x.len() + self.n_integrated()
    }

    /// Effects of the mean that are found with the random ones.
    fn n_integrated(&self) -> usize {
        self.model.integrated.as_ref().map_or(0, |own| own.p)
    }

    /// Covariance of each term's random effects, in the user's units.
    pub fn covariances(&self) -> Vec<Vec<f64>> {
        self.model.parameters().relative_covariances(&self.x)
    }

    /// Per random term the conditional modes b (n_levels rows of r).
    pub fn user_modes(&self) -> Vec<Vec<f64>> {
        let map = &self.model.theta_map;
        let of_term = |(term, basis): (&crate::covariance::TermCovariance, &crate::covariance::RandomBasis)| {
            let levels = self.b[term.block.0].chunks_exact(map.widths[term.block]);
            levels.flat_map(|b| basis.decode(&b[term.offset..term.offset + term.width])).collect()
        };
        map.terms.iter().zip(&self.model.bases).map(of_term).collect()
    }

    /// Per random term Var(b | y) given all parameters (n_levels blocks r x r).
    pub fn user_mode_covariances(&self) -> Vec<Vec<f64>> {
        let map = &self.model.theta_map;
        let of_term = |(term, basis): (&crate::covariance::TermCovariance, &crate::covariance::RandomBasis)| {
            let (full, r) = (map.widths[term.block], term.width);
            let own = |n: &[f64]| -> Vec<f64> {
                (0..r * r).map(|k| n[(term.offset + k / r) * full + term.offset + k % r]).collect()
            };
            let levels = self.mode_covariances[term.block.0].chunks_exact(full * full);
            levels.flat_map(|n| basis.covariance(&own(n))).collect()
        };
        map.terms.iter().zip(&self.model.bases).map(of_term).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_that_fails_near_the_estimates_leaves_them_without_standard_errors() {
        let unknown = Uncertainty::or_unknown(Err(Error::Numerical("no mode".into())), 2).unwrap();
        assert!(unknown.covariance.len() == 4 && unknown.covariance.iter().all(|v| v.is_nan()));
        assert_eq!(unknown.reason.as_deref(), Some("no mode"));
        assert!(matches!(Uncertainty::or_unknown(Err(Error::Interrupted), 2), Err(Error::Interrupted)));
    }
}
