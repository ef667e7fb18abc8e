//! What a group adds to the slopes of the parameters of the residuals whose rows are a chain: in time and memory of its rows.
//!
//! With dL⁻¹ = -L⁻¹dL L⁻¹ every direction M_k = L⁻¹dR_kL⁻ᵀ is U_k + U_k', U_k = -dL⁻¹L, and with x = Lw, ẇ_k = dL⁻¹x, ė_k likewise
//!   tr(H M_k) = 2 (d log|L| + Σ_t ẇ_t'N w_t + ė'e/σ²),   r_k = -2 ė'e,   M_k e = -ė - L'(dL⁻¹)'e
//! Of the correlation, with a' the slope of a and x̃ = x/sd: ẇ_t = a'_t/s_t³ (a_t x̃_t - x̃_(t-1)).  Of column j of log sd:
//! dL⁻¹ = -L⁻¹W_j.

use super::pull_back::{GroupRows, PullBack, ResidualSlopes, Scratch};
use crate::residual::{Chain, Group, GroupCovariance, Piece};

impl PullBack<'_> {
    /// [Z X] of a group as they are, in the columns that the inverse counts.
    pub fn raw_rows(&self, piece: &Piece, group: &Group) -> Vec<f64> {
        let stride = self.beta.len() + 1;
        let mut rows = Vec::new();
        for i in group.first..group.first + group.n {
            for (z, _) in &piece.rows.z {
                let r = z.len() / piece.rows.n;
                rows.extend_from_slice(&z[i * r..(i + 1) * r]);
            }
            rows.extend_from_slice(&piece.rows.dense[i * stride..][..self.n_fixed]);
        }
        rows
    }

    /// `raw` are the rows that `own` has whitened.
    pub fn add_chain(
        &self,
        own: &GroupRows,
        raw: &[f64],
        covariance: &GroupCovariance,
        chain: &Chain,
        scratch: &mut Scratch,
        out: &mut ResidualSlopes,
    ) {
        let (n, m, c) = (own.n, out.r.len(), self.explain(own, scratch));
        let layout = &self.own.residual.layout;
        let mut e = own.e.clone();
        chain.multiply(&mut e);
        // M_k e, rows of K; and of every k the part of the gradient that is not in r
        let mut t = vec![0.0; n * m];
        let of_correlation = covariance.pattern.by * layout.n_of_level();
        let bent = Bent::new(chain, raw, &e, c);
        out.gradient[of_correlation] += 2.0 * (bent.logdet + dot(&bent.rows, &scratch.nw));
        let mut turned = chain.turned(&own.e);
        chain.multiply_transposed(&mut turned);
        (0..n).for_each(|a| t[a * m + of_correlation] = -bent.e[a] - turned[a]);

        let (k, first) = (layout.scale.n(), layout.n_correlation());
        if k > 0 {
            let columns = covariance.pattern.scale;
            let mut explained = scratch.nw.clone();
            chain.solve_rows_transposed(&mut explained);
            let mut solved = own.e.clone();
            chain.solve_rows_transposed(&mut solved);
            let left: Vec<f64> =
                (0..n).map(|a| 1.0 - dot(&raw[a * c..(a + 1) * c], &explained[a * c..(a + 1) * c])).collect();
            for j in 0..k {
                let w = |a: usize| columns[a * k + j];
                out.gradient[first + j] += 2.0 * (0..n).map(|a| w(a) * left[a]).sum::<f64>();
                let mut forward: Vec<f64> = (0..n).map(|a| w(a) * e[a]).collect();
                chain.solve_rows(&mut forward);
                let mut back: Vec<f64> = (0..n).map(|a| w(a) * solved[a]).collect();
                chain.multiply_transposed(&mut back);
                (0..n).for_each(|a| t[a * m + first + j] = forward[a] + back[a]);
            }
        }
        // -e'M_k e/σ² of the gradient
        for (t, e) in t.chunks_exact(m.max(1)).zip(&own.e) {
            out.gradient.iter_mut().zip(t).for_each(|(g, t)| *g -= self.weight * t * e);
        }
        self.add_whitened(own, &t, out);
    }
}

/// dL⁻¹ of the correlation's parameter, times the rows and e; and d log|L|.
struct Bent {
    rows: Vec<f64>,
    e: Vec<f64>,
    logdet: f64,
}

impl Bent {
    fn new(chain: &Chain, raw: &[f64], e: &[f64], width: usize) -> Self {
        let n = chain.n();
        let (mut rows, mut bent, mut logdet) = (vec![0.0; raw.len()], vec![0.0; n], 0.0);
        for t in 1..n {
            let (a, slope, s) = (chain.a[t], chain.slope[t], chain.s[t]);
            let size = slope / (s * s * s);
            let (own, before) = (size * a / chain.sd[t], size / chain.sd[t - 1]);
            let (x, x_before) = (&raw[t * width..(t + 1) * width], &raw[(t - 1) * width..t * width]);
            let to = rows[t * width..(t + 1) * width].iter_mut();
            to.zip(x).zip(x_before).for_each(|((to, x), b)| *to = own * x - before * b);
            bent[t] = own * e[t] - before * e[t - 1];
            logdet -= a * slope / (s * s);
        }
        Self { rows, e: bent, logdet }
    }
}

impl Chain {
    /// (dL⁻¹)'g for the slope in the parameter of the correlation.
    fn turned(&self, g: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; g.len()];
        for t in 1..g.len() {
            let size = self.slope[t] / self.s[t].powi(3) * g[t];
            out[t] += size * self.a[t] / self.sd[t];
            out[t - 1] -= size / self.sd[t - 1];
        }
        out
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
