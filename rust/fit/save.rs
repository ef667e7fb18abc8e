//! A fit without its rows, as text and named arrays, and back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::boundary::NullSpace;
use super::result::Fit;
use super::verdict::Verdict;
use crate::Result;
use crate::covariance::{RandomBasis, TermCovariance, TermSpec};
use crate::crossproduct::{CrossProducts, FactorBlock, LinkPattern};
use crate::design::Encoding;
use crate::ids::FactorId;
use crate::model::build::exact;
use crate::model::linear::exact_kind;
use crate::model::{CovariancePrior, Criterion, Held, Lmm, Scale, Strata};
use crate::residual::{Residual, ResidualLayout, SavedShape};
use crate::rows::FixedBasis;
use crate::saved::{Arrays, MOST, Saved, damaged, is_choice, require, take, take_sized, whole};

#[derive(Serialize, Deserialize)]
struct Meta {
    reml: bool,
    n_obs: usize,
    sum_log_weights: f64,
    n_columns: usize,
    kept: Vec<usize>,
    fixed_logdet: f64,
    /// (grouping factor, levels, width).
    factors: Vec<(FactorId, usize, usize)>,
    terms: Vec<TermSpec>,
    /// σ², where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_variance: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held: Vec<Held>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covariance_prior: Option<CovariancePrior>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    residual: Option<ResidualLayout>,
    #[serde(flatten)]
    verdict: Verdict,
}

impl Fit {
    /// What `from_saved` turns back into this fit.
    pub fn saved(&self) -> Saved {
        let a = &self.model.a;
        let mut arrays = Arrays::new();
        let mut put = |name: String, values: Vec<f64>| {
            arrays.insert(name, values);
        };
        put("theta".into(), self.theta.clone());
        put("xx".into(), a.xx.clone());
        if self.model.scale == Scale::Parameter {
            put("variance".into(), vec![self.residual_variance()]);
        }
        if self.is_adapted {
            put("adapted/beta".into(), self.beta.clone());
            put("adapted/sigma".into(), vec![self.sigma]);
            put("adapted/vcov".into(), self.unscaled_vcov.clone());
        }
        if let Some(own) = &self.model.residual {
            put("residual/phi".into(), own.phi.clone());
        }
        put("fixed/transform".into(), a.fixed.transform.clone());
        put("fixed/origin".into(), a.fixed.origin.clone());
        for (k, basis) in a.random.iter().enumerate() {
            put(format!("random/{k}/transform"), basis.transform.clone());
        }
        for (i, factor) in a.factors.iter().enumerate() {
            put(format!("factor/{i}/zz"), factor.zz.clone());
            put(format!("factor/{i}/zx"), factor.zx.clone());
            for j in 0..i {
                let (link, values) = a.link(i, j);
                put(format!("link/{i}/{j}/ptr"), link.ptr.iter().map(|&v| v as f64).collect());
                put(format!("link/{i}/{j}/level"), link.level.iter().map(|&v| f64::from(v)).collect());
                put(format!("link/{i}/{j}/values"), values.to_vec());
            }
        }
        if let Some(own) = &self.model.residual {
            match &own.strata {
                Some(strata) => strata.write(&own.residual, &mut arrays),
                None => own.residual.write(&mut arrays),
            }
        }
        Saved::new(&self.meta(), arrays)
    }

    fn meta(&self) -> Meta {
        let (a, mut verdict) = (&self.model.a, self.verdict.clone());
        if !verdict.expected_decrease.is_finite() {
            verdict.expected_decrease = -1.0;
        }
        Meta {
            reml: self.model.criterion == Criterion::Reml,
            n_obs: a.n_obs,
            sum_log_weights: a.sum_log_weights,
            n_columns: a.fixed.n_columns,
            kept: a.fixed.kept.clone(),
            fixed_logdet: a.fixed.logdet,
            factors: a.factors.iter().map(|f| (f.factor, f.n_levels, f.width)).collect(),
            terms: self.model.theta_map.terms.iter().map(|term| self.spec(term)).collect(),
            known_variance: self.model.known_variance(),
            held: self.model.held.clone(),
            covariance_prior: self.model.covariance_prior,
            residual: self.model.residual.as_ref().map(|own| own.residual.layout.clone()),
            verdict,
        }
    }

