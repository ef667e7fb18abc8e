//! What does not depend on θ: the different Z'WZ, and the products of Z'W[X y] over the levels that have them.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use crate::crossproduct::{CrossProducts, FactorBlock};
use crate::linalg::{dense, small};

/// Columns of random effects at most, which scratch has room for.
pub const WIDEST: usize = 8;
/// Products at most; of more the levels themselves take less time.
const MOST: usize = 1 << 15;
/// Levels at most: one sum over more of them has more rounding than sums over parts.
const MOST_LEVELS: usize = 100_000;

/// Sums over the levels of one grouping factor.
#[derive(Debug, Clone)]
pub struct LevelSums {
    /// Columns of Z in a level, and of [X y].
    pub r: usize,
    pub stride: usize,
    /// R' of the different A (r x r), and how many levels have them.
    pub roots: Vec<f64>,
    pub n_levels: Vec<f64>,
    /// By pair a >= b of columns of [X y], and by A: the lower triangle of (G_ab + G_ba) / 2.
    pub products: Vec<f64>,
    /// [X y]'W[X y] less all that columns of Z explain: lower triangle (stride x stride).
    pub within: Vec<f64>,
}

/// Entries of a lower triangle.
pub fn triangle(n: usize) -> usize {
    n * (n + 1) / 2
}

/// An eigenvalue of A below this part of the largest is rounding.
const NOTHING: f64 = 32.0 * f64::EPSILON;

/// A block that is told from others by its bits.
#[derive(Clone, Copy)]
struct Block<'a>(&'a [f64]);

impl PartialEq for Block<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a.to_bits() == b.to_bits())
    }
}

impl Eq for Block<'_> {}

impl Hash for Block<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|v| state.write_u64(v.to_bits()));
    }
}

impl LevelSums {
    /// The sums; None where there are several factors, rows that connect levels, or too many different levels.
    pub fn of(a: &CrossProducts) -> Option<Self> {
        let [factor] = a.factors.as_slice() else { return None };
        let (r, stride) = (factor.width, a.n_fixed() + 1);
        if a.own_link(0).is_some() || !(1..=WIDEST).contains(&r) || factor.n_levels > MOST_LEVELS {
            return None;
        }
        if factor.zz.iter().chain(&factor.zx).any(|v| !v.is_finite()) {
            return None;
        }
        let (zz, of_level) = different(factor, MOST / (triangle(r) * triangle(stride)))?;
        let (roots, inverses): (Vec<_>, Vec<_>) = zz.chunks_exact(r * r).map(|zz| root(zz, r)).unzip();
        let mut n_levels = vec![0.0; roots.len()];
        let products = vec![0.0; n_levels.len() * triangle(r) * triangle(stride)];
        of_level.iter().for_each(|&k| n_levels[k] += 1.0);
        let mut sums = Self { r, stride, roots: roots.concat(), n_levels, products, within: a.xx.clone() };
        let mut z = vec![0.0; r * stride];
        for (zx, k) in factor.zx.chunks_exact(r * stride).zip(of_level) {
            // rows of Z'W[X y] are columns here: those of the product with R⁻¹
            small::multiply(&mut z, zx, &inverses[k], stride, r, r);
            sums.add(&z, k);
        }
        sums.subtract_explained();
        Some(sums)
    }

    /// Different A.
    pub fn n(&self) -> usize {
        self.n_levels.len()
    }

    /// Products of a pair of columns.
    pub fn of_pair(&self, pair: usize) -> &[f64] {
        let size = self.n() * triangle(self.r);
        &self.products[pair * size..(pair + 1) * size]
    }

    /// Takes tr G of all pairs from [X y]'W[X y].
    fn subtract_explained(&mut self) {
        let (r, stride, mut pair) = (self.r, self.stride, 0);
        for a in 0..stride {
            for b in 0..=a {
                let trace = |g: &[f64]| (0..r).map(|j| g[j * r - j * j.saturating_sub(1) / 2]).sum::<f64>();
                let explained: f64 = self.of_pair(pair).chunks_exact(triangle(r)).map(trace).sum();
                self.within[b * stride + a] -= explained;
                pair += 1;
            }
        }
    }

    /// Adds the products of one level's R⁻¹Z'W[X y] (r rows), which has the k-th A.
    fn add(&mut self, z: &[f64], k: usize) {
        let (r, stride) = (self.r, self.stride);
        let (own, size) = (triangle(r), self.n() * triangle(r));
        let z = |i: usize, a: usize| z[i * stride + a];
        let mut pair = 0;
        for a in 0..stride {
            for b in 0..=a {
                let mut to = self.products[pair * size + k * own..].iter_mut();
                for j in 0..r {
                    for i in j..r {
                        let product = 0.5 * (z(i, a) * z(j, b) + z(j, a) * z(i, b));
                        *to.next().expect("an entry of the triangle") += product;
                    }
                }
                pair += 1;
            }
        }
    }
}

