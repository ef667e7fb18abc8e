//! The highest value near a point of a function that has corners, or no slope at hand: the best of steps in given directions, made
//! smaller where none is better.

use crate::model::generalized::Glmm;

/// The first share of a step: moves a predictor by this many standard deviations.
const FIRST_SHARE: f64 = 0.5;
const MOST_SWEEPS: usize = 30;

/// A point, and the value there.
pub struct Height {
    pub x: Vec<f64>,
    pub value: f64,
}

/// Climbs from a point, by steps forth and back; `value` is None where there is none.
pub fn climb(from: Height, steps: &[Vec<f64>], value: impl Fn(&[f64]) -> Option<f64>) -> Height {
    let (mut at, mut share) = (from, FIRST_SHARE);
    for _ in 0..MOST_SWEEPS {
        let mut moved = false;
        for (step, sign) in steps.iter().flat_map(|step| [(step, 1.0), (step, -1.0)]) {
            let x: Vec<f64> = at.x.iter().zip(step).map(|(x, step)| x + sign * share * step).collect();
            if let Some(value) = value(&x).filter(|value| *value > at.value) {
                (at, moved) = (Height { x, value }, true);
            }
        }
        if !moved {
            share *= 0.5;
        }
    }
    at
}

/// Steps along the coordinates: of the standard deviation by itself, of others so that they move a predictor by as much.
pub fn unit_steps(model: &Glmm, x: &[f64]) -> Vec<Vec<f64>> {
    let unit = |j: usize| {
        let mut direction = vec![0.0; x.len()];
        direction[j] = 1.0;
        let move_of =
            |direction: &[f64]| model.rows.largest_move(&model.coefficients(direction)).max(f64::MIN_POSITIVE);
        direction[j] = if j == 0 { x[0].abs() } else { x[0].abs() / move_of(&direction) };
        direction
    };
    (0..x.len()).map(unit).collect()
}
