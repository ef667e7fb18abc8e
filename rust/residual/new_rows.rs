//! The residuals of new rows: their standard deviations, and what the residuals of known rows of their groups say of them.

use super::correlation::{Correlation, Correlations, PlaceKind};
use super::layout::ResidualLayout;
use super::stored::{Group, Residual};
use super::whiten::Whitened;
use crate::{Error, Result};

/// No group of the fit.
pub const NO_GROUP: u32 = u32::MAX;

/// Steps that correlations of an ARMA process are computed for beyond those of the fit.
const MOST_STEPS: f64 = 1e6;

/// What is said of the residuals of new rows; NaN where a value is missing.
#[derive(Debug, Clone, Default)]
pub struct NewResiduals {
    /// Columns of log sd (m x K, row-major), as those of the fit were given.
    pub scale: Vec<f64>,
    /// The offset of log sd, less half the log of the weight.
    pub offset: Vec<f64>,
    pub group: Vec<u32>,
    pub place: Vec<f64>,
    /// The set of parameters of the row's group.
    pub by: Vec<u32>,
}

/// Where the rows of a group are: its piece, and its place among the groups there.
#[derive(Debug, Clone, Copy)]
pub struct GroupPlace {
    pub piece: usize,
    pub group: usize,
}

impl NewResiduals {
    pub fn n(&self) -> usize {
        self.offset.len()
    }

    /// # Errors
    /// `Design` where arrays are not those of the layout's rows, `Data` for a place that the structure does not have.
    pub fn check(&self, layout: &ResidualLayout) -> Result<()> {
        let m = self.n();
        let sizes = [self.group.len(), self.place.len(), self.by.len()];
        let by = self.by.iter().all(|&b| (b as usize) < layout.n_levels());
        if self.scale.len() != m * layout.scale.n() || sizes != [m; 3] || !by {
            return Err(Error::Design("the arrays of the residuals are not those of the new rows".into()));
        }
        let kind = layout.place_kind();
        let n_visits = layout.places.n() as f64;
        let is_place = |v: &&f64| match kind {
            PlaceKind::None | PlaceKind::Distance => !v.is_infinite(),
            PlaceKind::Whole => v.is_nan() || v.fract() == 0.0,
            PlaceKind::Visit => v.is_nan() || (v.fract() == 0.0 && **v >= 0.0 && **v < n_visits),
        };
        match self.place.iter().find(|v| !is_place(v)) {
            Some(v) if v.is_infinite() => Err(Error::Data(format!(
                "the new rows have a time of {v}, which has no place among the others; give the row a time"
            ))),
            Some(v) => Err(Error::Data(format!(
                "the new rows have a time of {v}, and the correlations of the residuals know whole times or visits alone"
            ))),
            None => Ok(()),
        }
    }

    /// The standard deviation of row i over σ inside.
    pub fn sd(&self, layout: &ResidualLayout, delta: &[f64], i: usize) -> f64 {
        let (scale, k) = (&layout.scale, delta.len());
        let own = self.scale[i * k..(i + 1) * k].iter().zip(&scale.centre).zip(&scale.unit);
        let sum: f64 = own.zip(delta).map(|(((w, centre), unit), d)| (w - centre) / unit * d).sum();
        (self.offset[i] - scale.offset + sum).exp()
    }
}

impl ResidualLayout {
    /// Whether correlations are computed from step to step.
    fn is_by_steps(&self) -> bool {
        matches!(self.correlation, Some(Correlation::Arma { .. }))
    }

    fn place_kind(&self) -> PlaceKind {
        self.correlation.map_or(PlaceKind::None, |c| c.structure().place())
    }

    /// The correlation of two rows of a group; NaN where they are too far apart for it to be computed.
    fn correlation_of(&self, own: &Correlations, a: f64, b: f64, slopes: &mut [f64]) -> f64 {
        match self.place_kind() {
            PlaceKind::None => own.pair(a, b, slopes),
            _ if a.is_nan() || b.is_nan() => f64::NAN,
            PlaceKind::Whole | PlaceKind::Visit if a == b => 1.0,
            PlaceKind::Whole if self.is_by_steps() && (a - b).abs() > self.places.span.max(MOST_STEPS) => f64::NAN,
            _ => own.pair(a, b, slopes),
        }
    }

