//! The layout of a design as one record: names, sizes, counts.

use std::collections::BTreeMap;

use pyo3::IntoPyObject;

use crate::covariance::Places;
use crate::design::{Encoding, RandomTerm};

/// What the numbers of a fit belong to.
#[derive(IntoPyObject)]
pub struct DesignLayout<'a> {
    response: &'a str,
    /// Columns of X, before dependent ones are left out.
    columns: Vec<&'a str>,
    /// Per column 0 for the intercept, else the term's number from 1.
    column_terms: Vec<usize>,
    terms: Vec<&'a str>,
    reference_levels: BTreeMap<&'a str, &'a str>,
    groups: Vec<GroupRecord<'a>>,
    random: Vec<RandomTermRecord<'a>>,
    n_rows: usize,
    n_rows_input: usize,
    dropped_rows: &'a BTreeMap<String, usize>,
}

/// A grouping factor: how many levels, rows of its smallest and largest.
#[derive(IntoPyObject)]
struct GroupRecord<'a> {
    name: &'a str,
    n_levels: usize,
    smallest: u64,
    largest: u64,
}

#[derive(IntoPyObject)]
struct RandomTermRecord<'a> {
    name: &'a str,
    group: usize,
    columns: &'a [String],
    structure: &'a str,
    /// Two of the columns that lie nearest to each other, and their distance; empty without places.
    nearest: Vec<f64>,
    /// The rank of its covariance; zero where it is not given.
    rank: usize,
}

impl<'a> DesignLayout<'a> {
    /// `sizes`: rows of every level, by grouping factor.
    pub fn new(
        encoding: &'a Encoding,
        sizes: &[Vec<u64>],
        (n_rows, n_rows_input, dropped_rows): (usize, usize, &'a BTreeMap<String, usize>),
    ) -> Self {
        let group = |(name, sizes): (&'a str, &Vec<u64>)| GroupRecord {
            name,
            n_levels: sizes.len(),
            smallest: sizes.iter().copied().min().unwrap_or(0),
            largest: sizes.iter().copied().max().unwrap_or(0),
        };
        let term = |RandomTerm { layout, .. }: &'a RandomTerm| RandomTermRecord {
            name: &layout.name,
            group: layout.factor.0,
            columns: &layout.columns,
            structure: layout.structure.name(),
            rank: layout.rank.unwrap_or(0),
            nearest: layout.places.as_ref().map_or(vec![], nearest),
        };
        Self {
            response: &encoding.response_name,
            columns: encoding.coef_names(),
            column_terms: encoding.coef_terms(),
            terms: encoding.term_names(),
            reference_levels: encoding.reference_levels(),
            groups: encoding.groups.iter().map(|g| g.name.as_str()).zip(sizes).map(group).collect(),
            random: encoding.random.iter().map(term).collect(),
            n_rows,
            n_rows_input,
            dropped_rows,
        }
    }
}

fn nearest(places: &Places) -> Vec<f64> {
    let (row, column) = places.nearest();
    vec![row as f64, column as f64, places.unit()]
}
