//! What the rows of one pass are summed into by transform, and what is learned from the sums.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::learned::{Call, Distinct, Learned, MOST_DISTINCT, Polynomial, mean_of};
use crate::table::{by_segment, sort_naturally};

/// Sums of one transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PassSums {
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

impl PassSums {
    pub fn of(call: &Call) -> Self {
        if call.is_of_groups() {
            PassSums::Groups(GroupMeans::default())
        } else {
            PassSums::Moments { moments: Moments::default(), distinct: Distinct::default() }
        }
    }

    pub fn empty(&mut self) {
        match self {
            PassSums::Moments { moments, distinct } => (*moments, *distinct) = Default::default(),
            PassSums::Groups(means) => *means = GroupMeans::default(),
            PassSums::Recurrence { sums, .. } => *sums = [0.0; 2],
        }
    }

    /// Adds the sums of other rows; false if they are of another kind.
    pub fn join(&mut self, other: &PassSums) -> bool {
        match (self, other) {
            (PassSums::Moments { moments, distinct }, PassSums::Moments { moments: m, distinct: d }) => {
                *moments = moments.joined(m);
                distinct.add(&d.values, MOST_DISTINCT);
            }
            (PassSums::Groups(mine), PassSums::Groups(theirs)) => mine.join(&theirs.labels, &theirs.means),
            (PassSums::Recurrence { sums, .. }, PassSums::Recurrence { sums: more, .. }) => {
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            _ => return false,
        }
        true
    }

    /// What is learned, or the sums of the next pass.
    pub fn learn(self, call: &Call) -> std::result::Result<Learned, PassSums> {
        match self {
            PassSums::Moments { moments, distinct } if call.name == "poly" => {
                let (alpha, norm2) = (vec![0.0], vec![moments.n, moments.square]);
                let distinct = distinct.values.len();
                match call.degree() {
                    1 => Ok(polynomial(moments.mean, alpha, norm2, distinct)),
                    _ => {
                        let alpha = vec![0.0, moments.cube / moments.square];
                        Err(PassSums::Recurrence { center: moments.mean, alpha, norm2, sums: [0.0; 2], distinct })
                    }
                }
            }
            PassSums::Moments { moments, .. } => {
                let center = if call.flag("center") { moments.mean } else { 0.0 };
                let scale = if call.name == "scale" && call.flag("scale") { moments.spread(center) } else { 1.0 };
                Ok(Learned::Standard { center, scale })
            }
            PassSums::Groups(means) if call.name == "center" => {
                let means: Vec<f64> = means.means.into_iter().map(|(_, mean)| mean).collect();
                Ok(Learned::Standard { center: mean_of(&means), scale: 1.0 })
            }
            PassSums::Groups(means) => {
                let mut labelled: Vec<(String, f64)> =
                    means.labels.into_iter().zip(means.means.into_iter().map(|(_, mean)| mean)).collect();
                sort_naturally(&mut labelled);
                let (levels, means) = labelled.into_iter().unzip();
                let column = call.args[1].category_column().unwrap_or_default().into();
                Ok(Learned::GroupMeans { column, levels, means })
            }
            PassSums::Recurrence { center, mut alpha, mut norm2, sums: [squares, moments], distinct } => {
                norm2.push(squares);
                if norm2.len() > call.degree() {
                    return Ok(polynomial(center, alpha, norm2, distinct));
                }
                alpha.push(moments / squares);
                Err(PassSums::Recurrence { center, alpha, norm2, sums: [0.0; 2], distinct })
            }
        }
    }
}

fn polynomial(center: f64, alpha: Vec<f64>, norm2: Vec<f64>, distinct: usize) -> Learned {
    Learned::Polynomial { polynomial: Polynomial::Orthogonal { center, alpha, norm2 }, distinct }
}

/// Count, mean, and sums of the second and third power of deviations (Pébay 2008, equations 2.1 and 3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub n: f64,
    pub mean: f64,
    pub square: f64,
    pub cube: f64,
}

