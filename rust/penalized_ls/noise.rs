//! Draws around the modes: [b; β] = mode + σ T L^-T z, z standard normal, T = blkdiag(Λ, I).

use super::factor::CholeskyFactor;
use super::solve::Modes;
use super::symbolic::SymbolicFactor;
use crate::Result;

impl CholeskyFactor {
    /// β̂ + σ L_X^-T z of the response (p).
    pub fn drawn_beta(&self, sigma: f64, draw: &mut dyn FnMut() -> f64) -> Vec<f64> {
        let mut noise: Vec<f64> = (0..self.p).map(|_| sigma * draw()).collect();
        self.solve_x_transposed(&mut noise);
        self.beta().iter().zip(noise).map(|(b, z)| b + z).collect()
    }

    /// u = L^-T z and b = Λu: a draw around the modes, in units of σ.  Overwrites the forward half of the response.
    ///
    /// # Errors
    /// `Design` where the trailing block is never factored.
    pub fn noise(&mut self, symbolic: &SymbolicFactor, draw: &mut dyn FnMut() -> f64) -> Result<Modes> {
        let (p, stride, q) = (self.p, self.p + 1, symbolic.n_trailing);
        for lead in &mut self.leads {
            lead.blocks.x.iter_mut().skip(p).step_by(stride).for_each(|v| *v = draw());
        }
        if q > 0 {
            let own = &mut self.solved_x[p * q..(p + 1) * q];
            own.fill_with(draw);
            self.trailing.colour(own)?;
        }
        Ok(self.backward(symbolic, p..p + 1, &[]))
    }
}