    /// # Errors
    /// `Data` where this is no saved fit.
    pub fn from_saved(saved: Saved) -> Result<Self> {
        let (meta, mut arrays): (Meta, Arrays) = saved.open()?;
        check_sizes(&meta)?;
        let mut a = cross_products(&meta, &mut arrays)?;
        let criterion = if meta.reml { Criterion::Reml } else { Criterion::Ml };
        let strata = Strata::are_in(&arrays);
        let of_layout = |layout: &ResidualLayout| match strata {
            true => {
                let phi = take(&mut arrays, "residual/phi")?;
                Strata::read(layout.clone(), phi, &mut arrays, &a).map(|(residual, strata)| (residual, Some(strata)))
            }
            false => residual(&meta, layout, &mut arrays).map(|residual| (residual, None)),
        };
        let (residual, strata) = meta.residual.as_ref().map(of_layout).transpose()?.unzip();
        if let Some(own) = residual.as_ref().filter(|own| own.spreads.contains(&true)) {
            a.connect(&own.levels());
        }
        let scale = meta.known_variance.map_or(Scale::Profiled, Scale::Known);
        let model = Lmm::new(a, &meta.terms, criterion).with_scale(scale);
        let model = match residual {
            Some(residual) => match strata.flatten() {
                Some(strata) => exact(model)?.with_strata(residual, strata)?,
                None => exact(model)?.with_residual(residual)?,
            },
            None => model,
        };
        require(meta.held.iter().all(|one| model.has_held(one)), "what it holds is no parameter of it")?;
        let mut model = model.with_held(meta.held);
        model.covariance_prior = meta.covariance_prior;
        let theta = take_sized(&mut arrays, "theta", model.theta_map.n_parameters)?;
        // as the fit finished
        let model = exact_kind::finishing_kind(&model).map_or_else(|| model.clone(), |kind| model.with_trailing(kind));
        let mut work = model.workspace();
        let terms = model.evaluate(&theta, &mut work)?;
        let p = model.a.n_fixed();
        let variance = match model.scale {
            Scale::Parameter => Some(take_sized(&mut arrays, "variance", 1)?[0]),
            Scale::Profiled | Scale::Known(_) => None,
        };
        let fit = Self::at(model, theta, meta.verdict, (terms, variance), &work);
        if !arrays.contains_key("adapted/beta") {
            return Ok(fit);
        }
        let (beta, vcov) =
            (take_sized(&mut arrays, "adapted/beta", p)?, take_sized(&mut arrays, "adapted/vcov", p * p)?);
        let sigma = take_sized(&mut arrays, "adapted/sigma", 1)?[0];
        Ok(fit.with_parameters(&work, beta, sigma, vcov))
    }

    /// # Errors
    /// `Data` unless the encoding has the columns, the terms and the levels of this fit.
    pub fn check_encoding(&self, encoding: &Encoding) -> Result<()> {
        let (a, map) = (&self.model.a, &self.model.theta_map);
        let terms = encoding.random.iter().map(|term| term.layout.spec());
        let is_same = |f: &FactorBlock| {
            encoding.groups.get(f.factor.0).is_some_and(|group| group.n_levels(&encoding.categories) == f.n_levels)
        };
        let fits = a.fixed.n_columns == encoding.fixed.layout.columns.len()
            && a.factors.len() == encoding.groups.len()
            && a.factors.iter().all(is_same)
            && terms.eq(map.terms.iter().map(|term| self.spec(term)));
        require(fits, "its encoding is not that of its numbers")
    }

    fn spec(&self, term: &TermCovariance) -> TermSpec {
        term.spec(self.model.a.factors[term.block].factor)
    }
}

fn residual(meta: &Meta, layout: &ResidualLayout, arrays: &mut Arrays) -> Result<Residual> {
    let phi = take(arrays, "residual/phi")?;
    let shape = SavedShape { p: meta.kept.len(), factors: meta.factors.iter().map(|f| (f.1, f.2)).collect() };
    Residual::read(layout.clone(), phi, arrays, meta.n_obs, &shape)
}

