//! What expressions are made of: functions of one number, and operators on two.

use serde::{Deserialize, Serialize};

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
    Sin,
    Cos,
    Tan,
}

/// Arithmetic; comparisons, which are 1 where they hold and 0 elsewhere; the smaller and the larger of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Smaller,
    Larger,
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
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tan" => Self::Tan,
            _ => return None,
        })
    }

    /// As in a formula.
    pub fn name(self) -> &'static str {
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
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
        }
    }

    /// The derivative at a value; of the absolute value at zero, where there is none, the mean of both sides.
    pub fn slope(self, v: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Negate => -1.0,
            Self::Log => v.recip(),
            Self::Log2 => (v * std::f64::consts::LN_2).recip(),
            Self::Log10 => (v * std::f64::consts::LN_10).recip(),
            Self::Log1p => (1.0 + v).recip(),
            Self::Exp => v.exp(),
            Self::Sqrt => 0.5 / v.sqrt(),
            Self::Abs if v == 0.0 => 0.0,
            Self::Abs => v.signum(),
            Self::Sin => v.cos(),
            Self::Cos => -v.sin(),
            Self::Tan => 1.0 + v.tan().powi(2),
        }
    }

    /// values = the function of each
    pub fn apply(self, values: &mut [f64]) {
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
            Self::Sin => each(values, f64::sin),
            Self::Cos => each(values, f64::cos),
            Self::Tan => each(values, f64::tan),
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
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "pmin" => Self::Smaller,
            "pmax" => Self::Larger,
            _ => return None,
        })
    }

    /// As in a formula.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Smaller => "pmin",
            Self::Larger => "pmax",
        }
    }

    /// The derivative where the two sides are `a` and `b` and move by `da` and `db`; where the smaller or larger of two
    /// passes from one to the other, the mean of both.
    pub fn slope(self, (a, da): (f64, f64), (b, db): (f64, f64)) -> f64 {
        match self {
            Self::Add => da + db,
            Self::Subtract => da - db,
            Self::Multiply => da * b + a * db,
            Self::Divide => (da - a / b * db) / b,
            Self::Power => {
                let base = if da == 0.0 || b == 0.0 { 0.0 } else { b * a.powf(b - 1.0) * da };
                let exponent = if db == 0.0 { 0.0 } else { a.powf(b) * a.ln() * db };
                base + exponent
            }
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual | Self::Equal | Self::NotEqual => 0.0,
            Self::Smaller | Self::Larger if a == b => f64::midpoint(da, db),
            Self::Smaller if b < a => db,
            Self::Larger if b > a => db,
            Self::Smaller | Self::Larger => da,
        }
    }

    /// left = left op right
    pub fn apply(self, left: &mut [f64], right: &[f64]) {
        fn each(left: &mut [f64], right: &[f64], f: impl Fn(f64, f64) -> f64) {
            left.iter_mut().zip(right).for_each(|(a, b)| *a = f(*a, *b));
        }
        /// NaN where one of the two is.
        fn compare(left: &mut [f64], right: &[f64], holds: impl Fn(f64, f64) -> bool) {
            each(
                left,
                right,
                |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { f64::from(u8::from(holds(a, b))) },
            );
        }
        match self {
            Self::Add => each(left, right, |a, b| a + b),
            Self::Subtract => each(left, right, |a, b| a - b),
            Self::Multiply => each(left, right, |a, b| a * b),
            Self::Divide => each(left, right, |a, b| a / b),
            Self::Power => each(left, right, f64::powf),
            Self::Less => compare(left, right, |a, b| a < b),
            Self::LessOrEqual => compare(left, right, |a, b| a <= b),
            Self::Greater => compare(left, right, |a, b| a > b),
            Self::GreaterOrEqual => compare(left, right, |a, b| a >= b),
            Self::Equal => compare(left, right, |a, b| a == b),
            Self::NotEqual => compare(left, right, |a, b| a != b),
            Self::Smaller => each(left, right, |a, b| if b < a || b.is_nan() { b } else { a }),
            Self::Larger => each(left, right, |a, b| if b > a || b.is_nan() { b } else { a }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_with_what_is_missing_is_missing() {
        let right = [1.0, 1.0, 1.0, f64::NAN];
        for symbol in ["<", "<=", ">", ">=", "==", "!=", "pmin", "pmax"] {
            let mut left = [0.0, 1.0, f64::NAN, 1.0];
            let operator = Operator::parse(symbol).unwrap();
            operator.apply(&mut left, &right);
            let expected = match symbol {
                "<" | "!=" => [1.0, 0.0],
                "<=" => [1.0, 1.0],
                ">" | "pmin" => [0.0, if symbol == "pmin" { 1.0 } else { 0.0 }],
                ">=" | "==" => [0.0, 1.0],
                _ => [1.0, 1.0],
            };
            assert_eq!(left[..2], expected, "{symbol}");
            assert!(left[2..].iter().all(|v| v.is_nan()), "{symbol}");
            assert_eq!(operator.symbol(), symbol);
        }
    }
}
