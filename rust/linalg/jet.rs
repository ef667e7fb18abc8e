//! Numbers that carry derivatives to third order in a few variables, so that a density is written once.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a density computes with: plain numbers, or numbers with derivatives.
pub trait Smooth:
    Copy
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    fn value(self) -> f64;

    /// f of this number, from f's value and its first three derivatives there.
    fn compose(self, f: impl FnOnce(f64) -> [f64; 4]) -> Self;

    /// This number times a constant.
    fn times(self, c: f64) -> Self;
}

impl Smooth for f64 {
    fn value(self) -> f64 {
        self
    }

    #[inline(always)]
    fn compose(self, f: impl FnOnce(f64) -> [f64; 4]) -> Self {
        f(self)[0]
    }

    #[inline(always)]
    fn times(self, c: f64) -> Self {
        c * self
    }
}

/// A number with its derivatives in M variables; of symmetric ones those with ascending indices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet<const M: usize> {
    pub value: f64,
    pub first: [f64; M],
    pub second: [[f64; M]; M],
    pub third: [[[f64; M]; M]; M],
}

impl<const M: usize> Jet<M> {
    /// Variable k at a value.
    pub fn variable(value: f64, k: usize) -> Self {
        let mut jet = Self::from(value);
        jet.first[k] = 1.0;
        jet
    }

    /// Calls `f` with ascending indices.
    #[inline(always)]
    fn each_pair(mut f: impl FnMut(usize, usize)) {
        for a in 0..M {
            for b in a..M {
                f(a, b);
            }
        }
    }

    #[inline(always)]
    fn each_triple(mut f: impl FnMut(usize, usize, usize)) {
        for a in 0..M {
            for b in a..M {
                for c in b..M {
                    f(a, b, c);
                }
            }
        }
    }

    #[inline(always)]
    fn each_number(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        self.value = f(self.value, other.value);
        (0..M).for_each(|a| self.first[a] = f(self.first[a], other.first[a]));
        Self::each_pair(|a, b| self.second[a][b] = f(self.second[a][b], other.second[a][b]));
        Self::each_triple(|a, b, c| self.third[a][b][c] = f(self.third[a][b][c], other.third[a][b][c]));
    }
}

impl<const M: usize> From<f64> for Jet<M> {
    fn from(value: f64) -> Self {
        Self { value, first: [0.0; M], second: [[0.0; M]; M], third: [[[0.0; M]; M]; M] }
    }
}

impl<const M: usize> Add for Jet<M> {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, o: Self) -> Self {
        self.each_number(&o, |a, b| a + b);
        self
    }
}

impl<const M: usize> Sub for Jet<M> {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, o: Self) -> Self {
        self.each_number(&o, |a, b| a - b);
        self
    }
}

impl<const M: usize> Neg for Jet<M> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.times(-1.0)
    }
}

impl<const M: usize> Mul for Jet<M> {
    type Output = Self;
    #[inline(always)]
    #[expect(clippy::suspicious_arithmetic_impl, reason = "Leibniz's rule")]
    fn mul(self, o: Self) -> Self {
        let (x, y) = (&self, &o);
        let mut out = Self::from(x.value * y.value);
        (0..M).for_each(|a| out.first[a] = x.first[a] * y.value + x.value * y.first[a]);
        Self::each_pair(|a, b| {
            out.second[a][b] =
                x.second[a][b] * y.value + x.first[a] * y.first[b] + x.first[b] * y.first[a] + x.value * y.second[a][b];
        });
        Self::each_triple(|a, b, c| {
            out.third[a][b][c] = x.third[a][b][c] * y.value
                + x.second[a][b] * y.first[c]
                + x.second[a][c] * y.first[b]
                + x.second[b][c] * y.first[a]
                + x.first[a] * y.second[b][c]
                + x.first[b] * y.second[a][c]
                + x.first[c] * y.second[a][b]
                + x.value * y.third[a][b][c];
        });
        out
    }
}

impl<const M: usize> Div for Jet<M> {
    type Output = Self;
    #[inline(always)]
    #[expect(clippy::suspicious_arithmetic_impl, reason = "a quotient is a product with the reciprocal")]
    fn div(self, o: Self) -> Self {
        self * o.compose(|x| {
            let r = 1.0 / x;
            [r, -r * r, 2.0 * r * r * r, -6.0 * r * r * r * r]
        })
    }
}

impl<const M: usize> Smooth for Jet<M> {
    fn value(self) -> f64 {
        self.value
    }

