//! Slopes by differences.

/// The slope from values at h, -h, 2h and -2h: an error of fourth order in h.
pub fn fourth_order([up, down, far_up, far_down]: [f64; 4], h: f64) -> f64 {
    (8.0 * (up - down) - (far_up - far_down)) / (12.0 * h)
}

/// The slope at the first of the values at 0, h, 2h, 3h and 4h, h of either sign: an error of fourth order too.
pub fn one_sided([at, one, two, three, four]: [f64; 5], h: f64) -> f64 {
    (-25.0 * at + 48.0 * one - 36.0 * two + 16.0 * three - 3.0 * four) / (12.0 * h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_of_fourth_degree_has_its_slope() {
        let f = |x: f64| 2.0 - x + 3.0 * x.powi(2) - 0.5 * x.powi(3) + 0.2 * x.powi(4);
        let (x, h) = (0.7f64, 0.1);
        let slope = -1.0 + 6.0 * x - 1.5 * x * x + 0.8 * x.powi(3);
        assert!((fourth_order([h, -h, 2.0 * h, -2.0 * h].map(|s| f(x + s)), h) - slope).abs() < 1e-13);
        for h in [h, -h] {
            assert!((one_sided([0.0, h, 2.0 * h, 3.0 * h, 4.0 * h].map(|s| f(x + s)), h) - slope).abs() < 1e-12);
        }
    }
}
