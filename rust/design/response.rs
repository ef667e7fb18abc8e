//! Checks of the response and the prior weights.

use super::column::Column;
use super::compile::Compiler;
use super::expression::Node;
use super::inputs::Inputs;
use super::selection::{Selection, by_segment};
use super::spec::{Coverage, Expr, Factor};
use super::table::plain_name;
use crate::{Error, Result};

/// The response's expression; fails if it is not numeric, not finite, or constant.
pub fn response(compiler: &mut Compiler, factor: &Factor) -> Result<Node> {
    let owner = match factor.expr {
        Expr::Column { .. } => "the response",
        _ => factor.name.as_str(),
    };
    let node = compiler.finite_number(&factor.expr, owner)?;
    if compiler.coverage == Coverage::All
        && let Some(value) = constant_value(&node, &compiler.inputs)
    {
        return Err(constant(&factor.name, value));
    }
    Ok(node)
}

/// The error of a response that is the same in every row.
pub fn constant(name: &str, value: f64) -> Error {
    Error::Design(format!("the response '{name}' is {value} in every row used; there is no variation to explain"))
}

fn constant_value(node: &Node, inputs: &Inputs) -> Option<f64> {
    let (low, high) = range(node, inputs);
    (low == high).then_some(low)
}

/// The least and the largest value of an expression.
pub fn range(node: &Node, inputs: &Inputs) -> (f64, f64) {
    let ranges = by_segment(inputs.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        node.read(inputs, part, &mut values);
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    });
    let low = ranges.iter().map(|r| r.0).fold(f64::INFINITY, f64::min);
    (low, ranges.iter().map(|r| r.1).fold(f64::NEG_INFINITY, f64::max))
}

/// Fails unless every weight of a used row is a positive number.
pub fn check_weights(column: &Column, selection: &Selection) -> Result<()> {
    let name = plain_name(&column.name);
    column.require_numbers("a column of weights")?;
    let bad = by_segment(selection.len(), |part| {
        let mut weights = vec![0.0; part.len()];
        column.read(&selection.picks(part.clone()), &mut weights);
        let mut rows = weights.into_iter().zip(part);
        rows.find(|(w, _)| !(*w > 0.0 && w.is_finite()))
    });
    let Some((weight, position)) = bad.into_iter().flatten().next() else { return Ok(()) };
    let (what, fix) = match weight {
        w if w.is_nan() => ("missing".into(), "give every row a weight, or drop the row"),
        0.0 => ("0".into(), "drop the rows of weight zero"),
        w => (w.to_string(), "weights must be positive and finite"),
    };
    let row = column.first + selection.row(position);
    Err(Error::Data(format!("weight '{name}' is {what} at row {row}; {fix}")))
}
