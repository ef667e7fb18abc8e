//! Finds the row in which an expression has no finite value, and says which part of it fails there.

use super::expression::Node;
use super::inputs::Inputs;
use super::selection::by_segment;
use crate::{Error, Result};

/// Fails at the first used row, of those for which `counts` holds, where `node` is not finite.
pub fn require_finite(node: &Node, inputs: &Inputs, counts: impl Fn(usize) -> bool + Sync) -> Result<()> {
    let firsts = by_segment(inputs.n_rows(), |part| {
        let mut values = vec![0.0; part.len()];
        node.read(inputs, part.clone(), &mut values);
        let mut rows = values.iter().zip(part);
        rows.find(|(v, position)| !v.is_finite() && counts(*position)).map(|(_, position)| position)
    });
    match firsts.into_iter().flatten().next() {
        Some(position) => Err(explain(node, inputs, position)),
        None => Ok(()),
    }
}

fn explain(node: &Node, inputs: &Inputs, position: usize) -> Error {
    let at = |node: &Node| {
        let mut value = [0.0];
        node.read(inputs, position..position + 1, &mut value);
        value[0]
    };
    // The innermost part that is not finite.
    let mut culprit = node;
    while let Some(part) = culprit.parts().into_iter().find(|part| !at(part).is_finite()) {
        culprit = part;
    }
    let mut values = Vec::new();
    culprit.walk(&mut |part| {
        if matches!(part, Node::Column(_)) {
            let text = format!("{} is {}", part.text(inputs), at(part));
            if !values.contains(&text) {
                values.push(text);
            }
        }
    });
    Error::Data(format!(
        "{} is {} at row {}, where {}; correct that value, or make it missing to drop the row",
        culprit.text(inputs),
        if at(culprit).is_nan() { "not a number" } else { "infinite" },
        inputs.row_number(position),
        values.join(" and ")
    ))
}
