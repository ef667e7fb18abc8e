//! Random terms: the model matrix of their left side, and the grouping factor of their right.

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use super::layout::RandomLayout;
use super::model_matrix::ModelMatrix;
use super::spec::Random;
use crate::{Error, Result};

/// `(1 + ses | school)`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomTerm {
    pub layout: RandomLayout,
    pub matrix: ModelMatrix,
}

impl RandomTerm {
    /// `factor` is the index of its grouping factor.
    pub fn build(compiler: &mut Compiler, random: &Random, factor: usize) -> Result<Self> {
        let matrix = ModelMatrix::build(compiler, random.intercept, &random.terms)?;
        let columns: Vec<_> = matrix.layout.columns.iter().map(|c| c.name.clone()).collect();
        if columns.is_empty() {
            return Err(Error::Formula(format!(
                "the random term {} has no columns; write (1 | {}) for an intercept",
                random.name, random.label
            )));
        }
        let layout = RandomLayout {
            name: random.name.clone(),
            factor,
            columns,
            has_intercept: random.intercept,
            structure: random.structure.clone(),
        };
        Ok(Self { layout, matrix })
    }
}
