//! Solving backwards: from the forward half that the factor holds to the modes, lead by lead.

use std::ops::Range;

use rayon::prelude::*;

use super::factor::CholeskyFactor;
use super::product::Effects;
use super::solve::{GRAIN, Modes, spread, subtract_scaled};
use super::symbolic::{Lead, SymbolicFactor};
use super::trailing::{scale_rows, to_rows};
use crate::crossproduct::CrossProducts;

impl CholeskyFactor {
    /// u = M^-1 Λ'h and b = Λu of one right-hand side, which takes the place of y in a factor without columns of X.
    pub fn solve(&mut self, h: Effects, a: &CrossProducts, symbolic: &SymbolicFactor) -> Modes {
        self.solve_from(h, None, a, symbolic)
    }

    /// M^-1 s of spherical effects.
    pub fn solve_spherical(&mut self, s: &Effects, a: &CrossProducts, symbolic: &SymbolicFactor) -> Effects {
        let zero = s.iter().map(|s| vec![0.0; s.len()]).collect();
        self.solve_from(zero, Some(s), a, symbolic).u
    }

    fn solve_from(
        &mut self,
        mut h: Effects,
        s: Option<&Effects>,
        a: &CrossProducts,
        symbolic: &SymbolicFactor,
    ) -> Modes {
        debug_assert_eq!(self.p, 0, "a factor without columns of X");
        let remainder = self.forward_from(&mut h, s, &mut [], a, symbolic, 1);
        for (lead, own) in symbolic.leads.iter().zip(&mut self.leads) {
            own.blocks.x.copy_from_slice(&h[lead.block]);
        }
        self.solved_x.copy_from_slice(&remainder.solved);
        self.backward(symbolic, 0..1, &[])
    }

    /// u = M^-1 Λ'(Z'v - Z'Xβ) and b = Λu for columns v of [X y]; `beta` is p rows of m, or empty for zero.
    pub fn backward(&self, symbolic: &SymbolicFactor, columns: Range<usize>, beta: &[f64]) -> Modes {
        let (m, q) = (columns.len(), symbolic.n_trailing);
        let mut u: Effects = self.lambda.iter().map(|_| Vec::new()).collect();
        symbolic.leads.iter().for_each(|l| u[l.block] = vec![0.0; l.n_levels * l.r * m]);
        symbolic.groups.iter().for_each(|t| u[t.block] = vec![0.0; t.n_levels * t.r * m]);
        let mut b = u.clone();
        if m == 0 {
            return Modes { u, b };
        }
        let mut trailing = self.solved_x[columns.start * q..columns.end * q].to_vec();
        if !beta.is_empty() {
            for (c, values) in trailing.chunks_exact_mut(q.max(1)).enumerate() {
                for k in 0..self.p {
                    subtract_scaled(values, beta[k * m + c], &self.solved_x[k * q..(k + 1) * q]);
                }
            }
        }
        let mut rows = vec![0.0; q * m];
        to_rows(&trailing, &mut rows, q, m);
        spread(&rows, &mut u, symbolic, m);
        scale_rows(&mut trailing, &self.lambda, symbolic, false);
        to_rows(&trailing, &mut rows, q, m);
        spread(&rows, &mut b, symbolic, m);
        for (i, lead) in symbolic.leads.iter().enumerate().rev() {
            let (mut own_u, mut own_b) = (std::mem::take(&mut u[lead.block]), std::mem::take(&mut b[lead.block]));
            let size = GRAIN * lead.r * m;
            own_u.par_chunks_mut(size).zip(own_b.par_chunks_mut(size)).enumerate().for_each(|(piece, (u, own_b))| {
                let (of, known) = ((i, lead, piece * GRAIN), (&b, rows.as_slice()));
                // widths that are constants let the compiler unroll the loops of a level
                match (lead.r, m) {
                    (1, 1) => self.solve_levels((1, 1), of, u, own_b, known, &columns, beta, symbolic),
                    (2, 1) => self.solve_levels((2, 1), of, u, own_b, known, &columns, beta, symbolic),
                    (r, m) => self.solve_levels((r, m), of, u, own_b, known, &columns, beta, symbolic),
                }
            });
            (u[lead.block], b[lead.block]) = (own_u, own_b);
        }
        Modes { u, b }
    }

