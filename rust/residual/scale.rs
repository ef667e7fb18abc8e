//! log sd of a row = h + Wδ: the columns of the dispersion's formula, those of visits with a standard deviation of their
//! own, and the offset, to which the prior weight w of the row adds -log(w)/2.
//!
//! Columns are centred and scaled inside, so that σ is that of a row in the middle: σ takes up what centring takes off.  They
//! are not centred where σ is known, which can take up nothing.

use super::groups::ResidualInput;
use crate::linalg::dense;
use crate::{Error, Result};

/// A column of which others leave less than this part of its square depends on them.
const DEPENDENT: f64 = 1e-9;

/// Names, centres and units of the columns.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScaleLayout {
    pub names: Vec<String>,
    pub centre: Vec<f64>,
    pub unit: Vec<f64>,
    /// The mean of the offset.
    pub offset: f64,
    /// Columns of visits, which come first.
    pub n_visits: usize,
    /// The visit that the standard deviations of others are relative to; empty without such.
    pub first_visit: String,
}

impl ScaleLayout {
    pub fn n(&self) -> usize {
        self.names.len()
    }

    /// log of (σ of a row whose columns and offset are zero) over (σ inside).
    pub fn log_unit(&self, delta: &[f64]) -> f64 {
        let centred = |((d, unit), centre): ((&f64, &f64), &f64)| d / unit * centre;
        -self.offset - delta.iter().zip(&self.unit).zip(&self.centre).map(centred).sum::<f64>()
    }

    /// δ in the user's units.
    pub fn to_user(&self, delta: &[f64]) -> Vec<f64> {
        delta.iter().zip(&self.unit).map(|(d, unit)| d / unit).collect()
    }
}

/// The columns of all rows in working units (n x K, row-major), and the centred offset.
pub struct Scale {
    pub layout: ScaleLayout,
    pub columns: Vec<f64>,
    pub offset: Vec<f64>,
    knows_sigma: bool,
}

impl Scale {
    /// # Errors
    /// `Design` for a column that is constant, or depends on others.
    pub fn new(input: &ResidualInput, heterogeneous: bool, weights: Option<&[f64]>) -> Result<Self> {
        let n = input.n;
        let (mut names, mut columns) = if heterogeneous { visit_columns(input) } else { (Vec::new(), Vec::new()) };
        let first_visit = if names.is_empty() { String::new() } else { names.remove(0) };
        let n_visits = names.len();
        names.extend(input.scale_names.iter().cloned());
        columns.extend((0..input.scale_names.len()).map(|k| input.scale_column(k)));
        let (mut centre, mut unit) = (Vec::new(), Vec::new());
        for (column, name) in columns.iter_mut().zip(&names) {
            let (mean, sd) = centred(column);
            if sd <= 1e-12 * mean.abs() || sd == 0.0 {
                return Err(Error::Design(format!(
                    "dispersion: {name} is the same in all rows used, so that it cannot be told from sigma; leave it out"
                )));
            }
            column.iter_mut().for_each(|v| *v /= sd);
            centre.push(mean);
            unit.push(sd);
        }
        check_rank(&columns, &names)?;
        if input.knows_sigma {
            for ((column, centre), unit) in columns.iter_mut().zip(&mut centre).zip(&unit) {
                column.iter_mut().for_each(|v| *v += *centre / unit);
                *centre = 0.0;
            }
        }
        let mut offset = if input.offset.is_empty() { vec![0.0; n] } else { input.offset.clone() };
        if let Some(weights) = weights {
            offset.iter_mut().zip(weights).for_each(|(h, w)| *h -= 0.5 * w.ln());
        }
        let mean = if input.offset.is_empty() || input.knows_sigma {
            0.0
        } else {
            input.offset.iter().sum::<f64>() / n as f64
        };
        offset.iter_mut().for_each(|h| *h -= mean);
        let rows = (0..n).flat_map(|i| columns.iter().map(move |c| c[i])).collect();
        Ok(Self {
            layout: ScaleLayout { names, centre, unit, offset: mean, n_visits, first_visit },
            columns: rows,
            offset,
            knows_sigma: input.knows_sigma,
        })
    }

