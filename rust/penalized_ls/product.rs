//! Products with A itself.

use std::ops::Range;

use crate::crossproduct::{CrossProducts, LinkPattern};
use crate::linalg::small;
use crate::with_width;

/// Here of m columns: by block (n_levels r) rows of m.
pub use crate::rows::Effects;

/// Effects of zero, m columns.
pub fn zeros(a: &CrossProducts, m: usize) -> Effects {
    a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width * m]).collect()
}

/// Adds `sign` (Z'WZ) b to `h`.
pub fn add_zz(h: &mut Effects, a: &CrossProducts, b: &Effects, m: usize, sign: f64) {
    add_zz_own(h, a, b, &vec![0..m; b.len()], m, sign);
}

/// The same for a b that has for each block some of the m columns only, and zeros in all others.
pub fn add_zz_own(h: &mut Effects, a: &CrossProducts, b: &Effects, own: &[Range<usize>], m: usize, sign: f64) {
    for (i, columns) in own.iter().enumerate() {
        let target = ProductTarget { m, first: columns.start, n: columns.len(), sign };
        with_width!(target.n, add_block_products(h, a, &b[i], i, &target));
    }
}

/// Which columns of h a product goes to.
struct ProductTarget {
    m: usize,
    first: usize,
    n: usize,
    sign: f64,
}

/// All products with the effects b of block i.
fn add_block_products<const N: usize>(h: &mut Effects, a: &CrossProducts, b: &[f64], i: usize, target: &ProductTarget) {
    let (n, m, r) = (small::width::<N>(target.n), target.m, a.factors[i].width);
    if n == 0 {
        return;
    }
    let levels = h[i].chunks_exact_mut(r * m).zip(b.chunks_exact(r * n)).zip(a.factors[i].zz.chunks_exact(r * r));
    levels.for_each(|((h, b), zz)| add_block::<N>(h, zz, b, (r, r), target, false));
    if let Some(own) = a.own_link(i) {
        add_link::<N>(&mut h[i], own, b, (r, r), target, false);
        add_link::<N>(&mut h[i], own, b, (r, r), target, true);
    }
    for j in 0..i {
        add_link::<N>(&mut h[j], a.link(i, j), b, (r, a.factors[j].width), target, true);
    }
    for j in i + 1..a.factors.len() {
        add_link::<N>(&mut h[j], a.link(j, i), b, (a.factors[j].width, r), target, false);
    }
}

/// The product with one link: from the factor it comes from, or, transposed, from the factor it goes to.
fn add_link<const N: usize>(
    h: &mut [f64],
    (link, values): (&LinkPattern, &[f64]),
    b: &[f64],
    (rows, columns): (usize, usize),
    target: &ProductTarget,
    transposed: bool,
) {
    let (n, m) = (small::width::<N>(target.n), target.m);
    if (n, rows, columns) == (1, 1, 1) {
        return add_entries(h, (link, values), b, target, transposed);
    }
    for (from, entries) in link.ptr.windows(2).enumerate() {
        for k in entries[0]..entries[1] {
            let (level, block) = (link.level[k] as usize, &values[k * rows * columns..(k + 1) * rows * columns]);
            let (to, from, height, width) =
                if transposed { (from, level, columns, rows) } else { (level, from, rows, columns) };
            let h = &mut h[to * height * m..(to + 1) * height * m];
            add_block::<N>(h, block, &b[from * width * n..(from + 1) * width * n], (rows, columns), target, transposed);
        }
    }
}

/// The same where blocks are numbers, and b has one column.
fn add_entries(
    h: &mut [f64],
    (link, values): (&LinkPattern, &[f64]),
    b: &[f64],
    target: &ProductTarget,
    transposed: bool,
) {
    let (m, first) = (target.m, target.first);
    for (from, entries) in link.ptr.windows(2).enumerate() {
        let entries = entries[0]..entries[1];
        let pairs = link.level[entries.clone()].iter().zip(&values[entries]);
        if transposed {
            let sum: f64 = pairs.map(|(&level, v)| v * b[level as usize]).sum();
            h[from * m + first] += target.sign * sum;
        } else {
            let v = target.sign * b[from];
            pairs.for_each(|(&level, value)| h[level as usize * m + first] += value * v);
        }
    }
}

/// h += sign B b, or B'b, for a block B (rows x columns, column-major) and n right-hand sides, row-major.
#[inline(always)]
fn add_block<const N: usize>(
    h: &mut [f64],
    block: &[f64],
    b: &[f64],
    (rows, columns): (usize, usize),
    target: &ProductTarget,
    transposed: bool,
) {
    let (n, m) = (small::width::<N>(target.n), target.m);
    for j in 0..columns {
        for i in 0..rows {
            let v = target.sign * block[j * rows + i];
            let (to, from) = if transposed { (j, i) } else { (i, j) };
            let (h, b) = (&mut h[to * m + target.first..][..n], &b[from * n..(from + 1) * n]);
            (0..n).for_each(|c| h[c] += v * b[c]);
        }
    }
}
