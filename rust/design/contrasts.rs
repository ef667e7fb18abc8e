//! Contrasts: how a categorical variable of m levels becomes columns, one function a kind; R's rule for terms that have
//! several variables, and products of their codings.

use serde::{Deserialize, Serialize};

use super::layout::Coding;
use super::spec::{ContrastSpec, Expr};
use crate::{Error, Result};

/// Columns over the levels, sparse: `columns[k]` lists `(level, value)`; names follow the variable's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    pub columns: Vec<Vec<(u32, f64)>>,
    pub names: Vec<String>,
    /// The level that treatment contrasts compare with.
    pub reference: Option<usize>,
}

/// Contrasts that fill a matrix of levels by levels are refused beyond this.
const MOST_DENSE_LEVELS: usize = 500;

/// A choice of contrast, before the levels are known.
#[derive(Debug, Clone, PartialEq)]
pub struct ContrastChoice {
    pub spec: ContrastSpec,
    /// The reference level of treatment contrasts: its name in quotes, or its number, counted from 1 as in R.
    pub base: Option<Expr>,
}

impl ContrastChoice {
    /// The choice made by `C(f, sum)`, `C(f, treatment, base = 2)`, `C(f, treatment, base = "b")`;
    /// `None` by `C(f)`.
    ///
    /// # Errors
    /// `Formula` where the kind is no name, or the base neither number nor text.
    pub fn from_call(owner: &str, kind: Option<&Expr>, base: Option<&Expr>) -> Result<Option<Self>> {
        let Some(kind) = kind else { return Ok(None) };
        let refuse = |what: &str| Error::Formula(format!("{owner}: {what}"));
        let kind = kind.word().ok_or_else(|| refuse("the kind of contrasts is a name"))?;
        if base.is_some_and(|base| !matches!(base, Expr::Text { .. }) && base.number().is_none()) {
            return Err(refuse("the base is a level's number, or its name in quotes"));
        }
        Ok(Some(Self { spec: ContrastSpec::Named(kind.into()), base: base.cloned() }))
    }

    /// The columns for these levels of `variable`.
    ///
    /// # Errors
    /// `Design` where there are no such contrasts, or they do not fit the levels.
    pub fn build(&self, variable: &str, levels: &[String]) -> Result<Contrast> {
        let m = levels.len();
        let kind = match &self.spec {
            ContrastSpec::Matrix { matrix, names } => {
                return from_matrix(variable, levels, matrix, names.as_deref());
            }
            ContrastSpec::Named(name) => name.to_lowercase(),
        };
        let kind = kind.trim_start_matches("contr.");
        if self.base.is_some() && kind != "treatment" {
            return Err(Error::Design(format!(
                "{variable}: only treatment contrasts have a base, {kind} contrasts have none"
            )));
        }
        if m > MOST_DENSE_LEVELS && kind != "treatment" {
            return Err(Error::Design(format!(
                "{variable} has {m} levels; {kind} contrasts are for {MOST_DENSE_LEVELS} at most"
            )));
        }
        match kind {
            "treatment" => Ok(treatment(levels, self.base_index(variable, levels)?)),
            "sum" => Ok(sum(m)),
            "helmert" => Ok(helmert(m)),
            "poly" | "polynomial" => Ok(polynomial(m)),
            other => Err(Error::Design(format!(
                "{variable}: there are no contrasts '{other}'; choose treatment, sum, helmert, poly or a matrix"
            ))),
        }
    }

    fn base_index(&self, variable: &str, levels: &[String]) -> Result<usize> {
        let (found, base) = match &self.base {
            None => return Ok(0),
            Some(Expr::Text { value }) => (levels.iter().position(|level| level == value), format!("'{value}'")),
            Some(expr) => {
                let number = expr.number().unwrap_or(f64::NAN);
                ((1..=levels.len()).position(|k| k as f64 == number), number.to_string())
            }
        };
        found.ok_or_else(|| {
            let known = crate::table::listed(levels.iter().map(String::as_str));
            Error::Design(format!("{variable} has no base {base}; its levels are {known}"))
        })
    }
}

/// One column a level: full indicators.
pub fn indicators(levels: &[String]) -> Contrast {
    let columns = (0..levels.len()).map(|k| vec![(k as u32, 1.0)]).collect();
    Contrast { columns, names: levels.to_vec(), reference: None }
}

fn treatment(levels: &[String], base: usize) -> Contrast {
    let all = indicators(levels);
    let keep = |k: &usize| *k != base;
    Contrast {
        columns: (0..levels.len()).filter(keep).map(|k| all.columns[k].clone()).collect(),
        names: (0..levels.len()).filter(keep).map(|k| levels[k].clone()).collect(),
        reference: Some(base),
    }
}

/// Each level but the last against the mean of all.
fn sum(m: usize) -> Contrast {
    numbered((0..m - 1).map(|k| vec![(k as u32, 1.0), (m as u32 - 1, -1.0)]).collect())
}

/// Each level against the mean of those before it.
fn helmert(m: usize) -> Contrast {
    let column = |k: usize| {
        let before = (0..k).map(|j| (j as u32, -1.0));
        before.chain([(k as u32, k as f64)]).collect()
    };
    numbered((1..m).map(column).collect())
}

