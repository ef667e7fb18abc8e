//! One pass over the rows, in parts; a second one only where X is so ill-conditioned that squares lose it.

use rayon::prelude::*;

use super::basis::{FixedBasis, RandomBasis};
use super::blocks::{CrossProducts, FactorBlock, Link};
use super::extended::{Extended, location_scale};
use super::pattern::link_pattern;
use super::rank::rank;
use super::sums::{Scaler, Shape, Sums};
use crate::covariance::Structure;
use crate::design::{Batch, FixedLayout, RowSource};
use crate::{Error, Result};

const BATCH_ROWS: usize = 1024;
/// Rows that one part has at least; the number of parts never depends on the number of threads.
const PART_ROWS: usize = 40_000;
const MOST_PARTS: usize = 8;
/// Memory that the copies of all parts may take, in numbers.
const PARTS_SIZE: usize = 32 << 20;
/// Above this many columns X'X alone would take gigabytes.
const MOST_COLUMNS: usize = 20_000;
/// A column of X with less than this part of its square left by earlier columns calls for another pass.
const ILL_CONDITIONED: f64 = 1e-6;
/// ... and below this part it depends on them, as far as squares can tell.
const SUSPECT: f64 = 1e-10;
/// The same, where residuals of the column itself were squared.
const DEPENDENT: f64 = 1e-16;

/// A grouping factor with its random terms, in the order of elimination.
pub struct OrderedFactor {
    pub factor: usize,
    pub n_levels: usize,
    pub width: usize,
    /// (random term, basis).
    pub terms: Vec<(usize, RandomBasis)>,
}

impl OrderedFactor {
    /// Fills `z` (n x width, row-major) with the weighted columns of all terms, in the working basis.
    pub fn scaled_rows(&self, batch: &Batch, z: &mut Vec<f64>, weigh: impl Fn(usize, f64) -> f64) {
        z.resize(batch.n * self.width, 0.0);
        let mut offset = 0;
        for (term, basis) in &self.terms {
            let r = basis.width;
            for i in 0..batch.n {
                let row = &mut z[i * self.width + offset..][..r];
                row.copy_from_slice(&batch.z[*term][i * r..(i + 1) * r]);
                basis.encode(row);
                row.iter_mut().for_each(|v| *v = weigh(i, *v));
            }
            offset += r;
        }
    }
}

/// Cross-products of all rows of `source`; `structures` says how each random term may be rescaled.
pub fn accumulate(source: &dyn RowSource, structures: &[Structure]) -> Result<CrossProducts> {
    let layout = source.fixed();
    let mut extended = Extended::new(layout);
    if extended.width() > MOST_COLUMNS {
        return Err(Error::Design(format!(
            "the fixed part has {} columns and cells; at most {MOST_COLUMNS} can be estimated (a categorical \
             variable with very many levels belongs in a random term, (1 | variable))",
            extended.width()
        )));
    }
    let sample = sample(source)?;
    extended.set_scaling(&sample, layout.has_intercept);
    let order = ordered_factors(source, structures, &sample);
    let links = patterns(source, &order);
    let factors = order.iter().map(|f| (f.n_levels, f.width)).collect();
    let shape = Shape { extended: &extended, factors, links: &links };
    let sums = run(source, &shape, &order, |batch, w, rows| extended.dense_rows(batch, w, rows))?;
    let coding = extended.coding(layout);
    let coded = Coded::new(&sums, &coding, &extended);
    let basis = first_basis(&extended, layout);
    let (coded, fixed) = condition(source, coded, basis, &shape, &order)?;
    Ok(assemble(source, coded, fixed, order, links))
}

/// A few rows from all over the data.
fn sample(source: &dyn RowSource) -> Result<Vec<Batch>> {
    let n = source.n_rows();
    let (pieces, size) = if n <= 2048 { (1, n) } else { (64, 16) };
    (0..pieces)
        .map(|k| {
            let start = if pieces == 1 { 0 } else { (n - size) * k / (pieces - 1) };
            let mut batch = Batch::default();
            source.read(start..start + size, &mut batch).map(|()| batch)
        })
        .collect()
}

