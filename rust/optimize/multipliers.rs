//! A minimum with c(x) = 0 by the method of multipliers (Nocedal and Wright 2006, Numerical Optimization, algorithm 17.4):
//! searches of d(x) + λ'c(x) + μ|c(x)|²/2, between which λ and μ change.

/// μ grows where a search leaves more than this part of what the one before has left of c.
const SLOW: f64 = 0.1;
const GROWTH: f64 = 4.0;

/// λ and μ of a search.
#[derive(Debug, Clone)]
pub struct Multipliers {
    pub lambda: Vec<f64>,
    pub mu: f64,
    last: f64,
}

impl Multipliers {
    pub fn new(n: usize, mu: f64) -> Self {
        Self { lambda: vec![0.0; n], mu, last: f64::INFINITY }
    }

    /// λ'c + μ|c|²/2.
    pub fn value(&self, c: &[f64]) -> f64 {
        c.iter().zip(&self.lambda).map(|(c, lambda)| lambda * c + 0.5 * self.mu * c * c).sum()
    }

    /// Adds its slope and, if there is one, its curvature without that of c, whose slopes are given.
    pub fn add(&self, c: &[f64], slopes: &[Vec<f64>], gradient: &mut [f64], curvature: &mut [f64]) {
        let n = gradient.len();
        for ((c, s), lambda) in c.iter().zip(slopes).zip(&self.lambda) {
            gradient.iter_mut().zip(s).for_each(|(g, s)| *g += (lambda + self.mu * c) * s);
            curvature.iter_mut().enumerate().for_each(|(e, h)| *h += self.mu * s[e % n] * s[e / n]);
        }
    }

    /// After a search that left so much of c, at most.
    pub fn tighten(&mut self, worst: f64) {
        if worst > SLOW * self.last {
            self.mu *= GROWTH;
        }
        self.last = worst;
    }
}
