//! Derivatives of the model matrix by a column of the data: of expressions by the chain rule, of terms by the product
//! rule.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::encoding::Encoding;
use super::evaluate::multiply;
use super::expression::Expression;
use super::inputs::Inputs;
use super::new_rows::NewRows;
use super::variable::{Basis, Variable};
use crate::linalg::memory;
use crate::{Error, Result};

/// What moves: an input, by one; and columns that were computed from it elsewhere, by what is given in every row.
pub struct Moves {
    pub input: Option<usize>,
    pub given: FxHashMap<usize, Vec<f64>>,
}

impl Moves {
    fn read(&self, input: usize, rows: Range<usize>, out: &mut [f64]) {
        match self.given.get(&input) {
            Some(slopes) => out.copy_from_slice(&slopes[rows]),
            None => out.fill(f64::from(u8::from(self.input == Some(input)))),
        }
    }
}

impl Expression {
    /// out = the derivative in the used rows at these positions.
    pub fn read_slope(&self, inputs: &Inputs, moves: &Moves, rows: Range<usize>, out: &mut [f64]) {
        let both = |part: &Expression| {
            let (mut value, mut slope) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
            part.read(inputs, rows.clone(), &mut value);
            part.read_slope(inputs, moves, rows.clone(), &mut slope);
            value.into_iter().zip(slope)
        };
        match self {
            Expression::Column(input) => moves.read(*input, rows, out),
            Expression::Constant(_) | Expression::GroupMean { .. } | Expression::Indicator { .. } => out.fill(0.0),
            Expression::Map(function, arg) => {
                let moved = |(value, slope): (f64, f64)| if slope == 0.0 { 0.0 } else { function.slope(value) * slope };
                out.iter_mut().zip(both(arg)).for_each(|(o, arg)| *o = moved(arg));
            }
            Expression::Combine(operator, left, right) => {
                let sides = both(left).zip(both(right));
                out.iter_mut().zip(sides).for_each(|(o, (left, right))| *o = operator.slope(left, right));
            }
            Expression::Standardize { arg, scale, .. } => {
                arg.read_slope(inputs, moves, rows, out);
                out.iter_mut().for_each(|o| *o /= scale);
            }
        }
    }
}

impl Basis {
    /// The derivatives of the columns, one after the other.
    fn slopes(&self, inputs: &Inputs, moves: &Moves, rows: Range<usize>) -> Vec<f64> {
        let n = rows.len();
        let mut out = vec![0.0; n * self.width()];
        match self {
            Basis::Scalar(expression) => expression.read_slope(inputs, moves, rows, &mut out),
            Basis::Polynomial { arg, polynomial } => {
                let mut inner = vec![0.0; n];
                arg.read(inputs, rows.clone(), &mut out[..n]);
                arg.read_slope(inputs, moves, rows, &mut inner);
                polynomial.expand_slopes(n, &mut out);
                out.iter_mut().enumerate().for_each(|(k, o)| *o *= inner[k % n]);
            }
            Basis::External(columns) => {
                for (input, column) in columns.iter().zip(out.chunks_mut(n.max(1))) {
                    moves.read(*input, rows.clone(), column);
                }
            }
        }
        out
    }
}

impl Encoding {
    /// The derivatives of a fixed term's numeric columns (n x n_numeric, column-major).
    fn term_slopes(&self, term: usize, inputs: &Inputs, moves: &Moves, rows: Range<usize>) -> Vec<f64> {
        let n = rows.len();
        let (mut values, mut slopes, mut width) = (vec![1.0; n], vec![0.0; n], 1);
        for &v in &self.fixed.plans[term].variables {
            let Variable::Numeric { basis, .. } = &self.variables[v] else { continue };
            let (mut next, next_slopes) = (vec![0.0; n * basis.width()], basis.slopes(inputs, moves, rows.clone()));
            basis.read(inputs, rows.clone(), &mut next);
            let product = |a: &[f64], b: &[f64]| {
                let mut out = a.to_vec();
                out.resize(n * width * basis.width(), 0.0);
                multiply(&mut out, width, b, n);
                out
            };
            let (moved, held) = (product(&slopes, &next), product(&values, &next_slopes));
            values = product(&values, &next);
            slopes = moved.iter().zip(held).map(|(a, b)| a + b).collect();
            width *= basis.width();
        }
        slopes
    }
}

impl NewRows {
    /// The derivatives of X, row-major (n x p), and of the offset, by the column of this name; `given`: those of
    /// columns that were computed from it elsewhere.
    ///
    /// # Errors
    /// Those of reading the rows.
    pub fn slopes(&self, column: &str, given: &[(String, Vec<f64>)]) -> Result<(Vec<f64>, Vec<f64>)> {
        let (encoding, inputs, n) = (self.encoding(), self.inputs(), self.n_rows());
        let place = |name: &str| encoding.inputs.iter().position(|input| input == name);
        let given = given.iter().filter_map(|(name, slopes)| Some((place(name)?, slopes.clone()))).collect();
        let moves = Moves { input: place(column), given };
        let p = encoding.fixed.layout.columns.len();
        let mut x = memory::zeros(n, p).ok_or_else(|| Error::no_memory("the slopes of the model matrix", n, p))?;
        encoding.write(&encoding.fixed, n, &mut x, &mut Default::default(), |term, values, cells| {
            *values = encoding.term_slopes(term, inputs, &moves, 0..n);
            encoding.read_cells(&encoding.fixed.plans[term], inputs, 0..n, cells);
            Ok(())
        })?;
        let (mut offset, mut part) = (vec![0.0; n], vec![0.0; n]);
        for expression in &encoding.offsets {
            expression.read_slope(inputs, &moves, 0..n, &mut part);
            offset.iter_mut().zip(&part).for_each(|(o, p)| *o += p);
        }
        Ok((x, offset))
    }
}
