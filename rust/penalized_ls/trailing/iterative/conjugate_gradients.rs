//! (I + E) y = b by conjugate gradients (Hestenes and Stiefel 1952), all right-hand sides side by side, the
//! outliers taken out by the preconditioner I + V (1/(1 + l) - 1) V'.

use super::deflation::Outliers;
use super::lanczos::inner;
use super::operator::Product;

const MOST_ITERATIONS: usize = 500;

pub fn solve(problem: &Product, outliers: &Outliers, b: &[f64], m: usize, tolerance: f64) -> Vec<f64> {
    let precondition = |r: &[f64]| {
        let mut z = r.to_vec();
        outliers.add_image(&mut z, m, |l| 1.0 / (1.0 + l) - 1.0);
        z
    };
    let wanted: Vec<f64> = inner(b, b, m).iter().map(|v| tolerance * tolerance * v).collect();
    let mut y = vec![0.0; b.len()];
    let mut residual = b.to_vec();
    let mut z = precondition(&residual);
    let mut direction = z.clone();
    let mut rho = inner(&residual, &z, m);
    for _ in 0..MOST_ITERATIONS {
        let mut image = problem.apply(&direction, m);
        image.iter_mut().zip(&direction).for_each(|(i, d)| *i += d);
        let step = ratio(&rho, &inner(&direction, &image, m));
        add(&mut y, &direction, &step, 1.0);
        add(&mut residual, &image, &step, -1.0);
        if inner(&residual, &residual, m).iter().zip(&wanted).all(|(r, w)| r <= w) {
            break;
        }
        z = precondition(&residual);
        let next = inner(&residual, &z, m);
        let beta = ratio(&next, &rho);
        for (d, z) in direction.chunks_exact_mut(m).zip(z.chunks_exact(m)) {
            d.iter_mut().zip(z.iter().zip(&beta)).for_each(|(d, (z, b))| *d = z + b * *d);
        }
        rho = next;
    }
    y
}

/// a / b by column; zero for a column that is solved.
fn ratio(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| if b.abs() > 1e-300 { a / b } else { 0.0 }).collect()
}

fn add(x: &mut [f64], y: &[f64], w: &[f64], sign: f64) {
    for (x, y) in x.chunks_exact_mut(w.len()).zip(y.chunks_exact(w.len())) {
        x.iter_mut().zip(y.iter().zip(w)).for_each(|(x, (y, w))| *x += sign * w * y);
    }
}
