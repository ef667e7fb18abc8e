//! What the free parameters of a structure do, and what users read of them.

use super::angle::Angle;
use super::decay::{angle_of, steepness};
use super::{RandomBasis, Shape, Structure};
use crate::linalg::dual::Dual;

/// What a free parameter does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// The standard deviation of some columns is its power: its sign is free, and zero is a boundary.
    Scale { of: Columns, power: i32 },
    /// An entry of Λ; on the diagonal its sign is free, and zero is a boundary.
    Entry { row: usize, column: usize },
    /// The angle of a correlation of all columns, or of neighbours.
    Angle(Angle),
    /// The angle whose sine is the partial correlation of columns so far apart.
    Partial { lag: usize },
    /// The angle of the range in which correlations fall with the distance; its ends are zero and infinity.
    Range,
    /// The same, read as 1 / range.
    Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    One(usize),
    All,
}

impl Columns {
    /// The column whose unit is that of the standard deviation.
    fn first(self) -> usize {
        match self {
            Self::One(column) => column,
            Self::All => 0,
        }
    }
}

impl Role {
    /// Scales rows or columns of Λ: the criterion is even in it.
    pub fn is_scale(self) -> bool {
        match self {
            Self::Scale { .. } => true,
            Self::Entry { row, column } => row == column,
            Self::Angle(_) | Self::Partial { .. } | Self::Range | Self::Rate => false,
        }
    }

    /// The boundary nearest to a value: a standard deviation of zero, a correlation at the end of its range.
    pub fn boundary(self, x: f64) -> Option<f64> {
        match self {
            Self::Scale { .. } => Some(0.0),
            Self::Entry { row, column } => (row == column).then_some(0.0),
            Self::Angle(_) | Self::Partial { .. } | Self::Range | Self::Rate => {
                let half = std::f64::consts::FRAC_PI_2;
                Some((((x / half - 1.0) / 2.0).round() * 2.0 + 1.0) * half)
            }
        }
    }

    /// The row of Λ whose unit it has; none for a correlation or a range.
    pub fn row(self) -> Option<usize> {
        match self {
            Self::Scale { of, .. } => Some(of.first()),
            Self::Entry { row, .. } => Some(row),
            Self::Angle(_) | Self::Partial { .. } | Self::Range | Self::Rate => None,
        }
    }

    /// A correlation or a range, as an angle.
    pub fn is_angle(self) -> bool {
        self.row().is_none()
    }

    /// Its value where Λ = I; of a range where neighbours have a correlation of one half.
    pub fn start(self) -> f64 {
        match self {
            Self::Scale { .. } => 1.0,
            Self::Entry { row, column } => f64::from(u8::from(row == column)),
            Self::Angle(angle) => angle.angle(0.0),
            Self::Partial { .. } | Self::Range | Self::Rate => 0.0,
        }
    }

    /// Its value in c Λ.
    pub fn scaled(self, x: f64, c: f64) -> f64 {
        match self {
            Self::Scale { power, .. } => root(c, power) * x,
            Self::Entry { .. } => c * x,
            Self::Angle(_) | Self::Partial { .. } | Self::Range | Self::Rate => x,
        }
    }

    /// A standard deviation or a range in the user's units, or a correlation; an entry of Λ is left as it is.
    pub fn to_user(self, x: f64, basis: &RandomBasis, shape: &Shape) -> f64 {
        match self {
            Self::Scale { of, power } => (x.powi(power) * basis.scale(of.first())).abs(),
            Self::Angle(angle) => angle.correlation(x),
            Self::Partial { .. } => x.sin(),
            Self::Range => shape.places().unit() / steepness(x),
            Self::Rate => steepness(x) / shape.places().unit(),
            Self::Entry { .. } => x,
        }
    }

    pub fn to_working(self, value: f64, basis: &RandomBasis, shape: &Shape) -> f64 {
        match self {
            Self::Scale { of, power } => root((value / basis.scale(of.first())).abs(), power),
            Self::Angle(angle) => angle.angle(value),
            Self::Partial { .. } => value.clamp(-1.0, 1.0).asin(),
            Self::Range => angle_of(shape.places().unit() / value.max(0.0)),
            Self::Rate => angle_of(shape.places().unit() * value.max(0.0)),
            Self::Entry { .. } => value,
        }
    }

    /// The slope of the logarithm of a range or rate in its angle; none of other parameters.
    pub fn log_slope(self, x: f64) -> f64 {
        let own = steepness(Dual { value: x, slope: 1.0 });
        match self {
            Self::Range => -own.slope / own.value,
            Self::Rate => own.slope / own.value,
            Self::Scale { .. } | Self::Entry { .. } | Self::Angle(_) | Self::Partial { .. } => 0.0,
        }
    }
}

/// The root of a number that is not negative.
fn root(value: f64, power: i32) -> f64 {
    if power == 2 { value.sqrt() } else { value.powf(1.0 / f64::from(power)) }
}

/// What users read of a term's covariance; columns are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reported {
    Sd(usize),
    /// The standard deviation of every column.
    CommonSd,
    Correlation {
        row: usize,
        column: usize,
    },
    /// The correlation of any two columns, or of neighbours.
    CommonCorrelation,
    /// The correlation of columns so far apart.
    Lag(usize),
    /// The distance in which correlations fall.
    Range,
    /// 1 / range.
    Rate,
}

