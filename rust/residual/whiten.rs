//! R_i = L_i L_i' of every pattern, and the rows of its groups whitened: L_i⁻¹[Z X y]_i.

use rayon::prelude::*;

use super::correlation::Correlations;
use super::factor::Factor;
use super::patterns::Pattern;
use super::stored::{Group, Piece, Residual, distinct};
use crate::rows::RowBlock;
use crate::{Error, Result};

/// The covariance of the groups of one pattern, and how it moves.
pub struct GroupCovariance<'a> {
    pub pattern: Pattern<'a>,
    correlations: Option<&'a Correlations>,
    n_parameters: usize,
    /// exp(log sd) of its rows.
    sd: Vec<f64>,
}

impl GroupCovariance<'_> {
    /// R_i (n x n).
    pub fn matrix(&self) -> Vec<f64> {
        let (n, mut slopes) = (self.pattern.n, vec![0.0; self.n_parameters]);
        let mut r = vec![0.0; n * n];
        for b in 0..n {
            r[b * n + b] = self.sd[b] * self.sd[b];
            for a in b + 1..n {
                let v = self.sd[a] * self.sd[b] * self.pair(a, b, &mut slopes);
                (r[b * n + a], r[a * n + b]) = (v, v);
            }
        }
        r
    }

    /// Calls with a > b and sd_a sd_b dC_ab, by parameter of the correlations.
    pub fn each_slope(&self, mut f: impl FnMut(usize, usize, &[f64])) {
        let mut slopes = vec![0.0; self.n_parameters];
        for b in 0..self.pattern.n {
            for a in b + 1..self.pattern.n {
                self.pair(a, b, &mut slopes);
                let scale = self.sd[a] * self.sd[b];
                slopes.iter_mut().for_each(|s| *s *= scale);
                f(a, b, &slopes);
            }
        }
    }

    /// R and dR (n x n each): by parameter of its correlations, then by column of log sd, R_ab (w_a + w_b).
    pub fn slopes(&self) -> (Vec<f64>, Vec<Vec<f64>>) {
        let (n, r) = (self.pattern.n, self.matrix());
        let mut slopes = vec![vec![0.0; n * n]; self.n_parameters];
        self.each_slope(|a, b, d| {
            slopes.iter_mut().zip(d).for_each(|(slope, d)| (slope[b * n + a], slope[a * n + b]) = (*d, *d));
        });
        let k = self.pattern.scale.len() / n;
        let of_column = |j: usize| {
            let w = |a: usize| self.pattern.scale[a * k + j];
            r.iter().enumerate().map(|(e, r)| r * (w(e % n) + w(e / n))).collect()
        };
        slopes.extend((0..k).map(of_column));
        (r, slopes)
    }

    /// exp(log sd) of its rows.
    pub fn standard_deviations(&self) -> &[f64] {
        &self.sd
    }

    /// The correlation of two rows, and its slopes.
    pub fn pair(&self, a: usize, b: usize, slopes: &mut [f64]) -> f64 {
        let places = self.pattern.places;
        self.correlations.map_or(0.0, |c| c.pair(places[a], places[b], slopes))
    }
}

/// The whitened columns of a grouping factor in a group that lies in several of its levels.
#[derive(Debug, Clone, Default)]
pub struct SpreadColumns {
    pub levels: Vec<u32>,
    /// Rows of levels.len() r numbers.
    pub z: Vec<f64>,
}

/// The rows of a piece, whitened.
#[derive(Debug, Clone, Default)]
pub struct WhitenedPiece {
    /// Of factors that groups spread over, z is empty.
    pub rows: RowBlock,
    /// By group and factor that groups spread over.
    pub spread: Vec<Vec<SpreadColumns>>,
}

/// Whitened rows of all pieces; none where products of a grid stand for them.
#[derive(Debug, Clone, Default)]
pub struct Whitened {
    pub pieces: Vec<WhitenedPiece>,
    /// L of every pattern.
    pub factors: Vec<Factor>,
    /// log|R|.
    pub logdet: f64,
}

impl Residual {
    /// Whitens the rows by R at φ.
    ///
    /// # Errors
    /// `Numerical` where R is not positive definite.
    pub fn whiten(&self, phi: &[f64]) -> Result<Whitened> {
        let (factors, logdets) = self.factors(phi)?;
        let of_piece = |piece: &Piece| piece.groups.iter().map(|g| logdets[g.pattern]).sum::<f64>();
        let logdet = self.pieces.iter().map(of_piece).sum();
        let pieces = match self.grid {
            Some(_) => Vec::new(),
            None => self.pieces.par_iter().map(|piece| self.whiten_piece(piece, &factors)).collect(),
        };
        Ok(Whitened { pieces, factors, logdet })
    }