    /// u and b of the levels of a piece, for r effects and m right-hand sides.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a loop over levels")]
    fn solve_levels(
        &self,
        (r, m): (usize, usize),
        (i, lead, first): (usize, &Lead, usize),
        u: &mut [f64],
        b: &mut [f64],
        known: (&Effects, &[f64]),
        columns: &Range<usize>,
        beta: &[f64],
        symbolic: &SymbolicFactor,
    ) {
        for (k, (u, b)) in u.chunks_exact_mut(r * m).zip(b.chunks_exact_mut(r * m)).enumerate() {
            let of = (i, lead, first + k);
            self.level_rest((r, m), u, of, known, columns, beta, symbolic);
            self.solve_level((r, m), u, b, of);
        }
    }

    /// L^-1 Λ'(Z'v - Z'Xβ) - P'b of one level (r rows of m).
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one level of a loop")]
    fn level_rest(
        &self,
        (r, m): (usize, usize),
        rest: &mut [f64],
        (i, lead, level): (usize, &Lead, usize),
        (b, trailing): (&Effects, &[f64]),
        columns: &Range<usize>,
        beta: &[f64],
        symbolic: &SymbolicFactor,
    ) {
        let (stride, factor) = (self.p + 1, &self.leads[i]);
        for a in 0..r {
            let x = &factor.blocks.x[(level * r + a) * stride..][..stride];
            let target = &mut rest[a * m..(a + 1) * m];
            target.copy_from_slice(&x[columns.clone()]);
            for (beta, v) in beta.chunks_exact(m).zip(x) {
                subtract_scaled(target, *v, beta);
            }
            for (j, ancestor) in lead.ancestors.iter().enumerate() {
                let rj = ancestor.r;
                let block = &factor.blocks.ancestors[j][level * rj * r + a * rj..][..rj];
                let up = &b[symbolic.leads[i + 1 + j].block][ancestor.level[level] as usize * rj * m..];
                block.iter().zip(up.chunks_exact(m)).for_each(|(v, up)| subtract_scaled(target, *v, up));
            }
            let rows = lead.panel.level_rows(level);
            let panel = &factor.blocks.panel[lead.panel.range(level, r)][a * rows.len()..(a + 1) * rows.len()];
            if m == 1 {
                target[0] -= panel.iter().zip(rows).map(|(v, &row)| v * trailing[row as usize]).sum::<f64>();
                continue;
            }
            for (v, &row) in panel.iter().zip(rows) {
                subtract_scaled(target, *v, &trailing[row as usize * m..(row as usize + 1) * m]);
            }
        }
    }

    /// b = C rest and u = L^-T rest, which u holds.
    #[inline(always)]
    fn solve_level(&self, (r, m): (usize, usize), u: &mut [f64], b: &mut [f64], (i, _, level): (usize, &Lead, usize)) {
        let size = level * r * r..(level + 1) * r * r;
        let (l, c) = (&self.leads[i].blocks.own[size.clone()], &self.leads[i].c[size]);
        for a in 0..r {
            b[a * m..(a + 1) * m].fill(0.0);
            for k in 0..r {
                subtract_scaled(&mut b[a * m..(a + 1) * m], -c[k * r + a], &u[k * m..(k + 1) * m]);
            }
        }
        for a in (0..r).rev() {
            let (row, after) = u[a * m..].split_at_mut(m);
            for k in a + 1..r {
                subtract_scaled(row, l[a * r + k], &after[(k - a - 1) * m..(k - a) * m]);
            }
            row.iter_mut().for_each(|v| *v /= l[a * r + a]);
        }
    }
}