fn numbered(columns: Vec<Vec<(u32, f64)>>) -> Contrast {
    let names = (1..=columns.len()).map(|k| k.to_string()).collect();
    Contrast { columns, names, reference: None }
}

/// Orthonormal polynomials in 1..m, made orthogonal twice: accurate for any number of levels.
fn polynomial(m: usize) -> Contrast {
    let x: Vec<f64> = (0..m).map(|i| i as f64 - (m as f64 - 1.0) / 2.0).collect();
    let mut basis = vec![vec![1.0 / (m as f64).sqrt(); m]];
    for k in 1..m {
        let mut p: Vec<f64> = basis[k - 1].iter().zip(&x).map(|(b, x)| b * x).collect();
        for q in basis.iter().chain(&basis) {
            let dot: f64 = p.iter().zip(q).map(|(a, b)| a * b).sum();
            p.iter_mut().zip(q).for_each(|(a, b)| *a -= dot * b);
        }
        let norm = p.iter().map(|a| a * a).sum::<f64>().sqrt();
        p.iter_mut().for_each(|a| *a /= norm);
        basis.push(p);
    }
    let named = |k: usize| match k {
        1 => ".L".into(),
        2 => ".Q".into(),
        3 => ".C".into(),
        _ => format!("^{k}"),
    };
    let columns = basis[1..].iter().map(|p| sparse(p.iter().copied())).collect();
    Contrast { columns, names: (1..m).map(named).collect(), reference: None }
}

fn sparse(column: impl Iterator<Item = f64>) -> Vec<(u32, f64)> {
    (0..).zip(column).filter(|(_, v)| *v != 0.0).collect()
}

fn from_matrix(variable: &str, levels: &[String], matrix: &[Vec<f64>], names: Option<&[String]>) -> Result<Contrast> {
    let (m, width) = (levels.len(), matrix.first().map_or(0, Vec::len));
    let refuse = |what: String| Err(Error::Design(format!("contrasts of {variable}: {what}")));
    if matrix.len() != m {
        let known = crate::table::listed(levels.iter().map(String::as_str));
        return refuse(format!("the matrix has {} rows, but there are {m} levels: {known}", matrix.len()));
    }
    if width == 0 || width >= m || matrix.iter().any(|row| row.len() != width) {
        return refuse(format!("each row of the matrix needs the same 1 to {} numbers", m - 1));
    }
    if matrix.iter().flatten().any(|v| !v.is_finite()) {
        return refuse("the matrix holds a value that is not finite".into());
    }
    if names.is_some_and(|names| names.len() != width) {
        return refuse(format!("the matrix has {width} columns, which is not the number of names"));
    }
    let columns = (0..width).map(|k| sparse(matrix.iter().map(|row| row[k]))).collect();
    let contrast = numbered(columns);
    Ok(Contrast { names: names.map_or(contrast.names, <[String]>::to_vec), ..contrast })
}

/// Whether each variable of each term gets full indicators (true) or contrasts (false).
///
/// A variable gets contrasts if what remains of the term without it lies within an earlier term, or
/// nothing remains (Chambers and Hastie 1992, p. 38); without an intercept, the first categorical
/// variable of the first term that has one gets indicators.
pub fn full_indicators(
    intercept: bool,
    terms: &[Vec<usize>],
    is_categorical: impl Fn(usize) -> bool,
) -> Vec<Vec<bool>> {
    let mut full: Vec<Vec<bool>> = terms
        .iter()
        .enumerate()
        .map(|(t, term)| {
            let contained = |v: usize| {
                let rest: Vec<_> = term.iter().filter(|&&w| w != v).collect();
                rest.is_empty() || terms[..t].iter().any(|earlier| rest.iter().all(|w| earlier.contains(w)))
            };
            term.iter().map(|&v| is_categorical(v) && !contained(v)).collect()
        })
        .collect();
    if !intercept {
        let categorical =
            terms.iter().enumerate().find_map(|(t, term)| term.iter().position(|&v| is_categorical(v)).map(|k| (t, k)));
        if let Some((t, k)) = categorical {
            full[t][k] = true;
        }
    }
    full
}

/// The product of the codings of several variables: cells and columns with the first varying fastest.
///
/// `None` without variables.
pub fn product(parts: &[(usize, &Contrast)]) -> Option<Coding> {
    let mut parts = parts.iter();
    let (n_levels, first) = parts.next()?;
    let mut coding = Coding { n_cells: *n_levels, columns: first.columns.clone() };
    for (n_levels, next) in parts {
        coding = Coding {
            n_cells: coding.n_cells * n_levels,
            columns: next
                .columns
                .iter()
                .flat_map(|slow| coding.columns.iter().map(|fast| cross(fast, slow, coding.n_cells)))
                .collect(),
        };
    }
    Some(coding)
}

fn cross(fast: &[(u32, f64)], slow: &[(u32, f64)], n_fast: usize) -> Vec<(u32, f64)> {
    slow.iter().flat_map(|&(j, b)| fast.iter().map(move |&(i, a)| (i + n_fast as u32 * j, a * b))).collect()
}
