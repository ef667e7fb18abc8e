//! The rows of a fit in the working basis, read once: what new responses are made on.

use crate::crossproduct::{CrossProducts, user_row};
use crate::design::{Batch, RowSource};
use crate::fit::Fit;
use crate::{Error, Result};

const BATCH_ROWS: usize = 1024;

/// One random term: z (n rows of r), and the level of every row.
pub struct TermRows {
    pub block: usize,
    pub offset: usize,
    pub width: usize,
    pub z: Vec<f64>,
    pub codes: Vec<u32>,
}

pub struct DesignRows {
    pub n: usize,
    pub p: usize,
    /// n rows of p.
    pub x: Vec<f64>,
    /// Response, less offset and X origin.
    pub y: Vec<f64>,
    /// Empty for weights of one.
    pub weights: Vec<f64>,
    pub terms: Vec<TermRows>,
}

impl DesignRows {
    /// Reads the rows that the fit was made from.
    ///
    /// # Errors
    /// Those of reading; `Design` where the rows are others.
    pub fn new(fit: &Fit, source: &dyn RowSource) -> Result<Self> {
        let a = &*fit.model.a;
        if source.n_rows() != a.n_obs || source.fixed().columns.len() != a.fixed.n_columns {
            return Err(Error::Design("these are not the rows that the model was fitted to".into()));
        }
        let (n, p) = (a.n_obs, a.n_fixed());
        let terms = fit.model.theta_map.terms.iter().zip(source.random()).map(|(t, layout)| TermRows {
            block: t.factor,
            offset: t.offset,
            width: t.width,
            z: Vec::with_capacity(n * t.width),
            codes: source.factors()[layout.factor].codes()[..n].to_vec(),
        });
        let mut rows = Self {
            n,
            p,
            x: Vec::with_capacity(n * p),
            y: Vec::with_capacity(n),
            weights: Vec::new(),
            terms: terms.collect(),
        };
        let mut batch = Batch::default();
        for start in (0..n).step_by(BATCH_ROWS) {
            source.read(start..n.min(start + BATCH_ROWS), &mut batch)?;
            rows.push(a, source, &batch);
        }
        Ok(rows)
    }

    fn push(&mut self, a: &CrossProducts, source: &dyn RowSource, batch: &Batch) {
        for i in 0..batch.n {
            let row = user_row(source, a, batch, i);
            let origin: f64 = row.iter().zip(&a.fixed.origin).map(|(x, b)| x * b).sum();
            self.y.push(batch.y[i] - origin);
            let transform = a.fixed.transform.chunks_exact(self.p.max(1));
            self.x.extend(transform.map(|column| column.iter().zip(&row).map(|(t, x)| t * x).sum::<f64>()));
        }
        self.weights.extend_from_slice(&batch.weights);
        for (t, term) in self.terms.iter_mut().enumerate() {
            for z in batch.z[t].chunks_exact(term.width) {
                let start = term.z.len();
                term.z.extend_from_slice(z);
                a.random[t].encode(&mut term.z[start..]);
            }
        }
    }

    pub fn weight(&self, i: usize) -> f64 {
        self.weights.get(i).copied().unwrap_or(1.0)
    }

    /// Xβ.
    pub fn fixed(&self, beta: &[f64]) -> Vec<f64> {
        if self.p == 0 {
            return vec![0.0; self.n];
        }
        self.x.chunks_exact(self.p).map(|x| x.iter().zip(beta).map(|(x, b)| x * b).sum()).collect()
    }

    /// y += Zb for modes by block.
    pub fn add_modes(&self, y: &mut [f64], b: &[Vec<f64>], widths: &[usize]) {
        for term in &self.terms {
            let (b, full) = (&b[term.block], widths[term.block]);
            for ((y, z), &code) in y.iter_mut().zip(term.z.chunks_exact(term.width)).zip(&term.codes) {
                let b = &b[code as usize * full + term.offset..][..term.width];
                *y += z.iter().zip(b).map(|(z, b)| z * b).sum::<f64>();
            }
        }
    }

    /// Writes X'Wy, y'Wy and Z'Wy into the cross-products.
    pub fn set_response(&self, a: &mut CrossProducts, y: &[f64]) {
        let (p, stride) = (self.p, self.p + 1);
        let mut xy = vec![0.0; stride];
        for (i, &y) in y.iter().enumerate() {
            let wy = self.weight(i) * y;
            xy.iter_mut().zip(&self.x[i * p..(i + 1) * p]).for_each(|(s, x)| *s += x * wy);
            xy[p] += y * wy;
        }
        for (k, &value) in xy.iter().enumerate() {
            a.xx[k * stride + p] = value;
            a.xx[p * stride + k] = value;
        }
        for f in &mut a.factors {
            f.zx.iter_mut().skip(p).step_by(stride).for_each(|v| *v = 0.0);
        }
        for term in &self.terms {
            let f = &mut a.factors[term.block];
            for (i, (z, &code)) in term.z.chunks_exact(term.width).zip(&term.codes).enumerate() {
                let wy = self.weight(i) * y[i];
                let first = code as usize * f.width + term.offset;
                z.iter().enumerate().for_each(|(k, z)| f.zx[(first + k) * stride + p] += z * wy);
            }
        }
    }
}
