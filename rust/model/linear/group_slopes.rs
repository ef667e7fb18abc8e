//! What one group adds to the slopes of the parameters of the residuals: as it is computed for a group with a pattern of its
//! own.

use super::pull_back::{GroupRows, PullBack, ResidualSlopes, Scratch};
use crate::crossproduct::add_outer;
use crate::linalg::dense;
use crate::linalg::small::{solve_rows_lower, solve_rows_transposed, transpose};
use crate::residual::GroupCovariance;

impl PullBack<'_> {
    pub fn add_group(
        &self,
        own: &GroupRows,
        covariance: &GroupCovariance,
        l: &[f64],
        scratch: &mut Scratch,
        out: &mut ResidualSlopes,
    ) {
        let mut inner = self.inner(own, scratch);
        self.add_along(&mut inner, covariance, l, &mut out.gradient);
        self.add_directions(own, covariance, l, out);
    }

    /// I - w N w' - e e'/σ² of a group (n x n).
    fn inner(&self, own: &GroupRows, scratch: &mut Scratch) -> Vec<f64> {
        let n = own.n;
        let mut g = vec![0.0; n * n];
        self.add_explained(own, scratch, &mut g);
        for b in 0..n {
            for a in b..n {
                let v = &mut g[b * n + a];
                *v = f64::from(u8::from(a == b)) - *v - self.weight * own.e[a] * own.e[b];
            }
        }
        dense::mirror_lower(&mut g, n);
        g
    }

    /// Adds tr(G dR_k), G = L⁻ᵀHL⁻¹ for `h` = H, which is spent.
    pub fn add_along(&self, h: &mut [f64], covariance: &GroupCovariance, l: &[f64], out: &mut [f64]) {
        let n = covariance.pattern.n;
        for _ in 0..2 {
            solve_rows_transposed(h, l, n);
            transpose(h, n);
        }
        self.add_along_rows(h, covariance, out);
    }

    /// Adds tr(G dR_k): of a correlation 2 Σ_(a > b) G_ab dR_ab, of log sd 2 Σ_a w_a (G R)_aa.
    pub fn add_along_rows(&self, g: &[f64], covariance: &GroupCovariance, out: &mut [f64]) {
        let n = covariance.pattern.n;
        let layout = &self.own.residual.layout;
        let (of_correlation, k) = (covariance.pattern.by * layout.n_of_level(), layout.scale.n());
        covariance.each_slope(|a, b, slopes| {
            let own = out[of_correlation..].iter_mut().zip(slopes);
            own.for_each(|(out, slope)| *out += 2.0 * g[b * n + a] * slope);
        });
        if k == 0 {
            return;
        }
        let (r, columns) = (covariance.matrix(), covariance.pattern.scale);
        let out = &mut out[layout.n_correlation()..];
        for a in 0..n {
            let row: f64 = (0..n).map(|b| g[b * n + a] * r[b * n + a]).sum();
            out.iter_mut().zip(&columns[a * k..(a + 1) * k]).for_each(|(out, w)| *out += 2.0 * w * row);
        }
    }

    /// What t_k = dR_k L⁻ᵀe gives.
    fn add_directions(&self, own: &GroupRows, covariance: &GroupCovariance, l: &[f64], out: &mut ResidualSlopes) {
        let (n, m) = (own.n, out.r.len());
        let mut t = self.directions(own, covariance, l, m);
        solve_rows_lower(&mut t, l, n);
        self.add_whitened(own, &t, out);
    }

    /// What L⁻¹t (n rows of K) gives.
    pub fn add_whitened(&self, own: &GroupRows, t: &[f64], out: &mut ResidualSlopes) {
        let m = out.r.len();
        for (t, e) in t.chunks_exact(m.max(1)).zip(&own.e) {
            out.r.iter_mut().zip(t).for_each(|(r, t)| *r += t * e);
        }
        if !self.with_curvature {
            return;
        }
        let p = self.beta.len();
        for (a, t) in t.chunks_exact(m.max(1)).enumerate() {
            for (own, h) in own.columns.iter().zip(&mut out.h) {
                let width = own.levels.len() * own.r;
                for (k, z) in own.z[a * width..(a + 1) * width].iter().enumerate() {
                    let h = &mut h[own.place(k) * m..][..m];
                    h.iter_mut().zip(t).for_each(|(h, t)| *h += z * t);
                }
            }
            add_outer(&mut out.hx, t, &own.xy[a * (p + 1)..][..p], 1.0);
            add_outer(&mut out.inner, t, t, 1.0);
        }
    }

    /// t (n rows of K): of a correlation dR ẽ, of log sd w∘(Rẽ) + R(w∘ẽ), with ẽ = L⁻ᵀe.
    fn directions(&self, own: &GroupRows, covariance: &GroupCovariance, l: &[f64], m: usize) -> Vec<f64> {
        let (n, layout) = (own.n, &self.own.residual.layout);
        let mut solved = own.e.clone();
        solve_rows_transposed(&mut solved, l, n);
        let mut t = vec![0.0; n * m];
        let first = covariance.pattern.by * layout.n_of_level();
        covariance.each_slope(|a, b, slopes| {
            for (k, slope) in slopes.iter().enumerate() {
                t[a * m + first + k] += slope * solved[b];
                t[b * m + first + k] += slope * solved[a];
            }
        });
        let (k, first) = (layout.scale.n(), layout.n_correlation());
        if k == 0 {
            return t;
        }
        let (r, columns) = (covariance.matrix(), covariance.pattern.scale);
        for a in 0..n {
            for b in 0..n {
                let v = r[b * n + a] * solved[b];
                let (wa, wb) = (&columns[a * k..(a + 1) * k], &columns[b * k..(b + 1) * k]);
                let to = t[a * m + first..(a + 1) * m].iter_mut();
                to.zip(wa.iter().zip(wb)).for_each(|(t, (wa, wb))| *t += (wa + wb) * v);
            }
        }
        t
    }
}