/// Grouping factors by their number of levels, largest first, each with its terms.
fn ordered_factors(source: &dyn RowSource, structures: &[Structure], sample: &[Batch]) -> Vec<OrderedFactor> {
    let mut order: Vec<OrderedFactor> = source
        .factors()
        .iter()
        .enumerate()
        .map(|(factor, grouping)| OrderedFactor { factor, n_levels: grouping.n_levels(), width: 0, terms: Vec::new() })
        .collect();
    for (term, layout) in source.random().iter().enumerate() {
        let r = layout.columns.len();
        let centre = layout.has_intercept && structures[term] == Structure::Unstructured;
        let basis = random_basis(sample, term, r, centre, structures[term].scales_by_column());
        order[layout.factor].terms.push((term, basis));
        order[layout.factor].width += r;
    }
    order.retain(|f| f.width > 0);
    order.sort_by_key(|f| std::cmp::Reverse(f.n_levels));
    order
}

/// Centres (on a constant first column) and scales the columns of a random term.
fn random_basis(sample: &[Batch], term: usize, r: usize, centre: bool, by_column: bool) -> RandomBasis {
    let mut basis = RandomBasis::identity(r);
    let column = |j: usize| sample.iter().flat_map(move |b| b.z[term].iter().skip(j).step_by(r));
    let mut common = 0.0f64;
    for j in usize::from(centre)..r {
        let (shift, scale) = location_scale(column(j), centre);
        common = common.max(scale);
        basis.transform[j * r + j] = 1.0 / scale;
        if centre {
            basis.transform[j * r] = -shift / scale;
        }
    }
    if !by_column && r > 0 {
        (0..r).for_each(|j| basis.transform[j * r + j] = 1.0 / common);
    }
    basis
}

