//! Products with A itself.

use crate::crossproduct::CrossProducts;

/// Vectors over the random effects, by block: (n_levels r) rows of m.
pub type Effects = Vec<Vec<f64>>;

/// Effects of zero, m columns.
pub fn zeros(a: &CrossProducts, m: usize) -> Effects {
    a.factors.iter().map(|f| vec![0.0; f.n_levels * f.width * m]).collect()
}

/// Adds `sign` (Z'WZ) b to `h`.
pub fn add_zz(h: &mut Effects, a: &CrossProducts, b: &Effects, m: usize, sign: f64) {
    if m == 0 {
        return;
    }
    for (i, factor) in a.factors.iter().enumerate() {
        let r = factor.width;
        let levels = h[i].chunks_exact_mut(r * m).zip(b[i].chunks_exact(r * m)).zip(factor.zz.chunks_exact(r * r));
        levels.for_each(|((h, b), zz)| add_block(h, zz, b, (r, r, m), sign, false));
        for (j, link) in a.links[i].iter().enumerate() {
            let rj = a.factors[j].width;
            for from in 0..link.ptr.len() - 1 {
                for k in link.ptr[from]..link.ptr[from + 1] {
                    let to = link.level[k] as usize;
                    let block = &link.values[k * r * rj..(k + 1) * r * rj];
                    add_block(
                        &mut h[i][to * r * m..(to + 1) * r * m],
                        block,
                        &b[j][from * rj * m..],
                        (r, rj, m),
                        sign,
                        false,
                    );
                    add_block(
                        &mut h[j][from * rj * m..(from + 1) * rj * m],
                        block,
                        &b[i][to * r * m..],
                        (r, rj, m),
                        sign,
                        true,
                    );
                }
            }
        }
    }
}

/// h += sign B b, or B'b, for a block B (rows x columns, column-major) and m right-hand sides, row-major.
#[inline]
fn add_block(
    h: &mut [f64],
    block: &[f64],
    b: &[f64],
    (rows, columns, m): (usize, usize, usize),
    sign: f64,
    transposed: bool,
) {
    for j in 0..columns {
        for i in 0..rows {
            let v = sign * block[j * rows + i];
            let (to, from) = if transposed { (j, i) } else { (i, j) };
            for c in 0..m {
                h[to * m + c] += v * b[from * m + c];
            }
        }
    }
}
