//! Rows cluster by cluster, each in the order of its waves.

use std::ops::Range;

use crate::linalg::memory;
use crate::{Error, Result};

/// Rows of one task, about.
const ROWS: usize = 4096;

#[derive(Debug, Clone)]
pub struct ClusteredRows {
    pub p: usize,
    /// n rows of p.
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub weight: Vec<f64>,
    pub offset: Vec<f64>,
    pub wave: Vec<u32>,
    /// Where each row was.
    pub order: Vec<u32>,
    /// First rows of the clusters, and the end of the last.
    pub starts: Vec<usize>,
    /// The code of each cluster.
    pub codes: Vec<u32>,
}

/// What is known of the rows, in their own order; `offset` may be empty.
pub struct RowSource<'a> {
    pub p: usize,
    pub x: &'a [f64],
    pub y: &'a [f64],
    pub weight: &'a [f64],
    pub offset: &'a [f64],
    pub codes: &'a [u32],
    /// None: rows of a cluster count from zero.
    pub wave: Option<&'a [u32]>,
}

impl ClusteredRows {
    /// Rows without weight are left out.
    ///
    /// # Errors
    /// `Data` where memory does not hold another copy.
    pub fn new(source: &RowSource) -> Result<Self> {
        let n = source.y.len();
        let too_large = || Error::no_memory("the rows of all groups", n, source.p);
        let mut order: Vec<u32> = memory::room(n, 1).ok_or_else(too_large)?;
        order.extend((0..n as u32).filter(|&i| source.weight[i as usize] > 0.0));
        let key = |i: &u32| (source.codes[*i as usize], source.wave.map_or(0, |wave| wave[*i as usize]));
        order.sort_by_key(key);
        let mut x = memory::room(order.len(), source.p).ok_or_else(too_large)?;
        order.iter().for_each(|&i| x.extend_from_slice(&source.x[i as usize * source.p..][..source.p]));
        let of = |values: &[f64]| order.iter().map(|&i| values[i as usize]).collect::<Vec<f64>>();
        let mut rows = Self {
            p: source.p,
            x,
            y: of(source.y),
            weight: of(source.weight),
            offset: if source.offset.is_empty() { Vec::new() } else { of(source.offset) },
            wave: Vec::new(),
            starts: Vec::new(),
            codes: Vec::new(),
            order,
        };
        rows.cut(source);
        Ok(rows)
    }

    fn cut(&mut self, source: &RowSource) {
        for (k, &i) in self.order.iter().enumerate() {
            let code = source.codes[i as usize];
            if self.codes.last() != Some(&code) {
                self.codes.push(code);
                self.starts.push(k);
            }
            let place = (k - self.starts[self.starts.len() - 1]) as u32;
            self.wave.push(source.wave.map_or(place, |wave| wave[i as usize]));
        }
        self.starts.push(self.order.len());
    }

    pub fn n(&self) -> usize {
        self.y.len()
    }

    pub fn n_clusters(&self) -> usize {
        self.codes.len()
    }

    pub fn cluster(&self, c: usize) -> Range<usize> {
        self.starts[c]..self.starts[c + 1]
    }

    pub fn x(&self, i: usize) -> &[f64] {
        &self.x[i * self.p..(i + 1) * self.p]
    }

    /// Clusters of every task: cut by the data alone, so that sums are the same on any number of threads.
    pub fn tasks(&self) -> Vec<Range<usize>> {
        let (mut tasks, mut first) = (Vec::new(), 0);
        for c in 0..self.n_clusters() {
            if self.starts[c + 1] - self.starts[first] >= ROWS || c + 1 == self.n_clusters() {
                tasks.push(first..c + 1);
                first = c + 1;
            }
        }
        tasks
    }

    /// Values of sorted rows in the order of the rows as they were; NaN for those left out.
    pub fn unsorted(&self, values: &[f64], n: usize) -> Vec<f64> {
        let mut out = vec![f64::NAN; n];
        self.order.iter().zip(values).for_each(|(&i, &v)| out[i as usize] = v);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(codes: &'a [u32], weight: &'a [f64], values: &'a [f64], wave: Option<&'a [u32]>) -> RowSource<'a> {
        RowSource { p: 1, x: values, y: values, weight, offset: &[], codes, wave }
    }

    #[test]
    fn rows_are_sorted_by_cluster_and_wave_and_those_without_weight_left_out() {
        let (codes, weight) = ([1, 0, 1, 0, 2], [1.0, 1.0, 2.0, 1.0, 0.0]);
        let values = [10.0, 11.0, 12.0, 13.0, 14.0];
        let rows = ClusteredRows::new(&source(&codes, &weight, &values, Some(&[3, 2, 1, 0, 0]))).unwrap();
        assert_eq!(rows.order, [3, 1, 2, 0]);
        assert_eq!((rows.starts.as_slice(), rows.codes.as_slice()), ([0, 2, 4].as_slice(), [0, 1].as_slice()));
        assert_eq!(rows.wave, [0, 2, 1, 3]);
        assert_eq!(rows.unsorted(&rows.y, 5)[..4], values[..4]);
        let rows = ClusteredRows::new(&source(&codes, &weight, &values, None)).unwrap();
        assert_eq!((rows.order.as_slice(), rows.wave.as_slice()), ([1, 3, 0, 2].as_slice(), [0, 1, 0, 1].as_slice()));
    }

    #[test]
    fn tasks_hold_all_clusters_once() {
        let codes: Vec<u32> = (0..20_000).map(|i| i / 7).collect();
        let ones = vec![1.0; codes.len()];
        let rows = ClusteredRows::new(&source(&codes, &ones, &ones, None)).unwrap();
        let tasks = rows.tasks();
        assert!(tasks.len() > 2 && tasks[0].start == 0 && tasks.last().unwrap().end == rows.n_clusters());
        assert!(tasks.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
