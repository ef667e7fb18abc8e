//! Numeric expressions with what they learned from the data of the fit: `log(x)`, `scale(x)`, `within(x, g)`.

use crate::table::{NO_LEVEL, by_segment};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::operators::{Function, Operator};
use crate::Result;

/// An expression that gives one number a row; columns are inputs of the model, by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    Column(usize),
    Constant(f64),
    Map(Function, Box<Expression>),
    Combine(Operator, Box<Expression>, Box<Expression>),
    /// (arg - center) / scale
    Standardize {
        name: String,
        arg: Box<Expression>,
        center: f64,
        scale: f64,
    },
    /// The mean that an expression had over the rows of the fit in the row's level of a category.
    GroupMean {
        name: String,
        category: usize,
        means: Vec<f64>,
        /// What it is the mean of, for groups that the fit did not see.
        arg: Box<Expression>,
    },
    /// 1 in rows of one level of a category, 0 in others.
    Indicator {
        name: String,
        category: usize,
        level: usize,
    },
}

impl Expression {
    /// out = the expression in the used rows at these positions.
    pub fn read(&self, inputs: &Inputs, rows: Range<usize>, out: &mut [f64]) {
        match self {
            Expression::Column(input) => inputs.read(*input, rows, out),
            Expression::Constant(value) => out.fill(*value),
            Expression::Map(function, arg) => {
                arg.read(inputs, rows, out);
                function.apply(out);
            }
            Expression::Combine(Operator::Power, base, exponent) if **exponent == Expression::Constant(2.0) => {
                base.read(inputs, rows, out);
                out.iter_mut().for_each(|v| *v *= *v);
            }
            Expression::Combine(operator, left, right) => {
                let mut second = vec![0.0; out.len()];
                left.read(inputs, rows.clone(), out);
                right.read(inputs, rows, &mut second);
                operator.apply(out, &second);
            }
            Expression::Standardize { arg, center, scale, .. } => {
                arg.read(inputs, rows, out);
                out.iter_mut().for_each(|v| *v = (*v - center) / scale);
            }
            Expression::GroupMean { category, means, .. } => {
                let codes = &inputs.codes(*category)[rows];
                let mean = |c: u32| if c == NO_LEVEL { f64::NAN } else { means[c as usize] };
                out.iter_mut().zip(codes).for_each(|(o, &c)| *o = mean(c));
            }
            Expression::Indicator { category, level, .. } => {
                let codes = &inputs.codes(*category)[rows];
                let value = |c: u32| if c == NO_LEVEL { f64::NAN } else { f64::from(u8::from(c as usize == *level)) };
                out.iter_mut().zip(codes).for_each(|(o, &c)| *o = value(c));
            }
        }
    }

    /// The least and the largest value in the used rows.
    pub fn range(&self, inputs: &Inputs) -> (f64, f64) {
        let ranges = by_segment(inputs.n_rows(), |part| {
            let mut values = vec![0.0; part.len()];
            self.read(inputs, part, &mut values);
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        });
        ranges.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |r, s| (r.0.min(s.0), r.1.max(s.1)))
    }

    /// The expressions that this one is computed from in a row; a mean that is known is looked up.
    pub fn parts(&self) -> Vec<&Expression> {
        match self {
            Expression::Column(_)
            | Expression::Constant(_)
            | Expression::GroupMean { .. }
            | Expression::Indicator { .. } => vec![],
            Expression::Map(_, arg) | Expression::Standardize { arg, .. } => vec![arg],
            Expression::Combine(_, left, right) => vec![left, right],
        }
    }

    /// Calls `visit` on this expression and all its parts.
    pub fn walk(&self, visit: &mut impl FnMut(&Expression)) {
        visit(self);
        self.parts().into_iter().for_each(|part| part.walk(visit));
    }

    /// The same, and what group means are taken of.
    pub fn walk_into_means(&self, visit: &mut impl FnMut(&Expression)) {
        self.walk(&mut |part| {
            visit(part);
            if let Expression::GroupMean { arg, .. } = part {
                arg.walk_into_means(visit);
            }
        });
    }

    /// The inputs it is computed from, without those of its categories.
    pub fn inputs(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(&mut |part| {
            if let Expression::Column(input) = part {
                found.push(*input);
            }
        });
        found
    }

    /// The categories whose levels it depends on.
    pub fn categories(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(&mut |part| {
            if let Expression::GroupMean { category, .. } | Expression::Indicator { category, .. } = part {
                found.push(*category);
            }
        });
        found
    }

    /// The means that it looks up, by category.
    pub fn means(&self) -> Vec<(usize, &[f64])> {
        match self {
            Expression::GroupMean { category, means, .. } => vec![(*category, means)],
            _ => self.parts().into_iter().flat_map(Expression::means).collect(),
        }
    }

    /// Adds the means of new levels, which `find` computes of a category and an expression: means within others first.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn extend_means(&mut self, find: &mut impl FnMut(usize, &Expression) -> Result<Vec<f64>>) -> Result<()> {
        match self {
            Expression::GroupMean { category, means, arg, .. } => {
                arg.extend_means(find)?;
                means.extend(find(*category, arg)?);
                Ok(())
            }
            Expression::Map(_, arg) | Expression::Standardize { arg, .. } => arg.extend_means(find),
            Expression::Combine(_, left, right) => {
                left.extend_means(find)?;
                right.extend_means(find)
            }
            Expression::Column(_) | Expression::Constant(_) | Expression::Indicator { .. } => Ok(()),
        }
    }

    /// As written, for messages.
    pub fn text(&self, inputs: &Inputs) -> String {
        match self {
            Expression::Column(input) => inputs.column(*input).name.clone(),
            Expression::Constant(value) => value.to_string(),
            Expression::Map(Function::Negate, arg) => format!("-{}", arg.text(inputs)),
            Expression::Map(function, arg) => format!("{}({})", function.name(), arg.text(inputs)),
            Expression::Combine(op, left, right) => {
                let side = |part: &Expression| match part {
                    Expression::Combine(..) => format!("({})", part.text(inputs)),
                    _ => part.text(inputs),
                };
                match op {
                    Operator::Smaller | Operator::Larger => {
                        format!("{}({}, {})", op.symbol(), left.text(inputs), right.text(inputs))
                    }
                    Operator::Divide | Operator::Power => format!("{}{}{}", side(left), op.symbol(), side(right)),
                    _ => format!("{} {} {}", side(left), op.symbol(), side(right)),
                }
            }
            Expression::Standardize { name, .. }
            | Expression::GroupMean { name, .. }
            | Expression::Indicator { name, .. } => name.clone(),
        }
    }
}
