//! The parts of an ordered response: thresholds above and below its categories, which may depend on variables, and a scale.

use std::sync::Arc;

use super::build::{Block, Collected};
use super::model::{Glmm, PartName};
use crate::design::Rows;
use crate::family::{FamilySpec, Observation, Predictor};
use crate::linalg::memory;
use crate::rows::{PartColumns, PartRows, PartedRows, StoredRows};
use crate::table::NO_LEVEL;
use crate::{Error, Result};

/// What thresholds depend on: columns of every row in a basis, and the basis in the user's columns.
struct Nominal {
    /// n rows of q.
    w: Vec<f64>,
    q: usize,
    /// From the basis to the user's columns (q x q, column-major).
    transform: Vec<f64>,
    kept: Vec<usize>,
    n_columns: usize,
}

impl Nominal {
    fn new(collected: &Collected, source: Option<&Rows>) -> Result<Self> {
        let Some(source) = source else {
            return Ok(Self { w: vec![1.0; collected.n], q: 1, transform: vec![1.0], kept: vec![0], n_columns: 1 });
        };
        if !source.random.is_empty() || !source.fixed().has_intercept {
            return Err(Error::Design("thresholds have an intercept and no random effects".into()));
        }
        let (_, stored, basis) = collected.read(source)?;
        let q = basis.kept.len();
        Ok(Self {
            w: columns(&stored, 0..q)?,
            q,
            transform: basis.transform.clone(),
            kept: basis.kept.clone(),
            n_columns: basis.n_columns,
        })
    }
}

/// Columns of the rows (n rows).
fn columns(stored: &StoredRows, of: std::ops::Range<usize>) -> Result<Vec<f64>> {
    let (n, p) = (stored.n, of.len());
    let mut x = memory::room(n, p).ok_or_else(|| Error::no_memory("the columns of X", n, p))?;
    (0..n).for_each(|i| x.extend_from_slice(&stored.x(i)[of.clone()]));
    Ok(x)
}

impl Collected {
    /// Thresholds above and below the category of every row.  Coefficients are those of the first column of what they depend on
    /// for all parameters, then those of the second.
    pub fn add_thresholds(
        &mut self,
        source: Option<&Rows>,
        spec: &FamilySpec,
        observations: &[Observation],
    ) -> Result<()> {
        let n = spec.n_categories - 1;
        let (nominal, k) = (Nominal::new(self, source)?, spec.thresholds.n_parameters(n));
        let p = k * nominal.q;
        for below in [0, 1] {
            let codes = threshold_codes(observations, below, n);
            let columns = if source.is_none() && k == n {
                indicators(codes, n)
            } else {
                PartColumns::Dense(threshold_columns(spec, n, (&nominal.w, nominal.q), &codes)?)
            };
            self.parts.push(PartRows { first: self.n_coefficients, p, columns, offset: Vec::new() });
        }
        self.transforms.push(self.of_thresholds(spec, n, &nominal));
        let parameters = |j: &usize| (0..k).map(|a| j * k + a).collect::<Vec<_>>();
        let kept: Vec<usize> = nominal.kept.iter().flat_map(parameters).collect();
        self.names.push(self.named(PartName::Thresholds, kept, k * nominal.n_columns, 0..0));
        self.n_coefficients += p;
        self.n_user += p;
        Ok(())
    }

    /// The map to the user's coefficients; what the columns of the mean have of an intercept belongs to the thresholds.
    fn of_thresholds(&self, spec: &FamilySpec, n: usize, nominal: &Nominal) -> Block {
        let (q, k) = (nominal.q, spec.thresholds.n_parameters(n));
        let mut own = Block::new();
        for (e, &value) in nominal.transform.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let (i, j) = (e % q, e / q);
            own.extend((0..k).map(|a| (self.n_user + i * k + a, self.n_coefficients + j * k + a, value)));
        }
        let places = (0..k).filter(|&a| spec.thresholds.is_place(n, a));
        own.extend(
            places
                .flat_map(|a| self.intercept.iter().map(move |&(j, v)| (a, j, -v)))
                .map(|(a, j, v)| (self.n_user + a, j, v)),
        );
        own
    }

    /// The log scale: columns as the user has them, without an intercept, which would be the thresholds' own scale.
    pub fn add_scale(&mut self, index: usize, source: Option<&Rows>) -> Result<()> {
        let source = source.ok_or_else(|| Error::Design("a scale needs a formula".into()))?;
        let (a, stored, basis) = self.read(source)?;
        let (p, skip) = (basis.kept.len(), usize::from(source.fixed().has_intercept && basis.kept.first() == Some(&0)));
        let mut x = columns(&stored, 0..p)?;
        // rows in the basis are the user's times its transform
        x.chunks_exact_mut(p.max(1)).for_each(|row| solve_upper_transposed(&basis.transform, row));
        let own: Vec<f64> = x.chunks_exact(p.max(1)).flat_map(|row| row[skip..].iter().copied()).collect();
        let kept = basis.kept[skip..].to_vec();
        let (first, n) = (self.n_coefficients, kept.len());
        self.transforms.push((0..n).map(|j| (self.n_user + j, first + j, 1.0)).collect());
        let offset = source.offset().unwrap_or_default();
        self.parts.push(PartRows { first, p: n, columns: PartColumns::Dense(own), offset });
        let first_term = self.terms.len();
        self.add_terms(index, source, &stored, &a)?;
        self.names.push(self.named(PartName::Scale, kept, basis.n_columns, first_term..self.terms.len()));
        self.n_coefficients += n;
        self.n_user += n;
        Ok(())
    }
}

