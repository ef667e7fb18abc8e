//! Products with A itself.

use crate::crossproduct::{CrossProducts, Link};
use crate::linalg::small;
use crate::with_width;

/// Vectors over the random effects, by block: (n_levels r) rows of m.
pub type Effects = Vec<Vec<f64>>;

/// Effects of zero, m columns.
pub fn zeros(a: &CrossProducts, m: usize) -> Effects {
    a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width * m]).collect()
}

/// Adds `sign` (Z'WZ) b to `h`.
pub fn add_zz(h: &mut Effects, a: &CrossProducts, b: &Effects, m: usize, sign: f64) {
    with_width!(m, add_columns(h, a, b, m, sign));
}

fn add_columns<const M: usize>(h: &mut Effects, a: &CrossProducts, b: &Effects, m: usize, sign: f64) {
    let m = small::width::<M>(m);
    for (i, factor) in a.factors.iter().enumerate() {
        let r = factor.width;
        let levels = h[i].chunks_exact_mut(r * m).zip(b[i].chunks_exact(r * m)).zip(factor.zz.chunks_exact(r * r));
        levels.for_each(|((h, b), zz)| add_block::<M>(h, zz, b, (r, r, m), sign, false));
        for (j, link) in a.links[i].iter().enumerate() {
            let (before, after) = h.split_at_mut(i);
            add_link::<M>((&mut after[0], &mut before[j]), link, (&b[i], &b[j]), (r, a.factors[j].width, m), sign);
        }
    }
}

/// Both products with one link: for the factor it goes to, and the factor it comes from.
fn add_link<const M: usize>(
    (h_to, h_from): (&mut [f64], &mut [f64]),
    link: &Link,
    (b_to, b_from): (&[f64], &[f64]),
    (r, rj, m): (usize, usize, usize),
    sign: f64,
) {
    let m = small::width::<M>(m);
    for (from, entries) in link.ptr.windows(2).enumerate() {
        let from = from * rj * m..(from + 1) * rj * m;
        for k in entries[0]..entries[1] {
            let to = link.level[k] as usize * r * m..(link.level[k] as usize + 1) * r * m;
            let block = &link.values[k * r * rj..(k + 1) * r * rj];
            add_block::<M>(&mut h_to[to.clone()], block, &b_from[from.clone()], (r, rj, m), sign, false);
            add_block::<M>(&mut h_from[from.clone()], block, &b_to[to], (r, rj, m), sign, true);
        }
    }
}

/// h += sign B b, or B'b, for a block B (rows x columns, column-major) and m right-hand sides, row-major.
#[inline(always)]
fn add_block<const M: usize>(
    h: &mut [f64],
    block: &[f64],
    b: &[f64],
    (rows, columns, m): (usize, usize, usize),
    sign: f64,
    transposed: bool,
) {
    let m = small::width::<M>(m);
    for j in 0..columns {
        for i in 0..rows {
            let v = sign * block[j * rows + i];
            let (to, from) = if transposed { (j, i) } else { (i, j) };
            let (h, b) = (&mut h[to * m..(to + 1) * m], &b[from * m..(from + 1) * m]);
            (0..m).for_each(|c| h[c] += v * b[c]);
        }
    }
}
