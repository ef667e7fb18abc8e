//! Values by row that are uncorrelated where they have the covariance R: L_i⁻¹e_i of every group.

use super::stored::Residual;
use super::whiten::Whitened;

impl Residual {
    /// L⁻¹e of values by row, in the order of the data.
    pub fn normalize(&self, whitened: &Whitened, values: &[f64]) -> Vec<f64> {
        let mut e: Vec<f64> = self.order.iter().map(|&row| values[row as usize]).collect();
        let mut rest = e.as_mut_slice();
        for group in self.pieces.iter().flat_map(|piece| &piece.groups) {
            let (e, after) = std::mem::take(&mut rest).split_at_mut(group.n);
            whitened.factors[group.pattern].solve_rows(e, group.n);
            rest = after;
        }
        self.in_order_of_data(&e)
    }
}
