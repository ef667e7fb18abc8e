//! The parameters of a model: what each free one does, θ in both units, and what users read, by name.

use crate::covariance::{RandomBasis, Reported, ThetaMap};
use crate::ids::TermId;
use crate::residual::ResidualParameter;
use crate::{Error, Result};

/// One parameter as users read it; columns are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Fixed(usize),
    Random(TermId, Reported),
    /// Of a model whose residuals have some.
    Residual(ResidualParameter),
    Sigma,
}

impl Parameter {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::Random(_, reported) => reported.kind(),
            Self::Residual(own) => own.kind(),
            Self::Sigma => "sigma",
        }
    }
}

/// The grouping factor and the columns of a random term, as users call them.
pub type TermNames = (String, Vec<String>);

/// The free coordinates θ, block by block, with the units of the blocks.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    pub theta: &'a ThetaMap,
    /// Per random term, from the working basis to the user's.
    pub bases: &'a [RandomBasis],
}

impl Parameters<'_> {
    /// The user's θ.
    pub fn to_user(self, theta: &[f64]) -> Vec<f64> {
        let terms = self.theta.terms.iter().zip(self.bases);
        terms.flat_map(|(term, basis)| term.to_user(theta, basis)).collect()
    }

    /// θ in the working basis from the user's.
    ///
    /// # Errors
    /// `Design` for a wrong length, or values that are no numbers.
    pub fn to_working(self, user: &[f64]) -> Result<Vec<f64>> {
        let n = self.theta.n_parameters;
        if user.len() != n || user.iter().any(|v| !v.is_finite()) {
            return Err(Error::Design(format!(
                "start must be {n} finite numbers, as theta of such a fit; it has {}",
                user.len()
            )));
        }
        let terms = self.theta.terms.iter().zip(self.bases);
        Ok(terms.flat_map(|(term, basis)| term.to_working(user, basis)).collect())
    }

    /// Per random term σ⁻² times the covariance of the effects of a level, in the user's units (r x r).
    pub fn relative_covariances(self, theta: &[f64]) -> Vec<Vec<f64>> {
        self.theta.terms.iter().zip(self.bases).map(|(term, basis)| term.relative_covariance(basis, theta)).collect()
    }

    /// The parameters' values for the user's β and θ in the working basis; NaN for a correlation of effects without
    /// variance, and for parameters of residuals, which the model has.
    pub fn values(self, beta: &[f64], theta: &[f64], sigma: f64, parameters: &[Parameter]) -> Vec<f64> {
        let covariances = self.relative_covariances(theta);
        let value = |parameter: &Parameter| match *parameter {
            Parameter::Fixed(j) => beta[j],
            Parameter::Random(term, reported) => {
                let relative = self.theta.terms[term].value(reported, theta, &covariances[term]);
                if reported.is_sd() { sigma * relative } else { relative }
            }
            Parameter::Sigma => sigma,
            Parameter::Residual(_) => f64::NAN,
        };
        parameters.iter().map(value).collect()
    }

    /// Whether these, with so many coefficients, have one.
    pub fn has(self, parameter: Parameter, n_fixed: usize) -> bool {
        match parameter {
            Parameter::Fixed(j) => j < n_fixed,
            Parameter::Random(term, reported) => {
                let (row, column) = reported.place();
                self.theta.terms.get(term.0).is_some_and(|term| row.max(column) < term.width)
            }
            Parameter::Sigma => true,
            Parameter::Residual(_) => false,
        }
    }

    /// All parameters: coefficients, `sd(x | g)` and `cor(x, y | g)` of each random term, `sigma`.
    pub fn named(self, coefficients: Vec<String>, terms: &[TermNames]) -> Vec<(String, Parameter)> {
        let mut all: Vec<_> =
            coefficients.into_iter().enumerate().map(|(j, name)| (name, Parameter::Fixed(j))).collect();
        for (t, (term, (group, columns))) in self.theta.terms.iter().zip(terms).enumerate() {
            for reported in term.reported() {
                let name = free_name(|group| reported.name(columns, group), group, &all);
                all.push((name, Parameter::Random(TermId(t), reported)));
            }
        }
        all.push(("sigma".into(), Parameter::Sigma));
        all
    }

    /// What makes up the covariances: the standard deviations of each term's effects, then their correlations, by rows.
    pub fn entries(self, terms: &[TermNames]) -> Vec<(String, Parameter)> {
        let mut all = Vec::new();
        for (t, (term, (group, columns))) in self.theta.terms.iter().zip(terms).enumerate() {
            let pairs =
                (0..term.width).flat_map(|row| (0..row).map(move |column| Reported::Correlation { row, column }));
            let named = |reported: Reported| (reported.name(columns, group), Parameter::Random(TermId(t), reported));
            all.extend((0..term.width).map(Reported::Sd).chain(pairs).map(named));
        }
        all
    }
}

/// The name, its group numbered for further terms on the same group, as R does: `sd(x | g)`, `sd(x | g.1)`.
fn free_name(named: impl Fn(&str) -> String, group: &str, taken: &[(String, Parameter)]) -> String {
    let is_free = |candidate: &String| taken.iter().all(|(other, _)| other != candidate);
    let numbered = (1..).map(|k| named(&format!("{group}.{k}")));
    std::iter::once(named(group)).chain(numbered).find(is_free).expect("a number that is free")
}
