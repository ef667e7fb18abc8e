//! The average information: a curvature of the criterion for a few solves (Gilmour, Thompson and
//! Cullis 1995, Biometrics 51, 1440-1450), with σ² profiled out.
//!
//! With t_k = Z a_k, a_k = (dΛ_k Λ' + Λ dΛ_k') s:
//!   AI_kl = t_k'P t_l / σ² - r_k r_l / (m σ⁴),   r_k = s'a_k.
//! Where a variance goes to zero the criterion bends through d²Σ as well: 2 tr(dΛ_l' G dΛ_k), G = dd/dΣ.

use super::gradient::Gradient;
use super::problem::{Problem, Workspace};
use crate::penalized_ls::product::{Effects, add_zz, zeros};

/// Below this a diagonal entry of Λ is too small to divide by.
const TOO_SMALL: f64 = 1e-7;

impl Problem {
    /// The average information in θ (K x K), at the θ of `gradient`.
    pub fn average_information(&self, theta: &[f64], work: &Workspace, gradient: &Gradient) -> Vec<f64> {
        let (a, system, factor) = (&*self.a, &*self.system, &work.factor);
        let (n, p) = (self.theta_map.n_parameters, system.p);
        let derivatives: Vec<(usize, Vec<f64>)> = (0..n).map(|k| self.theta_map.derivative(theta, k)).collect();
        let directions = self.directions(&derivatives, gradient, &factor.lambda);
        // t_k'P t_l = a_k'A a_l - c_k'c_l, c = L^-1 [Λ'Z' X']' W t
        let mut h = zeros(a, n);
        add_zz(&mut h, a, &directions, n, 1.0);
        let mut hx = vec![0.0; p * n];
        for (f, values) in a.factors.iter().zip(&directions) {
            for (row, t) in f.zx.chunks_exact(p + 1).zip(values.chunks_exact(n)) {
                for (j, x) in row[..p].iter().enumerate() {
                    hx[j * n..(j + 1) * n].iter_mut().zip(t).for_each(|(h, t)| *h += x * t);
                }
            }
        }
        let mut information = vec![0.0; n * n];
        add_inner(&mut information, &directions, &h, n, 1.0);
        let remainder = factor.forward(&mut h, &mut hx, system, n);
        system.trailing.iter().for_each(|t| h[t.block].clear());
        add_inner(&mut information, &h, &h, n, -1.0);
        add_inner(&mut information, &vec![remainder.rest], &vec![remainder.solved], n, -1.0);
        add_inner(&mut information, &vec![hx.clone()], &vec![hx], n, -1.0);
        self.profile_sigma(&mut information, &directions, gradient, factor.pwrss);
        self.add_curvature(&mut information, theta, &derivatives, gradient);
        information
    }

    /// a_k = dΛ_k u + Λ dΛ_k's, all k side by side.
    fn directions(&self, derivatives: &[(usize, Vec<f64>)], gradient: &Gradient, lambda: &[Vec<f64>]) -> Effects {
        let n = derivatives.len();
        let mut a = zeros(&self.a, n);
        for (k, (block, d)) in derivatives.iter().enumerate() {
            let r = self.a.factors[*block].width;
            let l = &lambda[*block];
            let (u, s) = (&gradient.modes.u[*block], &gradient.scores[*block]);
            let mut ds = vec![0.0; r];
            for level in 0..u.len() / r {
                let (u, s) = (&u[level * r..(level + 1) * r], &s[level * r..(level + 1) * r]);
                for (j, value) in ds.iter_mut().enumerate() {
                    *value = (0..r).map(|i| d[j * r + i] * s[i]).sum();
                }
                for i in 0..r {
                    let value: f64 = (0..r).map(|j| d[j * r + i] * u[j] + l[j * r + i] * ds[j]).sum();
                    a[*block][(level * r + i) * n + k] = value;
                }
            }
        }
        a
    }

    /// T/σ² - r r'/(m σ⁴).
    fn profile_sigma(&self, information: &mut [f64], directions: &Effects, gradient: &Gradient, pwrss: f64) {
        let n = self.theta_map.n_parameters;
        let (m, variance) = (self.denominator(), pwrss / self.denominator());
        let mut r = vec![0.0; n];
        for (a, s) in directions.iter().zip(&gradient.scores) {
            for (row, s) in a.chunks_exact(n).zip(s) {
                r.iter_mut().zip(row).for_each(|(r, a)| *r += a * s);
            }
        }
        for k in 0..n {
            for l in 0..n {
                let value = &mut information[l * n + k];
                *value = *value / variance - r[k] * r[l] / (m * variance * variance);
            }
        }
    }

    /// Adds 2 tr(dΛ_l' G dΛ_k) for terms whose Λ is linear in θ; G Λ = dd/dΛ / 2.
    fn add_curvature(
        &self,
        information: &mut [f64],
        theta: &[f64],
        derivatives: &[(usize, Vec<f64>)],
        gradient: &Gradient,
    ) {
        let n = self.theta_map.n_parameters;
        for term in self.theta_map.terms.iter().filter(|t| t.structure.is_linear()) {
            let (r, full) = (term.width, self.theta_map.widths[term.factor]);
            let lambda = term.factor(theta);
            if (0..r).any(|j| lambda[j * r + j].abs() < TOO_SMALL) {
                continue;
            }
            let place = |i: usize, j: usize| (term.offset + j) * full + term.offset + i;
            let d: Vec<f64> = (0..r * r).map(|k| 0.5 * gradient.lambda[term.factor][place(k % r, k / r)]).collect();
            let mut g = vec![0.0; r * r];
            crate::linalg::small::solve_right::<0>(&mut g, &d, &lambda, r, r);
            let symmetric = |i: usize, j: usize| 0.5 * (g[j * r + i] + g[i * r + j]);
            for k in term.first..term.first + term.n_parameters() {
                for l in term.first..term.first + term.n_parameters() {
                    let mut sum = 0.0;
                    for column in 0..r {
                        for i in 0..r {
                            for j in 0..r {
                                sum += derivatives[k].1[place(i, column)]
                                    * symmetric(i, j)
                                    * derivatives[l].1[place(j, column)];
                            }
                        }
                    }
                    information[l * n + k] += 2.0 * sum;
                }
            }
        }
    }
}

/// m (n x n) += sign x'y over all rows.
fn add_inner(m: &mut [f64], x: &Effects, y: &Effects, n: usize, sign: f64) {
    for (x, y) in x.iter().zip(y) {
        for (x, y) in x.chunks_exact(n).zip(y.chunks_exact(n)) {
            for (l, &yl) in y.iter().enumerate() {
                m[l * n..(l + 1) * n].iter_mut().zip(x).for_each(|(m, &xk)| *m += sign * xk * yl);
            }
        }
    }
}
