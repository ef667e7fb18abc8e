//! Every group's rows by themselves: least squares of what the fixed part leaves on the group's random-effects columns,
//! and what is left of the rows once all that varies within the group is fitted.
//!
//! Raudenbush and Bryk (2002), Hierarchical Linear Models, pp. 48 and 263-265.

use faer::Mat;
use rayon::prelude::*;

use crate::Result;
use crate::design::Rows;
use crate::fit::Fit;
use crate::ids::FactorId;
use crate::rows::StoredRows;

/// A column with less than this share of its length left depends on the others.
const DEPENDENT: f64 = 1e-8;

/// Values by group; NaN where a group's rows do not determine them.
pub struct GroupRegressions {
    /// Per random term of the factor (n_levels rows of r), in the user's units.
    pub coefficients: Vec<Vec<f64>>,
    /// Residual sum of squares on [X Z] and its degrees of freedom.
    pub rss: Vec<f64>,
    pub df: Vec<f64>,
}

/// Regresses the rows of every level of a grouping factor; random effects of other factors are taken off at their modes.
///
/// # Errors
/// Those of reading the rows.
pub fn group_regressions(fit: &Fit, source: &Rows, factor: usize) -> Result<GroupRegressions> {
    let rows = fit.model.a.stored_rows(source)?;
    let block = fit.model.a.block_of(FactorId(factor));
    let response = less_the_rest(fit, &rows, block);
    let codes = source.factors[factor].codes();
    let mut members = vec![Vec::new(); source.factors[factor].n_levels()];
    codes.iter().enumerate().for_each(|(row, &code)| members[code as usize].push(row));
    let parts: Vec<(Option<Vec<f64>>, f64, f64)> =
        members.par_iter().map(|members| regress(&rows, block, members, &response)).collect();
    let own = fit.model.theta_map.terms.iter().zip(&fit.model.a.random).filter(|(t, _)| t.block.0 == block);
    let coefficients = own
        .map(|(term, basis)| {
            let of_group = |b: &Option<Vec<f64>>| match b {
                Some(b) => basis.decode(&b[term.offset..term.offset + term.width]),
                None => vec![f64::NAN; term.width],
            };
            parts.iter().flat_map(|(b, _, _)| of_group(b)).collect()
        })
        .collect();
    Ok(GroupRegressions {
        coefficients,
        rss: parts.iter().map(|p| p.1).collect(),
        df: parts.iter().map(|p| p.2).collect(),
    })
}

/// y - Xβ̂ less the modes of other factors.
fn less_the_rest(fit: &Fit, rows: &StoredRows, block: usize) -> Vec<f64> {
    let mut others = fit.modes.b.clone();
    others[block].fill(0.0);
    rows.residuals(&rows.response(), &fit.beta, &others)
}

/// Coefficients on Z, and the residual sum of squares and degrees of freedom on [Z X].
fn regress(rows: &StoredRows, block: usize, members: &[usize], response: &[f64]) -> (Option<Vec<f64>>, f64, f64) {
    let n = members.len();
    let root = |row: usize| rows.weight(row).sqrt();
    let r = rows.z(block, members[0]).len();
    let of_z = (0..r).map(|a| members.iter().map(|&i| root(i) * rows.z(block, i)[a]).collect());
    let of_x = (0..rows.p).map(|j| members.iter().map(|&i| root(i) * rows.x(i)[j]).collect());
    let columns: Vec<Vec<f64>> = of_z.chain(of_x).collect();
    let mut left: Vec<f64> = members.iter().map(|&i| root(i) * response[i]).collect();
    // modified Gram-Schmidt, twice, in the order of the columns
    let (mut basis, mut upper): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    let (mut all_kept, mut along) = (true, Vec::new());
    for (j, mut column) in columns.into_iter().enumerate() {
        let before = norm(&column);
        let mut entries = vec![0.0; basis.len()];
        for _ in 0..2 {
            for (q, entry) in basis.iter().zip(&mut entries) {
                let dot: f64 = q.iter().zip(&column).map(|(a, b)| a * b).sum();
                column.iter_mut().zip(q).for_each(|(c, q)| *c -= dot * q);
                *entry += dot;
            }
        }
        let after = norm(&column);
        if basis.len() >= n || before == 0.0 || after <= DEPENDENT * before {
            all_kept &= j >= r;
            continue;
        }
        column.iter_mut().for_each(|c| *c /= after);
        let dot: f64 = column.iter().zip(&left).map(|(a, b)| a * b).sum();
        left.iter_mut().zip(&column).for_each(|(l, q)| *l -= dot * q);
        entries.push(after);
        if j < r {
            along.push(dot);
            upper.push(entries);
        }
        basis.push(column);
    }
    let df = (n - basis.len()) as f64;
    let rss = left.iter().map(|v| v * v).sum();
    (all_kept.then(|| back_solve(&upper, &along)), rss, df)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// R b = c for the columns of R.
fn back_solve(columns: &[Vec<f64>], c: &[f64]) -> Vec<f64> {
    let n = c.len();
    let mut x = Mat::from_fn(n, 1, |i, _| c[i]);
    let r = Mat::from_fn(n, n, |i, j| if i <= j { columns[j][i] } else { 0.0 });
    faer::linalg::triangular_solve::solve_upper_triangular_in_place(r.as_ref(), x.as_mut(), faer::Par::Seq);
    (0..n).map(|i| x[(i, 0)]).collect()
}
