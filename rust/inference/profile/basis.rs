//! The same model in another basis, in which the parameter to profile is a coordinate.

use std::sync::Arc;

use crate::Result;
use crate::ids::TermId;
use crate::model::Lmm;
use crate::residual::Residual;
use crate::rows::FixedBasis;

/// Rows t_1/|t_1|, ..., t_k/|t_k| and an orthonormal completion (r x r, column-major).
pub fn completed(rows: &[Vec<f64>], r: usize) -> Vec<f64> {
    let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let scaled = |v: &[f64]| -> Vec<f64> {
        let l = length(v);
        v.iter().map(|x| x / l).collect()
    };
    let mut given: Vec<Vec<f64>> = rows.iter().map(|t| scaled(t)).collect();
    let mut orthonormal: Vec<Vec<f64>> = Vec::new();
    let rest = |v: &[f64], q: &[Vec<f64>]| {
        let mut out = v.to_vec();
        for _ in 0..2 {
            for q in q {
                let along: f64 = q.iter().zip(&out).map(|(a, b)| a * b).sum();
                out.iter_mut().zip(q).for_each(|(o, q)| *o -= along * q);
            }
        }
        out
    };
    for t in &given {
        let new = rest(t, &orthonormal);
        orthonormal.push(scaled(&new));
    }
    while orthonormal.len() < r {
        let unit = |k: usize| (0..r).map(|i| f64::from(u8::from(i == k))).collect::<Vec<f64>>();
        let candidates = (0..r).map(|k| rest(&unit(k), &orthonormal));
        let best = candidates.max_by(|a, b| length(a).total_cmp(&length(b))).expect("a unit vector");
        given.push(scaled(&best));
        orthonormal.push(scaled(&best));
    }
    (0..r * r).map(|k| given[k % r][k / r]).collect()
}

/// Householder's symmetric Q (p x p) whose first row is t/length; length is ±|t|.
fn reflection(t: &[f64]) -> (Vec<f64>, f64) {
    let p = t.len();
    let norm = t.iter().map(|v| v * v).sum::<f64>().sqrt();
    let length = if t[0] > 0.0 { -norm } else { norm };
    let mut w: Vec<f64> = t.iter().map(|v| -v / length).collect();
    w[0] += 1.0;
    let square: f64 = w.iter().map(|v| v * v).sum();
    let q = (0..p * p).map(|k| f64::from(u8::from(k % p == k / p)) - 2.0 * w[k % p] * w[k / p] / square).collect();
    (q, length)
}

/// The model with the columns of one term replaced: z_new = z B (B r x r).
///
/// # Errors
/// `Numerical` where the covariance of the residuals is not positive definite.
pub fn change_term(model: &Lmm, term: TermId, b: &[f64]) -> Result<Lmm> {
    let term = &model.theta_map.terms[term];
    let (block, offset, r) = (term.block, term.offset, term.width);
    let mut a = (*model.a).clone();
    // B'M for the entries `at(offset..offset + r, column)` of M
    let turn = |m: &mut [f64], columns: usize, at: &dyn Fn(usize, usize) -> usize| {
        for column in 0..columns {
            let old: Vec<f64> = (0..r).map(|k| m[at(offset + k, column)]).collect();
            (0..r).for_each(|i| m[at(offset + i, column)] = (0..r).map(|k| b[i * r + k] * old[k]).sum());
        }
    };
    let (full, stride) = (a.factors[block].width, a.n_fixed() + 1);
    for zz in a.factors[block].zz.chunks_exact_mut(full * full) {
        turn(zz, full, &|k, row| k * full + row);
        turn(zz, full, &|k, column| column * full + k);
    }
    for rows in a.factors[block].zx.chunks_exact_mut(full * stride) {
        turn(rows, stride, &|k, column| k * stride + column);
    }
    for i in 0..a.factors.len() {
        for j in 0..i {
            let (ri, rj) = (a.factors[i].width, a.factors[j].width);
            for values in a.links[i][j].chunks_exact_mut(ri * rj) {
                if i == block.0 {
                    turn(values, rj, &|k, column| column * ri + k);
                }
                if j == block.0 {
                    turn(values, ri, &|k, row| k * ri + row);
                }
            }
        }
    }
    let mut changed = model.with_products(a);
    if let Some(own) = &model.residual {
        changed.set_rows(own.residual.with_pieces(|rows| {
            let z = &mut rows.z[block.0].0;
            for row in z.chunks_exact_mut(full) {
                turn(row, 1, &|k, _| k);
            }
        }))?;
    }
    Ok(changed)
}

/// A model without one direction of X, which is moved to the left-hand side with any coefficient.
pub struct Moved {
    pub model: Lmm,
    /// β_j = origin + length · coefficient.
    pub origin: f64,
    pub length: f64,
    /// [X y]'Wx of the direction, and Z'Wx by block.
    xx: Vec<f64>,
    zx: Vec<Vec<f64>>,
    square: f64,
    /// y'W[X y] and Z'Wy as they were.
    y: Vec<f64>,
    zy: Vec<Vec<f64>>,
    /// Where residuals have parameters, the rows with the direction first.
    rows: Option<Residual>,
}

