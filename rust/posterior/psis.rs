//! Pareto-smoothed importance weights, and the shape k that says whether weights can be trusted (Vehtari, Simpson, Gelman, Yao and
//! Gabry 2024, J. Machine Learning Research 25(72), section 2); the fit is that of Zhang and Stephens (2009, Technometrics 51,
//! 316-325).

/// Smoothed log weights that sum to one, and k.
#[derive(Debug, Clone)]
pub struct Smoothed {
    pub log_weights: Vec<f64>,
    pub k: f64,
}

/// Fewer weights in the tail say nothing of its shape.
const LEAST_TAIL: usize = 5;

/// Smooths the largest of some log weights; of infinite ones, of those that are no numbers, and of none above zero nothing is known.
pub fn smooth(log_weights: &[f64]) -> Smoothed {
    let n = log_weights.len();
    if log_weights.iter().any(|w| w.is_nan() || *w == f64::INFINITY) {
        return Smoothed { log_weights: vec![f64::NAN; n], k: f64::INFINITY };
    }
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return Smoothed { log_weights: vec![f64::NAN; n], k: f64::INFINITY };
    }
    let mut own: Vec<f64> = log_weights.iter().map(|w| w - largest).collect();
    let tail = ((0.2 * n as f64).min(3.0 * (n as f64).sqrt())).ceil() as usize;
    let mut k = f64::INFINITY;
    if tail >= LEAST_TAIL && tail < n {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| own[a].total_cmp(&own[b]));
        let (cut, top) = (own[order[n - tail - 1]].max(f64::MIN_POSITIVE.ln()), &order[n - tail..]);
        let beyond: Vec<f64> = top.iter().map(|&i| own[i].exp() - cut.exp()).collect();
        if beyond[tail - 1] - beyond[0] > f64::EPSILON {
            let (shape, scale) = generalized_pareto(&beyond);
            k = shape;
            let quantile = |p: f64| cut.exp() + pareto_quantile(p, shape, scale);
            for (j, &i) in top.iter().enumerate() {
                own[i] = quantile((j as f64 + 0.5) / tail as f64).ln().min(0.0);
            }
        } else {
            k = f64::NEG_INFINITY;
        }
    }
    let total = log_sum_exp(&own);
    own.iter_mut().for_each(|w| *w -= total);
    Smoothed { log_weights: own, k }
}

/// Of values of which one is no number, none.
pub fn log_sum_exp(values: &[f64]) -> f64 {
    if values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + values.iter().map(|v| (v - largest).exp()).sum::<f64>().ln()
}

/// The effective number of some log weights that sum to one.
pub fn effective(log_weights: &[f64]) -> f64 {
    1.0 / log_weights.iter().map(|w| (2.0 * w).exp()).sum::<f64>()
}

/// Shape and scale of a generalized Pareto distribution of ascending excesses, the shape drawn a little to one half.
fn generalized_pareto(x: &[f64]) -> (f64, f64) {
    let n = x.len();
    let m = 30 + (n as f64).sqrt() as usize;
    let quartile = x[((n as f64 / 4.0 + 0.5) as usize).max(1) - 1].max(f64::MIN_POSITIVE);
    let theta: Vec<f64> =
        (1..=m).map(|j| 1.0 / x[n - 1] + (1.0 - (m as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile)).collect();
    let shape = |b: f64| x.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n as f64;
    let profile: Vec<f64> = theta
        .iter()
        .map(|&b| {
            let k = shape(b);
            n as f64 * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weight = |j: usize| 1.0 / profile.iter().map(|l| (l - profile[j]).exp()).sum::<f64>();
    let b: f64 = theta.iter().enumerate().map(|(j, b)| b * weight(j)).sum();
    let k = shape(b);
    let scale = -k / b;
    // a prior of ten observations at one half
    ((n as f64 * k + 5.0) / (n as f64 + 10.0), scale)
}

fn pareto_quantile(p: f64, k: f64, scale: f64) -> f64 {
    if k.abs() < 1e-12 { -scale * (-p).ln_1p() } else { scale * (-k * (-p).ln_1p()).exp_m1() / k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Excesses that are quantiles of a known distribution.
    #[test]
    fn the_shape_of_a_tail_is_found() {
        for k in [-0.2, 0.1, 0.5, 0.9] {
            let n = 4000;
            let x: Vec<f64> = (0..n).map(|j| pareto_quantile((j as f64 + 0.5) / n as f64, k, 2.0)).collect();
            let (shape, scale) = generalized_pareto(&x);
            assert!((shape - k).abs() < 0.02 && (scale - 2.0).abs() < 0.05, "{k}: {shape}, {scale}");
        }
    }

    #[test]
    fn weights_of_one_size_are_left_and_have_no_tail() {
        let same = smooth(&[0.3; 100]);
        assert!(same.k == f64::NEG_INFINITY && (effective(&same.log_weights) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn weights_that_are_no_numbers_cannot_be_trusted() {
        let none = smooth(&[f64::NEG_INFINITY; 100]);
        assert!(none.k == f64::INFINITY && none.log_weights[0].is_nan());
        for bad in [f64::NAN, f64::INFINITY] {
            let mut weights = vec![0.1; 100];
            weights[3] = bad;
            let found = smooth(&weights);
            assert!(found.k == f64::INFINITY && found.log_weights.iter().all(|w| w.is_nan()));
        }
    }

    /// Draws from a normal for one with twice the variance: the ratio has a Pareto tail of shape one half.
    #[test]
    fn a_proposal_that_is_too_narrow_is_told() {
        let n = 20_000;
        let quantile = |p: f64| {
            // by bisection
            let (mut low, mut high) = (-10.0, 10.0);
            for _ in 0..80 {
                let middle = 0.5 * (low + high);
                if crate::special::normal_cdf(middle) < p { low = middle } else { high = middle }
            }
            low
        };
        let narrow: Vec<f64> = (0..n).map(|j| quantile((j as f64 + 0.5) / n as f64)).map(|z| 0.25 * z * z).collect();
        let wide: Vec<f64> = narrow.iter().map(|w| -0.4 * w).collect();
        assert!((smooth(&narrow).k - 0.5).abs() < 0.15, "{}", smooth(&narrow).k);
        assert!(smooth(&wide).k < 0.1);
    }
}