    /// L and log|R| of every pattern.
    fn factors(&self, phi: &[f64]) -> Result<(Vec<Factor>, Vec<f64>)> {
        let correlations = self.layout.correlations(phi);
        let is_chain = self.is_chain();
        let of_pattern = |k: usize| Factor::new(&self.of_pattern(k, phi, &correlations)?, is_chain);
        let all: Vec<(Factor, f64)> =
            (0..self.patterns.count()).into_par_iter().map(of_pattern).collect::<Result<_>>()?;
        Ok(all.into_iter().unzip())
    }

    /// Whether rows depend on those before by the last alone, and nothing asks for L itself.
    fn is_chain(&self) -> bool {
        let of_structure = self.layout.correlation.is_some_and(|c| c.structure().is_chain());
        of_structure && self.grid.is_none() && !self.spreads.contains(&true)
    }

    fn whiten_piece(&self, piece: &Piece, factors: &[Factor]) -> WhitenedPiece {
        let (mut rows, mut spread) = (piece.rows.clone(), Vec::new());
        let spreading = || self.spreads.iter().enumerate().filter(|(_, spreads)| **spreads).map(|(block, _)| block);
        spreading().for_each(|block| rows.z[block].0 = Vec::new());
        for group in &piece.groups {
            let factor = &factors[group.pattern];
            solve(&mut rows, group, factor);
            spread.push(spreading().map(|block| spread_columns(piece, block, group, factor)).collect());
        }
        WhitenedPiece { rows, spread }
    }

    /// Rows in the order of the data, whitened; of every factor no group may lie in several levels.
    pub fn whitened_rows(&self, factors: &[Factor], rows: &RowBlock) -> RowBlock {
        let mut out = RowBlock { weights: Vec::new(), ..rows.clone() };
        let solve = |group: &Group, values: &mut [f64]| factors[group.pattern].solve_rows(values, group.n);
        self.change_groups(&mut out.dense, solve);
        out.z.iter_mut().for_each(|(z, _)| self.change_groups(z, solve));
        out
    }

    /// L e of values by row, in the order of the groups.
    pub fn colour(&self, whitened: &Whitened, values: &mut [f64]) {
        let mut rest = values;
        for group in self.pieces.iter().flat_map(|piece| &piece.groups) {
            let (own, after) = std::mem::take(&mut rest).split_at_mut(group.n);
            whitened.factors[group.pattern].multiply(own);
            rest = after;
        }
    }

    /// The covariance of the groups of a pattern at φ.
    ///
    /// # Errors
    /// `Numerical` where a standard deviation is not a number.
    pub fn of_pattern<'a>(
        &'a self,
        pattern: usize,
        phi: &[f64],
        correlations: &'a [Correlations],
    ) -> Result<GroupCovariance<'a>> {
        let pattern = self.patterns.get(pattern);
        let sd: Vec<f64> = pattern.log_sd(self.layout.split(phi).1).iter().map(|v| v.exp()).collect();
        if sd.iter().any(|v| !(v.is_normal() && v.recip().is_normal())) {
            return Err(Error::Numerical("a residual standard deviation is out of range".into()));
        }
        Ok(GroupCovariance {
            pattern,
            correlations: correlations.get(pattern.by),
            n_parameters: self.layout.n_of_level(),
            sd,
        })
    }
}

/// The columns of a group's levels, each with those rows that are in it, whitened.
fn spread_columns(piece: &Piece, block: usize, group: &Group, factor: &Factor) -> SpreadColumns {
    let (z, codes) = &piece.rows.z[block];
    let (r, rows) = (z.len() / piece.rows.n, group.first..group.first + group.n);
    let levels = distinct(&codes[rows.clone()]);
    let mut out = vec![0.0; group.n * levels.len() * r];
    for (a, i) in rows.enumerate() {
        let at = levels.binary_search(&codes[i]).expect("a level of every row");
        out[(a * levels.len() + at) * r..][..r].copy_from_slice(&z[i * r..(i + 1) * r]);
    }
    factor.solve_rows(&mut out, group.n);
    SpreadColumns { levels, z: out }
}

/// L⁻¹ of the rows of a group.
fn solve(rows: &mut RowBlock, group: &Group, factor: &Factor) {
    let n = rows.n;
    let solve_rows = |rows: &mut [f64]| {
        let width = rows.len() / n;
        factor.solve_rows(&mut rows[group.first * width..(group.first + group.n) * width], group.n);
    };
    solve_rows(&mut rows.dense);
    rows.z.iter_mut().filter(|(z, _)| !z.is_empty()).for_each(|(z, _)| solve_rows(z));
}
