//! Linear mixed models, from columns to a verified fit.
//!
//! y | b ~ N(Xβ + Zb, σ²W⁻¹),   b = Λ(θ)u,   u ~ N(0, σ²I)
//!
//! The rooms below follow one fit in order, from data to report.
//!
//! | math | the field's term | in code |
//! |---|---|---|
//! | y, X | response, fixed-effects model matrix | `y`, `FixedLayout` |
//! | Z, Zᵢ | random-effects model matrix, of term i | `z` (narrow columns) + `codes`; never formed |
//! | n, p, q | observations, fixed effects, random effects | `n_obs`, `n_fixed`, `n_random` |
//! | ℓᵢ, r | levels, columns of a grouping factor or term | `n_levels`, `width` |
//! | β | fixed-effects coefficients | `beta` |
//! | θ | relative covariance parameters | `theta` |
//! | Λ | relative covariance factor | `lambda` |
//! | σ | residual standard deviation | `sigma` |
//! | u, b = Λu | spherical modes, conditional modes | `Modes { u, b }` |
//! | W | prior weights | `weights`, `sqrt_w` |
//! | A | cross-products [Z X y]ᵀW[Z X y] | `CrossProducts` |
//! | L | Cholesky factor of ΛᵀAΛ + I (Λ and I act on Z alone) | `CholeskyFactor` |
//! | log\|L_Z\|², log\|L_X\|² | log-determinants | `logdet_random`, `logdet_fixed` |
//! | r²(θ) | penalized weighted residual sum of squares | `pwrss` |
//! | d(θ), ∇d | deviance or REML criterion, its gradient | `objective`, `gradient` |

#[cfg(feature = "python")]
pub mod bindings;
pub mod covariance;
pub mod crossproduct;
pub mod design;
mod error;
pub mod family;
pub mod fit;
pub mod gee;
pub mod ids;
pub mod inference;
pub mod influence;
pub mod linalg;
pub mod model;
pub mod optimize;
pub mod penalized_ls;
pub mod posterior;
pub mod prior;
pub mod resample;
pub mod residual;
pub mod rows;
pub mod saved;
pub mod special;
pub mod table;

pub use covariance::Structure;
pub use error::{Error, Remedy, Result, check_stop, computed};
