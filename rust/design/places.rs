//! Random effects at places, the distinct values of numeric columns: `ou(t | g)`, `exp(x + y | g)`.

use super::compile::Compiler;
use super::encoding::Encoding;
use super::layout::FixedLayout;
use super::model_matrix::{ModelMatrix, TermVariables};
use super::spec::{Coverage, RandomSpec, TermFactor};
use super::variable::{Category, Variable};
use crate::covariance::{Places, Reported, Shape};
use crate::table::{ColumnKind, NO_LEVEL, as_number};
use crate::{Error, Result};

/// Covariances of so many effects are factored in every step of a search.
const MOST_PLACES: usize = 500;

/// An indicator of every place that rows are at, and where these are.
///
/// # Errors
/// `Data` for columns that are not numeric, `Design` for a single place or more than there can be.
pub fn at_places(compiler: &mut Compiler, random: &RandomSpec) -> Result<(ModelMatrix, Places)> {
    let factors: Vec<&TermFactor> = random.terms.iter().flat_map(|term| &term.factors).collect();
    require_times(random, factors.len())?;
    if factors.len() > 1 && compiler.options.coverage != Coverage::All {
        return Err(Error::Design(format!(
            "{}: which points occur is learned from all rows at once, and a stream has batches; keep the rows in memory",
            random.name
        )));
    }
    let categories = factors.iter().map(|factor| numbers(compiler, random, factor)).collect::<Result<Vec<_>>>()?;
    let cells = observed(compiler, &categories)?;
    require_several(random, &categories, compiler, cells.len())?;
    let variables = factors.iter().map(|factor| compiler.variable(factor)).collect::<Result<Vec<_>>>()?;
    let plan = TermVariables { full: vec![true; variables.len()], variables, cells: Some(cells) };
    let mut matrix = ModelMatrix { layout: FixedLayout::default(), plans: vec![] };
    let name = factors.iter().map(|factor| factor.name.as_str()).collect::<Vec<_>>().join(":");
    matrix.add(&compiler.variables, &compiler.categories, &name, plan)?;
    let places = places_of(&matrix.plans[0], &compiler.variables, &compiler.categories)?;
    Ok((matrix, places))
}

/// Fails for coordinates of a process in time, which has a rate.
fn require_times(random: &RandomSpec, n_coordinates: usize) -> Result<()> {
    let is_process = random.structure.reported(&Shape::from(2)).contains(&Reported::Rate);
    if n_coordinates == 1 || !is_process {
        return Ok(());
    }
    let (name, structure) = (&random.name, random.structure.name());
    let plane = name.replacen(structure, "exp", 1);
    Err(Error::Design(format!("{name}: {structure}() takes one column of times; of several coordinates write {plane}")))
}

/// The values of a column that holds numbers, as levels in their order.
fn numbers(compiler: &mut Compiler, random: &RandomSpec, factor: &TermFactor) -> Result<usize> {
    let owner = &random.name;
    let name = factor
        .expr
        .category_column()
        .ok_or_else(|| Error::Formula(format!("{owner}: '{}' is no column; compute it before the fit", factor.name)))?;
    let column = compiler.inputs.column(compiler.input(name)?);
    column.require_numbers(owner)?;
    if column.kind() == ColumnKind::Boolean {
        return Err(Error::Data(format!("column '{name}' is boolean, but {owner} needs numbers")));
    }
    compiler.category(&factor.expr, owner)
}

/// The cells of the product of some categories in which there are rows, in order; of one category all levels.
fn observed(compiler: &Compiler, categories: &[usize]) -> Result<Vec<u32>> {
    let sizes: Vec<usize> = categories.iter().map(|&c| compiler.categories[c].levels.len()).collect();
    let n_cells = sizes.iter().try_fold(1usize, |n, &size| n.checked_mul(size)).and_then(|n| u32::try_from(n).ok());
    let n_cells = n_cells.ok_or_else(|| Error::Design("the coordinates have too many values".into()))?;
    if categories.len() == 1 {
        return Ok((0..n_cells).collect());
    }
    let mut cells = vec![0u32; compiler.inputs.n_rows()];
    let mut stride = 1;
    for (&category, size) in categories.iter().zip(sizes) {
        cells.iter_mut().zip(compiler.inputs.codes(category).iter()).for_each(|(cell, code)| *cell += stride * code);
        stride *= size as u32;
    }
    cells.sort_unstable();
    cells.dedup();
    Ok(cells)
}