fn patterns(source: &dyn RowSource, order: &[OrderedFactor]) -> Vec<Link> {
    let factors = source.factors();
    let pairs: Vec<(usize, usize)> = (0..order.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    pairs
        .par_iter()
        .map(|&(i, j)| {
            let (to, from) = (&factors[order[i].factor], &factors[order[j].factor]);
            link_pattern(from.codes(), from.n_levels(), to.codes())
        })
        .collect()
}

/// Sums over all rows: parts in parallel, merged in their order.
fn run(
    source: &dyn RowSource,
    shape: &Shape,
    order: &[OrderedFactor],
    fill: impl Fn(&Batch, &[f64], &mut Vec<f64>) + Sync,
) -> Result<Sums> {
    let n = source.n_rows();
    let parts = (n / PART_ROWS).min(PARTS_SIZE / shape.size().max(1)).clamp(1, MOST_PARTS);
    let part = |k: usize| -> Result<Sums> {
        let (mut sums, mut batch, mut scaler) = (Sums::new(shape), Batch::default(), Scaler::default());
        let (mut row, end) = (n * k / parts, n * (k + 1) / parts);
        while row < end {
            let next = end.min(row + BATCH_ROWS);
            source.read(row..next, &mut batch)?;
            let scaled = scaler.scale(&batch, row, shape.extended, order, source.factors(), &fill);
            sums.push(shape, &scaled);
            row = next;
        }
        Ok(sums)
    };
    let mut all: Vec<Sums> =
        if parts == 1 { vec![part(0)?] } else { (0..parts).into_par_iter().map(part).collect::<Result<_>>()? };
    let mut total = all.remove(0);
    all.iter().for_each(|sums| total.merge(sums));
    Ok(total)
}

/// The sums with their categories coded: square and rectangular blocks of [X y].
struct Coded {
    p: usize,
    /// (p + 1) x (p + 1), symmetric.
    xx: Vec<f64>,
    /// Per factor, (levels r) rows of p + 1.
    zx: Vec<Vec<f64>>,
    zz: Vec<Vec<f64>>,
    links: Vec<Vec<f64>>,
    sum_log_weights: f64,
}

impl Coded {
    fn new(sums: &Sums, coding: &[Vec<(usize, f64)>], extended: &Extended) -> Self {
        let width = extended.width();
        let full = full_square(sums, extended);
        let stride = coding.len();
        let mut xx = vec![0.0; stride * stride];
        for (j, cj) in coding.iter().enumerate() {
            for (i, ci) in coding.iter().enumerate().take(j + 1) {
                let sum: f64 = ci
                    .iter()
                    .map(|&(a, va)| va * cj.iter().map(|&(b, vb)| vb * full[a * width + b]).sum::<f64>())
                    .sum();
                xx[j * stride + i] = sum;
                xx[i * stride + j] = sum;
            }
        }
        let zx = sums.zx.iter().map(|rows| code_rows(rows, width, coding)).collect();
        let mut coded = Self {
            p: stride - 1,
            xx,
            zx,
            zz: sums.zz.clone(),
            links: sums.links.clone(),
            sum_log_weights: sums.sum_log_weights,
        };
        coded.rescale_y(extended.scale[extended.n_dense()]);
        coded
    }

    /// Gives y its own unit back.
    fn rescale_y(&mut self, scale: f64) {
        let (p, stride) = (self.p, self.p + 1);
        for k in 0..stride {
            self.xx[k * stride + p] *= scale;
            self.xx[p * stride + k] *= scale;
        }
        self.zx.iter_mut().flat_map(|zx| zx.chunks_exact_mut(stride)).for_each(|row| row[p] *= scale);
    }

    /// Keeps the columns `kept` and y, and multiplies the columns by `scale`.
    fn select(&mut self, kept: &[usize], scale: &[f64]) {
        let (old, p) = (self.p + 1, kept.len());
        let source = |k: usize| if k == p { (old - 1, 1.0) } else { (kept[k], scale[kept[k]]) };
        let mut xx = vec![0.0; (p + 1) * (p + 1)];
        for j in 0..=p {
            for i in 0..=p {
                let ((a, sa), (b, sb)) = (source(i), source(j));
                xx[j * (p + 1) + i] = self.xx[b * old + a] * sa * sb;
            }
        }
        self.xx = xx;
        for zx in &mut self.zx {
            *zx = zx
                .chunks_exact(old)
                .flat_map(|row| {
                    (0..=p).map(move |k| {
                        let (a, s) = source(k);
                        row[a] * s
                    })
                })
                .collect();
        }
        self.p = p;
    }
}

/// The square of a whole row of sums, cells included.
fn full_square(sums: &Sums, extended: &Extended) -> Vec<f64> {
    let (width, d) = (extended.width(), extended.n_dense() + 1);
    let mut full = vec![0.0; width * width];
    let mut set = |i: usize, j: usize, v: f64| {
        full[i * width + j] = v;
        full[j * width + i] = v;
    };
    for j in 0..d {
        (j..d).for_each(|i| set(i, j, sums.dense[j * d + i]));
    }
    for (cell, row) in sums.cells_dense.chunks_exact(d).enumerate() {
        row.iter().enumerate().for_each(|(k, &v)| set(d + cell, k, v));
    }
    for (a, block_a) in extended.blocks.iter().enumerate() {
        for (b, block_b) in extended.blocks[..=a].iter().enumerate() {
            let table = &sums.cells[a * (a + 1) / 2 + b];
            for (k, &v) in table.iter().enumerate() {
                let (i, j) = (k / block_b.n_cells, k % block_b.n_cells);
                if a != b || j <= i {
                    set(d + block_a.first + i, d + block_b.first + j, v);
                }
            }
        }
    }
    full
}

fn code_rows(rows: &[f64], width: usize, coding: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let mut coded = Vec::with_capacity(rows.len() / width * coding.len());
    for row in rows.chunks_exact(width) {
        coded.extend(coding.iter().map(|entries| entries.iter().map(|&(k, v)| row[k] * v).sum::<f64>()));
    }
    coded
}

/// The user's coefficients from those of the columns as they were read, all p of them.
fn first_basis(extended: &Extended, layout: &FixedLayout) -> FixedBasis {
    let p = layout.columns.len();
    let mut transform = vec![0.0; p * p];
    for (c, column) in layout.columns.iter().enumerate() {
        let dense = extended.dense.iter().position(|&k| k == (column.term, column.numeric));
        let (shift, scale) = match dense {
            Some(k) if layout.terms[column.term].coding.is_none() => (extended.shift[k], extended.scale[k]),
            _ => (0.0, 1.0),
        };
        transform[c * p + c] = 1.0 / scale;
        if shift != 0.0 {
            transform[c * p] -= shift / scale;
        }
    }
    let mut origin = vec![0.0; p];
    if layout.has_intercept {
        origin[0] = extended.shift[extended.n_dense()];
    }
    FixedBasis { kept: (0..p).collect(), n_columns: p, transform, origin, logdet: 0.0 }
}

/// Finds the rank of X; reads the rows again, as residuals, where squares do not tell.
fn condition(
    source: &dyn RowSource,
    mut coded: Coded,
    mut basis: FixedBasis,
    shape: &Shape,
    order: &[OrderedFactor],
) -> Result<(Coded, FixedBasis)> {
    // a first pass sees squares; later ones see residuals of columns of length one
    for pass in 0..3 {
        let (p, stride) = (coded.p, coded.p + 1);
        let norms: Vec<f64> = (0..p).map(|j| coded.xx[j * stride + j].max(0.0).sqrt()).collect();
        let tolerance = |j: usize| if pass == 0 { SUSPECT } else { (DEPENDENT / norms[j].powi(2)).max(1e-12) };
        let ranked = rank(&coded.xx, p, stride, tolerance);
        let empty = norms.iter().filter(|&&n| n == 0.0).count();
        let undecided = pass == 0 && ranked.kept.len() + empty < p;
        let rest = unexplained(&coded, &ranked.kept, &ranked.inverse);
        let total = coded.xx[p * stride + p];
        let exact = pass == 0 && rest < 1e-8 * total;
        if pass == 2 || !(undecided || exact || ranked.smallest < ILL_CONDITIONED) {
            let scale: Vec<f64> = norms.iter().map(|&n| if n > 0.0 { 1.0 / n } else { 0.0 }).collect();
            basis = narrow(&basis, &ranked.kept, &scale);
            coded.select(&ranked.kept, &scale);
            break;
        }
        (coded, basis) = refine(source, &coded, &basis, &ranked, &norms, shape, order)?;
    }
    Ok((coded, basis))
}

/// y'y less its projection on the columns kept.
fn unexplained(coded: &Coded, kept: &[usize], inverse: &[f64]) -> f64 {
    let (p, stride, k) = (coded.p, coded.p + 1, kept.len());
    let explained: f64 =
        (0..k).map(|j| (0..=j).map(|i| inverse[j * k + i] * coded.xx[p * stride + kept[i]]).sum::<f64>().powi(2)).sum();
    coded.xx[p * stride + p] - explained
}

/// The basis of some of the columns, each scaled.
fn narrow(basis: &FixedBasis, kept: &[usize], scale: &[f64]) -> FixedBasis {
    let (old, p) = (basis.kept.len(), kept.len());
    let mut transform = vec![0.0; p * p];
    for (j, &cj) in kept.iter().enumerate() {
        for (i, &ci) in kept.iter().enumerate() {
            transform[j * p + i] = basis.transform[cj * old + ci] * scale[cj];
        }
    }
    FixedBasis {
        kept: kept.iter().map(|&k| basis.kept[k]).collect(),
        n_columns: basis.n_columns,
        logdet: (0..p).map(|j| transform[j * p + j].abs().ln()).sum(),
        origin: kept.iter().map(|&k| basis.origin[k]).collect(),
        transform,
    }
}

/// Reads the rows again with every column of X replaced by what earlier columns leave of it, and y by
/// its residual: what squares of the columns themselves lose to rounding, squares of residuals keep.
fn refine(
    source: &dyn RowSource,
    coded: &Coded,
    basis: &FixedBasis,
    ranked: &super::rank::Ranked,
    norms: &[f64],
    shape: &Shape,
    order: &[OrderedFactor],
) -> Result<(Coded, FixedBasis)> {
    let layout = source.fixed();
    let (p, k) = (coded.p, ranked.kept.len());
    // columns of the step: R^-1 for a column kept, x_j - X_kept γ for a suspect one
    let mut step = vec![0.0; p * p];
    for j in 0..p {
        match ranked.kept.binary_search(&j) {
            Ok(c) => (0..=c).for_each(|i| step[j * p + ranked.kept[i]] = ranked.inverse[c * k + i]),
            Err(earlier) if norms[j] > 0.0 => {
                step[j * p + j] = 1.0 / norms[j];
                for (i, gamma) in solve(coded, ranked, j, earlier).into_iter().enumerate() {
                    step[j * p + ranked.kept[i]] = -gamma / norms[j];
                }
            }
            Err(_) => {}
        }
    }
    let beta = solve(coded, ranked, p, k);
    let mut origin = basis.origin.clone();
    for (i, &b) in beta.iter().enumerate() {
        (0..p).for_each(|row| origin[row] += basis.transform[ranked.kept[i] * p + row] * b);
    }
    let transform: Vec<f64> = {
        let mut product = vec![0.0; p * p];
        for j in 0..p {
            for l in 0..p {
                let s = step[j * p + l];
                if s != 0.0 {
                    (0..p).for_each(|i| product[j * p + i] += basis.transform[l * p + i] * s);
                }
            }
        }
        product
    };
    let basis = FixedBasis { transform, origin, ..basis.clone() };
    let dense = Extended {
        dense: vec![(0, 0); p],
        blocks: Vec::new(),
        n_cells: 0,
        shift: vec![0.0; p + 1],
        scale: vec![1.0; p + 1],
    };
    let reader = DenseRows::new(layout, &basis);
    let shape = Shape { extended: &dense, factors: shape.factors.clone(), links: shape.links };
    let sums = run(source, &shape, order, |batch, w, rows| reader.read(batch, w, rows))?;
    let identity: Vec<Vec<(usize, f64)>> = (0..=p).map(|j| vec![(j, 1.0)]).collect();
    Ok((Coded::new(&sums, &identity, &dense), basis))
}

/// Coefficients of column j (p: y) on the first `k` columns kept.
fn solve(coded: &Coded, ranked: &super::rank::Ranked, j: usize, k: usize) -> Vec<f64> {
    let (stride, size) = (coded.p + 1, ranked.kept.len());
    let projection: Vec<f64> = (0..k)
        .map(|c| (0..=c).map(|i| ranked.inverse[c * size + i] * coded.xx[j * stride + ranked.kept[i]]).sum())
        .collect();
    (0..k).map(|i| (i..k).map(|c| ranked.inverse[c * size + i] * projection[c]).sum()).collect()
}

/// Rows of X T and of y - X origin, for a dense T.
struct DenseRows<'a> {
    layout: &'a FixedLayout,
    basis: &'a FixedBasis,
    /// Per coded term, per cell: (coded column, value).
    by_cell: Vec<Vec<Vec<(usize, f64)>>>,
}

