//! E row by row, never stored: one row at a time in a dense accumulator, over the levels that touch it.

use rayon::prelude::*;

use super::operator::{Product, place_of, scaled_link};

/// Rows of one task.
const GRAIN: usize = 16;

/// tr(E²), exact: twice the squares of the entries right of the diagonal.
pub fn trace_of_square(problem: &Product) -> f64 {
    let pieces = by_rows(problem, true, |_, e| vec![2.0 * e.iter().map(|v| v * v).sum::<f64>()]);
    pieces.into_iter().flatten().sum()
}

/// E G on the pattern of every lead's panel.
pub fn product_on_pattern(problem: &Product) -> Vec<Vec<f64>> {
    let (system, schur) = (problem.system, problem.schur);
    let pieces = by_rows(problem, false, |row, e| {
        let mut values = Vec::new();
        for (i, lead) in system.leads.iter().enumerate() {
            for &(level, _) in system.row_index[i].row(row) {
                let level = level as usize;
                let (rows, g) = (lead.panel.level_rows(level), &schur.g[i][lead.panel.range(level, lead.r)]);
                let columns = g.chunks_exact(rows.len());
                values.extend(columns.map(|g| g.iter().zip(rows).map(|(g, &m)| g * e[m as usize]).sum::<f64>()));
            }
        }
        values
    });
    let mut out: Vec<Vec<f64>> = schur.g.iter().map(|g| vec![0.0; g.len()]).collect();
    for (row, values) in pieces.into_iter().enumerate() {
        let mut values = values.into_iter();
        for (i, lead) in system.leads.iter().enumerate() {
            for &(level, place) in system.row_index[i].row(row) {
                for l in 0..lead.r {
                    out[i][place_of(lead, level as usize, place as usize, l)] = values.next().expect("a value");
                }
            }
        }
    }
    out
}

/// Calls `read` with every row and its row of E; `upper`: zero left of the diagonal block.
fn by_rows(problem: &Product, upper: bool, read: impl Fn(usize, &[f64]) -> Vec<f64> + Sync) -> Vec<Vec<f64>> {
    let system = problem.system;
    let q = system.n_trailing;
    let tasks: Vec<Vec<Vec<f64>>> = (0..q.div_ceil(GRAIN))
        .into_par_iter()
        .map_init(
            || vec![0.0; q],
            |e, task| {
                (task * GRAIN..((task + 1) * GRAIN).min(q))
                    .map(|row| {
                        write_row(problem, row, upper, e);
                        read(row, e)
                    })
                    .collect()
            },
        )
        .collect();
    tasks.into_iter().flatten().collect()
}

/// Overwrites `e` with a row of E.
fn write_row(problem: &Product, row: usize, upper: bool, e: &mut [f64]) {
    let (system, schur) = (problem.system, problem.schur);
    e.fill(0.0);
    for (i, lead) in system.leads.iter().enumerate() {
        for &(level, place) in system.row_index[i].row(row) {
            let (level, place) = (level as usize, place as usize);
            let (rows, g) = (lead.panel.level_rows(level), &schur.g[i][lead.panel.range(level, lead.r)]);
            let at = place - lead.panel.ptr[level];
            let first = if upper { at } else { 0 };
            for column in g.chunks_exact(rows.len()) {
                let w = column[at];
                column[first..].iter().zip(&rows[first..]).for_each(|(g, &m)| e[m as usize] -= w * g);
            }
        }
    }
    let k = system.trailing.iter().rposition(|t| t.offset <= row).expect("a factor of the trailing block");
    let t = &system.trailing[k];
    let level = (row - t.offset) / t.r;
    add_links(problem, k, level, row - t.offset - level * t.r, e);
    let own = t.offset + level * t.r..t.offset + (level + 1) * t.r;
    e[if upper { 0..own.end } else { own }].fill(0.0);
}

/// Adds the links of one level of the k-th trailing factor to the others, for one of its rows.
fn add_links(problem: &Product, k: usize, level: usize, row: usize, e: &mut [f64]) {
    let (system, t) = (problem.system, &problem.schur.t);
    let own = &system.trailing[k];
    let t_own = &t[k][level * own.r * own.r..(level + 1) * own.r * own.r];
    for (l, other) in system.trailing.iter().enumerate().filter(|(l, _)| *l != k) {
        let size = other.r * other.r;
        let mut add = |level: usize, value: &dyn Fn(usize) -> f64| {
            (0..other.r).for_each(|j| e[other.offset + level * other.r + j] += value(j));
        };
        if l < k {
            // stored by the levels of the other
            let link = &problem.a.links[own.block][other.block];
            for from in 0..other.n_levels {
                let range = link.ptr[from]..link.ptr[from + 1];
                if let Ok(at) = link.level[range.clone()].binary_search(&(level as u32)) {
                    let at = range.start + at;
                    let values = &link.values[at * own.r * other.r..(at + 1) * own.r * other.r];
                    let block = scaled_link(values, t_own, &t[l][from * size..(from + 1) * size]);
                    add(from, &|j| block[j * own.r + row]);
                }
            }
        } else {
            let link = &problem.a.links[other.block][own.block];
            for at in link.ptr[level]..link.ptr[level + 1] {
                let to = link.level[at] as usize;
                let values = &link.values[at * own.r * other.r..(at + 1) * own.r * other.r];
                let block = scaled_link(values, &t[l][to * size..(to + 1) * size], t_own);
                add(to, &|j| block[row * other.r + j]);
            }
        }
    }
}
