//! Numeric expressions with what they learned from the data of the fit: `log(x)`, `scale(x)`, `within(x, g)`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::levels::NO_LEVEL;

/// Functions of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Identity,
    Negate,
    Log,
    Log2,
    Log10,
    Log1p,
    Exp,
    Sqrt,
    Abs,
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// An expression that gives one number a row; columns are inputs of the model, by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    Column(usize),
    Constant(f64),
    Map(Function, Box<Node>),
    Combine(Operator, Box<Node>, Box<Node>),
    /// (arg - center) / scale
    Standardize {
        name: String,
        arg: Box<Node>,
        center: f64,
        scale: f64,
    },
    /// The mean that an expression had over the rows of the fit in the row's level of a category.
    GroupMean {
        name: String,
        category: usize,
        means: Vec<f64>,
    },
}

impl Function {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "I" | "+" => Self::Identity,
            "neg" | "-" => Self::Negate,
            "log" => Self::Log,
            "log2" => Self::Log2,
            "log10" => Self::Log10,
            "log1p" => Self::Log1p,
            "exp" => Self::Exp,
            "sqrt" => Self::Sqrt,
            "abs" => Self::Abs,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "I",
            Self::Negate => "-",
            Self::Log => "log",
            Self::Log2 => "log2",
            Self::Log10 => "log10",
            Self::Log1p => "log1p",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
        }
    }

    fn apply(self, values: &mut [f64]) {
        fn each(values: &mut [f64], f: impl Fn(f64) -> f64) {
            values.iter_mut().for_each(|v| *v = f(*v));
        }
        match self {
            Self::Identity => {}
            Self::Negate => each(values, |v| -v),
            Self::Log => each(values, f64::ln),
            Self::Log2 => each(values, f64::log2),
            Self::Log10 => each(values, f64::log10),
            Self::Log1p => each(values, f64::ln_1p),
            Self::Exp => each(values, f64::exp),
            Self::Sqrt => each(values, f64::sqrt),
            Self::Abs => each(values, f64::abs),
        }
    }
}

impl Operator {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "^" => Self::Power,
            _ => return None,
        })
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Add => " + ",
            Self::Subtract => " - ",
            Self::Multiply => " * ",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }

    /// left = left op right
    fn apply(self, left: &mut [f64], right: &[f64]) {
        fn each(left: &mut [f64], right: &[f64], f: impl Fn(f64, f64) -> f64) {
            left.iter_mut().zip(right).for_each(|(a, b)| *a = f(*a, *b));
        }
        match self {
            Self::Add => each(left, right, |a, b| a + b),
            Self::Subtract => each(left, right, |a, b| a - b),
            Self::Multiply => each(left, right, |a, b| a * b),
            Self::Divide => each(left, right, |a, b| a / b),
            Self::Power => each(left, right, f64::powf),
        }
    }
}

impl Node {
    /// out = the expression in the used rows at these positions.
    pub fn read(&self, inputs: &Inputs, rows: Range<usize>, out: &mut [f64]) {
        match self {
            Node::Column(input) => inputs.read(*input, rows, out),
            Node::Constant(value) => out.fill(*value),
            Node::Map(function, arg) => {
                arg.read(inputs, rows, out);
                function.apply(out);
            }
            Node::Combine(Operator::Power, base, exponent) if **exponent == Node::Constant(2.0) => {
                base.read(inputs, rows, out);
                out.iter_mut().for_each(|v| *v *= *v);
            }
            Node::Combine(operator, left, right) => {
                let mut second = vec![0.0; out.len()];
                left.read(inputs, rows.clone(), out);
                right.read(inputs, rows, &mut second);
                operator.apply(out, &second);
            }
            Node::Standardize { arg, center, scale, .. } => {
                arg.read(inputs, rows, out);
                out.iter_mut().for_each(|v| *v = (*v - center) / scale);
            }
            Node::GroupMean { category, means, .. } => {
                let codes = &inputs.codes(*category)[rows];
                let mean = |c: u32| if c == NO_LEVEL { f64::NAN } else { means[c as usize] };
                out.iter_mut().zip(codes).for_each(|(o, &c)| *o = mean(c));
            }
        }
    }

    /// The expressions that this one is computed from.
    pub fn parts(&self) -> Vec<&Node> {
        match self {
            Node::Column(_) | Node::Constant(_) | Node::GroupMean { .. } => vec![],
            Node::Map(_, arg) | Node::Standardize { arg, .. } => vec![arg],
            Node::Combine(_, left, right) => vec![left, right],
        }
    }

    /// Calls `visit` on this expression and all its parts.
    pub fn walk(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        self.parts().into_iter().for_each(|part| part.walk(visit));
    }

    /// The inputs it is computed from, without those of its categories.
    pub fn inputs(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(&mut |node| {
            if let Node::Column(input) = node {
                found.push(*input);
            }
        });
        found
    }

    /// The categories whose group means it takes.
    pub fn categories(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(&mut |node| {
            if let Node::GroupMean { category, .. } = node {
                found.push(*category);
            }
        });
        found
    }

    /// As written, for messages.
    pub fn text(&self, inputs: &Inputs) -> String {
        match self {
            Node::Column(input) => inputs.column(*input).name.clone(),
            Node::Constant(value) => value.to_string(),
            Node::Map(Function::Negate, arg) => format!("-{}", arg.text(inputs)),
            Node::Map(function, arg) => format!("{}({})", function.name(), arg.text(inputs)),
            Node::Combine(op, left, right) => {
                let side = |node: &Node| match node {
                    Node::Combine(..) => format!("({})", node.text(inputs)),
                    _ => node.text(inputs),
                };
                format!("{}{}{}", side(left), op.symbol(), side(right))
            }
            Node::Standardize { name, arg, .. } => format!("{name}({})", arg.text(inputs)),
            Node::GroupMean { name, .. } => name.clone(),
        }
    }
}