/// The threshold above every row's category, or the one `below` it; n where there is none.
fn threshold_codes(observations: &[Observation], below: usize, n: usize) -> Vec<usize> {
    observations.iter().map(|o| (o.y as usize).wrapping_sub(below).min(n)).collect()
}

fn indicators(codes: Vec<usize>, n: usize) -> PartColumns {
    let level = |code: usize| if code == n { NO_LEVEL } else { code as u32 };
    PartColumns::Indicator(codes.into_iter().map(level).collect())
}

/// The rows of a model with other responses: the thresholds of a row are those of its category.
///
/// # Errors
/// `Data` where memory does not hold them.
pub fn with_thresholds_of(model: &Glmm, observations: &[Observation]) -> Result<Arc<PartedRows>> {
    if !model.parts.iter().any(|part| part.name == PartName::Thresholds) {
        return Ok(model.rows.clone());
    }
    let (spec, n) = (&model.spec, model.spec.n_categories - 1);
    let mut rows = (*model.rows).clone();
    let w = nominal_of(model, n);
    for (part, predictor) in rows.parts.iter_mut().zip(model.family.predictors()) {
        let below = match predictor {
            Predictor::Upper => 0,
            Predictor::Lower => 1,
            _ => continue,
        };
        let codes = threshold_codes(observations, below, n);
        part.columns = match &w {
            None => indicators(codes, n),
            Some(w) => PartColumns::Dense(threshold_columns(spec, n, (w, w.len() / model.rows.n), &codes)?),
        };
    }
    Ok(Arc::new(rows))
}

/// What thresholds depend on, from the columns of the threshold that every row has; None for a constant alone.
fn nominal_of(model: &Glmm, n: usize) -> Option<Vec<f64>> {
    let thresholds = model.spec.thresholds;
    let k = thresholds.n_parameters(n);
    let part = |wanted: Predictor| {
        let place = model.family.predictors().iter().position(|&p| p == wanted).expect("a part of thresholds");
        &model.rows.parts[place]
    };
    let (upper, lower) = (part(Predictor::Upper), part(Predictor::Lower));
    let (PartColumns::Dense(above), PartColumns::Dense(below)) = (&upper.columns, &lower.columns) else { return None };
    let own = |(i, o): (usize, &Observation)| -> Vec<f64> {
        let y = o.y as usize;
        let (x, code) = if y < n { (above, y) } else { (below, y - 1) };
        let a = (0..k).find(|&a| thresholds.slope(n, code, a) != 0.0).expect("a threshold has a parameter");
        x[i * upper.p..(i + 1) * upper.p].chunks_exact(k).map(|x| x[a] / thresholds.slope(n, code, a)).collect()
    };
    Some(model.observations.iter().enumerate().flat_map(own).collect())
}

/// Columns of parameters times what they depend on (n rows of q), zero where a row has no threshold (n rows of k q).
fn threshold_columns(spec: &FamilySpec, n: usize, (w, q): (&[f64], usize), codes: &[usize]) -> Result<Vec<f64>> {
    let k = spec.thresholds.n_parameters(n);
    let no_memory = || Error::no_memory("the thresholds of the rows", codes.len(), q * k);
    let mut x = memory::room(codes.len(), q * k).ok_or_else(no_memory)?;
    for (&code, w) in codes.iter().zip(w.chunks_exact(q)) {
        let slope = |a: usize| if code == n { 0.0 } else { spec.thresholds.slope(n, code, a) };
        x.extend(w.iter().flat_map(|w| (0..k).map(move |a| w * slope(a))));
    }
    Ok(x)
}

/// x T⁻¹ for a row x and an upper triangular T (column-major).
fn solve_upper_transposed(t: &[f64], x: &mut [f64]) {
    let p = x.len();
    for j in 0..p {
        let sum: f64 = (0..j).map(|i| x[i] * t[j * p + i]).sum();
        x[j] = (x[j] - sum) / t[j * p + j];
    }
}
