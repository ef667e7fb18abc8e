//! Numbers that carry one derivative, so that a covariance structure is written once.

use std::ops::{Add, Div, Mul, Sub};

/// What a covariance structure computes with: plain numbers, or numbers with a derivative.
pub trait Real:
    Copy + From<f64> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    fn value(self) -> f64;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    /// ln(1 + x)
    fn ln_1p(self) -> Self;
    /// Square root; zero, with a derivative of zero, below zero.
    fn sqrt(self) -> Self;
}

impl Real for f64 {
    fn value(self) -> f64 {
        self
    }
    fn sin(self) -> f64 {
        f64::sin(self)
    }
    fn cos(self) -> f64 {
        f64::cos(self)
    }
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }
    fn sqrt(self) -> f64 {
        f64::sqrt(self.max(0.0))
    }
}

/// a + b ε with ε² = 0: the value and its derivative in one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self { value: self.value + o.value, slope: self.slope + o.slope }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self { value: self.value - o.value, slope: self.slope - o.slope }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Self { value: self.value * o.value, slope: self.slope * o.value + self.value * o.slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let value = self.value / o.value;
        Self { value, slope: (self.slope - value * o.slope) / o.value }
    }
}

impl Real for Dual {
    fn value(self) -> f64 {
        self.value
    }
    fn sin(self) -> Self {
        Self { value: self.value.sin(), slope: self.slope * self.value.cos() }
    }
    fn cos(self) -> Self {
        Self { value: self.value.cos(), slope: -self.slope * self.value.sin() }
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        Self { value, slope: self.slope * value }
    }
    fn ln(self) -> Self {
        Self { value: self.value.ln(), slope: self.slope / self.value }
    }
    fn ln_1p(self) -> Self {
        Self { value: self.value.ln_1p(), slope: self.slope / (1.0 + self.value) }
    }
    fn sqrt(self) -> Self {
        if self.value <= 0.0 {
            return Self::from(0.0);
        }
        let root = self.value.sqrt();
        Self { value: root, slope: self.slope / (2.0 * root) }
    }
}
