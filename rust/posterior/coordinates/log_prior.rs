//! The density of the prior over ψ: priors of what users read, with the slopes of that in ψ.

use super::of_term::{atanh_partials, correlations_of};
use super::{Coordinates, Rest, Scale};
use crate::covariance::{Role, TermCovariance};
use crate::linalg::dense;
use crate::posterior::slots::is_unstructured;
use crate::prior::Prior;
use crate::prior::lkj::{self, log_cosh};
use crate::residual::ResidualLayout;
use crate::{Error, Result};

/// Fails unless there is a prior for every slot, and one of correlation matrices for these alone.
///
/// # Errors
/// `Design`.
pub fn check(terms: &[TermCovariance], (n_phi, has_sigma): (usize, bool), priors: &[Prior]) -> Result<()> {
    let of_term = |term: &TermCovariance| {
        let is_matrix = is_unstructured(term);
        let n = if is_matrix { term.width } else { term.n_parameters };
        std::iter::repeat_n(false, n).chain(is_matrix.then_some(true))
    };
    let matrices: Vec<bool> =
        terms.iter().flat_map(of_term).chain(std::iter::repeat_n(false, n_phi + usize::from(has_sigma))).collect();
    let fits = |(is_matrix, prior): (&bool, &Prior)| match prior {
        Prior::Flat => true,
        Prior::Lkj { .. } => *is_matrix,
        _ => !is_matrix,
    };
    if matrices.len() == priors.len() && matrices.iter().zip(priors).all(fits) {
        return Ok(());
    }
    Err(Error::Design(format!("{} priors that are not those of the {} parameters", priors.len(), matrices.len())))
}

impl Coordinates {
    /// The logarithm of the prior's density over ψ, of coefficients left aside.
    pub fn log_prior(&self, psi: &[f64]) -> f64 {
        let mut priors = self.priors.iter().copied();
        let mut next = || priors.next().unwrap_or(Prior::Flat);
        let psi = &self.in_user_units(psi);
        let of_terms = self.theta_map.terms.iter().map(|term| log_prior_of(term, term.parameters(psi), &mut next));
        let mut total = of_terms.sum::<f64>() + self.log_unit_of_points();
        if let Some(layout) = &self.residual {
            total += log_prior_of_residuals(layout, self.phi(psi), &mut next);
        }
        if self.scale == Scale::Free {
            let log = psi[self.n_theta() + self.n_phi];
            total += next().log_density(log.exp()) + log;
        }
        total + self.log_prior_of_rest(&psi[psi.len() - self.n_rest..])
    }

    pub(super) fn log_prior_of_rest(&self, rest: &[f64]) -> f64 {
        let inner = |along: &[f64]| along.iter().zip(rest).map(|(a, x)| a * x).sum::<f64>();
        match &self.rest {
            Rest::Coefficients(all) => all.iter().map(|one| one.prior.log_density(inner(&one.along))).sum(),
            Rest::Logarithms(priors) => priors.iter().zip(rest).map(|(prior, x)| prior.log_density(x.exp()) + x).sum(),
        }
    }
}

fn log_prior_of(term: &TermCovariance, psi: &[f64], next: &mut dyn FnMut() -> Prior) -> f64 {
    if is_unstructured(term) {
        let r = term.width;
        let sds: f64 = psi[..r].iter().map(|tau| next().log_density(tau.abs())).sum();
        let eta = match next() {
            Prior::Lkj { eta } => eta,
            _ => 1.0,
        };
        return sds + lkj::log_density(&psi[r..], r, eta);
    }
    let of = |(role, &value): (Role, &f64), prior: Prior| match role {
        Role::Scale { .. } | Role::Entry { .. } => prior.log_density(value.abs()),
        Role::Angle(angle) => {
            let half = 0.5 * (1.0 - angle.least());
            let rho = angle.least() + half * (1.0 + value.tanh());
            prior.log_density_within(rho, (angle.least(), 1.0)) + half.ln() - 2.0 * log_cosh(value)
        }
        Role::Partial { .. } => unreachable!("correlations by lag have their own"),
        Role::Range | Role::Rate => prior.log_density(value.exp()) + value,
    };
    // priors are in the order of what users read: standard deviations first
    let roles = term.roles();
    let mut total = 0.0;
    for scales in [true, false] {
        let is_own = |role: &Role| role.is_scale() == scales && !matches!(role, Role::Partial { .. });
        let own = roles.iter().copied().zip(psi).filter(|(role, _)| is_own(role));
        total += own.map(|one| of(one, next())).sum::<f64>();
    }
    total + log_prior_of_lags(&atanh_partials(term, psi), next)
}

/// Of correlations by lag, which partial correlations z_1, ..., z_n are: |∂ρ/∂ atanh z| = Π (1 - z_j²)^(n - j + 1).
fn log_prior_of_lags(atanh_partials: &[f64], next: &mut dyn FnMut() -> Prior) -> f64 {
    let n = atanh_partials.len();
    let of = |(j, (t, rho)): (usize, (&f64, f64))| {
        next().log_density_within(rho, (-1.0, 1.0)) - 2.0 * (n - j) as f64 * log_cosh(*t)
    };
    atanh_partials.iter().zip(correlations_of(atanh_partials)).enumerate().map(of).sum()
}

fn log_prior_of_residuals(layout: &ResidualLayout, phi: &[f64], next: &mut dyn FnMut() -> Prior) -> f64 {
    let naturals = layout.natural(phi);
    let n = naturals.len();
    let mut total = 0.0;
    for natural in &naturals {
        let is_bounded = natural.bounds.0.is_finite() && natural.bounds.1.is_finite();
        total += match is_bounded {
            true => next().log_density_within(natural.value, natural.bounds),
            false => next().log_density(natural.value),
        };
    }
    let slopes: Vec<f64> = naturals.iter().flat_map(|natural| natural.slopes[..n].to_vec()).collect();
    total += dense::log_abs_determinant(&slopes, n);
    let coefficients = layout.scale.to_user(&phi[n..]);
    total + coefficients.iter().zip(&layout.scale.unit).map(|(d, unit)| next().log_density(*d) - unit.ln()).sum::<f64>()
}