impl Moved {
    /// For the user's coefficient `j` among those kept.
    pub fn new(model: &Lmm, j: usize) -> Self {
        let (p, fixed) = (model.a.n_fixed(), &model.a.fixed);
        let stride = p + 1;
        let t: Vec<f64> = (0..p).map(|k| fixed.transform[k * p + j]).collect();
        let (q, length) = reflection(&t);
        // columns of [X Q' y]; the first is to be moved
        let turn = |row: &[f64]| -> Vec<f64> {
            (0..p).map(|i| (0..p).map(|k| q[k * p + i] * row[k]).sum()).chain(std::iter::once(row[p])).collect()
        };
        let rows = model.residual.as_ref().map(|own| own.residual.with_columns(turn));
        let mut a = (*model.a).clone();
        let half: Vec<Vec<f64>> = a.xx.chunks_exact(stride).map(turn).collect();
        let column = |c: usize| half.iter().map(|row| row[c]).collect::<Vec<f64>>();
        let full: Vec<Vec<f64>> = (0..stride).map(|c| turn(&column(c))).collect();
        let (mut zx, mut zy) = (Vec::new(), Vec::new());
        for f in &mut a.factors {
            let rows: Vec<Vec<f64>> = f.zx.chunks_exact(stride).map(turn).collect();
            zx.push(rows.iter().map(|row| row[0]).collect());
            zy.push(rows.iter().map(|row| row[p]).collect());
            f.zx = rows.iter().flat_map(|row| row[1..].iter().copied()).collect();
        }
        a.xx = full[1..].iter().flat_map(|row| row[1..].iter().copied()).collect();
        let mut identity = vec![0.0; (p - 1) * (p - 1)];
        (0..p - 1).for_each(|k| identity[k * (p - 1) + k] = 1.0);
        let origin = fixed.origin[j];
        a.fixed = FixedBasis {
            kept: (0..p - 1).collect(),
            n_columns: p - 1,
            transform: identity,
            origin: vec![0.0; p - 1],
            logdet: 0.0,
        };
        Self {
            model: model.with_products(a),
            origin,
            length,
            xx: full[0][1..].to_vec(),
            square: full[0][0],
            y: full[p][1..].to_vec(),
            zx,
            zy,
            rows,
        }
    }

    /// Sets the response to y - x c for the coefficient that gives β_j = `value`.
    ///
    /// # Errors
    /// `Numerical` where the covariance of the residuals is not positive definite.
    pub fn set(&mut self, value: f64) -> Result<()> {
        let c = (value - self.origin) / self.length;
        if let Some(rows) = &self.rows {
            let less = |row: &[f64]| {
                let (first, last) = (row[0], row.len() - 1);
                row[1..last].iter().copied().chain([row[last] - c * first]).collect()
            };
            return self.model.set_rows(rows.with_columns(less));
        }
        let a = Arc::make_mut(&mut self.model.a);
        let last = a.fixed.kept.len();
        let stride = last + 1;
        for k in 0..last {
            let product = self.y[k] - c * self.xx[k];
            a.xx[k * stride + last] = product;
            a.xx[last * stride + k] = product;
        }
        a.xx[last * stride + last] = self.y[last] - 2.0 * c * self.xx[last] + c * c * self.square;
        for ((f, zx), zy) in a.factors.iter_mut().zip(&self.zx).zip(&self.zy) {
            let rows = f.zx.chunks_exact_mut(stride).zip(zx).zip(zy);
            rows.for_each(|((row, x), y)| row[last] = y - c * x);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::dense::inverse;

    #[test]
    fn the_completion_keeps_its_rows_and_is_orthogonal_to_them() {
        let rows = [vec![3.0, 0.0, 4.0], vec![1.0, 2.0, 0.0]];
        let m = completed(&rows, 3);
        let row = |i: usize| -> Vec<f64> { (0..3).map(|k| m[k * 3 + i]).collect() };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        assert!((dot(&row(0), &rows[0]) - 5.0).abs() < 1e-14);
        assert!((dot(&row(1), &rows[1]) - 5f64.sqrt()).abs() < 1e-14);
        assert!(dot(&row(2), &rows[0]).abs() < 1e-14 && dot(&row(2), &rows[1]).abs() < 1e-14);
        let identity = inverse(&m, 3);
        let product: f64 = (0..3).map(|k| m[k * 3] * identity[k]).sum();
        assert!((product - 1.0).abs() < 1e-14);
    }

    #[test]
    fn the_reflection_turns_its_row_into_a_coordinate() {
        for t in [vec![2.0, -1.0, 0.5], vec![-2.0, 0.0, 0.0], vec![1.0]] {
            let (q, length) = reflection(&t);
            let p = t.len();
            for j in 0..p {
                let first: f64 = q[j * p];
                assert!((first - t[j] / length).abs() < 1e-14);
                for i in 0..p {
                    let product: f64 = (0..p).map(|k| q[k * p + i] * q[k * p + j]).sum();
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
        }
    }
}
