//! A generalized model of the rows of its parts' designs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::model::{Approximation, Glmm, PartCoefficients, PartName, constant};
use super::prior::{NormalPrior, Penalty};
use super::start::without_random_effects;
use super::unit::Unit;
use crate::covariance::{RandomBasis, TermSpec, ThetaMap};
use crate::crossproduct::{CrossProducts, Reweighting, accumulate};
use crate::design::Rows;
use crate::family::{Family, FamilySpec, Observation, Predictor};
use crate::ids::FactorId;
use crate::linalg::memory;
use crate::penalized_ls::{SymbolicFactor, TrailingKind};
use crate::rows::{BlockRows, FixedBasis, PartColumns, PartRows, PartedRows, StoredRows};
use crate::{Error, Result};

/// A trailing block of more rows than this is not factored densely.
const LARGEST_DENSE: usize = 30_000;

/// Sizes of a response whose squares, and those of its reciprocals, are numbers.
const SIZES: std::ops::RangeInclusive<f64> = 1e-150..=1e150;

/// The design of a part.
pub struct PartSource<'a> {
    pub predictor: Predictor,
    pub rows: &'a Rows,
}

/// The responses of all rows; weights are empty for weights of one.
pub struct Responses {
    pub name: String,
    pub observations: Vec<Observation>,
    pub weights: Vec<f64>,
    /// Whether they are fitted in a unit of their own.
    pub in_unit: bool,
}

/// The model of the responses of all rows; every design has the same rows, and a part without one an intercept alone.
///
/// # Errors
/// `Data` for responses outside the family's support; `Design` for what cannot be fitted; those of reading; `Interrupted`.
pub fn glmm(
    spec: &FamilySpec,
    sources: &[PartSource],
    responses: Responses,
    prior: &[NormalPrior],
    stop: &AtomicBool,
) -> Result<Glmm> {
    let family = spec.family()?;
    let observations = &responses.observations;
    check_support(&family, &responses.name, &spec.name, observations)?;
    if spec.name == "betabinomial" && observations.iter().all(|o| o.trials <= 1.0) {
        return Err(Error::Design(format!(
            "the response {:?} has one trial in every row, which has no more variance than a coin: family 'betabinomial' needs \
             rows of several trials, and family 'binomial' is for these",
            responses.name
        )));
    }
    let predictors = family.predictors();
    let n = observations.len();
    let mut collected = Collected { n, ..Collected::default() };
    for (index, &predictor) in predictors.iter().enumerate() {
        let source = sources.iter().find(|s| s.predictor == predictor).map(|s| s.rows);
        collected.add_part(index, predictor, source, spec, observations)?;
    }
    let unit = if responses.in_unit { Unit::of(spec, observations) } else { Unit::default() };
    unit.apply(&mut collected, &predictors);
    let responses = Responses { observations: unit.responses(responses.observations), ..responses };
    collected.finish(spec, unit, responses, prior, stop)
}

