//! R, the covariance of the residuals over σ²: correlations within groups of rows, and standard deviations by row.
//!
//! R_i = D_i C_i D_i for every group of rows, C from a structure and the rows' places, D = diag(exp(h + Wδ)).  Rows whitened by
//! the Cholesky factor of R_i are rows of a plain model: A(φ) = Σ (L_i⁻¹w_i)'(L_i⁻¹w_i), w_i = [Z X y]_i.

mod antedependence;
mod ar1;
mod arma;
mod boundary;
mod car1;
mod correlation;
mod exchangeable;
mod factor;
mod grid;
mod groups;
mod identified;
mod layout;
mod moments;
mod new_rows;
mod normalize;
mod patterns;
mod readable;
mod save;
mod scale;
mod spatial;
mod stored;
mod toeplitz;
mod unrestricted;
mod whiten;
mod without;

pub use correlation::{Correlation, CorrelationStructure, Correlations, Natural, Places};
pub use factor::{Chain, Factor};
pub use grid::{Grid, PatternSums};
pub use groups::{GroupedRows, ResidualInput};
pub use layout::ResidualLayout;
pub use new_rows::{GroupPlace, NO_GROUP, NewResiduals};
pub use patterns::{Pattern, Patterns};
pub use readable::{ResidualParameter, is_positive};
pub use save::SavedShape;
pub use stored::{Group, Piece, Residual};
pub use whiten::{GroupCovariance, Whitened, WhitenedPiece};
