//! What is summed, and where it goes: made once, from the levels of all rows and the values of a few.

use super::blocks::{CrossProducts, FactorBlock};
use super::coding::Coding;
use super::pattern::{pairs, patterns, triangle};
use super::sums::Shape;
use crate::covariance::RandomBasis;
use crate::design::{Batch, Rows};
use crate::rows::{Columns, ExtendedColumns, FixedBasis, WorkingBasis, ordered_factors, random_bases};
use crate::{Error, Result};

/// Above this many columns X'X alone would take gigabytes.
const MOST_COLUMNS: usize = 20_000;

/// The columns that are summed, the places of the sums, and how they become cross-products.
#[derive(Debug, Clone)]
pub struct Plan {
    pub basis: WorkingBasis,
    /// Per random term, in the order of the design.
    pub random: Vec<RandomBasis>,
    pub shape: Shape,
    pub coding: Coding,
}

impl Plan {
    /// # Errors
    /// `Design` for too many columns; those of reading rows.
    pub fn new(source: &Rows) -> Result<Self> {
        let layout = source.fixed();
        let mut extended = ExtendedColumns::new(layout);
        if extended.width() > MOST_COLUMNS {
            return Err(Error::Design(format!(
                "the fixed part has {} columns and cells; at most {MOST_COLUMNS} can be estimated (a categorical \
                 variable with very many levels belongs in a random term, (1 | variable))",
                extended.width()
            )));
        }
        let sample = sample(source)?;
        extended.set_scaling(&sample, layout.has_intercept);
        let random = random_bases(source, &sample);
        let factors = ordered_factors(source, &random);
        let shape = Shape::new(extended.clone(), &factors, patterns(source, &factors));
        let columns = Columns::Read(extended);
        Ok(Self { coding: Coding::new(&columns, layout), basis: WorkingBasis { columns, factors }, shape, random })
    }

    /// Sums the columns of X in a basis from now on.
    pub fn sum_dense(&mut self, basis: FixedBasis, source: &Rows) {
        self.basis.columns = Columns::Fitted(basis);
        self.shape.extended = self.basis.columns.extended();
        self.coding = Coding::new(&self.basis.columns, source.fixed());
    }

    /// Cross-products that have no values yet.
    pub fn unfilled(&self, n_obs: usize, fixed: FixedBasis) -> CrossProducts {
        let factors = self.basis.factors.iter().map(|f| {
            let zx = vec![0.0; f.n_levels * f.width * self.coding.width()];
            FactorBlock { factor: f.factor, n_levels: f.n_levels, width: f.width, zz: Vec::new(), zx }
        });
        let n = self.basis.factors.len();
        CrossProducts {
            n_obs,
            sum_log_weights: 0.0,
            factors: factors.collect(),
            patterns: self.shape.patterns.clone(),
            links: triangle(pairs(n).map(|_| Vec::new()).collect(), n),
            xx: vec![0.0; self.coding.width().pow(2)],
            fixed,
            random: self.random.clone(),
        }
    }
}

/// A few rows from all over the data.
///
/// # Errors
/// Those of reading the rows.
pub fn sample(source: &Rows) -> Result<Vec<Batch>> {
    let n = source.n_rows();
    let (pieces, size) = if n <= 2048 { (1, n) } else { (64, 16) };
    (0..pieces)
        .map(|k| {
            let start = if pieces == 1 { 0 } else { (n - size) * k / (pieces - 1) };
            let mut batch = Batch::default();
            source.read(start..start + size, &mut batch).map(|()| batch)
        })
        .collect()
}
