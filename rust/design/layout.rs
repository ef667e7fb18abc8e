//! What a design is: which columns X and the random terms have, and what a batch of its rows holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::covariance::{Places, Shape, Structure, TermSpec};
use crate::ids::FactorId;
use crate::{Error, Result};

/// X'X is a dense matrix: more columns than this are refused.
pub const MOST_COLUMNS: usize = 10_000;

/// How the cells of a categorical term become columns: `columns[k]` lists the non-zero entries
/// `(cell, value)` of the k-th coded column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    pub n_cells: usize,
    pub columns: Vec<Vec<(u32, f64)>>,
}

impl Coding {
    /// The entry of a coded column in a cell; entries are in the order of the cells.
    pub fn value(&self, coded: usize, cell: u32) -> f64 {
        let column = &self.columns[coded];
        column.binary_search_by_key(&cell, |&(cell, _)| cell).map_or(0.0, |k| column[k].1)
    }
}

/// One term of the fixed part: `n_numeric` numeric columns (products of its numeric factors), each
/// once for every coded column of its categorical factors.  Categories stay codes: row i of the term
/// is `values[i][j]` in cell `cells[i]`, and only a block of X'X is ever coded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixedTerm {
    pub name: String,
    pub n_numeric: usize,
    /// `None` for a term without categorical factors.
    pub coding: Option<Coding>,
}

impl FixedTerm {
    /// Cells of the term; 1 without categorical factors.
    pub fn n_cells(&self) -> usize {
        self.coding.as_ref().map_or(1, |c| c.n_cells)
    }

    /// Columns of X that the term gives.
    pub fn width(&self) -> usize {
        self.n_numeric * self.coding.as_ref().map_or(1, |c| c.columns.len())
    }
}

/// One column of X: the `numeric`-th numeric column of `term` times its `coded`-th coded column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixedColumn {
    pub name: String,
    pub term: usize,
    pub numeric: usize,
    pub coded: usize,
}

/// X (n x p): its terms, and its columns in the order users see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FixedLayout {
    /// The intercept, if any, is the first term: one numeric column of ones, no coding.
    pub terms: Vec<FixedTerm>,
    pub columns: Vec<FixedColumn>,
    pub has_intercept: bool,
}

/// Z of one random term, as narrow columns: row i is `z[i]` (width r) in level `codes[i]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomLayout {
    /// As written, for messages: `(1 + ses | school)`.
    pub name: String,
    pub factor: FactorId,
    /// Names of the r columns: `(Intercept)`, `ses`.
    pub columns: Vec<String>,
    /// The first column is the constant.
    pub has_intercept: bool,
    pub structure: Structure,
    /// Where the effects lie, of a structure whose correlations fall with the distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// The rank of their covariance, where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
}

impl RandomLayout {
    pub fn spec(&self) -> TermSpec {
        TermSpec { structure: self.structure, factor: self.factor, shape: self.shape() }
    }

    /// What the structure knows of the columns.
    pub fn shape(&self) -> Shape {
        Shape { r: self.columns.len(), places: self.places.clone(), rank: self.rank }
    }
}

/// A grouping factor: the code of every row used, every code < `n_levels`, every level used.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingFactor {
    pub name: String,
    codes: Arc<Vec<u32>>,
    n_levels: usize,
}

impl GroupingFactor {
    /// Fails if a code is not below `n_levels`.
    ///
    /// # Errors
    /// `Design` in that case.
    pub fn new(name: impl Into<String>, codes: impl Into<Arc<Vec<u32>>>, n_levels: usize) -> Result<Self> {
        let (name, codes) = (name.into(), codes.into());
        if codes.iter().any(|&c| c as usize >= n_levels) {
            return Err(Error::Design(format!(
                "grouping factor '{name}': a code is not below the number of levels, {n_levels}"
            )));
        }
        Ok(Self { name, codes, n_levels })
    }

    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    pub fn n_levels(&self) -> usize {
        self.n_levels
    }
}

/// A batch of encoded rows.  Reused between reads: nothing is allocated once it has grown.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub n: usize,
    /// Response (n).
    pub y: Vec<f64>,
    /// The sum of the offsets (n); empty without one.
    pub offset: Vec<f64>,
    /// Prior weights (n); empty for weights of one.
    pub weights: Vec<f64>,
    /// Per fixed term, numeric values, column-major (n x n_numeric).
    pub values: Vec<Vec<f64>>,
    /// Per fixed term, the cell of every row (n); empty for a term without categorical factors.
    pub cells: Vec<Vec<u32>>,
    /// Per random term, row-major (n x r).
    pub z: Vec<Vec<f64>>,
    /// Values and cells of a term, while it is coded.
    pub term: (Vec<f64>, Vec<u32>),
}

impl Batch {
    /// The response less its offset.
    pub fn response(&self) -> impl Iterator<Item = f64> {
        self.y.iter().enumerate().map(|(i, y)| y - self.offset.get(i).unwrap_or(&0.0))
    }
}