fn require_several(random: &RandomSpec, categories: &[usize], compiler: &Compiler, n: usize) -> Result<()> {
    let names = categories.iter().map(|&c| compiler.used.names[compiler.categories[c].input].as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    let owner = &random.name;
    match n {
        0 | 1 => Err(Error::Design(format!(
            "{owner}: there is one place, for ({names}) has one value in the rows used, and no distance between effects; \
             write (1 | {})",
            random.label
        ))),
        _ if n > MOST_PLACES => Err(Error::Design(format!(
            "{owner}: ({names}) has {n} distinct values, and an effect for each is too many (at most {MOST_PLACES}); \
             round them, or correlate the residuals in place of effects (residual=)"
        ))),
        _ => Ok(()),
    }
}

/// The coordinates of the cells of a term.
fn places_of(plan: &TermVariables, variables: &[Variable], categories: &[Category]) -> Result<Places> {
    let levels: Vec<&[String]> = plan.levels(variables, categories).collect();
    let coordinate = |level: &String| as_number(level).unwrap_or(f64::NAN);
    let of_cell = |&cell: &u32| parts(cell, &levels).map(|(levels, k)| coordinate(&levels[k])).collect::<Vec<f64>>();
    let coordinates = plan.cells.iter().flatten().flat_map(of_cell).collect();
    Places::new(levels.len(), coordinates)
}

/// The level of every category in a cell, with all levels of it.
pub(super) fn parts<'l>(cell: u32, levels: &[&'l [String]]) -> impl Iterator<Item = (&'l [String], usize)> {
    let mut rest = cell as usize;
    levels.iter().map(move |&own| {
        let k = rest % own.len();
        rest /= own.len();
        (own, k)
    })
}

impl Encoding {
    /// Whether the levels of a category are places of random effects and nothing else: new rows may be elsewhere, as far
    /// as these effects are not used.
    pub fn are_places_alone(&self, category: usize) -> bool {
        let has = |matrix: &ModelMatrix| {
            let mut variables = matrix.plans.iter().flat_map(|plan| &plan.variables);
            variables
                .any(|&v| matches!(self.variables[v], Variable::Categorical { category: own, .. } if own == category))
        };
        let (placed, other): (Vec<_>, Vec<_>) = self.random.iter().partition(|term| term.layout.places.is_some());
        let has_other = has(&self.fixed) || other.into_iter().any(|term| has(&term.matrix));
        let is_read = self.is_indicated(category) || self.has_means(category);
        placed.into_iter().any(|term| has(&term.matrix)) && !has_other && !is_read
    }

    /// Whether the places of a random term, which new rows are at, are those of the term.
    ///
    /// # Errors
    /// `Data` where they were read from a file and are others.
    pub fn has_places(&self, term: usize) -> Result<bool> {
        let term = &self.random[term];
        let [plan] = &term.matrix.plans[..] else { return Ok(term.layout.places.is_none()) };
        match &term.layout.places {
            None => Ok(plan.cells.is_none()),
            Some(places) => Ok(places_of(plan, &self.variables, &self.categories)? == *places),
        }
    }

    /// The place of a row at which a random term has no effect, in words; None where it has one.
    pub fn elsewhere(
        &self,
        term: usize,
        codes: impl Fn(usize) -> u32,
        text: impl Fn(usize) -> String,
    ) -> Option<String> {
        let plan = self.random[term].matrix.plans.first()?;
        let cells = plan.cells.as_ref()?;
        let of = |v: &usize| match self.variables[*v] {
            Variable::Categorical { category, .. } => Some(category),
            _ => None,
        };
        let categories = || plan.variables.iter().filter_map(of);
        let (mut cell, mut stride, mut is_level) = (0, 1, true);
        for category in categories() {
            let code = codes(category);
            is_level &= code != NO_LEVEL;
            if is_level {
                cell += stride * code;
                stride *= self.categories[category].levels.len() as u32;
            }
        }
        if is_level && cells.binary_search(&cell).is_ok() {
            return None;
        }
        let input = |category: usize| self.categories[category].input;
        let named = categories().map(|c| format!("{} = {}", self.inputs[input(c)], text(input(c))));
        Some(named.collect::<Vec<_>>().join(", "))
    }
}
