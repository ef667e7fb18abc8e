//! A model whose residuals have parameters φ: A(φ) from whitened rows.

use std::sync::Arc;

use super::lmm::Lmm;
use super::strata::Strata;
use crate::crossproduct::{CrossProducts, LevelColumns};
use crate::linalg::dense;
use crate::model::Parameter;
use crate::model::parameters::TermNames;
use crate::residual::{Group, Residual, ResidualParameter, Whitened, WhitenedPiece};
use crate::rows::RowBlock;
use crate::{Error, Result};

/// The covariance of the residuals at one φ, with the rows whitened by it.
#[derive(Debug, Clone)]
pub struct AtResidual {
    pub residual: Arc<Residual>,
    pub phi: Vec<f64>,
    pub whitened: Arc<Whitened>,
    /// Sums over the rows of each stratum, where they stand for the rows.
    pub strata: Option<Arc<Strata>>,
}

impl Lmm {
    /// The same model, whose residuals have parameters; at their start.
    ///
    /// # Errors
    /// `Numerical` where the start is no covariance.
    pub fn with_residual(self, residual: Residual) -> Result<Self> {
        self.of_residual(residual, None)
    }

    /// The same of rows that are there as sums over strata.
    ///
    /// # Errors
    /// Those of `with_residual`.
    pub fn with_strata(self, residual: Residual, strata: Strata) -> Result<Self> {
        self.of_residual(residual, Some(Arc::new(strata)))
    }

    fn of_residual(mut self, residual: Residual, strata: Option<Arc<Strata>>) -> Result<Self> {
        let phi = residual.start.clone();
        let whitened = Arc::new(residual.whiten(&phi)?);
        self.residual = Some(AtResidual { residual: Arc::new(residual), phi, whitened, strata });
        self.refill();
        Ok(self)
    }

    /// Fails for a model whose residuals have parameters.
    ///
    /// # Errors
    /// `Design`, naming what does not know of them.
    pub fn plain(&self, what: &str) -> Result<()> {
        match &self.residual {
            Some(_) => Err(Error::Design(format!(
                "{what}: not there for a model whose residuals have a covariance of their own (residual=, dispersion=), \
                 whose parameters it would have to count"
            ))),
            None => Ok(()),
        }
    }

    /// Fails for a model of which sums over strata are there, and no rows.
    ///
    /// # Errors
    /// `Design`, naming what needs the rows.
    pub fn require_rows(&self, what: &str) -> Result<()> {
        match self.residual.as_ref().and_then(|own| own.strata.as_ref()) {
            Some(_) => Err(Error::Design(format!(
                "{what}: needs the rows where the residuals have a dispersion of their own, and sums over batches keep none; fit \
                 the rows with rows=\"keep\""
            ))),
            None => Ok(()),
        }
    }

    /// Free parameters that the model is evaluated at: θ, then those of the residuals.
    pub fn n_free(&self) -> usize {
        self.theta_map.n_parameters + self.phi().len()
    }

    /// The parameters of the residuals.
    pub fn phi(&self) -> &[f64] {
        self.residual.as_ref().map_or(&[], |own| &own.phi)
    }

    /// σ of a row of weight one, at zero of the columns of its dispersion, over σ inside.
    pub fn sigma_unit(&self, phi: &[f64]) -> f64 {
        self.residual.as_ref().map_or(1.0, |own| own.residual.layout.log_unit(phi).exp())
    }

    /// Values of parameters, with σ as users read it and those of the residuals; σ inside is `sigma`.
    pub fn with_residuals(&self, mut values: Vec<f64>, parameters: &[Parameter], phi: &[f64], sigma: f64) -> Vec<f64> {
        let Some(own) = &self.residual else { return values };
        for (value, parameter) in values.iter_mut().zip(parameters) {
            match *parameter {
                Parameter::Sigma => *value = sigma * self.sigma_unit(phi),
                Parameter::Residual(which) => *value = own.residual.layout.value(which, phi, sigma),
                Parameter::Fixed(_) | Parameter::Random(..) => {}
            }
        }
        values
    }

    /// All parameters by name: those of the residuals before σ.
    pub fn named_parameters(&self, coefficients: Vec<String>, terms: &[TermNames]) -> Vec<(String, Parameter)> {
        let mut all = self.parameters().named(coefficients, terms);
        if let Some(own) = &self.residual {
            let is_known = |which| which == ResidualParameter::Deviation(0) && self.known_variance().is_some();
            let readable = own.residual.layout.readable(&own.phi).into_iter().filter(|(_, which)| !is_known(*which));
            let at = all.len() - 1;
            all.splice(at..at, readable.map(|(name, which)| (name, Parameter::Residual(which))));
        }
        all
    }

