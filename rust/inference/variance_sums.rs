//! Traces and products over levels that Kenward and Roger's adjustment is made of, component by component:
//! with S = Z'V^-1X and D = Z'V^-1Z, Q_rs = S'A_r D A_s S and t_rs = tr(D A_r D A_s).

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use super::components::Components;
use super::fixed_scores::FixedScores;
use super::linear_covariance::Direction;
use crate::fit::Fit;
use crate::linalg::dense;
use crate::model::Workspace;
use crate::penalized_ls::product::{Effects, zeros};
use crate::{Result, check_stop};

/// Columns of a product between two looks at whether to stop.
const STRIP: usize = 128;

/// VarianceSums over levels that everything is made of.
pub struct VarianceSums {
    /// tr(D A_r).
    pub trace: Vec<f64>,
    /// t_rs.
    pub traces: Vec<f64>,
    /// S'A_rS (p x p).
    pub b: Vec<Vec<f64>>,
    /// Q_rs (p x p).
    pub q: Vec<Vec<f64>>,
}

/// Traces and products of the random terms' parameters, component by component.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated; `Interrupted` when `stop` is set.
pub fn sums(
    fit: &Fit,
    work: &Workspace,
    parts: &FixedScores,
    gammas: &[Direction],
    components: &Components,
    stop: &AtomicBool,
) -> Result<VarianceSums> {
    let a = &*fit.model.a;
    let (p, n, m) = (a.n_fixed(), gammas.len(), components.largest());
    let zero = || vec![vec![0.0; p * p]; n];
    let mut sums =
        VarianceSums { trace: vec![0.0; n], traces: vec![0.0; n * n], b: zero(), q: vec![vec![0.0; p * p]; n * n] };
    let before = components.rows(a);
    let (left, right) = solved(fit, work, &before, m, stop)?;
    for c in 0..components.size.len() {
        check_stop(stop)?;
        let size = components.size[c];
        // D = Z'WZ - Z'WZ Λ M^-1 Λ'Z'WZ
        let mut d = components.gather(a, &before, c);
        let (l, r) = (components.gather(a, &left, c), components.gather(a, &right, c));
        subtract_product(&mut d, &l, &r, size, stop)?;
        add_component(&mut sums, fit, parts, gammas, (components, c), &d, stop)?;
    }
    Ok(sums)
}

/// L and R of Z'WZ Λ M^-1 Λ'Z'WZ = L'R from the m columns of Z'WZ, in strips between which the work can stop.
fn solved(fit: &Fit, work: &Workspace, before: &Effects, m: usize, stop: &AtomicBool) -> Result<(Effects, Effects)> {
    let (a, symbolic) = (&*fit.model.a, &*fit.model.symbolic);
    let (mut left, mut right) = (zeros(a, m), zeros(a, m));
    for start in (0..m).step_by(STRIP) {
        check_stop(stop)?;
        let columns = start..m.min(start + STRIP);
        let width = columns.len();
        let mut strip: Effects = before.iter().map(|rows| columns_of(rows, m, columns.clone())).collect();
        let remainder = work.factor.forward(&mut strip, &mut vec![0.0; a.n_fixed() * width], a, symbolic, width);
        for (block, values) in strip.iter().enumerate() {
            put_columns(&mut left[block], values, m, columns.clone());
            put_columns(&mut right[block], values, m, columns.clone());
        }
        for t in &symbolic.groups {
            let own = &remainder.solved[t.offset * width..(t.offset + t.n_levels * t.r) * width];
            put_columns(&mut right[t.block], own, m, columns.clone());
        }
    }
    Ok((left, right))
}

/// Some columns of rows of m.
fn columns_of(rows: &[f64], m: usize, columns: Range<usize>) -> Vec<f64> {
    rows.chunks_exact(m).flat_map(|row| &row[columns.clone()]).copied().collect()
}

fn put_columns(rows: &mut [f64], values: &[f64], m: usize, columns: Range<usize>) {
    let rows = rows.chunks_exact_mut(m).zip(values.chunks_exact(columns.len()));
    rows.for_each(|(row, values)| row[columns.clone()].copy_from_slice(values));
}

/// D -= L R' (n x n), in strips of columns between which the work can stop.
fn subtract_product(d: &mut [f64], l: &[f64], r: &[f64], n: usize, stop: &AtomicBool) -> Result<()> {
    let (l, r) = (dense::view(l, n, n), dense::view(r, n, n));
    for (k, strip) in d.chunks_mut(STRIP * n.max(1)).enumerate() {
        check_stop(stop)?;
        let width = strip.len() / n;
        let right = r.subrows(k * STRIP, width).transpose();
        dense::multiply(dense::view_mut(strip, n, width), faer::Accum::Add, l, right, -1.0);
    }
    Ok(())
}

