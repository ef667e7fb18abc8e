//! Whether the rows determine every parameter of R: what no pair of rows tells, and what the mean or the correlation can take
//! up until the likelihood has no maximum, is refused.

use rustc_hash::FxHashSet;

use super::correlation::{Correlation, CorrelationStructure, Correlations, PlaceKind, Places};
use super::groups::{GroupedRows, ResidualInput};
use super::patterns::{Pattern, Patterns};
use super::scale::{Scale, dependent_column};
use crate::linalg::dense::eigen;
use crate::rows::StoredRows;
use crate::{Error, Result};

/// Distances that are enough to tell the few parameters of a structure that goes by them.
const DISTANCES: usize = 50;
/// What is left of a response that the mean explains, in parts of it.
const EXPLAINED: f64 = 1e-11;
/// The same of sums of squares, which have lost half of the digits.
const EXPLAINED_SUMS: f64 = 1e-12;
/// What is left of a column that depends on those before, in parts of it.
const DEPENDENT: f64 = 1e-9;

/// # Errors
/// `Design` and `Numerical`, with the parameter, where the rows do not determine it.
pub fn check(
    input: &ResidualInput,
    grouped: &GroupedRows,
    patterns: &Patterns,
    scale: &Scale,
    rows: &StoredRows,
    restricted: bool,
) -> Result<()> {
    if let Some(correlation) = input.correlation {
        check_correlations(input, correlation, &grouped.layout, patterns)?;
        check_response(input, correlation, grouped, rows)?;
    }
    check_scale(input, scale, rows, restricted)
}

/// Every parameter of the correlations moves those of some pair of rows, and not as others do: at a point where nothing is
/// zero by chance, the slopes of the observed pairs have full rank.
fn check_correlations(
    input: &ResidualInput,
    correlation: Correlation,
    places: &Places,
    patterns: &Patterns,
) -> Result<()> {
    let structure = correlation.structure();
    let (x, k) = (structure.any_point(places), structure.n_parameters(places));
    let at = structure.at(&x, places);
    for level in 0..input.by_levels.len().max(1) {
        let of_level = (0..patterns.count()).map(|i| patterns.get(i)).filter(|p| p.by == level);
        let Some(j) = dependent_column(&observed_slopes(structure.as_ref(), &at, k, places, of_level)) else {
            continue;
        };
        let of = input.by_levels.get(level).map_or(String::new(), |level| format!(" of {level:?}"));
        let parameter = &structure.natural(&x, places)[j].name;
        return Err(Error::Design(format!(
            "residual={:?}: the rows do not tell {parameter}{of} from the other parameters: groups have rows at too few \
             different distances for it; take a structure with fewer parameters, such as ar1 or cs",
            input.label
        )));
    }
    Ok(())
}

/// By parameter, the slopes of the correlations of pairs of rows that some group has.
fn observed_slopes<'a>(
    structure: &dyn CorrelationStructure,
    at: &Correlations,
    k: usize,
    places: &Places,
    patterns: impl Iterator<Item = Pattern<'a>>,
) -> Vec<Vec<f64>> {
    let by_visit = structure.place() == PlaceKind::Visit;
    let enough = if by_visit { places.n() * places.n().saturating_sub(1) / 2 } else { DISTANCES * k };
    let (mut seen, mut slopes, mut own) = (FxHashSet::default(), vec![Vec::new(); k], vec![0.0; k]);
    for pattern in patterns {
        for b in 1..pattern.n {
            for a in 0..b {
                if seen.len() >= enough {
                    return slopes;
                }
                let (from, to) = (pattern.places[a], pattern.places[b]);
                let key = if by_visit { (from.to_bits(), to.to_bits()) } else { (0, (to - from).to_bits()) };
                if seen.insert(key) {
                    at.pair(to, from, &mut own);
                    slopes.iter_mut().zip(&own).for_each(|(all, own)| all.push(*own));
                }
            }
        }
    }
    slopes
}

/// Responses that are constant within groups, up to the mean: rows with correlation one explain them, and the likelihood has
/// no maximum.
fn check_response(
    input: &ResidualInput,
    correlation: Correlation,
    grouped: &GroupedRows,
    rows: &StoredRows,
) -> Result<()> {
    let reaches_one = !matches!(correlation, Correlation::Arma { p: 0, .. });
    let row = |place: usize| grouped.order[place] as usize;
    let mut pairs = Vec::with_capacity(rows.n);
    for group in &grouped.groups {
        pairs.extend((group.first + 1..group.first + group.n).map(|place| (row(group.first), row(place))));
    }
    let difference = |k: usize| -> Vec<f64> {
        let (a, b) = pairs[k];
        rows.xy(b).iter().zip(rows.xy(a)).map(|(b, a)| b - a).collect()
    };
    let same_effects = |&(a, b): &(usize, usize)| {
        (0..rows.block.z.len()).all(|f| rows.levels(f)[a] == rows.levels(f)[b] && rows.z(f, a) == rows.z(f, b))
    };
    if !reaches_one || explained(pairs.len(), rows.p, difference).is_none() || !pairs.iter().all(same_effects) {
        return Ok(());
    }
    Err(Error::Numerical(format!(
        "residual={:?}: the response is the same in all rows of a group, but for what the fixed effects explain, so that the \
         correlation goes to one and the likelihood has no maximum; fit one row of every group",
        input.label
    )))
}

/// Rows with a standard deviation of their own must have residuals.
fn check_scale(input: &ResidualInput, scale: &Scale, rows: &StoredRows, restricted: bool) -> Result<()> {
    for (own, name) in scale.rows_with_own() {
        let told = Told {
            n: own.len(),
            explained: explained(own.len(), rows.p, |k| rows.xy(own[k]).to_vec()),
            alone: are_told_alone(&own, rows),
        };
        told.check(input, &name, restricted)?;
    }
    Ok(())
}

