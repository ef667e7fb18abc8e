//! Cluster-robust covariances of β̂ for a working model whose groups, and those of correlated residuals, lie within the clusters.
//!
//! CR0 (Liang and Zeger 1986), CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, J. Bus. Econ. Stat. 36,
//! 672-683) and CR3.  With V_j = σ²Φ_j, Φ_j = LL', S_j = Φ_j - X_j M X_j' and residuals e_j a cluster contributes
//! M F_j'e_j to β̂, F_j = A_j'Φ_j⁻¹X_j: A_j = I, the solution of A S A = Φ, or (I - X_j M X_j'Φ_j⁻¹)⁻¹.
//!
//! Φ_j and S_j differ from the identity only within the span of [Z_j X_j], so all is done there for residuals that are
//! independent and of one variance.

use std::sync::atomic::AtomicBool;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::cluster_adjustment::{bias_reduced, pseudo_inverse, solve_lower, solve_upper};
use super::cluster_rows::{ClusterRows, Noise, NoiseParts, cluster_rows};
use crate::design::Rows;
use crate::fit::Fit;
use crate::linalg::dense;
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// Working in a cluster takes memory of the square, and time of the cube, of its dimension.
const LARGEST: usize = 5000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// CR0.
    None,
    /// CR2.
    BiasReduced,
    /// CR3.
    Jackknife,
}

impl Adjustment {
    /// # Errors
    /// `Design` for another name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "CR0" => Ok(Self::None),
            "CR2" => Ok(Self::BiasReduced),
            "CR3" => Ok(Self::Jackknife),
            other => Err(Error::Design(format!("there is no adjustment '{other}'"))),
        }
    }
}

/// What clusters contribute, in the user's units.
///
/// The covariance is Σ c_j c_j'; under the working model Cov(l'c_j, m'c_k) = [j = k] l'V_j m - (G_j l)'(G_k m).
pub struct ClusterScores {
    /// c_j (p each).
    pub contributions: Vec<Vec<f64>>,
    /// G_j (p x p, row-major).
    pub leverages: Vec<Vec<f64>>,
    /// V_j (p x p).
    pub variances: Vec<Vec<f64>>,
}

/// Computes the clusters' contributions; `codes` has the cluster of every row.
///
/// # Errors
/// `Design` where a group, or one of correlated residuals, lies in more than one cluster; `Interrupted`.
pub fn clusters(
    fit: &Fit,
    source: &Rows,
    codes: &[u32],
    n_clusters: usize,
    adjustment: Adjustment,
    stop: &AtomicBool,
) -> Result<ClusterScores> {
    check_nested(source, codes)?;
    let rows = fit.model.a.stored_rows(source)?;
    let parts = SandwichParts::new(fit, &rows)?;
    let scores: Vec<Result<[Vec<f64>; 3]>> = cluster_rows(fit.model.residual.as_ref(), codes, n_clusters)?
        .par_iter()
        .map(|cluster| {
            check_stop(stop)?;
            parts.cluster(cluster, adjustment)
        })
        .collect();
    let mut out = ClusterScores { contributions: vec![], leverages: vec![], variances: vec![] };
    for part in scores {
        let [c, g, v] = part?;
        out.contributions.push(c);
        out.leverages.push(g);
        out.variances.push(v);
    }
    Ok(out)
}

/// Whether every group of every grouping factor lies within one cluster.
///
/// # Errors
/// `Design` where one does not.
pub fn check_nested(source: &Rows, codes: &[u32]) -> Result<()> {
    for factor in &source.factors {
        let mut cluster = vec![u32::MAX; factor.n_levels()];
        for (&level, &code) in factor.codes().iter().zip(codes) {
            let known = &mut cluster[level as usize];
            if *known != u32::MAX && *known != code {
                return Err(Error::Design(format!(
                    "levels of the grouping factor '{}' lie in more than one cluster: the model makes rows of \
                     different clusters depend on each other",
                    factor.name
                )));
            }
            *known = code;
        }
    }
    Ok(())
}

/// ZΛ, X, residuals and their noise in one cluster.
type Local = (Mat<f64>, Mat<f64>, Mat<f64>, Noise);

struct SandwichParts<'a> {
    fit: &'a Fit,
    rows: &'a StoredRows,
    noise: NoiseParts<'a>,
    /// y - Xβ̂.
    residuals: Vec<f64>,
    /// Per random term Λ (r x r, column-major).
    lambda: Vec<Vec<f64>>,
    /// L_X^-T, so that the columns of X L_X^-T are orthonormal in Φ⁻¹.
    whiten: Mat<f64>,
    /// T L_X^-T: from there to the user's coefficients.
    back: Mat<f64>,
}