    #[inline(always)]
    fn compose(self, f: impl FnOnce(f64) -> [f64; 4]) -> Self {
        let ([f0, f1, f2, f3], x) = (f(self.value), &self);
        let mut out = Self::from(f0);
        (0..M).for_each(|a| out.first[a] = f1 * x.first[a]);
        Self::each_pair(|a, b| out.second[a][b] = f1 * x.second[a][b] + f2 * x.first[a] * x.first[b]);
        Self::each_triple(|a, b, c| {
            let mixed = x.second[a][b] * x.first[c] + x.second[a][c] * x.first[b] + x.second[b][c] * x.first[a];
            out.third[a][b][c] = f1 * x.third[a][b][c] + f2 * mixed + f3 * x.first[a] * x.first[b] * x.first[c];
        });
        out
    }

    #[inline(always)]
    fn times(mut self, c: f64) -> Self {
        let own = self;
        self.each_number(&own, |a, _| c * a);
        self
    }
}

/// A number with its first derivatives in M variables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<const M: usize> {
    pub value: f64,
    pub first: [f64; M],
}

impl<const M: usize> Dual<M> {
    /// Variable k at a value.
    pub fn variable(value: f64, k: usize) -> Self {
        let mut dual = Self::from(value);
        dual.first[k] = 1.0;
        dual
    }

    /// The number of a value with the derivatives a x' + b y'.
    #[inline(always)]
    fn joined(value: f64, (a, x): (f64, Self), (b, y): (f64, Self)) -> Self {
        Self { value, first: std::array::from_fn(|k| a * x.first[k] + b * y.first[k]) }
    }
}

impl<const M: usize> From<f64> for Dual<M> {
    fn from(value: f64) -> Self {
        Self { value, first: [0.0; M] }
    }
}

impl<const M: usize> Add for Dual<M> {
    type Output = Self;
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self::joined(self.value + o.value, (1.0, self), (1.0, o))
    }
}

impl<const M: usize> Sub for Dual<M> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self::joined(self.value - o.value, (1.0, self), (-1.0, o))
    }
}

impl<const M: usize> Neg for Dual<M> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.times(-1.0)
    }
}

impl<const M: usize> Mul for Dual<M> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        Self::joined(self.value * o.value, (o.value, self), (self.value, o))
    }
}

impl<const M: usize> Div for Dual<M> {
    type Output = Self;
    #[inline(always)]
    fn div(self, o: Self) -> Self {
        let ratio = self.value / o.value;
        Self::joined(ratio, (1.0 / o.value, self), (-ratio / o.value, o))
    }
}

impl<const M: usize> Smooth for Dual<M> {
    fn value(self) -> f64 {
        self.value
    }

    #[inline(always)]
    fn compose(self, f: impl FnOnce(f64) -> [f64; 4]) -> Self {
        let [value, slope, ..] = f(self.value);
        Self { value, first: self.first.map(|x| slope * x) }
    }

    #[inline(always)]
    fn times(self, c: f64) -> Self {
        Self { value: c * self.value, first: self.first.map(|x| c * x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(x: f64) -> [f64; 4] {
        [x.exp(); 4]
    }

    #[test]
    fn numbers_with_first_derivatives_are_those_with_three_cut_off() {
        fn f<T: Smooth>(x: T, y: T) -> T {
            x * x * y - (-(x - y).times(0.3)).compose(exp) / y + x
        }
        let whole = f(Jet::<2>::variable(0.5, 0), Jet::variable(2.0, 1));
        let first = f(Dual::<2>::variable(0.5, 0), Dual::variable(2.0, 1));
        assert_eq!(first.value, whole.value);
        assert!(first.first.iter().zip(whole.first).all(|(a, b)| (a - b).abs() < 1e-14));
    }

    #[test]
    fn derivatives_of_a_product_a_quotient_and_a_composition_are_those_of_the_closed_form() {
        // f = x² y + exp(x y) / y at (1/2, 2)
        let (x, y) = (Jet::<2>::variable(0.5, 0), Jet::<2>::variable(2.0, 1));
        let f = x * x * y + (x * y).compose(exp) / y;
        let e = 1f64.exp();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14 * b.abs().max(1.0), "{a} {b}");
        close(f.value, 0.5 + 0.5 * e);
        close(f.first[0], 2.0 + e); // 2xy + e^{xy}
        close(f.first[1], 0.25 + 0.5 * e / 2.0 - e / 4.0); // x² + x e^{xy}/y - e^{xy}/y²
        close(f.second[0][0], 4.0 + 2.0 * e); // 2y + y e^{xy}
        close(f.second[0][1], 1.0 + 0.5 * e); // 2x + x e^{xy}
        close(f.third[0][0][0], 4.0 * e); // y² e^{xy}
        close(f.third[0][0][1], 2.0 + 2.0 * e); // 2 + (1 + x y) e^{xy}
        close(f.third[0][1][1], 0.25 * e); // x² e^{xy}
        // (x³/y - 3x²/y² + 6x/y³ - 6/y⁴) e^{xy}
        close(f.third[1][1][1], (0.0625 - 0.1875 + 0.375 - 0.375) * e);
    }
}