/// First rows of a direction's levels within the component.
fn places(direction: &Direction, components: &Components, c: usize) -> Vec<(usize, usize)> {
    let levels = components.component[direction.term.block].iter().enumerate().filter(|(_, own)| **own == c);
    levels.map(|(level, _)| (level, components.position[direction.term.block][level] + direction.term.offset)).collect()
}

fn add_component(
    sums: &mut VarianceSums,
    fit: &Fit,
    parts: &FixedScores,
    gammas: &[Direction],
    (components, c): (&Components, usize),
    d: &[f64],
    stop: &AtomicBool,
) -> Result<()> {
    let (n, p, size) = (gammas.len(), fit.model.a.n_fixed(), components.size[c]);
    let places: Vec<Vec<(usize, usize)>> = gammas.iter().map(|g| places(g, components, c)).collect();
    // F_r = A_r S, size x p
    let scaled: Vec<Vec<f64>> = gammas
        .iter()
        .zip(&places)
        .map(|(g, places)| {
            let (full, w) = (fit.model.a.factors[g.term.block].width, g.term.width);
            let mut f = vec![0.0; size * p];
            for &(level, first) in places {
                for (k, &v) in g.pattern.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                    let s = &parts.s[g.term.block][(level * full + g.term.offset + k / w) * p..][..p];
                    s.iter().enumerate().for_each(|(j, s)| f[j * size + first + k % w] += v * s);
                }
            }
            f
        })
        .collect();
    for s in 0..n {
        let right = dense::product(dense::view(d, size, size), dense::view(&scaled[s], size, p));
        for r in 0..=s {
            let q = dense::product(dense::view(&scaled[r], size, p).transpose(), dense::view(&right, size, p));
            add_to_both(&mut sums.q, r, s, n, &q, p);
            let trace = trace_pair(d, size, (&gammas[r], &places[r]), (&gammas[s], &places[s]), stop)?;
            sums.traces[s * n + r] += trace;
            if r != s {
                sums.traces[r * n + s] += trace;
            }
        }
        let g = &gammas[s];
        for &(level, first) in &places[s] {
            let (full, w) = (fit.model.a.factors[g.term.block].width, g.term.width);
            for (k, &v) in g.pattern.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                sums.trace[s] += v * d[(first + k / w) * size + first + k % w];
                let row = |i: usize| &parts.s[g.term.block][(level * full + g.term.offset + i) * p..][..p];
                for (column, y) in sums.b[s].chunks_exact_mut(p.max(1)).zip(row(k / w)) {
                    column.iter_mut().zip(row(k % w)).for_each(|(b, x)| *b += v * x * y);
                }
            }
        }
    }
    Ok(())
}

/// q[r, s] += Q and q[s, r] += Q'.
fn add_to_both(q: &mut [Vec<f64>], r: usize, s: usize, n: usize, value: &[f64], p: usize) {
    (0..p * p).for_each(|k| q[s * n + r][k] += value[k]);
    if r != s {
        (0..p * p).for_each(|k| q[r * n + s][k] += value[k % p * p + k / p]);
    }
}

/// tr(D A_r D A_s) within a component: Σ over pairs of levels of tr(A_r D_lm A_s D_lm').
fn trace_pair(
    d: &[f64],
    size: usize,
    (r, rows): (&Direction, &[(usize, usize)]),
    (s, columns): (&Direction, &[(usize, usize)]),
    stop: &AtomicBool,
) -> Result<f64> {
    let nonzero = |g: &Direction| -> Vec<(usize, usize, f64)> {
        let w = g.term.width;
        (0..w * w).filter(|&k| g.pattern[k] != 0.0).map(|k| (k % w, k / w, g.pattern[k])).collect()
    };
    let (left, right) = (nonzero(r), nonzero(s));
    let mut sum = 0.0;
    for &(_, m) in columns {
        check_stop(stop)?;
        for &(c, e, y) in &right {
            let (dc, de) = (&d[(m + c) * size..(m + c + 1) * size], &d[(m + e) * size..(m + e + 1) * size]);
            for &(_, l) in rows {
                sum += left.iter().map(|&(a, b, x)| x * y * dc[l + b] * de[l + a]).sum::<f64>();
            }
        }
    }
    Ok(sum)
}
