//! Rows by group and place, and which of them no structure can have.

use super::correlation::{Correlation, PlaceKind, Places};
use crate::{Error, Result};

/// Correlations of more visits than this are too many to estimate.
const MOST_VISITS: usize = 60;
/// Visits of structures with a parameter for every lag or step, and rows of a group whose covariance is factored densely, at
/// most.
const MOST_VISITS_OF_LAGS: usize = 100;
const MOST_ROWS: usize = 2_000;
/// Whole numbers up to this are exact.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// What is said of the residuals of the rows used, in their order.
#[derive(Debug, Clone, Default)]
pub struct ResidualInput {
    pub correlation: Option<Correlation>,
    pub heterogeneous: bool,
    /// How the user wrote it, for messages.
    pub label: String,
    /// The group of every row, and their names.
    pub group: Vec<u32>,
    pub group_levels: Vec<String>,
    /// The time of every row; empty where none counts.
    pub time: Vec<f64>,
    /// The visit of every row, and their names in order.
    pub visit: Vec<u32>,
    pub visits: Vec<String>,
    /// The level of every row that has parameters of its own, and their names.
    pub by: Vec<u32>,
    pub by_levels: Vec<String>,
    /// Columns of log sd (n x K, row-major).
    pub scale: Vec<f64>,
    pub scale_names: Vec<String>,
    pub offset: Vec<f64>,
    /// σ is that of a row whose columns of log sd and offset are zero, not of a row in the middle.
    pub knows_sigma: bool,
    pub n: usize,
}

impl ResidualInput {
    pub fn of_rows(n: usize) -> Self {
        Self { n, ..Self::default() }
    }

    pub fn scale_column(&self, k: usize) -> Vec<f64> {
        self.scale.iter().skip(k).step_by(self.scale_names.len()).copied().collect()
    }

    fn level_of(&self, i: usize) -> usize {
        self.by.get(i).map_or(0, |&b| b as usize)
    }

    /// The place of a row as its structure counts it.
    fn place(&self, kind: PlaceKind, i: usize) -> f64 {
        match kind {
            PlaceKind::None => 0.0,
            PlaceKind::Whole | PlaceKind::Distance => self.time[i],
            PlaceKind::Visit => f64::from(self.visit[i]),
        }
    }
}

/// Rows of one group side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    pub first: usize,
    pub n: usize,
    /// The set of parameters that it has.
    pub by: usize,
}

/// The order of the rows: group after group, by place; without a correlation every row is a group.
#[derive(Debug, Clone, Default)]
pub struct GroupedRows {
    pub order: Vec<u32>,
    pub groups: Vec<RowGroup>,
    /// By row in that order.
    pub places: Vec<f64>,
    pub visits: Vec<u32>,
    pub layout: Places,
}

