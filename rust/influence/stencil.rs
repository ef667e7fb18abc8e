//! Points around θ: θ itself, ±h in every parameter, and ±(h, h) in every pair; what follows from values there.

/// Pairs of parameters, in the order of their points.
pub fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |k| (k + 1..n).map(move |l| (k, l)))
}

/// The points of the stencil, in units of h.
pub fn shifts(n: usize) -> Vec<Vec<f64>> {
    let unit = |parts: &[usize], sign: f64| {
        let mut shift = vec![0.0; n];
        parts.iter().for_each(|&k| shift[k] = sign);
        shift
    };
    let mut out = vec![vec![0.0; n]];
    (0..n).for_each(|k| out.extend([unit(&[k], 1.0), unit(&[k], -1.0)]));
    pairs(n).for_each(|(k, l)| out.extend([unit(&[k, l], 1.0), unit(&[k, l], -1.0)]));
    out
}

/// Second derivatives (K x K) of what is known at the points, h apart.
pub fn second_differences(h: &[f64], value: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let n = h.len();
    let mut out = vec![0.0; n * n];
    let sides = |k: usize| value(1 + 2 * k) + value(2 + 2 * k);
    for k in 0..n {
        out[k * n + k] = (sides(k) - 2.0 * value(0)) / h[k].powi(2);
    }
    for (place, (k, l)) in pairs(n).enumerate() {
        let both = value(1 + 2 * n + 2 * place) + value(2 + 2 * n + 2 * place);
        let second = (both - sides(k) - sides(l) + 2.0 * value(0)) / (2.0 * h[k] * h[l]);
        out[k * n + l] = second;
        out[l * n + k] = second;
    }
    out
}

/// Weights of the points whose sum is the expansion to second order at a step.
pub fn taylor_weights(n: usize, h: &[f64], step: &[f64]) -> Vec<f64> {
    let t: Vec<f64> = step.iter().zip(h).map(|(s, h)| s / h).collect();
    let mut weights = vec![0.0; 1 + 2 * n + n * n.saturating_sub(1)];
    weights[0] = 1.0;
    for k in 0..n {
        weights[0] -= t[k] * t[k];
        weights[1 + 2 * k] += 0.5 * t[k] + 0.5 * t[k] * t[k];
        weights[2 + 2 * k] += -0.5 * t[k] + 0.5 * t[k] * t[k];
    }
    for (place, (k, l)) in pairs(n).enumerate() {
        let product = 0.5 * t[k] * t[l];
        weights[0] += 2.0 * product;
        (0..2).for_each(|side| weights[1 + 2 * n + 2 * place + side] += product);
        for single in [k, l] {
            (0..2).for_each(|side| weights[1 + 2 * single + side] -= product);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expansion_is_exact_for_a_parabola() {
        let (h, step) = ([0.1, 0.2, 0.05], [0.7, -0.4, 0.3]);
        let f = |x: &[f64]| 2.0 + x[0] - 3.0 * x[1] + x[0] * x[1] - 2.0 * x[1] * x[2] + 1.5 * x[2] * x[2] + x[0] * x[0];
        let weights = taylor_weights(3, &h, &step);
        let value: f64 = shifts(3)
            .iter()
            .zip(&weights)
            .map(|(s, w)| w * f(&s.iter().zip(&h).map(|(s, h)| s * h).collect::<Vec<f64>>()))
            .sum();
        assert!((value - f(&step)).abs() < 1e-10, "{value}");
    }
}
