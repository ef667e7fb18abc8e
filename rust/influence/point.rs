//! A fit's data at one θ, ready to have rows taken out.
//!
//! With the rows' H = W^½[ZΛ X] and M the matrix of the mixed model equations, C = H M^-1 H' is their block of the
//! conditional hat matrix, e their conditional residuals, and without them (Sherman and Morrison 1950; for mixed models
//! Christensen, Pearson and Johnson 1992, Technometrics 34, 38-45)
//!   log|M| + log|I - C|,   r² - e'(I - C)^-1 e,   β - Q (I - C)^-1 e,   (X'V^-1X)^-1 + Q (I - C)^-1 Q',
//! Q the rows of β in M^-1 H'.

use faer::{Mat, Side};

use super::row_set::RowSet;
use crate::model::{LinearTerms, Lmm, Workspace};
use crate::penalized_ls::{CholeskyFactor, Modes, Projected};
use crate::{Error, Remedy, Result};

/// With an eigenvalue of I - C below this a coefficient cannot be estimated without the rows.
const NOTHING_LEFT: f64 = 1e-9;

pub struct DeletionPoint<'a> {
    pub model: &'a Lmm,
    pub terms: LinearTerms,
    pub factor: CholeskyFactor,
    pub beta: Vec<f64>,
    /// (X'V^-1X)^-1 (p x p).
    pub covariance: Vec<f64>,
    pub modes: Modes,
    inverse: Vec<f64>,
}

/// What deletion changes at a θ, in the working basis.
#[derive(Debug, Clone)]
pub struct DeletionChange {
    /// Of log|Λ'Z'WZΛ + I| and log|X'V^-1X|.
    pub logdet_random: f64,
    pub logdet_fixed: f64,
    /// Fall of the penalized residual sum of squares.
    pub explained: f64,
    /// β less the shift, and what (X'V^-1X)^-1 gains (p x p).
    pub shift: Vec<f64>,
    pub covariance: Vec<f64>,
}

impl<'a> DeletionPoint<'a> {
    /// # Errors
    /// `Numerical` where the criterion cannot be evaluated.
    pub fn new(model: &'a Lmm, theta: &[f64], mut work: Workspace) -> Result<Self> {
        let terms = model.evaluate(theta, &mut work)?;
        Ok(Self::at(model, terms, work))
    }

    /// At the point that a workspace holds.
    pub fn at(model: &'a Lmm, terms: LinearTerms, work: Workspace) -> Self {
        let (mut factor, symbolic) = (work.factor, &model.symbolic);
        let beta = factor.beta();
        let modes = factor.modes(symbolic, &beta);
        // the trailing block's inverse is all that deletion takes of it
        let (covariance, inverse) = (factor.fixed_covariance(), factor.take_trailing_inverse(&model.a, symbolic));
        Self { model, terms, beta, covariance, modes, inverse, factor }
    }

    /// H_Z's share of C, and L_X^-1 of the rest of X, whose square is X's share.
    pub fn project(&self, set: &RowSet) -> Projected {
        self.factor.project(&self.model.symbolic, set.z.clone(), set.x.clone(), set.k, &self.inverse)
    }

    /// C (k x k).
    pub fn hat(&self, set: &RowSet) -> Mat<f64> {
        let Projected { square, fixed } = self.project(set);
        let (k, p) = (set.k, self.beta.len());
        Mat::from_fn(k, k, |i, j| square[j * k + i] + (0..p).map(|l| fixed[l * k + i] * fixed[l * k + j]).sum::<f64>())
    }

    /// Conditional residuals of the rows (k).
    pub fn residuals(&self, set: &RowSet) -> Vec<f64> {
        let k = set.k;
        let mut e = set.y.clone();
        let mut subtract = |values: &[f64], b: f64| e.iter_mut().zip(values).for_each(|(e, v)| *e -= b * v);
        set.x.chunks_exact(k.max(1)).zip(&self.beta).for_each(|(x, b)| subtract(x, *b));
        for (block, b) in set.z.iter().zip(&self.modes.b) {
            for (level, z) in block {
                let r = z.len() / k;
                z.chunks_exact(k).zip(&b[level * r..]).for_each(|(z, b)| subtract(z, *b));
            }
        }
        e
    }

    /// What taking the rows out changes; None where some coefficient can then not be estimated.
    pub fn delete(&self, set: &RowSet) -> Option<DeletionChange> {
        let (k, p) = (set.k, self.beta.len());
        let Projected { square, fixed } = self.project(set);
        let without = |i: usize, j: usize| f64::from(u8::from(i == j)) - square[j * k + i];
        let random = Mat::from_fn(k, k, without);
        let all =
            Mat::from_fn(k, k, |i, j| without(i, j) - (0..p).map(|l| fixed[l * k + i] * fixed[l * k + j]).sum::<f64>());
        let (l, logdet) = root(&all)?;
        let (_, logdet_random) = root(&random)?;
        // L^-1 of e and of Q', Q = L_X^-T `fixed`
        let mut q = fixed;
        (0..k).for_each(|c| {
            let mut column: Vec<f64> = (0..p).map(|l| q[l * k + c]).collect();
            self.factor.solve_x_transposed(&mut column);
            (0..p).for_each(|l| q[l * k + c] = column[l]);
        });
        let e = self.residuals(set);
        let mut half = Mat::from_fn(k, p + 1, |i, j| if j == p { e[i] } else { q[j * k + i] });
        faer::linalg::triangular_solve::solve_lower_triangular_in_place(l.as_ref(), half.as_mut(), faer::Par::Seq);
        let dot = |a: usize, b: usize| (0..k).map(|i| half[(i, a)] * half[(i, b)]).sum::<f64>();
        Some(DeletionChange {
            logdet_random,
            logdet_fixed: logdet - logdet_random,
            explained: dot(p, p) + set.rest,
            shift: (0..p).map(|j| dot(j, p)).collect(),
            covariance: (0..p * p).map(|e| dot(e % p, e / p)).collect(),
        })
    }
}

/// L with LL' = A, and log|A|.
fn root(a: &Mat<f64>) -> Option<(Mat<f64>, f64)> {
    let l = a.llt(Side::Lower).ok()?.L().to_owned();
    let pivots: Vec<f64> = (0..a.nrows()).map(|i| l[(i, i)].powi(2)).collect();
    let logdet = pivots.iter().map(|d| d.ln()).sum();
    pivots.iter().all(|d| *d > NOTHING_LEFT).then_some((l, logdet))
}

/// The trailing block's inverse takes memory of its square.
pub const LARGEST_TRAILING: usize = 15_000;

/// The model with a trailing block that is factored exactly, for `what` needs its inverse; groups are left out without it.
///
/// # Errors
/// `Design` where that is too large.
pub fn exact_leverage(model: &Lmm) -> Result<Lmm> {
    exact(model, "leverage, and the checks made of it,").map_err(|error| error.unless(Remedy::LeaveGroupsOut))
}

/// The model with a trailing block that is factored exactly, for `what` needs its inverse.
///
/// # Errors
/// `Design` where that is too large.
pub fn exact(model: &Lmm, what: &str) -> Result<Lmm> {
    let q = model.symbolic.n_trailing;
    if q > LARGEST_TRAILING {
        return Err(Error::Design(format!(
            "{what} need the inverse of the {q} crossed random effects, which is offered for up to {LARGEST_TRAILING}"
        )));
    }
    Ok(model.with_trailing(crate::penalized_ls::TrailingKind::Dense))
}