    /// h + Wδ of row i.
    pub fn log_sd(&self, delta: &[f64], i: usize) -> f64 {
        let own = &self.columns[i * delta.len()..(i + 1) * delta.len()];
        self.offset[i] + own.iter().zip(delta).map(|(w, d)| w * d).sum::<f64>()
    }

    /// Rows with a standard deviation that other rows do not have, and what they are called: those of every column of two
    /// values, and those where all columns have the lower one.
    pub fn rows_with_own(&self) -> Vec<(Vec<usize>, String)> {
        let (k, n) = (self.layout.n(), self.offset.len());
        let value = |i: usize, j: usize| self.columns[i * k + j];
        let lowest: Vec<f64> = (0..k).map(|j| (0..n).map(|i| value(i, j)).fold(f64::INFINITY, f64::min)).collect();
        let above = |j: usize| -> Vec<usize> { (0..n).filter(|&i| value(i, j) > lowest[j]).collect() };
        let mut all = Vec::new();
        for (j, name) in self.layout.names.iter().enumerate() {
            let own = above(j);
            if own.iter().all(|&i| value(i, j) == value(own[0], j)) {
                let kind = if j < self.layout.n_visits { "visit " } else { "" };
                all.push((own, format!("{kind}{name}")));
            }
        }
        let others: Vec<usize> = (0..n).filter(|&i| (0..k).all(|j| value(i, j) == lowest[j])).collect();
        if k > 0 && all.len() == k && !others.is_empty() && !self.knows_sigma {
            let first = &self.layout.first_visit;
            let name = if first.is_empty() { "the reference level".into() } else { format!("visit {first}") };
            all.push((others, name));
        }
        all
    }
}

/// The names of all visits, or of every visit in every level of `by`, and an indicator of each but the first.
fn visit_columns(input: &ResidualInput) -> (Vec<String>, Vec<Vec<f64>>) {
    let (n_visits, n_by) = (input.visits.len(), input.by_levels.len().max(1));
    let cell = |i: usize| input.by.get(i).map_or(0, |&b| b as usize) * n_visits + input.visit[i] as usize;
    let n = input.n;
    let has_rows = |c: &usize| (0..n).any(|i| cell(i) == *c);
    let cells: Vec<usize> = (0..n_visits * n_by).filter(has_rows).collect();
    let name = |&c: &usize| match input.by_levels.get(c / n_visits) {
        Some(level) => format!("{}, {level}", input.visits[c % n_visits]),
        None => input.visits[c % n_visits].clone(),
    };
    let column = |&c: &usize| (0..n).map(|i| f64::from(u8::from(cell(i) == c))).collect();
    (cells.iter().map(name).collect(), cells.iter().skip(1).map(column).collect())
}

/// Takes the mean off; the mean and the root mean square that is left.
fn centred(column: &mut [f64]) -> (f64, f64) {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    column.iter_mut().for_each(|v| *v -= mean);
    (mean, (column.iter().map(|v| v * v).sum::<f64>() / n).sqrt())
}

fn check_rank(columns: &[Vec<f64>], names: &[String]) -> Result<()> {
    match dependent_column(columns) {
        Some(j) => Err(Error::Design(format!(
            "dispersion: {} depends on other columns of the model of the residual standard deviation; leave it out",
            names[j]
        ))),
        None => Ok(()),
    }
}

/// The first column that is zero or a combination of those before it.
pub fn dependent_column(columns: &[Vec<f64>]) -> Option<usize> {
    let k = columns.len();
    let dot = |a: usize, b: usize| columns[a].iter().zip(&columns[b]).map(|(x, y)| x * y).sum::<f64>();
    let lengths: Vec<f64> = (0..k).map(|j| dot(j, j).sqrt()).collect();
    if let Some(zero) = lengths.iter().position(|length| *length == 0.0) {
        return Some(zero);
    }
    let mut gram: Vec<f64> = (0..k * k).map(|e| dot(e % k, e / k) / (lengths[e % k] * lengths[e / k])).collect();
    match dense::cholesky_lower(&mut gram, k) {
        Err(pivot) => Some(pivot),
        Ok(()) => (0..k).find(|&j| gram[j * k + j].powi(2) < DEPENDENT),
    }
}