/// # Errors
/// `Data` for responses outside the support of a family.
pub fn check_support(family: &Family, response: &str, name: &str, observations: &[Observation]) -> Result<()> {
    let mut wrong: Vec<(usize, &'static str)> =
        observations.iter().enumerate().filter_map(|(i, &o)| family.outside(o).map(|why| (i, why))).collect();
    let Some(&(first, why)) = wrong.first() else { return check_size(response, observations) };
    wrong.retain(|(_, other)| *other == why);
    let rows: Vec<String> = wrong.iter().take(5).map(|(i, _)| i.to_string()).collect();
    Err(Error::Data(format!(
        "the response {response:?} {why} in {} of {} rows used (counted from 0: {}{}), as {} in row {first}; family {name:?} \
         has none such",
        wrong.len(),
        observations.len(),
        rows.join(", "),
        if wrong.len() > 5 { ", ..." } else { "" },
        observations[first].y,
    )))
}

/// # Errors
/// `Data` for responses whose squares, which variances are in, are no numbers.
fn check_size(response: &str, observations: &[Observation]) -> Result<()> {
    let largest = observations.iter().map(|o| o.y.abs()).fold(0.0, f64::max);
    if largest == 0.0 || SIZES.contains(&largest) {
        return Ok(());
    }
    Err(Error::Data(format!(
        "the response {response:?} is of the size of {largest:e}, whose square is no number: divide it by its spread"
    )))
}

/// The parts of a model, collected one after the other.
#[derive(Default)]
pub struct Collected {
    pub n: usize,
    pub parts: Vec<PartRows>,
    pub names: Vec<PartCoefficients>,
    pub transforms: Vec<Block>,
    pub n_coefficients: usize,
    pub n_user: usize,
    /// What coefficients of the mean's rows (place, value) give to an intercept that thresholds stand for.
    pub intercept: Vec<(usize, f64)>,
    blocks: Vec<(String, BlockRows)>,
    pub terms: Vec<TermSpec>,
    pub bases: Vec<RandomBasis>,
    random_parts: Vec<usize>,
}

/// Entries (user's row, column, value) of the map to the user's coefficients.
pub type Block = Vec<(usize, usize, f64)>;

impl Collected {
    fn add_part(
        &mut self,
        index: usize,
        predictor: Predictor,
        source: Option<&Rows>,
        spec: &FamilySpec,
        observations: &[Observation],
    ) -> Result<()> {
        match predictor {
            Predictor::Upper => self.add_thresholds(source, spec, observations)?,
            Predictor::Lower => {} // comes with those above
            Predictor::Scale => self.add_scale(index, source)?,
            _ => match source {
                Some(rows) => self.add_design(index, predictor, rows, spec.name == "cumulative")?,
                None => self.add_intercept(predictor),
            },
        }
        Ok(())
    }

    fn add_intercept(&mut self, predictor: Predictor) {
        let columns = PartColumns::Dense(vec![1.0; self.n]);
        self.parts.push(PartRows { first: self.n_coefficients, p: 1, columns, offset: Vec::new() });
        self.transforms.push(vec![(self.n_user, self.n_coefficients, 1.0)]);
        self.names.push(self.named(name_of(predictor), vec![0], 1, 0..0));
        self.n_coefficients += 1;
        self.n_user += 1;
    }

    pub fn named(
        &self,
        name: PartName,
        kept: Vec<usize>,
        n_columns: usize,
        terms: std::ops::Range<usize>,
    ) -> PartCoefficients {
        PartCoefficients { name, kept, n_columns, first: self.n_user, terms }
    }

    /// A design's sums, its rows, and their basis about zero.
    pub fn read(&self, source: &Rows) -> Result<(CrossProducts, StoredRows, FixedBasis)> {
        if source.n_rows() != self.n {
            return Err(Error::Design("the parts of the model have different rows".into()));
        }
        let (_, a) = accumulate(source)?;
        let stored = StoredRows::read(source, &a.working_basis(source)?)?;
        let basis = FixedBasis { origin: vec![0.0; a.fixed.origin.len()], ..a.fixed.clone() };
        Ok((a, stored, basis))
    }

    fn add_design(&mut self, index: usize, predictor: Predictor, source: &Rows, without_intercept: bool) -> Result<()> {
        let (a, stored, basis) = self.read(source)?;
        let drops = without_intercept && basis.kept.first() == Some(&0) && source.fixed().has_intercept;
        self.add_columns(&basis, &stored, drops, source.offset().unwrap_or_default())?;
        let first_term = self.terms.len();
        self.add_terms(index, source, &stored, &a)?;
        let kept = basis.kept[usize::from(drops)..].to_vec();
        let n = kept.len();
        self.names.push(self.named(name_of(predictor), kept, basis.n_columns, first_term..self.terms.len()));
        self.n_user += n;
        Ok(())
    }

    /// The dense columns of a part, without the first where thresholds stand for it.
    fn add_columns(&mut self, basis: &FixedBasis, stored: &StoredRows, drops: bool, offset: Vec<f64>) -> Result<()> {
        let (skip, p) = (usize::from(drops), basis.kept.len());
        let own = p - skip;
        let mut x = memory::room(self.n, own).ok_or_else(|| Error::no_memory("the columns of X", self.n, own))?;
        (0..self.n).for_each(|i| x.extend_from_slice(&stored.x(i)[skip..]));
        let mut entries = Block::new();
        for j in skip..p {
            for i in 0..p {
                let value = basis.transform[j * p + i];
                let coefficient = self.n_coefficients + j - skip;
                match i.checked_sub(skip) {
                    _ if value == 0.0 => {}
                    Some(i) => entries.push((self.n_user + i, coefficient, value)),
                    None => self.intercept.push((coefficient, value)),
                }
            }
        }
        self.transforms.push(entries);
        self.parts.push(PartRows { first: self.n_coefficients, p: own, columns: PartColumns::Dense(x), offset });
        self.n_coefficients += own;
        Ok(())
    }

    /// Random terms; a grouping factor that an earlier part has is the same.
    pub fn add_terms(&mut self, part: usize, source: &Rows, stored: &StoredRows, a: &CrossProducts) -> Result<()> {
        if source.random.is_empty() {
            return Ok(());
        }
        let place: Vec<usize> =
            source.factors.iter().map(|f| self.block_of(&f.name, f.codes(), f.n_levels())).collect();
        for (k, block) in a.factors.iter().enumerate() {
            let (z, _) = &stored.block.z[k];
            self.blocks[place[block.factor.0]].1.append(z, block.width, part, self.n)?;
        }
        // terms of a factor side by side, in their order
        for layout in &source.random {
            let spec = layout.spec();
            self.terms.push(TermSpec { factor: FactorId(place[layout.factor.0]), ..spec });
        }
        self.bases.extend(a.random.iter().cloned());
        self.random_parts.push(part);
        Ok(())
    }

    fn block_of(&mut self, name: &str, codes: &[u32], n_levels: usize) -> usize {
        let same =
            |(own, block): &(String, BlockRows)| own == name && block.n_levels == n_levels && block.codes == codes;
        self.blocks.iter().position(same).unwrap_or_else(|| {
            let block = BlockRows { n_levels, width: 0, z: Vec::new(), codes: codes.to_vec(), part: Vec::new() };
            self.blocks.push((name.to_owned(), block));
            self.blocks.len() - 1
        })
    }

    fn finish(
        mut self,
        spec: &FamilySpec,
        unit: Unit,
        responses: Responses,
        prior: &[NormalPrior],
        stop: &AtomicBool,
    ) -> Result<Glmm> {
        let Responses { name: response, observations, weights, .. } = responses;
        let mut order: Vec<usize> = (0..self.blocks.len()).collect();
        order.sort_by_key(|&k| std::cmp::Reverse(self.blocks[k].1.n_levels));
        let factors: Vec<FactorId> = order.iter().map(|&k| FactorId(k)).collect();
        let mut transform = vec![0.0; self.n_user * self.n_coefficients];
        self.transforms.iter().flatten().for_each(|&(i, j, v)| transform[j * self.n_user + i] += v);
        let rows = PartedRows {
            n: self.n,
            n_coefficients: self.n_coefficients,
            parts: self.parts,
            blocks: order.iter().map(|&k| std::mem::take(&mut self.blocks[k].1)).collect(),
            random_parts: self.random_parts,
        };
        let reweighting = Reweighting::new(&rows);
        let symbolic = exact(SymbolicFactor::new(&reweighting.unfilled(&rows, 0, &factors, &self.bases)), || {
            reweighting.unfilled(&rows, 0, &factors, &self.bases)
        })?;
        let family = spec.family()?;
        let penalty = Penalty::new(prior, &self.names[0], &transform, self.n_user);
        let p = self.n_coefficients;
        let mut chart = vec![0.0; p * p];
        (0..p).for_each(|j| chart[j * p + j] = 1.0);
        let mut model = Glmm {
            spec: spec.clone(),
            response,
            unit,
            constant: constant(&family, unit, &observations, &weights),
            family,
            rows: Arc::new(rows),
            observations: Arc::new(observations),
            weights: Arc::new(weights),
            reweighting: Arc::new(reweighting),
            theta_map: ThetaMap::new(&self.terms, &factors),
            factors,
            symbolic: Arc::new(symbolic),
            bases: self.bases,
            parts: self.names,
            transform,
            intercept: self.intercept,
            chart,
            initial: vec![0.0; p],
            approximation: Approximation::Laplace,
            penalty,
            covariance_prior: None,
            separation: None,
            integrated: None,
        };
        (model.initial, model.chart, model.separation) = without_random_effects(&model, stop)?;
        Ok(model)
    }
}

/// A trailing block that is factored exactly.
pub fn exact(symbolic: SymbolicFactor, a: impl Fn() -> CrossProducts) -> Result<SymbolicFactor> {
    if symbolic.kind() != TrailingKind::Iterative {
        return Ok(symbolic);
    }
    let n = symbolic.n_trailing;
    if n > LARGEST_DENSE {
        let gigabytes = 16.0 * (n as f64).powi(2) / f64::powi(2.0, 30);
        return Err(Error::Design(format!(
            "the crossed grouping factors leave {n} random effects that are factored together, which takes {gigabytes:.0} GiB; \
             generalized models have no iterative solution yet: use grouping factors with fewer levels"
        )));
    }
    Ok(symbolic.with_kind(TrailingKind::Dense, &a()))
}

fn name_of(predictor: Predictor) -> PartName {
    match predictor {
        Predictor::Conditional => PartName::Conditional,
        Predictor::Dispersion => PartName::Dispersion,
        Predictor::Zero => PartName::ZeroInflation,
        Predictor::Shape => PartName::Shape,
        Predictor::SecondShape => PartName::SecondShape,
        Predictor::Upper | Predictor::Lower => PartName::Thresholds,
        Predictor::Scale => PartName::Scale,
    }
}

impl BlockRows {
    /// Further columns to the right, n rows of `width`.
    fn append(&mut self, z: &[f64], width: usize, part: usize, n: usize) -> Result<()> {
        let both = self.width + width;
        let mut all = memory::room(n, both).ok_or_else(|| Error::no_memory("the columns of Z", n, both))?;
        for i in 0..n {
            all.extend_from_slice(&self.z[i * self.width..(i + 1) * self.width]);
            all.extend_from_slice(&z[i * width..(i + 1) * width]);
        }
        self.z = all;
        self.width = both;
        self.part.extend(std::iter::repeat_n(part, width));
        Ok(())
    }
}