impl GroupedRows {
    /// # Errors
    /// `Design` and `Data`, with the group or the row, where the structure cannot be estimated from such rows.
    pub fn new(input: &ResidualInput) -> Result<Self> {
        let n = input.n;
        let Some(correlation) = input.correlation else { return Ok(Self::single(input)) };
        let kind = correlation.structure().place();
        check_times(input, kind)?;
        let mut order: Vec<u32> = (0..n as u32).collect();
        let place = |i: u32| input.place(kind, i as usize);
        order.sort_by(|&a, &b| {
            let of = |i: u32| input.group[i as usize];
            of(a).cmp(&of(b)).then(place(a).total_cmp(&place(b)))
        });
        let places: Vec<f64> = order.iter().map(|&i| place(i)).collect();
        let mut groups = Vec::new();
        let mut first = 0;
        for own in order.chunk_by(|&a, &b| input.group[a as usize] == input.group[b as usize]) {
            check_group(input, own, &places[first..first + own.len()], kind)?;
            groups.push(RowGroup { first, n: own.len(), by: input.level_of(own[0] as usize) });
            first += own.len();
        }
        let largest = groups.iter().map(|g| g.n).max().unwrap_or(0);
        if largest < 2 {
            return Err(Error::Design(format!(
                "residual={:?}: every group has one row, so that nothing is correlated; group by a coarser column",
                input.label
            )));
        }
        let of_group = |g: &RowGroup| places[g.first + g.n - 1] - places[g.first];
        let span = groups.iter().map(of_group).fold(0.0, f64::max);
        let steps = || groups.iter().flat_map(|g| places[g.first..g.first + g.n].windows(2).map(|two| two[1] - two[0]));
        let nearest = steps().fold(f64::INFINITY, f64::min);
        let has_gaps = steps().any(|step| step > nearest);
        let is_even = kind == PlaceKind::Whole && steps().all(|step| step % 2.0 == 0.0);
        let layout = Places { visits: input.visits.clone(), largest, nearest, span, has_gaps, is_even };
        check_size(input, correlation, &layout)?;
        let visits =
            if input.visit.is_empty() { Vec::new() } else { order.iter().map(|&i| input.visit[i as usize]).collect() };
        let rows = Self { order, groups, places, visits, layout };
        if kind == PlaceKind::Visit {
            rows.check_visits(input)?;
            rows.check_number(input)?;
        }
        Ok(rows)
    }

    fn single(input: &ResidualInput) -> Self {
        let n = input.n;
        let group = |first| RowGroup { first, n: 1, by: 0 };
        Self { order: (0..n as u32).collect(), groups: (0..n).map(group).collect(), ..Self::default() }
    }

    /// Variances and covariances without any restriction: Σ r r' of fewer residuals r than a group has rows is singular, and
    /// the likelihood grows without end towards it.
    fn check_number(&self, input: &ResidualInput) -> Result<()> {
        if !(input.heterogeneous && input.correlation == Some(Correlation::Unrestricted)) {
            return Ok(());
        }
        for level in 0..input.by_levels.len().max(1) {
            let own = self.groups.iter().filter(|g| g.by == level);
            let (n, largest) = (own.clone().count(), own.map(|g| g.n).max().unwrap_or(0));
            if n < largest {
                let of = input.by_levels.get(level).map_or(String::new(), |level| format!(" of {level:?}"));
                let (s, are) = if n == 1 { ("", "is") } else { ("s", "are") };
                return Err(Error::Design(format!(
                    "residual={:?}: {n} group{s}{of} {are} too few for the covariances of {largest} visits, so that the likelihood \
                     has no maximum; take a structure with fewer parameters, such as toeph or ar1h",
                    input.label
                )));
            }
        }
        Ok(())
    }

    /// Few visits, each pair of which some group has.
    fn check_visits(&self, input: &ResidualInput) -> Result<()> {
        let n = input.visits.len();
        let n_parameters = input.correlation.map_or(0, |c| c.structure().n_parameters(&self.layout));
        if n_parameters > MOST_VISITS * (MOST_VISITS - 1) / 2 {
            return Err(Error::Design(format!(
                "residual={:?}: {n} visits have {n_parameters} correlations, too many to estimate; ar1 or car1 has one",
                input.label
            )));
        }
        if n_parameters < n * (n - 1) / 2 {
            return Ok(());
        }
        let mut met = vec![false; n * n];
        for group in &self.groups {
            let own = &self.visits[group.first..group.first + group.n];
            own.iter().for_each(|&i| own.iter().for_each(|&j| met[i as usize * n + j as usize] = true));
        }
        let pair = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).find(|&(i, j)| !met[i * n + j]);
        match pair {
            Some((i, j)) => Err(Error::Design(format!(
                "residual={:?}: no group has a row at both {:?} and {:?}, so that their correlation cannot be estimated; \
                 take a structure with fewer parameters, such as ar1 or toep",
                input.label, input.visits[i], input.visits[j]
            ))),
            None => Ok(()),
        }
    }
}

