//! The parts of a model as a tree that Python can write in another language: what is read, computed and looked up.

use pyo3::prelude::*;
use pyo3::{IntoPyObject, IntoPyObjectExt};

use crate::design::{Basis, Coding, Encoding, Expression, FixedColumn, Group, ModelMatrix, Polynomial, Variable};

/// Goes up when a reader of the tree must change.
const VERSION: u32 = 1;

/// What all parts are computed from, and the parts.
#[derive(IntoPyObject)]
pub struct ModelTree<'py, 'a> {
    version: u32,
    categories: Vec<CategoryTree<'a>>,
    groups: Vec<GroupTree<'a>>,
    offsets: Vec<Bound<'py, PyAny>>,
    fixed: Vec<TermTree<'py>>,
    random: Vec<RandomTree<'py>>,
}

/// A column that is read as categories.
#[derive(IntoPyObject)]
struct CategoryTree<'a> {
    column: &'a str,
    levels: &'a [String],
}

/// By category of a grouping factor, the level of each of its combinations.
#[derive(IntoPyObject)]
struct GroupTree<'a> {
    categories: &'a [usize],
    levels: Vec<Vec<u32>>,
}

#[derive(IntoPyObject)]
struct RandomTree<'py> {
    group: usize,
    terms: Vec<TermTree<'py>>,
}

/// Products of numeric columns, one of each basis and the first varying fastest, times a number for each cell.
#[derive(IntoPyObject)]
struct TermTree<'py> {
    bases: Vec<Bound<'py, PyAny>>,
    n_numeric: usize,
    categories: Vec<usize>,
    n_cells: usize,
    columns: Vec<ColumnTree>,
}

/// A column of the model matrix: the numeric column that it multiplies, and by what in which cell.
#[derive(IntoPyObject)]
struct ColumnTree {
    index: usize,
    numeric: usize,
    cells: Vec<(u32, f64)>,
}

pub fn model_tree<'py, 'a>(py: Python<'py>, encoding: &'a Encoding) -> PyResult<ModelTree<'py, 'a>> {
    let writer = Writer { py, encoding };
    let category =
        |c: &'a crate::design::Category| CategoryTree { column: &encoding.inputs[c.input], levels: &c.levels };
    let random = |term: &crate::design::RandomTerm| {
        Ok(RandomTree { group: term.layout.factor.0, terms: writer.terms(&term.matrix)? })
    };
    Ok(ModelTree {
        version: VERSION,
        categories: encoding.categories.iter().map(category).collect(),
        groups: encoding.groups.iter().map(|group| writer.group(group)).collect(),
        offsets: encoding.offsets.iter().map(|offset| writer.expression(offset)).collect::<PyResult<_>>()?,
        fixed: writer.terms(&encoding.fixed)?,
        random: encoding.random.iter().map(random).collect::<PyResult<_>>()?,
    })
}

struct Writer<'py, 'a> {
    py: Python<'py>,
    encoding: &'a Encoding,
}

impl<'py, 'a> Writer<'py, 'a> {
    /// A kind and what it needs: `("function", "log", ("column", "x"))`.
    fn expression(&self, expression: &Expression) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        match expression {
            Expression::Column(input) => ("column", &self.encoding.inputs[*input]).into_bound_py_any(py),
            Expression::Constant(value) => ("constant", value).into_bound_py_any(py),
            Expression::Map(function, arg) => {
                ("function", function.name(), self.expression(arg)?).into_bound_py_any(py)
            }
            Expression::Combine(operator, left, right) => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                ("operator", operator.symbol(), left, right).into_bound_py_any(py)
            }
            Expression::Standardize { arg, center, scale, .. } => {
                ("standardized", self.expression(arg)?, center, scale).into_bound_py_any(py)
            }
            Expression::GroupMean { category, means, .. } => ("by level", category, means).into_bound_py_any(py),
            Expression::Indicator { category, level, .. } => {
                let n_levels = self.encoding.categories[*category].levels.len();
                let values: Vec<f64> = (0..n_levels).map(|k| f64::from(u8::from(k == *level))).collect();
                ("by level", category, values).into_bound_py_any(py)
            }
        }
    }

    fn basis(&self, name: &str, basis: &Basis) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        match basis {
            Basis::Scalar(arg) => ("number", self.expression(arg)?).into_bound_py_any(py),
            Basis::External(_) => ("spline", name).into_bound_py_any(py),
            Basis::Polynomial { arg, polynomial: Polynomial::Raw { degree } } => {
                ("powers", self.expression(arg)?, degree).into_bound_py_any(py)
            }
            Basis::Polynomial { arg, polynomial: Polynomial::Orthogonal { center, alpha, norm2 } } => {
                ("orthogonal", self.expression(arg)?, center, alpha, norm2).into_bound_py_any(py)
            }
        }
    }

    fn terms(&self, matrix: &ModelMatrix) -> PyResult<Vec<TermTree<'py>>> {
        (0..matrix.plans.len()).map(|t| self.term(matrix, t)).collect()
    }

    fn term(&self, matrix: &ModelMatrix, t: usize) -> PyResult<TermTree<'py>> {
        let term = &matrix.layout.terms[t];
        let mut tree = TermTree {
            bases: vec![],
            n_numeric: term.n_numeric,
            categories: vec![],
            n_cells: term.n_cells(),
            columns: vec![],
        };
        for &v in &matrix.plans[t].variables {
            match &self.encoding.variables[v] {
                Variable::Numeric { name, basis } => tree.bases.push(self.basis(name, basis)?),
                Variable::Categorical { category, .. } => tree.categories.push(*category),
            }
        }
        let own = matrix.layout.columns.iter().enumerate().filter(|(_, column)| column.term == t);
        tree.columns = own.map(|(index, column)| column_tree(index, column, term.coding.as_ref())).collect();
        Ok(tree)
    }

    fn group(&self, group: &'a Group) -> GroupTree<'a> {
        let first = &self.encoding.categories[group.categories[0]].levels;
        let mut levels = vec![(0..first.len() as u32).collect::<Vec<_>>()];
        for pairs in &group.pairs {
            for own in &mut levels {
                *own = pairs.iter().map(|&(before, _)| own[before as usize]).collect();
            }
            levels.push(pairs.iter().map(|&(_, after)| after).collect());
        }
        GroupTree { categories: &group.categories, levels }
    }
}

fn column_tree(index: usize, column: &FixedColumn, coding: Option<&Coding>) -> ColumnTree {
    let cells = coding.map_or_else(|| vec![(0, 1.0)], |coding| coding.columns[column.coded].clone());
    ColumnTree { index, numeric: column.numeric, cells }
}
