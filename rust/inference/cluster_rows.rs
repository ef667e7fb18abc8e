//! The rows of clusters, and the covariance that their residuals have among themselves over σ²: W⁻¹, or R in groups of rows.

use faer::Mat;

use crate::model::AtResidual;
use crate::residual::Correlations;
use crate::rows::StoredRows;
use crate::{Error, Result};

/// The rows of a cluster; those of a group of residuals stand side by side, where residuals have groups.
#[derive(Clone, Default)]
pub struct ClusterRows {
    pub rows: Vec<usize>,
    /// Of those groups.
    patterns: Vec<usize>,
}

/// By cluster, from the cluster of every row.
///
/// # Errors
/// `Design` where a group of residuals lies in more than one cluster.
pub fn cluster_rows(residual: Option<&AtResidual>, codes: &[u32], n_clusters: usize) -> Result<Vec<ClusterRows>> {
    let mut clusters = vec![ClusterRows::default(); n_clusters];
    let Some(own) = residual else {
        codes.iter().enumerate().for_each(|(row, &c)| clusters[c as usize].rows.push(row));
        return Ok(clusters);
    };
    for (group, rows) in own.residual.groups_of_rows() {
        let code = codes[rows[0] as usize];
        if rows.iter().any(|&row| codes[row as usize] != code) {
            return Err(Error::Design(
                "groups within which residuals are correlated lie in more than one cluster".into(),
            ));
        }
        let cluster = &mut clusters[code as usize];
        cluster.rows.extend(rows.iter().map(|&row| row as usize));
        cluster.patterns.push(group.pattern);
    }
    Ok(clusters)
}

/// The covariance of residuals in a cluster.
pub enum Noise {
    Diagonal(Vec<f64>),
    /// Of groups of rows side by side (n x n each).
    Groups(Vec<Vec<f64>>),
}

impl Noise {
    pub fn add_to(&self, phi: &mut Mat<f64>) {
        match self {
            Self::Diagonal(variances) => variances.iter().enumerate().for_each(|(i, v)| phi[(i, i)] += v),
            Self::Groups(groups) => {
                let mut first = 0;
                for r in groups {
                    let n = r.len().isqrt();
                    r.iter().enumerate().for_each(|(e, v)| phi[(first + e % n, first + e / n)] += v);
                    first += n;
                }
            }
        }
    }
}

/// What noise is made of.
pub struct NoiseParts<'a> {
    rows: &'a StoredRows,
    residual: Option<(&'a AtResidual, Vec<Correlations>)>,
}

impl<'a> NoiseParts<'a> {
    pub fn new(residual: Option<&'a AtResidual>, rows: &'a StoredRows) -> Self {
        let residual = residual.map(|own| (own, own.residual.layout.correlations(&own.phi)));
        Self { rows, residual }
    }

    /// Whether it is the identity.
    pub fn is_one(&self) -> bool {
        self.residual.is_none() && self.rows.block.weights.is_empty()
    }

    /// # Errors
    /// `Numerical` where a standard deviation is not a number.
    pub fn of(&self, cluster: &ClusterRows) -> Result<Noise> {
        let Some((own, correlations)) = &self.residual else {
            return Ok(Noise::Diagonal(cluster.rows.iter().map(|&row| 1.0 / self.rows.weight(row)).collect()));
        };
        let of_pattern = |&k: &usize| Ok(own.residual.of_pattern(k, &own.phi, correlations)?.matrix());
        cluster.patterns.iter().map(of_pattern).collect::<Result<_>>().map(Noise::Groups)
    }
}