impl Moments {
    pub fn of(values: &[f64]) -> Self {
        by_segment(values.len(), |part| Self::of_segment(&values[part])).iter().fold(Self::default(), Self::joined)
    }

    fn of_segment(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let rough = values.iter().map(|v| v / n).sum::<f64>();
        let mean = rough + values.iter().map(|v| (v - rough) / n).sum::<f64>();
        let power = |p: i32| values.iter().map(|v| (v - mean).powi(p)).sum();
        Self { n, mean, square: power(2), cube: power(3) }
    }

    pub fn joined(self, other: &Self) -> Self {
        if self.n == 0.0 || other.n == 0.0 {
            return if self.n == 0.0 { *other } else { self };
        }
        let (a, b, n) = (self.n, other.n, self.n + other.n);
        let shift = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + shift * b / n,
            square: self.square + other.square + shift * shift * a * b / n,
            cube: self.cube
                + other.cube
                + shift.powi(3) * a * b * (a - b) / (n * n)
                + 3.0 * shift * (a * other.square - b * self.square) / n,
        }
    }

    /// √(Σ (value - center)² / (n - 1)), as R's scale().
    pub fn spread(&self, center: f64) -> f64 {
        ((self.square + self.n * (self.mean - center).powi(2)) / (self.n - 1.0)).sqrt()
    }
}

/// Rows and mean of every level met, by its label.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupMeans {
    pub labels: Vec<String>,
    pub means: Vec<(f64, f64)>,
    #[serde(skip)]
    ids: FxHashMap<String, usize>,
}

impl GroupMeans {
    /// Adds rows, whose `codes` are into `labels`.
    pub fn add(&mut self, values: &[f64], codes: &[u32], labels: &[String]) {
        let mut own = vec![(0.0, 0.0); labels.len()];
        for (v, &c) in values.iter().zip(codes) {
            let (n, mean) = &mut own[c as usize];
            *n += 1.0;
            *mean += (v - *mean) / *n;
        }
        self.join(labels, &own);
    }

    pub fn join(&mut self, labels: &[String], means: &[(f64, f64)]) {
        if self.ids.len() != self.labels.len() {
            self.ids = self.labels.iter().cloned().zip(0..).collect();
        }
        for (label, &(b, theirs)) in labels.iter().zip(means) {
            match self.ids.get(label) {
                Some(&id) => {
                    let (a, mine) = &mut self.means[id];
                    *a += b;
                    *mine += (theirs - *mine) * b / *a;
                }
                None => {
                    self.ids.insert(label.clone(), self.labels.len());
                    self.labels.push(label.clone());
                    self.means.push((b, theirs));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_of_parts_are_those_of_the_whole(
            values in prop::collection::vec(-5.0..5.0f64, 1..60), cut in 0usize..60, shift in -1e6..1e6f64,
        ) {
            let values: Vec<f64> = values.iter().map(|v| v + shift).collect();
            let cut = cut.min(values.len());
            let parts = Moments::of(&values[..cut]).joined(&Moments::of(&values[cut..]));
            let whole = Moments::of(&values);
            prop_assert!((parts.mean - whole.mean).abs() <= 1e-15 * (1.0 + shift.abs()) * 4.0);
            prop_assert!((parts.square - whole.square).abs() <= 1e-8 * whole.square.max(1.0));
            prop_assert!((parts.cube - whole.cube).abs() <= 1e-6 * whole.square.max(1.0));
        }
    }

    #[test]
    fn means_of_groups_are_joined_by_label() {
        let labels = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut means = GroupMeans::default();
        means.add(&[1.0, 3.0, 10.0], &[0, 0, 1], &labels(&["a", "b"]));
        means.add(&[8.0, 5.0], &[1, 0], &labels(&["c", "a"]));
        assert_eq!(means.labels, ["a", "b", "c"]);
        assert_eq!(means.means, [(3.0, 4.0), (1.0, 10.0), (1.0, 5.0)]);
    }
}
