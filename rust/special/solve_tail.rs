//! Where a falling tail crosses a probability.

/// By false position, Illinois' variant (Dowell and Jarratt 1971, BIT 11, 168-174); `start` is a first upper bound.
pub fn solve_tail(tail: impl Fn(f64) -> f64, probability: f64, start: f64, precision: f64) -> f64 {
    let (mut low, mut high) = (0.0, start);
    let (mut above, mut below) = (1.0 - probability, tail(high) - probability);
    while below > 0.0 {
        (low, high, above) = (high, 2.0 * high, below);
        below = tail(high) - probability;
    }
    let mut middle = f64::NAN;
    for _ in 0..if below.is_nan() { 0 } else { 100 } {
        middle = (low * below - high * above) / (below - above);
        let value = tail(middle) - probability;
        if value.abs() <= precision * probability || high - low <= precision * high {
            break;
        }
        if value > 0.0 {
            (low, above, below) = (middle, value, 0.5 * below);
        } else {
            (high, below, above) = (middle, value, 0.5 * above);
        }
    }
    middle
}