/// Standard deviations, then correlations and ranges.
pub(super) fn reported(roles: &[Role]) -> Vec<Reported> {
    let of = |role: &Role| match *role {
        Role::Scale { of: Columns::One(column), .. } => Reported::Sd(column),
        Role::Scale { of: Columns::All, .. } => Reported::CommonSd,
        Role::Entry { row, column } if row == column => Reported::Sd(row),
        Role::Entry { row, column } => Reported::Correlation { row, column },
        Role::Angle(_) => Reported::CommonCorrelation,
        Role::Partial { lag } => Reported::Lag(lag),
        Role::Range => Reported::Range,
        Role::Rate => Reported::Rate,
    };
    let (sds, correlations): (Vec<_>, Vec<_>) = roles.iter().map(of).partition(|r| r.is_sd());
    [sds, correlations].concat()
}

impl Reported {
    pub fn is_sd(self) -> bool {
        matches!(self, Self::Sd(_) | Self::CommonSd)
    }

    pub fn kind(self) -> &'static str {
        match self {
            _ if self.is_sd() => "sd",
            _ if self.is_of_distance() => "distance",
            _ => "correlation",
        }
    }

    /// A range or a rate: any number above zero.
    pub fn is_of_distance(self) -> bool {
        matches!(self, Self::Range | Self::Rate)
    }

    /// Row and column of a place in the covariance where its value stands, or which depends on it.
    pub fn place(self) -> (usize, usize) {
        match self {
            Self::Sd(k) => (k, k),
            Self::CommonSd => (0, 0),
            Self::Correlation { row, column } => (row, column),
            Self::CommonCorrelation | Self::Range | Self::Rate => (1, 0),
            Self::Lag(lag) => (lag, 0),
        }
    }

    /// Its name: `sd(x | g)`, `cor(x, y | g)`, `cor(lag 1 | g)`, `sd(g)` of all columns, `range(g)`; `columns` are
    /// their names.
    pub fn name(self, columns: &[String], group: &str) -> String {
        match self {
            Self::Sd(k) => format!("sd({} | {group})", columns[k]),
            Self::CommonSd => format!("sd({group})"),
            Self::Correlation { row, column } => format!("cor({}, {} | {group})", columns[column], columns[row]),
            Self::CommonCorrelation => format!("cor({group})"),
            Self::Lag(lag) => format!("cor(lag {lag} | {group})"),
            Self::Range => format!("range({group})"),
            Self::Rate => format!("rate({group})"),
        }
    }

    /// A standard deviation or correlation in a covariance (r x r); NaN for a correlation of effects without variance.
    pub fn value(self, covariance: &[f64], r: usize) -> f64 {
        let (i, j) = self.place();
        let entry = |i: usize, j: usize| covariance[j * r + i];
        if self.is_sd() {
            return entry(i, i).max(0.0).sqrt();
        }
        let product = entry(i, i) * entry(j, j);
        if product > 0.0 { (entry(i, j) / product.sqrt()).clamp(-1.0, 1.0) } else { f64::NAN }
    }
}

impl Structure {
    /// A range or rate, from the correlation of two effects at a distance, and its slope in it; `None` of a structure
    /// without one.
    pub fn of_correlation(self, correlation: f64, distance: f64) -> Option<(f64, f64)> {
        let decay = self.decay()?;
        // rounding may take a correlation beyond one
        let u = decay.inverse(correlation.clamp(0.0, 1.0)).abs();
        let slope = 1.0 / decay.correlation(Dual { value: u, slope: 1.0 }).slope;
        match self.roles(&Shape::from(2)).last() {
            Some(Role::Rate) => Some((u / distance, slope / distance)),
            _ => Some((distance / u, -distance / (u * u) * slope)),
        }
    }
}

/// How a parameter that users read depends on the free ones, which are counted within the term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coordinate {
    /// θ_k^power, in the unit of a column.
    Power { k: usize, column: usize, power: i32 },
    /// A function of the angle θ_k.
    Angle { k: usize, angle: Angle },
    /// A function of the first `lag` of n angles from θ_k on.
    Lag { k: usize, n: usize, lag: usize },
    /// A function of the angle θ_k, by its role.
    Distance { k: usize, role: Role },
    /// A function of the first rows of Λ, if its columns come first.
    Rows,
    /// A function of all parameters.
    Covariance,
}

impl Structure {
    /// How a parameter that users read depends on the free ones; `None` where the structure has no such parameter.
    pub fn coordinate(self, parameter: Reported, shape: &Shape) -> Option<Coordinate> {
        let roles = self.roles(shape);
        let first = roles.iter().position(|role| matches!(role, Role::Partial { .. }));
        let of = |(k, role): (usize, &Role)| match (*role, parameter) {
            (Role::Scale { of, power }, Reported::Sd(column)) if of == Columns::One(column) => {
                Some(Coordinate::Power { k, column, power })
            }
            (Role::Scale { of: Columns::All, power }, Reported::CommonSd) => {
                Some(Coordinate::Power { k, column: 0, power })
            }
            (Role::Entry { .. }, Reported::Sd(_) | Reported::Correlation { .. }) => Some(match shape.rank {
                Some(_) => Coordinate::Covariance,
                None => Coordinate::Rows,
            }),
            (Role::Angle(angle), Reported::CommonCorrelation) => Some(Coordinate::Angle { k, angle }),
            (Role::Partial { lag: 1 }, Reported::Lag(1)) => Some(Coordinate::Angle { k, angle: Angle::Full }),
            (role @ Role::Range, Reported::Range) | (role @ Role::Rate, Reported::Rate) => {
                Some(Coordinate::Distance { k, role })
            }
            (Role::Partial { lag: own }, Reported::Lag(lag)) if own == lag => {
                first.map(|k| Coordinate::Lag { k, n: roles.len() - k, lag })
            }
            _ => None,
        };
        roles.iter().enumerate().find_map(of)
    }
}
