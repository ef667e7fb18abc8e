//! Resampling the levels of crossed grouping factors: each factor's levels with replacement, independently, and the
//! rows where drawn levels meet (the pigeonhole bootstrap: Owen 2007, Ann. Appl. Stat. 1, 386-411; Owen and Eckles
//! 2012, Ann. Appl. Stat. 6, 895-927).  A level that is drawn twice is two levels.

use super::cases::owners;
use crate::crossproduct::CrossProducts;
use crate::model::generalized::DrawnRows;
use crate::{Error, Result};

pub struct Arrays<'a> {
    /// Per block the level of every row.
    levels: Vec<&'a [u32]>,
    /// Blocks whose levels are drawn.
    drawn: Vec<usize>,
    /// Per block and drawn block the drawn level that each level lies in; None where they cross.
    owners: Vec<Vec<Option<Vec<usize>>>>,
}

impl<'a> Arrays<'a> {
    /// Draws the levels of some blocks, in one of which every other block must be nested.
    ///
    /// # Errors
    /// `Design` where one is not.
    pub fn new(a: &CrossProducts, levels: Vec<&'a [u32]>, drawn: Vec<usize>) -> Result<Self> {
        let of = |g: usize| drawn.iter().map(|&d| owners(a, g, d)).collect::<Vec<Option<Vec<usize>>>>();
        let owners: Vec<Vec<Option<Vec<usize>>>> = (0..a.factors.len()).map(of).collect();
        if owners.iter().any(|of| of.iter().all(Option::is_none)) {
            return Err(Error::Design(
                "the levels of a grouping factor that crosses all of those drawn would stay as they are, which \
                 understates what is uncertain; draw the levels of all factors that cross"
                    .into(),
            ));
        }
        Ok(Self { levels, drawn, owners })
    }

    /// The rows where the levels drawn meet; `draws` has the levels of each drawn block.
    pub fn rows(&self, a: &CrossProducts, draws: &[Vec<usize>]) -> DrawnRows {
        let counts: Vec<Vec<usize>> = self.drawn.iter().zip(draws).map(|(&d, draws)| counts(draws, a, d)).collect();
        let firsts: Vec<Vec<usize>> = (0..a.factors.len()).map(|g| self.first_copies(a, g, &counts)).collect();
        let (mut drawn, mut codes) = (Vec::new(), vec![Vec::new(); a.factors.len()]);
        let mut copy = vec![0; self.drawn.len()];
        for row in 0..a.n_obs {
            let level = |block: usize| self.levels[block][row] as usize;
            let times: Vec<usize> = self.drawn.iter().zip(&counts).map(|(&d, counts)| counts[level(d)]).collect();
            // all combinations of copies, the first fastest
            for mut combination in 0..times.iter().product::<usize>() {
                for (copy, times) in copy.iter_mut().zip(&times) {
                    (*copy, combination) = (combination % times, combination / times);
                }
                drawn.push(row);
                for (g, codes) in codes.iter_mut().enumerate() {
                    codes.push((firsts[g][level(g)] + self.copy_of(g, level(g), &copy, &counts)) as u32);
                }
            }
        }
        let n_levels = firsts.iter().map(|first| *first.last().expect("an end")).collect();
        DrawnRows { rows: drawn, codes, n_levels }
    }

    /// Where the copies of every level of a block begin, and how many there are in all.
    fn first_copies(&self, a: &CrossProducts, g: usize, counts: &[Vec<usize>]) -> Vec<usize> {
        let mut first = vec![0];
        for level in 0..a.factors[g].n_levels {
            let copies: usize =
                self.owners[g].iter().zip(counts).filter_map(|(o, c)| o.as_ref().map(|o| c[o[level]])).product();
            first.push(first[level] + copies);
        }
        first
    }

    /// Which copy of a level it is, given the copies of the drawn levels that the row lies in.
    fn copy_of(&self, g: usize, level: usize, copy: &[usize], counts: &[Vec<usize>]) -> usize {
        let parts = self.owners[g].iter().zip(copy).zip(counts);
        parts.filter_map(|((o, k), c)| o.as_ref().map(|o| (*k, c[o[level]]))).fold(0, |n, (k, count)| n * count + k)
    }
}

fn counts(draws: &[usize], a: &CrossProducts, block: usize) -> Vec<usize> {
    let mut counts = vec![0; a.factors[block].n_levels];
    draws.iter().for_each(|&level| counts[level] += 1);
    counts
}
