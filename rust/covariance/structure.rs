//! What a covariance structure must say of itself.
//!
//! A search sees free parameters: any real vector is a valid covariance, the criterion is smooth in them, and a boundary
//! (a variance of zero, a correlation of one) is an ordinary stationary point.  Users see a relative Cholesky factor,
//! standard deviations and correlations.

use super::decay::Decay;
use super::{RandomBasis, Reported, Role, Shape, Structure, roles};
use crate::linalg::dense::square_product;
use crate::linalg::dual::{Dual, Real};
use crate::{Error, Result};

/// All that is known of one covariance of r random effects.  Each is a unit struct in a file of its own.
pub trait CovarianceStructure: Copy {
    /// The name that a formula uses.
    const NAME: &'static str;
    /// How the columns of z may be changed without a change of the model.
    const INVARIANCE: Invariance;
    /// The columns are places in an order, such as times.
    const ORDERED: bool;
    /// The columns lie at places, and correlations fall with their distance.
    const DECAY: Option<Decay>;
    /// Λ depends linearly on the parameters, so that its second derivative is zero.
    const IS_LINEAR: bool;
    /// With a random effect for every row, the covariance can take up the residual variance.
    const SATURATES: bool;
    /// Names of other structures that are special cases over the same columns.
    const CONTAINS: &'static [&'static str];

    /// What each parameter does, in the order of θ.
    fn roles(self, shape: &Shape) -> Vec<Role>;

    /// What users read: by default a parameter for each role.
    fn reported(self, shape: &Shape) -> Vec<Reported> {
        roles::reported(&self.roles(shape))
    }

    /// Fills Λ (r x r, its columns `stride` apart, lower triangular, zero before).
    fn factor<T: Real>(self, theta: &[T], size: (&Shape, usize), lambda: &mut [T]);

    /// The covariance `sigma` (r x r) as a sum of fixed patterns; `None` where θ changes the patterns too.
    fn linear_directions(self, sigma: &[f64], r: usize) -> Option<Vec<LinearDirection>>;

    /// θ as users read it, in their units: by default each parameter by its role.
    fn to_user(self, theta: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        self.roles(shape).iter().zip(theta).map(|(role, &x)| role.to_user(x, basis, shape)).collect()
    }

    /// θ from what users read.
    fn to_working(self, user: &[f64], (shape, basis): (&Shape, &RandomBasis)) -> Vec<f64> {
        self.roles(shape).iter().zip(user).map(|(role, &value)| role.to_working(value, basis, shape)).collect()
    }
}

/// Changes of the columns of z that leave the set of covariances as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariance {
    /// Any linear change: columns may be centred on a constant one, and scaled.
    Linear,
    /// Every column may be scaled by itself.
    Scaling,
    /// All columns may be scaled by one number.
    CommonScaling,
}

impl Invariance {
    pub fn allows_centring(self) -> bool {
        self == Self::Linear
    }

    pub fn allows_scaling_by_column(self) -> bool {
        self != Self::CommonScaling
    }
}

/// γ times a symmetric pattern (r x r) within a covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearDirection {
    pub pattern: Vec<f64>,
    pub gamma: f64,
}

impl LinearDirection {
    /// σ_ij for each pair.
    pub fn entries(sigma: &[f64], r: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<Self> {
        let entry = |(i, j): (usize, usize)| {
            let mut pattern = vec![0.0; r * r];
            pattern[j * r + i] = 1.0;
            pattern[i * r + j] = 1.0;
            Self { pattern, gamma: sigma[j * r + i] }
        };
        pairs.map(entry).collect()
    }

    /// Every entry of the covariance.
    pub fn all(sigma: &[f64], r: usize) -> Vec<Self> {
        Self::entries(sigma, r, (0..r).flat_map(|j| (0..=j).map(move |i| (i, j))))
    }

    /// One variance and one covariance: (σ_11 - σ_12) I + σ_12 11'.
    pub fn exchangeable(sigma: &[f64], r: usize) -> Vec<Self> {
        if r == 1 {
            return Self::all(sigma, r);
        }
        let identity = (0..r * r).map(|k| f64::from(u8::from(k % r == k / r))).collect();
        vec![
            Self { pattern: identity, gamma: sigma[0] - sigma[1] },
            Self { pattern: vec![1.0; r * r], gamma: sigma[1] },
        ]
    }
}

impl Structure {
    /// By the name that a formula uses.
    ///
    /// # Errors
    /// `Design`, listing the names there are.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|s| s.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|s| s.name()).collect();
            Error::Design(format!("covariance structure '{name}' is not known; there are {}", names.join(", ")))
        })
    }

    /// Parameters where a search may start: Λ = I, but for correlations that fall with the distance, and the columns that
    /// one of lower rank has not.
    pub fn start(self, shape: &Shape) -> Vec<f64> {
        self.roles(shape).into_iter().map(Role::start).collect()
    }

    /// The parameters of c Λ, c >= 0.
    pub fn scaled(self, theta: &[f64], shape: &Shape, c: f64) -> Vec<f64> {
        self.roles(shape).iter().zip(theta).map(|(role, &x)| role.scaled(x, c)).collect()
    }

    /// Whether its effects may be correlated.
    pub fn is_correlated(self) -> bool {
        self.reported(&Shape::from(2)).iter().any(|reported| !reported.is_sd())
    }

    /// Its rank is given.
    pub fn has_rank(self) -> bool {
        matches!(self, Self::ReducedRank)
    }

    /// Any covariance.
    pub fn is_unrestricted(self) -> bool {
        self.invariance() == Invariance::Linear
    }

    /// Independent effects, each with a variance of its own.
    pub fn is_independent(self) -> bool {
        self.invariance() == Invariance::Scaling && !self.is_correlated()
    }

    /// ∂Λ/∂θ_k (r x r), exact.
    pub fn derivative(self, theta: &[f64], shape: &Shape, k: usize) -> Vec<f64> {
        let r = shape.r;
        let dual = |(i, &value): (usize, &f64)| Dual { value, slope: f64::from(u8::from(i == k)) };
        let mut lambda = vec![Dual::from(0.0); r * r];
        self.factor(&theta.iter().enumerate().map(dual).collect::<Vec<_>>(), (shape, r), &mut lambda);
        lambda.iter().map(|d| d.slope).collect()
    }
}

impl From<Structure> for String {
    fn from(structure: Structure) -> Self {
        structure.name().into()
    }
}

impl TryFrom<String> for Structure {
    type Error = Error;
    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}

/// Multiplies row i of the correlation factor by the i-th standard deviation.
pub(super) fn scale_rows<T: Real>(lambda: &mut [T], sd: impl Fn(usize) -> T, (r, stride): (usize, usize)) {
    for j in 0..r {
        for i in j..r {
            lambda[j * stride + i] = lambda[j * stride + i] * sd(i);
        }
    }
}

/// Λ Λ'.
pub fn square(lambda: &[f64], r: usize) -> Vec<f64> {
    (0..r * r).map(|k| (0..r).map(|l| lambda[l * r + k % r] * lambda[l * r + k / r]).sum()).collect()
}

/// dΛ Λ' + Λ dΛ'.
pub fn square_slope(lambda: &[f64], d: &[f64], r: usize) -> Vec<f64> {
    let one = square_product(d, lambda, r, true);
    (0..r * r).map(|k| one[k] + one[k % r * r + k / r]).collect()
}
