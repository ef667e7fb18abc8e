//! Where the columns of a random term lie: times, or points of several coordinates, and their distances.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Distinct points, one for every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Points", into = "Points")]
pub struct Places {
    points: Points,
    /// Two columns of the smallest distance, and it; zeros where there is one column.
    nearest: (usize, usize),
    unit: f64,
    ascend: bool,
}

/// Coordinates, point after point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Points {
    n_coordinates: usize,
    coordinates: Vec<f64>,
}

impl Places {
    /// `coordinates`: those of the first point, then of the second, ...
    ///
    /// # Errors
    /// `Design` where points are the same, or coordinates are not finite or too few.
    pub fn new(n_coordinates: usize, coordinates: Vec<f64>) -> Result<Self> {
        Self::try_from(Points { n_coordinates, coordinates })
    }

    /// Points.
    pub fn n(&self) -> usize {
        self.points.coordinates.len() / self.points.n_coordinates
    }

    /// The Euclidean distance of two points.
    pub fn distance(&self, i: usize, j: usize) -> f64 {
        self.points.distance(i, j)
    }

    /// Two points of the smallest distance, the later one first.
    pub fn nearest(&self) -> (usize, usize) {
        self.nearest
    }

    /// The smallest distance.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// Whether they are times in their order.
    pub fn ascend(&self) -> bool {
        self.ascend
    }
}

impl Points {
    fn distance(&self, i: usize, j: usize) -> f64 {
        let d = self.n_coordinates;
        let (a, b) = (&self.coordinates[i * d..(i + 1) * d], &self.coordinates[j * d..(j + 1) * d]);
        match d {
            1 => (a[0] - b[0]).abs(),
            _ => a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
        }
    }
}

impl TryFrom<Points> for Places {
    type Error = Error;

    fn try_from(points: Points) -> Result<Self> {
        let (d, all) = (points.n_coordinates, &points.coordinates);
        if d == 0 || all.is_empty() || all.len() % d != 0 || all.iter().any(|v| !v.is_finite()) {
            return Err(Error::Design("the places of effects are points of finite coordinates".into()));
        }
        let pairs = (0..all.len() / d).flat_map(|i| (0..i).map(move |j| (i, j)));
        let measured = pairs.map(|(i, j)| (points.distance(i, j), (i, j)));
        let (unit, nearest) = measured.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((1.0, (0, 0)));
        if !(unit > 0.0 && unit.is_finite()) {
            return Err(Error::Design("the places of effects must have distances above zero".into()));
        }
        let ascend = d == 1 && all.windows(2).all(|w| w[0] < w[1]);
        Ok(Self { points, nearest, unit, ascend })
    }
}

impl From<Places> for Points {
    fn from(places: Places) -> Self {
        places.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_euclidean_distances_and_a_nearest_pair() {
        let places = Places::new(2, vec![0.0, 0.0, 3.0, 4.0, 3.0, 3.0]).unwrap();
        assert_eq!((places.n(), places.distance(0, 1), places.nearest(), places.unit()), (3, 5.0, (2, 1), 1.0));
        assert!(!places.ascend() && Places::new(1, vec![0.0, 0.5, 2.0]).unwrap().ascend());
    }

    #[test]
    fn equal_points_and_numbers_that_are_not_finite_are_refused() {
        assert!(Places::new(1, vec![1.0, 2.0, 1.0]).is_err());
        assert!(Places::new(1, vec![1.0, f64::NAN]).is_err());
        assert!(Places::new(2, vec![1.0, 2.0, 1.0]).is_err());
    }
}
