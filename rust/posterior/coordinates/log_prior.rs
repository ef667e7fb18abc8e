//! The density of the prior over ψ: priors of what users read, with the slopes of that in ψ.

use super::{Coordinates, Scale};
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
        let mut total: f64 =
            self.theta_map.terms.iter().map(|term| log_prior_of(term, term.parameters(psi), &mut next)).sum();
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
        self.combinations.iter().map(|one| one.prior.log_density(inner(&one.along))).sum()
    }

    /// Standard deviations and ranges moved to where their priors have a density.
    pub fn move_inside(&self, psi: &mut [f64]) {
        let mut priors = self.priors.iter().copied();
        let mut next = || priors.next().unwrap_or(Prior::Flat);
        for term in &self.theta_map.terms {
            let own = &mut psi[term.first..term.first + term.n_parameters];
            if is_unstructured(term) {
                own[..term.width].iter_mut().for_each(|tau| *tau = next().near(tau.abs()));
                next();
                continue;
            }
            let roles = term.roles();
            for scales in [true, false] {
                for (role, value) in roles.iter().zip(own.iter_mut()).filter(|(role, _)| role.is_scale() == scales) {
                    let prior = next();
                    match role {
                        Role::Scale { .. } | Role::Entry { .. } => *value = prior.near(value.abs()),
                        Role::Range | Role::Rate => *value = prior.near(value.exp()).ln(),
                        Role::Angle(_) | Role::Partial { .. } => {}
                    }
                }
            }
        }
        if self.scale == Scale::Free {
            let (place, prior) = (self.n_theta() + self.n_phi, priors.nth(self.n_phi).unwrap_or(Prior::Flat));
            psi[place] = prior.near(psi[place].exp()).ln();
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
        Role::Partial { .. } => prior.log_density_within(value.tanh(), (-1.0, 1.0)) - 2.0 * log_cosh(value),
        Role::Range | Role::Rate => prior.log_density(value.exp()) + value,
    };
    // priors are in the order of what users read: standard deviations first
    let roles = term.roles();
    let mut total = 0.0;
    for scales in [true, false] {
        let own = roles.iter().copied().zip(psi).filter(|(role, _)| role.is_scale() == scales);
        total += own.map(|one| of(one, next())).sum::<f64>();
    }
    total
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
    total += log_abs_determinant(&slopes, n);
    let coefficients = layout.scale.to_user(&phi[n..]);
    total + coefficients.iter().zip(&layout.scale.unit).map(|(d, unit)| next().log_density(*d) - unit.ln()).sum::<f64>()
}

fn log_abs_determinant(a: &[f64], n: usize) -> f64 {
    if n == 0 {
        return 0.0;
    }
    if n == 1 {
        return a[0].abs().ln();
    }
    dense::view(a, n, n).determinant().abs().ln()
}
