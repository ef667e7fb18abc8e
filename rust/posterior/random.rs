//! Random streams, each of one purpose: no two share numbers.

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::fit::simulate;

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Points around a start without density.
    Start,
    /// A round of direct draws.
    Round(usize),
    /// Draws of equal weight from weighted ones.
    Resampling,
    Chain(usize),
    /// Coefficients and random effects of a draw.
    Draw(usize),
    /// Residuals of a draw.
    Residuals(usize),
}

/// Between the seeds of purposes.
const APART: u64 = 0xD134_2543_DE82_EF95;

pub fn stream(seed: u64, purpose: Purpose) -> Xoshiro256PlusPlus {
    let (kind, k) = match purpose {
        Purpose::Start => (0u64, 0),
        Purpose::Round(k) => (1, k),
        Purpose::Resampling => (2, 0),
        Purpose::Chain(k) => (3, k),
        Purpose::Draw(k) => (4, k),
        Purpose::Residuals(k) => (5, k),
    };
    simulate::stream(seed.wrapping_add(APART.wrapping_mul(kind)), k)
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::*;

    #[test]
    fn streams_of_different_purposes_differ() {
        let purposes =
            [0, 1, 2].map(|k| [Purpose::Round(k), Purpose::Chain(k), Purpose::Draw(k), Purpose::Residuals(k)]).concat();
        let all: Vec<u64> =
            purposes.into_iter().chain([Purpose::Start, Purpose::Resampling]).map(|p| stream(7, p).random()).collect();
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
