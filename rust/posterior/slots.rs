//! The parameters that have priors of their own, by name and kind.

use crate::covariance::{Reported, TermCovariance};
use crate::model::parameters::TermNames;
use crate::model::{Lmm, Parameters};

/// What a prior is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    Sd,
    /// All correlations of a term.
    CorrelationMatrix,
    /// One correlation between two ends.
    Correlation,
    /// A range or rate.
    Distance,
    /// A coefficient of the logarithm of the residual standard deviation.
    LogSd,
    Sigma,
}

impl SlotKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sd => "sd",
            Self::CorrelationMatrix => "correlation_matrix",
            Self::Correlation => "correlation",
            Self::Distance => "distance",
            Self::LogSd => "log_sd",
            Self::Sigma => "sigma",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub name: String,
    pub kind: SlotKind,
    /// The random term, and its column for a standard deviation.
    pub term: Option<(usize, usize)>,
}

/// Whether a term's covariance is any: standard deviations and a correlation matrix.
pub fn is_unstructured(term: &TermCovariance) -> bool {
    term.structure.is_unrestricted() && term.width > 1
}

/// Those of random terms, in the order of ψ.
pub fn of_terms(parameters: Parameters, names: &[TermNames]) -> Vec<Slot> {
    let terms = parameters.theta.terms.iter().zip(names).enumerate();
    terms.flat_map(|(t, (term, (group, columns)))| of_term(t, term, group, columns)).collect()
}

fn of_term(t: usize, term: &TermCovariance, group: &str, columns: &[String]) -> Vec<Slot> {
    let slot = |reported: &Reported| Slot {
        name: reported.name(columns, group),
        kind: match reported {
            _ if reported.is_sd() => SlotKind::Sd,
            _ if reported.is_of_distance() => SlotKind::Distance,
            _ => SlotKind::Correlation,
        },
        term: Some((t, reported.place().0)),
    };
    if !is_unstructured(term) {
        return term.reported().iter().map(slot).collect();
    }
    let sds = (0..term.width).map(|k| slot(&Reported::Sd(k)));
    let matrix = Slot { name: format!("cor({group})"), kind: SlotKind::CorrelationMatrix, term: Some((t, 0)) };
    sds.chain([matrix]).collect()
}

/// Those of the residuals, and σ where it is estimated.
pub fn of_residuals(model: &Lmm) -> Vec<Slot> {
    let plain = |name: String, kind: SlotKind| Slot { name, kind, term: None };
    let mut all = Vec::new();
    if let Some(own) = &model.residual {
        let layout = &own.residual.layout;
        let correlation = |natural: crate::residual::Natural| {
            let is_distance = natural.bounds == (0.0, f64::INFINITY);
            plain(natural.name, if is_distance { SlotKind::Distance } else { SlotKind::Correlation })
        };
        all.extend(layout.natural(&own.phi).into_iter().map(correlation));
        let visits = layout.scale.n_visits;
        let named = |(k, name): (usize, &String)| {
            let name = if k < visits { format!("log sd({name})") } else { format!("dispersion:{name}") };
            plain(name, SlotKind::LogSd)
        };
        all.extend(layout.scale.names.iter().enumerate().map(named));
    }
    if model.known_variance().is_none() {
        all.push(plain("sigma".into(), SlotKind::Sigma));
    }
    all
}