/// The same of strata, from [X y]'[X y] of each ((p + 1) x (p + 1), column-major) and its rows.
///
/// # Errors
/// `Design` and `Numerical` where strata do not determine the standard deviation that they alone have.
pub fn check_strata(
    input: &ResidualInput,
    scale: &Scale,
    strata: &[(&[f64], usize)],
    p: usize,
    restricted: bool,
) -> Result<()> {
    let sum = |of: &[usize]| -> Vec<f64> {
        let mut sum = vec![0.0; (p + 1) * (p + 1)];
        of.iter().for_each(|&s| sum.iter_mut().zip(strata[s].0).for_each(|(sum, v)| *sum += v));
        sum
    };
    for (own, name) in scale.rows_with_own() {
        let n = own.iter().map(|&s| strata[s].1).sum();
        let others: Vec<usize> = (0..strata.len()).filter(|s| own.binary_search(s).is_err()).collect();
        let (rank, share) = explained_share(&sum(&own), p);
        let alone = n <= p && explained_share(&sum(&others), p).0 + n == p;
        Told { n, explained: (share > 1.0 - EXPLAINED_SUMS).then_some(rank), alone }.check(input, &name, restricted)?;
    }
    Ok(())
}

/// The rank of X'X in [X y]'[X y], and the part of y'y that X explains.
fn explained_share(sums: &[f64], p: usize) -> (usize, f64) {
    let entry = |i: usize, j: usize| sums[i.min(j) * (p + 1) + i.max(j)];
    let size = |j: usize| entry(j, j).sqrt();
    let scaled = |i: usize, j: usize| if size(i) * size(j) > 0.0 { entry(i, j) / (size(i) * size(j)) } else { 0.0 };
    let (values, vectors) = eigen(&(0..p * p).map(|e| scaled(e % p, e / p)).collect::<Vec<_>>(), p);
    let kept: Vec<usize> = (0..p).filter(|&k| values[k] > DEPENDENT).collect();
    let along = |k: usize| (0..p).map(|i| vectors[k * p + i] * scaled(i, p)).sum::<f64>();
    let share = if size(p) > 0.0 { kept.iter().map(|&k| along(k).powi(2) / values[k]).sum() } else { 1.0 };
    (kept.len(), share)
}

/// What rows say of a standard deviation that they alone have.
struct Told {
    n: usize,
    /// The rank of their X, where it explains their responses without residuals.
    explained: Option<usize>,
    /// As many coefficients as there are rows are told by these alone, which have no residuals whatever the responses are.
    alone: bool,
}

impl Told {
    /// Where the standard deviation s goes to zero, n log s² of the criterion falls without end, which REML's log|X'V⁻¹X|
    /// makes up for in as many directions as X has there; where that is all, s does not matter.
    fn check(&self, input: &ResidualInput, name: &str, restricted: bool) -> Result<()> {
        let has_no_end = self.explained.is_some_and(|rank| !restricted || self.n > rank);
        if !has_no_end && !self.alone {
            return Ok(());
        }
        let label = if input.label.is_empty() { "dispersion".into() } else { format!("residual={:?}", input.label) };
        let (n, s) = (self.n, if self.n == 1 { "" } else { "s" });
        let message = format!(
            "{label}: the fixed effects explain the {n} response{s} at {name} without residuals, so that the standard \
             deviation there cannot be estimated; leave these rows out, or give them the standard deviation of others"
        );
        let is_design = self.alone || self.explained.is_some_and(|rank| n == rank);
        Err(if is_design { Error::Design(message) } else { Error::Numerical(message) })
    }
}

/// Whether X has as many coefficients that only these rows tell as there are rows, so that they have no residuals.
fn are_told_alone(own: &[usize], rows: &StoredRows) -> bool {
    if own.len() > rows.p {
        return false;
    }
    let others: Vec<usize> = (0..rows.n).filter(|i| own.binary_search(i).is_err()).collect();
    let column = |j: usize| others.iter().map(|&i| rows.x(i)[j]).collect::<Vec<f64>>();
    orthonormal(&(0..rows.p).map(column).collect::<Vec<_>>()).len() + own.len() == rows.p
}

/// The rank of the first p numbers of n rows, where the last is a combination of them; a few rows show it where it is not.
fn explained(n: usize, p: usize, row: impl Fn(usize) -> Vec<f64>) -> Option<usize> {
    let mut tried = (p + 5).min(n);
    loop {
        let rows: Vec<Vec<f64>> = (0..tried).map(&row).collect();
        let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<f64>>();
        let (basis, y) = (orthonormal(&(0..p).map(column).collect::<Vec<_>>()), column(p));
        let whole = norm(&y);
        if norm(&remainder(&basis, y)) > EXPLAINED * whole {
            return None;
        }
        if tried == n {
            return Some(basis.len());
        }
        tried = (4 * tried).min(n);
    }
}

/// An orthonormal basis of what the vectors span.
fn orthonormal(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for vector in vectors {
        let (whole, mut left) = (norm(vector), remainder(&basis, vector.clone()));
        let length = norm(&left);
        if length > DEPENDENT * whole {
            left.iter_mut().for_each(|v| *v /= length);
            basis.push(left);
        }
    }
    basis
}

/// What is left of a vector outside of an orthonormal basis; taken twice, for rounding.
fn remainder(basis: &[Vec<f64>], mut vector: Vec<f64>) -> Vec<f64> {
    for own in basis.iter().chain(basis) {
        let along: f64 = own.iter().zip(&vector).map(|(a, b)| a * b).sum();
        vector.iter_mut().zip(own).for_each(|(v, own)| *v -= along * own);
    }
    vector
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}