/// R' and the transpose of R⁻¹ of A = RR' (r x r), by its eigenvectors; without those along which A is nothing but rounding.
fn root(zz: &[f64], r: usize) -> (Vec<f64>, Vec<f64>) {
    let (values, vectors) = dense::eigen(zz, r);
    let least = NOTHING * values[r - 1];
    let (mut root, mut inverse) = (vec![0.0; r * r], vec![0.0; r * r]);
    for (k, &value) in values.iter().enumerate().filter(|(_, value)| **value > least) {
        for (i, v) in vectors[k * r..(k + 1) * r].iter().enumerate() {
            (root[i * r + k], inverse[k * r + i]) = (value.sqrt() * v, v / value.sqrt());
        }
    }
    (root, inverse)
}

/// The different A, and of every level which it has; None where they are more than `most`.
fn different(factor: &FactorBlock, most: usize) -> Option<(Vec<f64>, Vec<usize>)> {
    let size = factor.width * factor.width;
    let (mut zz, mut known) = (Vec::new(), FxHashMap::default());
    let mut of_level = Vec::with_capacity(factor.n_levels);
    for block in factor.zz.chunks_exact(size) {
        let next = known.len();
        let k = *known.entry(Block(block)).or_insert(next);
        if k == next {
            zz.extend_from_slice(block);
        }
        if k >= most {
            return None;
        }
        of_level.push(k);
    }
    Some((zz, of_level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::FactorId;

    fn block(zz: &[f64], zx: &[f64], width: usize) -> FactorBlock {
        let n_levels = zz.len() / (width * width);
        FactorBlock { factor: FactorId(0), n_levels, width, zz: zz.to_vec(), zx: zx.to_vec() }
    }

    #[test]
    fn levels_are_alike_where_all_bits_are() {
        let zz = [4.0, 1.0, 1.0, 3.0];
        let other = [4.0, 1.0, 1.0, f64::from_bits(3.0f64.to_bits() + 1)];
        let all = [zz, other, zz, zz].concat();
        let (found, of_level) = different(&block(&all, &[], 2), 2).unwrap();
        assert_eq!((found, of_level), ([zz, other].concat(), vec![0, 1, 0, 0]));
        assert!(different(&block(&all, &[], 2), 1).is_none());
    }

    #[test]
    fn a_root_makes_up_its_block_and_its_inverse_what_the_block_has() {
        for zz in [[4.0, 1.0, 1.0, 3.0], [1.0, 2.0, 2.0, 4.0], [0.0; 4]] {
            let (root, inverse) = root(&zz, 2);
            for e in 0..4 {
                let (i, j) = (e % 2, e / 2);
                let entry =
                    |a: &[f64], b: &[f64], i: usize, j: usize| a[2 * i] * b[2 * j] + a[2 * i + 1] * b[2 * j + 1];
                assert!((entry(&root, &root, i, j) - zz[e]).abs() < 1e-14);
                // R (R⁻¹R) = R
                let back =
                    |i: usize, k: usize| (0..2).map(|l| root[2 * l + k] * inverse[2 * k + l] * root[2 * i + k]).sum();
                let same: f64 = back(i, j);
                assert!((same - root[2 * i + j]).abs() < 1e-14, "{zz:?}");
            }
        }
    }

    #[test]
    fn products_of_alike_levels_add_up() {
        let (r, stride) = (2, 2);
        let levels = [[1.0, 2.0, 3.0, 5.0], [-1.0, 0.5, 2.0, 7.0]];
        let products = vec![0.0; triangle(r) * triangle(stride)];
        let mut sums =
            LevelSums { r, stride, roots: vec![0.0; 4], n_levels: vec![2.0], products, within: vec![100.0; 4] };
        levels.iter().for_each(|z| sums.add(z, 0));
        for (pair, (a, b)) in [(0, 0), (1, 0), (1, 1)].into_iter().enumerate() {
            for (entry, (i, j)) in [(0, 0), (1, 0), (1, 1)].into_iter().enumerate() {
                let half = |i: usize, j: usize| -> f64 {
                    levels.iter().map(|z| 0.5 * z[i * stride + a] * z[j * stride + b]).sum()
                };
                assert_eq!(sums.of_pair(pair)[entry], half(i, j) + half(j, i), "{a} {b} {i} {j}");
            }
        }
        sums.subtract_explained();
        assert_eq!(sums.within[..2], [100.0 - (1.0 + 9.0 + 1.0 + 4.0), 100.0 - (2.0 + 15.0 - 0.5 + 14.0)]);
    }
}
