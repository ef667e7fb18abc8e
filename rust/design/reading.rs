//! What the rows of one reading are summed into, and what is learned from it.

use serde::{Deserialize, Serialize};

use super::learned::{Call, Learned};
use super::levels::sort_naturally;
use super::spec::Expr;
use super::summary::{Distinct, GroupMeans, Moments};
use super::transform::Polynomial;
use crate::{Error, Result};

/// Sums of one transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Summary {
    Moments {
        moments: Moments,
        distinct: Distinct,
    },
    Groups(GroupMeans),
    /// The recurrence so far, and sums for its next step.
    Recurrence {
        center: f64,
        alpha: Vec<f64>,
        norm2: Vec<f64>,
        sums: [f64; 2],
        distinct: usize,
    },
}

impl Summary {
    pub fn of(call: &Call) -> Self {
        match call.name.as_str() {
            "between" => Summary::Groups(GroupMeans::default()),
            _ => Summary::Moments { moments: Moments::default(), distinct: Distinct::default() },
        }
    }

    pub fn empty(&mut self) {
        match self {
            Summary::Moments { moments, distinct } => (*moments, *distinct) = Default::default(),
            Summary::Groups(means) => *means = GroupMeans::default(),
            Summary::Recurrence { sums, .. } => *sums = [0.0; 2],
        }
    }

    /// Whether the other is of the same kind.
    pub fn join(&mut self, other: &Summary) -> bool {
        match (self, other) {
            (Summary::Moments { moments, distinct }, Summary::Moments { moments: m, distinct: d }) => {
                *moments = moments.joined(m);
                distinct.add(&d.values, MOST_DISTINCT);
            }
            (Summary::Groups(mine), Summary::Groups(theirs)) => mine.join(&theirs.labels, &theirs.means),
            (Summary::Recurrence { sums, .. }, Summary::Recurrence { sums: more, .. }) => {
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            _ => return false,
        }
        true
    }

    /// What is learned, or the summary of the next reading.
    pub fn settle(self, call: &Call) -> std::result::Result<Learned, Summary> {
        match self {
            Summary::Moments { moments, distinct } if call.name == "poly" => {
                let (alpha, norm2) = (vec![0.0], vec![moments.n, moments.square]);
                let distinct = distinct.values.len();
                match degree(call) {
                    1 => Ok(polynomial(moments.mean, alpha, norm2, distinct)),
                    _ => {
                        let alpha = vec![0.0, moments.cube / moments.square];
                        Err(Summary::Recurrence { center: moments.mean, alpha, norm2, sums: [0.0; 2], distinct })
                    }
                }
            }
            Summary::Moments { moments, .. } => {
                let center = if call.flag("center") { moments.mean } else { 0.0 };
                let scale = if call.name == "scale" && call.flag("scale") { moments.spread(center) } else { 1.0 };
                Ok(Learned::Standard { center, scale })
            }
            Summary::Groups(means) => {
                let mut labelled: Vec<(String, f64)> =
                    means.labels.into_iter().zip(means.means.into_iter().map(|(_, mean)| mean)).collect();
                sort_naturally(&mut labelled);
                let (levels, means) = labelled.into_iter().unzip();
                let column = group_column(&call.args[1]).unwrap_or_default().into();
                Ok(Learned::GroupMeans { column, levels, means })
            }
            Summary::Recurrence { center, mut alpha, mut norm2, sums: [squares, moments], distinct } => {
                norm2.push(squares);
                if norm2.len() > degree(call) {
                    return Ok(polynomial(center, alpha, norm2, distinct));
                }
                alpha.push(moments / squares);
                Err(Summary::Recurrence { center, alpha, norm2, sums: [0.0; 2], distinct })
            }
        }
    }
}

/// Above the highest degree.
const MOST_DISTINCT: usize = 101;

fn polynomial(center: f64, alpha: Vec<f64>, norm2: Vec<f64>, distinct: usize) -> Learned {
    Learned::Polynomial { polynomial: Polynomial::Orthogonal { center, alpha, norm2 }, distinct }
}

/// The degree of a polynomial; the compiler refuses others.
pub fn degree(call: &Call) -> usize {
    let degree = call.named.get("degree").and_then(Expr::number).unwrap_or(1.0);
    (degree as usize).clamp(1, MOST_DISTINCT - 1)
}

/// The column of `g` or `factor(g)`.
pub fn group_column(expr: &Expr) -> Result<&str> {
    match expr {
        Expr::Column { name } => Ok(name),
        Expr::Call { name, args, .. } if name == "factor" && args.len() == 1 => group_column(&args[0]),
        _ => Err(Error::Formula("the group of between() and within() is a column".into())),
    }
}