/// No more rows in a group, or visits, than their covariance has time for.
fn check_size(input: &ResidualInput, correlation: Correlation, places: &Places) -> Result<()> {
    let structure = correlation.structure();
    let (n, what, most) = match structure.place() {
        _ if structure.is_chain() && !input.heterogeneous => return Ok(()),
        PlaceKind::Visit => (places.n(), "visits", MOST_VISITS_OF_LAGS),
        _ => (places.largest, "rows in a group", MOST_ROWS),
    };
    if n <= most {
        return Ok(());
    }
    Err(Error::Design(format!(
        "residual={:?}: {n} {what} are more than this structure has time for, {most} at most; ar1, car1 and exp take any \
         number",
        input.label
    )))
}

fn check_times(input: &ResidualInput, kind: PlaceKind) -> Result<()> {
    let bad = |v: &f64| !v.is_finite() || (kind == PlaceKind::Whole && v.fract() != 0.0);
    let counts = matches!(kind, PlaceKind::Whole | PlaceKind::Distance);
    if let Some(v) = input.time.iter().find(|v| counts && v.is_finite() && v.abs() > WHOLE) {
        return Err(Error::Data(format!(
            "residual={:?}: there is a time of {v}, too large to tell it from the next; count times from the first, or in a \
             larger unit",
            input.label
        )));
    }
    let Some(v) = input.time.iter().find(|v| counts && bad(v)) else { return Ok(()) };
    let why = if v.is_finite() {
        "and this structure counts lags of whole numbers; car1 takes any times"
    } else {
        "which has no place among the others; drop the row, or give it a time"
    };
    Err(Error::Data(format!("residual={:?}: there is a time of {v}, {why}", input.label)))
}

/// No place twice in a group, which lies in one level of `by`.
fn check_group(input: &ResidualInput, own: &[u32], places: &[f64], kind: PlaceKind) -> Result<()> {
    let name = &input.group_levels[input.group[own[0] as usize] as usize];
    if kind != PlaceKind::None
        && let Some(k) = (1..own.len()).find(|&k| places[k] == places[k - 1])
    {
        let at =
            if kind == PlaceKind::Visit { input.visits[places[k] as usize].clone() } else { places[k].to_string() };
        let (a, b) = (own[k - 1].min(own[k]), own[k - 1].max(own[k]));
        return Err(Error::Data(format!(
            "residual={:?}: group {name:?} has two rows at {at} (rows {a} and {b} of those used, counted from 0); give each \
             row a time of its own, or take cs, which has none",
            input.label
        )));
    }
    if own.iter().any(|&i| input.level_of(i as usize) != input.level_of(own[0] as usize)) {
        return Err(Error::Design(format!(
            "residual={:?}: group {name:?} lies in several levels of by=; each group needs one",
            input.label
        )));
    }
    Ok(())
}

impl ResidualInput {
    /// # Errors
    /// `Design` where arrays have other sizes than the rows, or codes have no name.
    pub fn check_sizes(&self) -> Result<()> {
        let n = self.n;
        let below = |codes: &[u32], names: &[String]| codes.iter().all(|&c| (c as usize) < names.len());
        let sizes = [self.group.len(), self.time.len(), self.visit.len(), self.by.len(), self.offset.len()];
        let is_complete = self.correlation.is_none_or(|c| {
            let kind = c.structure().place();
            let has_time = !matches!(kind, PlaceKind::Whole | PlaceKind::Distance) || self.time.len() == n;
            let has_visit = !(kind == PlaceKind::Visit || self.heterogeneous) || self.visit.len() == n;
            self.group.len() == n && has_time && has_visit
        });
        let fits = sizes.iter().all(|&size| size == 0 || size == n)
            && is_complete
            && self.scale.len() == n * self.scale_names.len()
            && below(&self.group, &self.group_levels)
            && below(&self.visit, &self.visits)
            && below(&self.by, &self.by_levels);
        if fits { Ok(()) } else { Err(Error::Design("the arrays of the residuals are not those of the rows".into())) }
    }
}
