//! ψ, in which the posterior is drawn from: standard deviations of free sign, correlations without ends.
//!
//! The density is smooth in a standard deviation through zero, so that a variance that may be zero is an ordinary place.  ψ and
//! its reflections, where standard deviations of either sign take the signs of correlations with them, are the same covariance.

use crate::covariance::{RandomBasis, Role, TermCovariance};
use crate::linalg::dense;
use crate::model::{Glmm, Lmm, Parameters};
use crate::prior::Prior;
use crate::prior::lkj::{self, log_cosh};
use crate::residual::ResidualLayout;
use crate::{Error, Result};

use super::slots::is_unstructured;

/// Of differences of ψ: their step, beside one.
const STEP: f64 = 1e-3;

#[derive(Debug, Clone)]
pub struct Coordinates {
    terms: Vec<TermCovariance>,
    bases: Vec<RandomBasis>,
    theta_map: crate::covariance::ThetaMap,
    residual: Option<ResidualLayout>,
    n_phi: usize,
    scale: Scale,
    /// Further coordinates of the engine, which are ψ as they are.
    n_rest: usize,
    /// By slot, and of one matrix by term where its correlations are any.
    priors: Vec<Prior>,
    /// Of further coordinates.
    combinations: Vec<Combination>,
}

/// A prior of a linear combination of the further coordinates.
#[derive(Debug, Clone)]
pub struct Combination {
    pub along: Vec<f64>,
    pub prior: Prior,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// log σ is the last coordinate.
    Free,
    /// log σ².
    Known(f64),
    /// Covariances are absolute.
    None,
}

/// Standard deviations that may be reflected: their places in ψ, and the partial correlations that go with them.
#[derive(Debug, Clone, Default)]
pub struct Reflections {
    pub places: Vec<usize>,
    /// By partial correlation its place, and those of the two standard deviations among `places`.
    pairs: Vec<(usize, usize, usize)>,
}

impl Coordinates {
    /// # Errors
    /// `Design` for structures that are not determined by what users read of them.
    pub fn of_linear(model: &Lmm, priors: Vec<Prior>) -> Result<Self> {
        let scale = model.known_variance().map_or(Scale::Free, |variance| Scale::Known(variance.ln()));
        let residual = model.residual.as_ref().map(|own| own.residual.layout.clone());
        if let Some(layout) = &residual
            && layout.natural(model.phi()).len() != layout.n_correlation()
        {
            return Err(Error::Design(
                "the posterior of this structure of the residuals is not offered: it has more parameters than are free"
                    .into(),
            ));
        }
        Self::new(model.parameters(), (residual, model.phi().len()), (scale, 0), (priors, Vec::new()))
    }

    /// # Errors
    /// Those of a linear model.
    pub fn of_generalized(model: &Glmm, priors: Vec<Prior>, combinations: Vec<Combination>) -> Result<Self> {
        Self::new(model.parameters(), (None, 0), (Scale::None, model.n_coefficients()), (priors, combinations))
    }

    fn new(
        parameters: Parameters,
        (residual, n_phi): (Option<ResidualLayout>, usize),
        (scale, n_rest): (Scale, usize),
        (priors, combinations): (Vec<Prior>, Vec<Combination>),
    ) -> Result<Self> {
        let terms = parameters.theta.terms.to_vec();
        if let Some(term) = terms.iter().find(|term| term.shape.rank.is_some()) {
            return Err(Error::Design(format!(
                "the posterior of a random term of structure {} is not offered: its parameters are not those that users read",
                term.structure.name()
            )));
        }
        let theta_map = parameters.theta.clone();
        Ok(Self {
            terms,
            bases: parameters.bases.to_vec(),
            theta_map,
            residual,
            n_phi,
            scale,
            n_rest,
            priors,
            combinations,
        })
    }

    fn n_theta(&self) -> usize {
        self.theta_map.n_parameters
    }

    /// Coordinates.
    pub fn dim(&self) -> usize {
        self.n_theta() + self.n_phi + usize::from(self.scale == Scale::Free) + self.n_rest
    }