fn check_sizes(meta: &Meta) -> Result<()> {
    let p = meta.kept.len();
    let ordered = meta.factors.windows(2).all(|w| w[0].1 >= w[1].1);
    let widths_agree = meta.factors.iter().all(|&(f, levels, width)| {
        levels > 0
            && width > 0
            && meta.terms.iter().filter(|t| t.factor == f).map(|t| t.shape.r).sum::<usize>() == width
    });
    let known = meta.terms.iter().all(|t| meta.factors.iter().any(|f| f.0 == t.factor));
    let distinct = meta.factors.iter().enumerate().all(|(i, f)| meta.factors[..i].iter().all(|g| g.0 != f.0));
    let kept = is_choice(&meta.kept, meta.n_columns) && p < meta.n_obs;
    let describes = |space: &NullSpace| {
        let width = meta.terms.get(space.term).map(|t| t.shape.r);
        width.is_some_and(|r| space.rank <= r && space.directions.iter().all(|d| d.len() == r))
    };
    let Verdict { boundary, independent, flat, .. } = &meta.verdict;
    let mut named = flat.terms.iter().chain(&flat.redundant).chain(independent);
    let verdicts = boundary.iter().all(describes) && named.all(|&t| t < meta.terms.len());
    let positive = meta.known_variance.is_none_or(|variance| variance > 0.0 && variance.is_finite());
    if ordered
        && positive
        && widths_agree
        && known
        && distinct
        && kept
        && verdicts
        && (!meta.terms.is_empty() || meta.residual.is_some())
    {
        Ok(())
    } else {
        Err(damaged("its sizes contradict each other"))
    }
}

fn cross_products(meta: &Meta, arrays: &mut Arrays) -> Result<CrossProducts> {
    let p = meta.kept.len();
    let mut factors = Vec::new();
    let (mut patterns, mut links) = (Vec::new(), Vec::new());
    for (i, &(factor, n_levels, width)) in meta.factors.iter().enumerate() {
        let q = size(&[n_levels, width])?;
        let zz = take_sized(arrays, &format!("factor/{i}/zz"), size(&[q, width])?)?;
        let zx = take_sized(arrays, &format!("factor/{i}/zx"), size(&[q, p + 1])?)?;
        factors.push(FactorBlock { factor, n_levels, width, zz, zx });
        let own: Vec<(LinkPattern, Vec<f64>)> = (0..i).map(|j| link(meta, arrays, i, j)).collect::<Result<_>>()?;
        let (pattern, values): (Vec<_>, Vec<_>) = own.into_iter().unzip();
        patterns.push(pattern);
        links.push(values);
    }
    let random = meta
        .terms
        .iter()
        .enumerate()
        .map(|(k, TermSpec { shape, .. })| {
            let width = shape.r;
            let transform = take_sized(arrays, &format!("random/{k}/transform"), size(&[width, width])?)?;
            Ok(RandomBasis { width, transform })
        })
        .collect::<Result<_>>()?;
    Ok(CrossProducts {
        n_obs: meta.n_obs,
        sum_log_weights: meta.sum_log_weights,
        xx: take_sized(arrays, "xx", (p + 1) * (p + 1))?,
        fixed: FixedBasis {
            kept: meta.kept.clone(),
            n_columns: meta.n_columns,
            transform: take_sized(arrays, "fixed/transform", p * p)?,
            origin: take_sized(arrays, "fixed/origin", p)?,
            logdet: meta.fixed_logdet,
        },
        factors,
        patterns: Arc::new(patterns),
        links,
        random,
    })
}

fn link(meta: &Meta, arrays: &mut Arrays, i: usize, j: usize) -> Result<(LinkPattern, Vec<f64>)> {
    let ((_, to, ri), (_, from, rj)) = (meta.factors[i], meta.factors[j]);
    let rows = from.checked_add(1).ok_or_else(|| damaged("a size overflows"))?;
    let ptr = whole(&take_sized(arrays, &format!("link/{i}/{j}/ptr"), rows)?, MOST)?;
    let ptr: Vec<usize> = ptr.into_iter().map(|v| v as usize).collect();
    let entries = *ptr.last().expect("at least one");
    let level = whole(&take_sized(arrays, &format!("link/{i}/{j}/level"), entries)?, f64::from(u32::MAX))?;
    let level: Vec<u32> = level.into_iter().map(|v| v as u32).collect();
    let rises = ptr[0] == 0 && ptr.windows(2).all(|w| w[0] <= w[1]);
    let ascend = rises && ptr.windows(2).all(|w| level[w[0]..w[1]].windows(2).all(|l| l[0] < l[1]));
    if !ascend || level.iter().any(|&l| l as usize >= to) {
        return Err(damaged("levels out of order"));
    }
    let values = take_sized(arrays, &format!("link/{i}/{j}/values"), size(&[entries, ri, rj])?)?;
    Ok((LinkPattern { ptr, level }, values))
}

fn size(parts: &[usize]) -> Result<usize> {
    parts.iter().try_fold(1usize, |p, &n| p.checked_mul(n)).ok_or_else(|| damaged("a size overflows"))
}
