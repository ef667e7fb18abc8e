//! The exponential function without branches, so that a loop over rows becomes vector instructions.

/// 1.5 · 2⁵²: what is added to it is rounded to a whole number, which its lowest bits hold.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// log 2 in two pieces; multiples of the first up to 2¹¹ are exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Below it e^x is not a normal number.
const LEAST: f64 = -708.0;
/// Above it e^x is infinite.
const LARGEST: f64 = 710.0;
/// 1/k! from k = 13 down to 0.
const TAYLOR: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^x to two units in the last place; below -708 it stays at e^-708.
///
/// e^x = 2^k e^r with k = round(x / log 2) and |r| ≤ log(2) / 2, where Taylor's polynomial of degree 13 is exact to 5e-18.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    // comparisons that keep NaN
    let x = if x < LEAST { LEAST } else { x };
    let x = if x > LARGEST { LARGEST } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUNDING;
    let k = shifted - ROUNDING;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let polynomial = TAYLOR.iter().skip(1).fold(TAYLOR[0], |sum, c| sum * r + c);
    // 2^(k - 1) by its bits, for 2^1024 is no number
    let half_scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1022 << 52));
    polynomial * half_scale * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_standard_library() {
        let mut worst = 0.0f64;
        for k in -70_800..=70_970 {
            let x = f64::from(k) * 0.01 + 1e-3 * f64::from(k % 7);
            if x > LEAST && x < 709.7 {
                worst = worst.max((exp(x) / x.exp() - 1.0).abs());
            }
        }
        assert!(worst < 4.5e-16, "{worst:e}");
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn its_ends_are_zero_almost_and_infinite_and_it_keeps_what_is_no_number() {
        assert!(exp(-1e9) < 1e-300 && exp(f64::NEG_INFINITY) < 1e-300);
        assert_eq!(exp(711.0), f64::INFINITY);
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan());
        assert!((exp(709.7) / 709.7f64.exp() - 1.0).abs() < 4.5e-16);
    }
}