impl<'a> SandwichParts<'a> {
    fn new(fit: &'a Fit, rows: &'a StoredRows) -> Result<Self> {
        let (p, stride) = (fit.beta.len(), fit.beta.len() + 1);
        let work = fit.workspace()?;
        let mut inverse = vec![0.0; p * p];
        (0..p).for_each(|k| inverse[k * p + k] = 1.0);
        let l: Vec<f64> = (0..p * p).map(|k| work.factor.xx[k / p * stride + k % p]).collect();
        dense::solve_lower_transposed(&l, &mut inverse, p, p);
        let whiten = Mat::from_fn(p, p, |i, j| inverse[j * p + i]);
        let transform = &fit.model.a.fixed.transform;
        let back = Mat::from_fn(p, p, |i, j| (0..p).map(|k| transform[k * p + i] * whiten[(k, j)]).sum());
        Ok(Self {
            rows,
            noise: NoiseParts::new(fit.model.residual.as_ref(), rows),
            residuals: rows.residuals(&rows.response(), &fit.beta, &[]),
            fit,
            lambda: fit.model.theta_map.terms.iter().map(|t| t.relative_factor(&fit.theta)).collect(),
            whiten,
            back,
        })
    }

    /// Contribution, leverage and variance of one cluster.
    fn cluster(&self, cluster: &ClusterRows, adjustment: Adjustment) -> Result<[Vec<f64>; 3]> {
        let p = self.whiten.nrows();
        let (h, x, e, noise) = self.local(cluster)?;
        // Φ = LL'
        let mut phi = &h * h.transpose();
        noise.add_to(&mut phi);
        let l = phi
            .llt(Side::Lower)
            .map_err(|_| Error::Numerical("the covariance of a cluster is not positive definite".into()))?
            .L()
            .to_owned();
        let x = &x * &self.whiten;
        let half = solve_lower(&l, &x);
        // F and E = X'F, scaled
        let f = match adjustment {
            Adjustment::None => solve_upper(&l, &half),
            Adjustment::BiasReduced => bias_reduced(&l, &x, &half),
            Adjustment::Jackknife => {
                let plain = solve_upper(&l, &half);
                let mut left = half.transpose() * &half;
                for j in 0..p {
                    (0..p).for_each(|i| left[(i, j)] = f64::from(u8::from(i == j)) - left[(i, j)]);
                }
                &plain * &pseudo_inverse(&left)
            }
        };
        let e_f = x.transpose() * &f;
        let lf = l.transpose() * &f;
        let contribution = &self.back * (f.transpose() * &e);
        let leverage = &e_f * self.back.transpose();
        let variance = &self.back * (lf.transpose() * &lf) * self.back.transpose();
        let flat = |m: &Mat<f64>, scale: f64| -> Vec<f64> {
            (0..m.nrows()).flat_map(|i| (0..m.ncols()).map(move |j| scale * m[(i, j)])).collect()
        };
        Ok([flat(&contribution, 1.0), flat(&leverage, self.fit.sigma), flat(&variance, self.fit.residual_variance())])
    }

    /// ZΛ, X, residuals and noise of a cluster: in the span of [ZΛ X] if that is smaller and the noise is the identity.
    fn local(&self, cluster: &ClusterRows) -> Result<Local> {
        let members = cluster.rows.as_slice();
        let (n, p) = (members.len(), self.whiten.nrows());
        let h = self.random(members);
        let q = h.ncols();
        let dimension = if self.noise.is_one() { n.min(q + p) } else { n };
        if dimension > LARGEST {
            return Err(Error::Design(format!(
                "a cluster has {n} rows and {q} random effects: a robust covariance takes at most {LARGEST} of the fewer, \
                 or with weights or a model of the residuals so many rows, in one cluster"
            )));
        }
        let x = Mat::from_fn(n, p, |i, j| self.rows.x(members[i])[j]);
        let e = Mat::from_fn(n, 1, |i, _| self.residuals[members[i]]);
        if dimension == n {
            return Ok((h, x, e, self.noise.of(cluster)?));
        }
        let both = Mat::from_fn(n, q + p, |i, j| if j < q { h[(i, j)] } else { x[(i, j - q)] });
        let qr = both.qr();
        let (basis, r) = (qr.compute_thin_Q(), qr.thin_R());
        let upper = |j: usize, i: usize| if i <= j { r[(i, j)] } else { 0.0 };
        Ok((
            Mat::from_fn(q + p, q, |i, j| upper(j, i)),
            Mat::from_fn(q + p, p, |i, j| upper(j + q, i)),
            basis.transpose() * &e,
            Noise::Diagonal(vec![1.0; q + p]),
        ))
    }

    /// ZΛ of a cluster: a column for every random effect of the groups in it.
    fn random(&self, members: &[usize]) -> Mat<f64> {
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for (term, lambda) in self.fit.model.theta_map.terms.iter().zip(&self.lambda) {
            let (r, codes) = (term.width, self.rows.levels(term.block.0));
            let mut first = rustc_hash::FxHashMap::default();
            for (i, &row) in members.iter().enumerate() {
                let start = *first.entry(codes[row]).or_insert_with(|| {
                    columns.extend(std::iter::repeat_n(vec![0.0; members.len()], r));
                    columns.len() - r
                });
                let z = &self.rows.z(term.block.0, row)[term.offset..term.offset + r];
                for j in 0..r {
                    columns[start + j][i] = (0..r).map(|k| z[k] * lambda[j * r + k]).sum();
                }
            }
        }
        Mat::from_fn(members.len(), columns.len(), |i, j| columns[j][i])
    }
}