impl<'a> DenseRows<'a> {
    fn new(layout: &'a FixedLayout, basis: &'a FixedBasis) -> Self {
        let by_cell = layout
            .terms
            .iter()
            .map(|term| {
                let mut cells = vec![Vec::new(); term.n_cells()];
                for (k, column) in term.coding.iter().flat_map(|c| c.columns.iter().enumerate()) {
                    column.iter().for_each(|&(cell, v)| cells[cell as usize].push((k, v)));
                }
                cells
            })
            .collect();
        Self { layout, basis, by_cell }
    }

    fn read(&self, batch: &Batch, sqrt_w: &[f64], rows: &mut Vec<f64>) {
        let p = self.layout.columns.len();
        rows.resize(batch.n * (p + 1), 0.0);
        let mut x = vec![0.0; p];
        for i in 0..batch.n {
            self.row(batch, i, &mut x);
            let out = &mut rows[i * (p + 1)..(i + 1) * (p + 1)];
            let weight = if sqrt_w.is_empty() { 1.0 } else { sqrt_w[i] };
            for j in 0..p {
                let column = &self.basis.transform[j * p..(j + 1) * p];
                out[j] = weight * column.iter().zip(&x).map(|(t, v)| t * v).sum::<f64>();
            }
            let fitted: f64 = self.basis.origin.iter().zip(&x).map(|(b, v)| b * v).sum();
            out[p] = weight * (batch.y[i] - fitted);
        }
    }

