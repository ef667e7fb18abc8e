//! The blocks of L: columns of like pattern, in a row, with all their rows.

use std::ops::Range;

use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::sparse::SparseColMatRef;
use faer::sparse::linalg::SymbolicSupernodalParams;
use faer::sparse::linalg::cholesky::{simplicial, supernodal};

use super::order::{SparsityPattern, memory};
use crate::linalg::dense;
use crate::{Error, Result};

#[derive(Debug)]
pub struct Supernodes {
    pub cholesky: supernodal::SymbolicSupernodalCholesky<u32>,
    /// The supernode of every place.
    pub of: Vec<u32>,
}

impl Supernodes {
    /// # Errors
    /// `Numerical` where there is not enough memory, or the pattern is too large.
    pub fn new(upper: &SparsityPattern) -> Result<Self> {
        let n = upper.ptr.len() - 1;
        let (mut tree, mut counts) = (vec![0i32; n], vec![0u32; n]);
        let size = StackReq::or(
            simplicial::prefactorize_symbolic_cholesky_scratch::<u32>(n, upper.rows.len()),
            supernodal::factorize_supernodal_symbolic_cholesky_scratch::<u32>(n),
        );
        let mut memory = memory(size)?;
        let stack = MemStack::new(&mut memory);
        let tree = simplicial::prefactorize_symbolic_cholesky(&mut tree, &mut counts, upper.view(), stack);
        let params = SymbolicSupernodalParams::default();
        let cholesky = supernodal::factorize_supernodal_symbolic_cholesky(upper.view(), tree, &counts, stack, params)
            .map_err(|e| Error::Numerical(format!("a sparse Cholesky factor cannot be laid out: {e:?}")))?;
        let ends = cholesky.supernode_begin().iter().zip(cholesky.supernode_end()).enumerate();
        let of = ends.flat_map(|(s, (begin, end))| std::iter::repeat_n(s as u32, (end - begin) as usize)).collect();
        Ok(Self { cholesky, of })
    }

    /// L of S (lower triangle).
    ///
    /// # Errors
    /// `Numerical` where S is not positive definite.
    pub fn factor(&self, l: &mut [f64], s: SparseColMatRef<'_, u32, f64>, par: Par) -> Result<()> {
        let none = Default::default();
        let size = supernodal::factorize_supernodal_numeric_llt_scratch::<u32, f64>(&self.cholesky, par, none);
        let mut memory = MemBuffer::new(size);
        let stack = MemStack::new(&mut memory);
        let (regularization, cholesky) = (Default::default(), &self.cholesky);
        supernodal::factorize_supernodal_numeric_llt(l, s, regularization, cholesky, par, stack, none)
            .map(|_| ())
            .map_err(|_| {
                Error::Numerical("the Schur complement of the crossed random effects is not positive definite".into())
            })
    }

    /// log|S|.
    pub fn logdet(&self, l: &[f64]) -> f64 {
        let of = |s: usize| {
            let (columns, below) = self.supernode(s);
            dense::logdet(&l[self.block(s)], columns.len() + below.len(), columns.len())
        };
        (0..self.n()).map(of).fold(0.0, |sum, v| sum + v)
    }

    /// L^-T x in place.
    pub fn solve_transposed(&self, l: &[f64], x: &mut [f64]) {
        for s in (0..self.n()).rev() {
            let ((columns, below), block) = (self.supernode(s), &l[self.block(s)]);
            let (first, k) = (columns.start, columns.len());
            let stride = k + below.len();
            for j in (0..k).rev() {
                let own = &block[j * stride..(j + 1) * stride];
                let within: f64 = (j + 1..k).map(|i| own[i] * x[first + i]).sum();
                let further: f64 = own[k..].iter().zip(below).map(|(l, &row)| l * x[row as usize]).sum();
                x[first + j] = (x[first + j] - within - further) / own[j];
            }
        }
    }

    pub fn n(&self) -> usize {
        self.cholesky.n_supernodes()
    }

    /// Numbers of L.
    pub fn n_values(&self) -> usize {
        self.cholesky.len_val()
    }

    pub fn n_rows(&self) -> usize {
        self.cholesky.row_idx().len()
    }

    /// Places of a supernode's columns, and its rows below them.
    pub fn supernode(&self, s: usize) -> (Range<usize>, &[u32]) {
        let columns = self.cholesky.supernode_begin()[s] as usize..self.cholesky.supernode_end()[s] as usize;
        (columns, self.cholesky.supernode(s).pattern())
    }

    /// Where the block of a supernode lies in L.
    pub fn block(&self, s: usize) -> Range<usize> {
        let ptr = self.cholesky.col_ptr_for_val();
        ptr[s] as usize..ptr[s + 1] as usize
    }

    /// The supernode that holds the first row of another below its columns.
    pub fn parent(&self, s: usize) -> Option<usize> {
        self.supernode(s).1.first().map(|&row| self.of[row as usize] as usize)
    }

    /// Scratch of the inverse for one supernode at most: Z_RR, Y and the inverse of L_JJ.
    pub fn largest_above(&self) -> usize {
        let size = |s: usize| {
            let (columns, below) = self.supernode(s);
            below.len() * below.len() + columns.len() * (columns.len() + below.len())
        };
        (0..self.n()).map(size).max().unwrap_or(0)
    }

    /// The supernode of the first of some ascending rows, how many of them are among its columns, and where all of them
    /// are in its block.
    pub fn locate(&self, rows: &[u32], at: &mut Vec<u32>) -> (usize, usize) {
        let t = self.of[rows[0] as usize] as usize;
        let (columns, below) = self.supernode(t);
        let own = rows.iter().take_while(|&&row| (row as usize) < columns.end).count();
        at.clear();
        at.extend(rows[..own].iter().map(|row| row - columns.start as u32));
        let mut from = 0;
        for &row in &rows[own..] {
            // mostly the next one, or close by
            let mut step = 1;
            while from + step < below.len() && below[from + step] <= row {
                from += step;
                step *= 2;
            }
            let end = (from + step).min(below.len());
            from += below[from..end].partition_point(|&b| b < row);
            debug_assert_eq!(below[from], row);
            at.push((columns.len() + from) as u32);
        }
        (t, own)
    }
}