    /// Whether it has a parameter.
    pub fn has(&self, parameter: Parameter) -> bool {
        match (parameter, &self.residual) {
            (Parameter::Residual(which), Some(own)) => own.residual.layout.has(which, &own.phi),
            _ => self.parameters().has(parameter, self.a.n_fixed()),
        }
    }

    /// Other columns of the same rows, at the same parameters of the residuals.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn set_rows(&mut self, residual: Residual) -> Result<()> {
        let Some(own) = self.residual.as_mut() else { return Ok(()) };
        own.whitened = Arc::new(residual.whiten(&own.phi)?);
        own.residual = Arc::new(residual);
        self.refill();
        Ok(())
    }

    /// Whitens by the covariance at other parameters of the residuals.
    ///
    /// # Errors
    /// `Numerical` where it is not positive definite.
    pub fn move_to(&mut self, phi: &[f64]) -> Result<()> {
        let Some(own) = self.residual.as_mut().filter(|own| own.phi != phi) else { return Ok(()) };
        own.whitened = Arc::new(own.residual.whiten(phi)?);
        own.phi = phi.to_vec();
        self.refill();
        Ok(())
    }

    /// Another response, less X origin already, in the order of the data; for a model whose residuals have parameters.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn set_response(&mut self, y: &[f64]) -> Result<()> {
        let Some(own) = self.residual.as_mut() else { return Ok(()) };
        Arc::make_mut(&mut own.residual).set_response(y);
        own.whitened = Arc::new(own.residual.whiten(&own.phi)?);
        self.refill();
        Ok(())
    }

    /// The same model without some rows, of one whose residuals have parameters.
    ///
    /// # Errors
    /// `Numerical` where the covariance is not positive definite.
    pub fn without_rows(&self, gone: &[u32]) -> Result<Self> {
        let mut smaller = self.clone();
        let Some(own) = smaller.residual.as_mut() else { return Ok(smaller) };
        let mut is_gone = vec![false; own.residual.order.len()];
        gone.iter().for_each(|&row| is_gone[row as usize] = true);
        let residual = own.residual.without(&is_gone);
        Arc::make_mut(&mut smaller.a).n_obs -= gone.len();
        smaller.set_rows(residual)?;
        Ok(smaller)
    }

    /// A(φ), with -log|R| in the place of Σ log w.
    fn refill(&mut self) {
        let Some(own) = &self.residual else { return };
        let a = Arc::make_mut(&mut self.a);
        if let Some(strata) = &own.strata {
            strata.sum(own, a);
            self.symbolic.lay_out(a, Arc::make_mut(&mut self.panels));
            return;
        }
        if let Some(grid) = &own.residual.grid {
            a.xx = grid.sums(&own.residual.patterns, &own.whitened.factors);
            let stride = a.n_fixed() + 1;
            dense::mirror_lower(&mut a.xx, stride);
        } else if own.residual.spreads.contains(&true) {
            own.sum_groups(a);
        } else {
            let blocks: Vec<&RowBlock> = own.whitened.pieces.iter().map(|piece| &piece.rows).collect();
            a.sum_blocks(&blocks);
        }
        a.sum_log_weights = -own.whitened.logdet;
        self.symbolic.lay_out(a, Arc::make_mut(&mut self.panels));
    }
}

impl AtResidual {
    /// A(φ) group by group, where groups lie in several levels of a factor.
    fn sum_groups(&self, a: &mut CrossProducts) {
        a.clear();
        let stride = a.n_fixed() + 1;
        for (piece, own) in self.residual.pieces.iter().zip(&self.whitened.pieces) {
            for (k, group) in piece.groups.iter().enumerate() {
                let xy = &own.rows.dense[group.first * stride..(group.first + group.n) * stride];
                a.add_group(xy, &level_columns(own, &a.factors.iter().map(|f| f.width).collect::<Vec<_>>(), group, k));
            }
        }
    }
}

/// The whitened columns of every factor in the k-th group of a piece.
pub fn level_columns<'a>(own: &'a WhitenedPiece, widths: &[usize], group: &Group, k: usize) -> Vec<LevelColumns<'a>> {
    let mut spread = own.spread[k].iter();
    let of_factor = |((z, levels), &r): (&'a (Vec<f64>, Vec<u32>), &usize)| {
        if z.is_empty() {
            let own = spread.next().expect("columns of every factor that groups spread over");
            return LevelColumns { r, levels: &own.levels, z: &own.z };
        }
        let rows = group.first * r..(group.first + group.n) * r;
        LevelColumns { r, levels: &levels[group.first..=group.first], z: &z[rows] }
    };
    own.rows.z.iter().zip(widths).map(of_factor).collect()
}