    /// Row i of X, all columns in the user's order.
    fn row(&self, batch: &Batch, i: usize, x: &mut [f64]) {
        for (value, column) in x.iter_mut().zip(&self.layout.columns) {
            let numeric = batch.values[column.term][column.numeric * batch.n + i];
            *value = if self.layout.terms[column.term].coding.is_none() {
                numeric
            } else {
                let cell = batch.cells[column.term][i] as usize;
                let entry = self.by_cell[column.term][cell].iter().find(|(k, _)| *k == column.coded);
                entry.map_or(0.0, |(_, v)| v * numeric)
            };
        }
    }
}

fn assemble(
    source: &dyn RowSource,
    coded: Coded,
    fixed: FixedBasis,
    order: Vec<OrderedFactor>,
    patterns: Vec<Link>,
) -> CrossProducts {
    let mut random: Vec<RandomBasis> = source.random().iter().map(|t| RandomBasis::identity(t.columns.len())).collect();
    for (term, basis) in order.iter().flat_map(|f| &f.terms) {
        random[*term] = basis.clone();
    }
    let mut blocks = coded.zz.into_iter().zip(coded.zx);
    let factors = order
        .iter()
        .map(|f| {
            let (zz, zx) = blocks.next().expect("a block per factor");
            FactorBlock { factor: f.factor, n_levels: f.n_levels, width: f.width, zz, zx }
        })
        .collect();
    let mut filled = patterns.into_iter().zip(coded.links).map(|(link, values)| Link { values, ..link });
    let links = (0..order.len()).map(|i| filled.by_ref().take(i).collect()).collect();
    CrossProducts {
        n_obs: source.n_rows(),
        sum_log_weights: coded.sum_log_weights,
        factors,
        links,
        xx: coded.xx,
        fixed,
        random,
    }
}