    fn phi<'a>(&self, psi: &'a [f64]) -> &'a [f64] {
        &psi[self.n_theta()..self.n_theta() + self.n_phi]
    }

    /// log σ inside: of a row in the middle.
    fn log_sigma(&self, psi: &[f64]) -> f64 {
        match self.scale {
            Scale::Free => psi[self.n_theta() + self.n_phi] - self.log_unit(psi),
            Scale::Known(log_variance) => 0.5 * log_variance,
            Scale::None => 0.0,
        }
    }

    fn log_unit(&self, psi: &[f64]) -> f64 {
        self.residual.as_ref().map_or(0.0, |layout| layout.log_unit(self.phi(psi)))
    }

    /// The point of the search, (θ, φ, log σ², rest).
    ///
    /// # Errors
    /// `Design` for numbers that are not finite.
    pub fn to_engine(&self, psi: &[f64]) -> Result<Vec<f64>> {
        let log_sigma = self.log_sigma(psi);
        let own = |term: &TermCovariance| natural(term, term.parameters(psi), (-log_sigma).exp());
        let user: Vec<f64> = self.terms.iter().flat_map(own).collect();
        let parameters = Parameters { theta: &self.theta_map, bases: &self.bases };
        let mut x = parameters.to_working(&user)?;
        x.extend_from_slice(self.phi(psi));
        if self.scale == Scale::Free {
            x.push(2.0 * log_sigma);
        }
        x.extend_from_slice(&psi[psi.len() - self.n_rest..]);
        Ok(x)
    }

    /// ψ of a point of the search; `known` is σ² where it is no coordinate of that.
    pub fn from_engine(&self, x: &[f64]) -> Vec<f64> {
        let (n, phi) = (self.n_theta(), &x[self.n_theta()..self.n_theta() + self.n_phi]);
        let log_sigma = match self.scale {
            Scale::Free => 0.5 * x[n + self.n_phi],
            Scale::Known(log_variance) => 0.5 * log_variance,
            Scale::None => 0.0,
        };
        let parameters = Parameters { theta: &self.theta_map, bases: &self.bases };
        let user = parameters.to_user(&x[..n]);
        let covariances = parameters.relative_covariances(&x[..n]);
        let terms = self.terms.iter().zip(covariances);
        let mut psi: Vec<f64> = terms
            .flat_map(|(term, covariance)| from_natural(term, term.parameters(&user), &covariance, log_sigma.exp()))
            .collect();
        psi.extend_from_slice(phi);
        if self.scale == Scale::Free {
            psi.push(log_sigma + self.residual.as_ref().map_or(0.0, |layout| layout.log_unit(phi)));
        }
        psi.extend_from_slice(&x[x.len() - self.n_rest..]);
        psi
    }

    /// The logarithm of the prior's density over ψ, of coefficients left aside.
    pub fn log_prior(&self, psi: &[f64]) -> f64 {
        let mut priors = self.priors.iter().copied();
        let mut next = || priors.next().unwrap_or(Prior::Flat);
        let mut total: f64 = self.terms.iter().map(|term| log_prior_of(term, term.parameters(psi), &mut next)).sum();
        if let Some(layout) = &self.residual {
            total += log_prior_of_residuals(layout, self.phi(psi), &mut next);
        }
        if self.scale == Scale::Free {
            let log = psi[self.n_theta() + self.n_phi];
            total += next().log_density(log.exp()) + log;
        }
        total + self.log_prior_of_rest(&psi[psi.len() - self.n_rest..])
    }

    fn log_prior_of_rest(&self, rest: &[f64]) -> f64 {
        let inner = |along: &[f64]| along.iter().zip(rest).map(|(a, x)| a * x).sum::<f64>();
        self.combinations.iter().map(|one| one.prior.log_density(inner(&one.along))).sum()
    }

    /// Standard deviations and ranges moved to where their priors have a density.
    pub fn move_inside(&self, psi: &mut [f64]) {
        let mut priors = self.priors.iter().copied();
        let mut next = || priors.next().unwrap_or(Prior::Flat);
        for term in &self.terms {
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

    /// dx/dψ (engine x ψ, column-major) by differences of fourth order, and the slope of the log prior.
    ///
    /// # Errors
    /// `Design` for numbers that are not finite.
    pub fn slopes(&self, psi: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (mut jacobian, mut slope) = (Vec::with_capacity(psi.len() * psi.len()), Vec::with_capacity(psi.len()));
        let own = psi.len() - self.n_rest;
        for k in 0..psi.len() {
            if k >= own {
                jacobian.extend((0..psi.len()).map(|j| f64::from(u8::from(j == k))));
                let mut rest = psi[own..].to_vec();
                let at = |shift: f64| {
                    rest[k - own] = psi[k] + shift;
                    self.log_prior_of_rest(&rest)
                };
                slope.push(difference([1.0, -1.0, 2.0, -2.0].map(|s| s * STEP).map(at), STEP));
                continue;
            }
            let h = STEP * psi[k].abs().clamp(0.1, 1.0);
            let at = |shift: f64| {
                let mut to = psi.to_vec();
                to[k] += shift * h;
                Ok((self.to_engine(&to)?, self.log_prior(&to)))
            };
            let ((a, pa), (b, pb), (c, pc), (d, pd)) = (at(1.0)?, at(-1.0)?, at(2.0)?, at(-2.0)?);
            jacobian.extend((0..a.len()).map(|j| difference([a[j], b[j], c[j], d[j]], h)));
            slope.push(difference([pa, pb, pc, pd], h));
        }
        Ok((jacobian, slope))
    }

    /// What of ψ may be reflected.
    pub fn reflections(&self) -> Reflections {
        let mut all = Reflections::default();
        for term in &self.terms {
            let first = all.places.len();
            let r = term.width;
            if is_unstructured(term) {
                all.places.extend((0..r).map(|k| term.first + k));
                let pairs = lkj::pairs(r).enumerate();
                all.pairs.extend(pairs.map(|(k, (i, j))| (term.first + r + k, first + i, first + j)));
            } else {
                let scales = term.roles().into_iter().enumerate().filter(|(_, role)| role.is_scale());
                all.places.extend(scales.map(|(k, _)| term.first + k));
            }
        }
        all
    }
}

impl Reflections {
    /// ψ with those standard deviations reflected that are bits of `signs`.
    pub fn reflect(&self, psi: &mut [f64], signs: usize) {
        self.reflect_where(psi, |k| signs >> k & 1 == 1);
    }

    fn reflect_where(&self, psi: &mut [f64], is: impl Fn(usize) -> bool) {
        for (k, &place) in self.places.iter().enumerate() {
            if is(k) {
                psi[place] = -psi[place];
            }
        }
        for &(place, i, j) in &self.pairs {
            if is(i) != is(j) {
                psi[place] = -psi[place];
            }
        }
    }

    /// Whether no standard deviation is negative.
    pub fn is_folded(&self, psi: &[f64]) -> bool {
        self.places.iter().all(|&place| psi[place] >= 0.0)
    }

    /// ψ where no standard deviation is negative.
    pub fn fold(&self, psi: &mut [f64]) {
        let negative: Vec<bool> = self.places.iter().map(|&place| psi[place] < 0.0).collect();
        self.reflect_where(psi, |k| negative[k]);
    }
}

/// The slope from values at h, -h, 2h and -2h.
fn difference([a, b, c, d]: [f64; 4], h: f64) -> f64 {
    (8.0 * (a - b) - (c - d)) / (12.0 * h)
}

/// The user's θ of a term, relative to σ.
fn natural(term: &TermCovariance, psi: &[f64], per_sigma: f64) -> Vec<f64> {
    if is_unstructured(term) {
        let r = term.width;
        let l = lkj::cholesky(&psi[r..], r);
        // the lower triangle by columns
        return (0..r)
            .flat_map(|j| (j..r).map(move |i| (i, j)))
            .map(|(i, j)| psi[i] * per_sigma * l[i * r + j])
            .collect();
    }
    let of = |(role, &value): (Role, &f64)| match role {
        Role::Scale { .. } | Role::Entry { .. } => value.abs() * per_sigma,
        Role::Angle(angle) => angle.least() + 0.5 * (1.0 - angle.least()) * (1.0 + value.tanh()),
        Role::Partial { .. } => value.tanh(),
        Role::Range | Role::Rate => value.exp(),
    };
    term.roles().into_iter().zip(psi).map(of).collect()
}

/// ψ of a term from its user's θ, or from its relative covariance where that is any.
fn from_natural(term: &TermCovariance, user: &[f64], covariance: &[f64], sigma: f64) -> Vec<f64> {
    if is_unstructured(term) {
        return from_covariance(covariance, term.width, sigma);
    }
    let within = |value: f64, low: f64| (2.0 * (value - low) / (1.0 - low) - 1.0).clamp(-INSIDE, INSIDE).atanh();
    let of = |(role, &value): (Role, &f64)| match role {
        Role::Scale { .. } | Role::Entry { .. } => value.abs() * sigma,
        Role::Angle(angle) => within(value, angle.least()),
        Role::Partial { .. } => value.clamp(-INSIDE, INSIDE).atanh(),
        Role::Range | Role::Rate => value.clamp(1e-8, 1e8).ln(),
    };
    term.roles().into_iter().zip(user).map(of).collect()
}

/// How near to their ends correlations begin.
const INSIDE: f64 = 0.99;

/// Standard deviations and partial correlations of a covariance, which may be singular.
fn from_covariance(covariance: &[f64], r: usize, sigma: f64) -> Vec<f64> {
    let sd = |k: usize| covariance[k * r + k].max(0.0).sqrt();
    let mut psi: Vec<f64> = (0..r).map(|k| sigma * sd(k)).collect();
    // rows of the Cholesky factor of the correlations, kept away from singular ones
    let mut l = vec![0.0; r * r];
    for i in 0..r {
        let mut left = 1.0f64;
        for j in 0..i {
            let product = sd(i) * sd(j);
            let correlation = if product > 0.0 { covariance[j * r + i] / product } else { 0.0 };
            let explained: f64 = (0..j).map(|k| l[i * r + k] * l[j * r + k]).sum();
            let partial = (correlation - explained) / (l[j * r + j] * left.sqrt());
            let z = if partial.is_finite() { partial.clamp(-INSIDE, INSIDE) } else { 0.0 };
            psi.push(z.atanh());
            l[i * r + j] = z * left.sqrt();
            left *= 1.0 - z * z;
        }
        l[i * r + i] = left.sqrt();
    }
    psi
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