    /// The correlations of every level of `by`, at all distances of some places.
    fn correlations_to(&self, phi: &[f64], places: impl Iterator<Item = f64>) -> Vec<Correlations> {
        let (low, high) = places
            .filter(|v| !v.is_nan())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let mut wide = self.clone();
        wide.places.span = wide.places.span.max((high - low).min(MOST_STEPS));
        wide.correlations(phi)
    }

    /// L (n x n) of the residuals of some new rows of one group, over σ.
    ///
    /// # Errors
    /// `Data` where two of them have one place, `Numerical` where their covariance is not positive definite.
    pub fn new_factor(&self, phi: &[f64], new: &NewResiduals, rows: &[usize]) -> Result<Vec<f64>> {
        let (n, delta) = (rows.len(), self.split(phi).1);
        let place = |a: usize| new.place[rows[a]];
        let all = self.correlations_to(phi, rows.iter().map(|&i| new.place[i]));
        let own = all.get(new.by[rows[0]] as usize);
        let sd: Vec<f64> = rows.iter().map(|&i| new.sd(self, delta, i)).collect();
        let mut slopes = vec![0.0; self.n_of_level()];
        let mut r = vec![0.0; n * n];
        for b in 0..n {
            r[b * n + b] = sd[b] * sd[b];
            for a in b + 1..n {
                if self.place_kind() != PlaceKind::None && place(a) == place(b) {
                    return Err(Error::Data(format!(
                        "two new rows of one group are at the same time, {}, at which there is one residual; give each row \
                         a time of its own",
                        place(a)
                    )));
                }
                let c = own.map_or(0.0, |own| self.correlation_of(own, place(a), place(b), &mut slopes));
                r[b * n + a] = sd[a] * sd[b] * c;
            }
        }
        crate::linalg::dense::cholesky_lower(&mut r, n).map_err(|_| {
            Error::Numerical("the covariance of the residuals of new rows is not positive definite".into())
        })?;
        Ok(r)
    }
}

impl Residual {
    /// Where the rows of every group are, by its number.
    pub fn group_places(&self) -> Vec<GroupPlace> {
        let n_groups = self.pieces.iter().map(|piece| piece.groups.len()).sum();
        let mut places = vec![GroupPlace { piece: 0, group: 0 }; n_groups];
        for (p, piece) in self.pieces.iter().enumerate() {
            for (k, group) in piece.groups.iter().enumerate() {
                places[group.number as usize] = GroupPlace { piece: p, group: k };
            }
        }
        places
    }

    /// The correlations that reach all places of new rows.
    pub fn correlations_with(&self, phi: &[f64], new: &NewResiduals) -> Vec<Correlations> {
        let of_group = |group: &Group| {
            let places = self.patterns.get(group.pattern).places;
            [group.origin + places[0], group.origin + places[places.len() - 1]]
        };
        let known = self.pieces.iter().flat_map(|piece| &piece.groups).flat_map(of_group);
        self.layout.correlations_to(phi, known.chain(new.place.iter().copied()))
    }

    /// L⁻¹c of the covariances c of new row i with the rows of a group, over σ².
    pub fn whitened_covariances(
        &self,
        whitened: &Whitened,
        (phi, all): (&[f64], &[Correlations]),
        at: GroupPlace,
        (new, i): (&NewResiduals, usize),
    ) -> Vec<f64> {
        let (group, delta) = (&self.pieces[at.piece].groups[at.group], self.layout.split(phi).1);
        let pattern = self.patterns.get(group.pattern);
        let (sd, mut slopes) = (new.sd(&self.layout, delta, i), vec![0.0; self.layout.n_of_level()]);
        let own = all.get(pattern.by);
        let of = |(log_sd, place): (&f64, &f64)| {
            let (new, known) = (new.place[i], group.origin + place);
            sd * log_sd.exp() * own.map_or(0.0, |own| self.layout.correlation_of(own, new, known, &mut slopes))
        };
        let mut c: Vec<f64> = pattern.log_sd(delta).iter().zip(pattern.places).map(of).collect();
        whitened.factors[group.pattern].solve_rows(&mut c, group.n);
        c
    }
}
