//! Adaptive Gauss-Hermite quadrature for one effect in each of two nested grouping factors, classes c in schools s, with its exact
//! gradient.
//!
//! The Cholesky factor of a school's M, with l_c and l_s on its diagonal and p_c between, takes the nodes x_k, x_j to
//!   v_k = v̂ + x_k / l_s,   w_kj = ŵ_c + (x_j - p_c x_k / l_s) / l_c
//! so that the sum over all nodes of a school is one of products:
//!   L_s = Σ_k ω_k exp(-v_k²/2) Π_c Σ_j ω_j exp(-h_c(v_k, w_kj)) / (l_s Π l_c),   ω = w exp(x²/2)
//! Its gradient has the adjoints of l_c, p_c and l_s, which a reverse sweep of the factorization turns into those of M.

use std::sync::atomic::AtomicBool;

use super::gradient::{LaplaceGradient, finish};
use super::mode::{Newton, Point};
use super::model::Glmm;
use super::nodes::Nodes;
use super::quadrature::normalize;
use crate::family::RowDerivatives;
use crate::linalg::memory;
use crate::rows::{BlockRows, Effects};
use crate::{Error, Result, check_stop};

/// The factor of M, class by class and school by school.
struct Factor {
    lambda: [f64; 2],
    school: Vec<usize>,
    lc: Vec<f64>,
    p: Vec<f64>,
    ls: Vec<f64>,
}

impl Factor {
    fn new(model: &Glmm, newton: &Newton) -> Self {
        let lambda = [newton.factor.lambda[0][0], newton.factor.lambda[1][0]];
        let (class, group, links) = (&newton.a.factors[0].zz, &newton.a.factors[1].zz, &newton.a.links[1][0]);
        let school: Vec<usize> = newton.a.patterns[1][0].level.iter().map(|&s| s as usize).collect();
        debug_assert_eq!(school.len(), model.rows.blocks[0].n_levels);
        let lc: Vec<f64> = class.iter().map(|a| (1.0 + lambda[0] * lambda[0] * a).sqrt()).collect();
        let p: Vec<f64> = links.iter().zip(&lc).map(|(a, l)| lambda[0] * lambda[1] * a / l).collect();
        let mut squares: Vec<f64> = group.iter().map(|a| 1.0 + lambda[1] * lambda[1] * a).collect();
        p.iter().zip(&school).for_each(|(p, &s)| squares[s] -= p * p);
        Self { lambda, school, lc, p, ls: squares.iter().map(|v| v.sqrt()).collect() }
    }

    /// Effects of the classes and schools at the nodes x_j and x_k.
    fn nodes(&self, u: &Effects, xk: f64, xj: f64) -> (Vec<f64>, Vec<f64>) {
        let v: Vec<f64> = u[1].iter().zip(&self.ls).map(|(v, l)| v + xk / l).collect();
        let class = |c: usize| u[0][c] + (xj - self.p[c] * xk / self.ls[self.school[c]]) / self.lc[c];
        ((0..self.lc.len()).map(class).collect(), v)
    }

    /// M^-1 of right-hand sides for classes and schools.
    fn solve(&self, class: &[f64], group: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let forward: Vec<f64> = class.iter().zip(&self.lc).map(|(a, l)| a / l).collect();
        let mut v = group.to_vec();
        forward.iter().zip(&self.p).zip(&self.school).for_each(|((f, p), &s)| v[s] -= p * f);
        v.iter_mut().zip(&self.ls).for_each(|(v, l)| *v /= l * l);
        let w = |c: usize| (forward[c] - self.p[c] * v[self.school[c]]) / self.lc[c];
        ((0..self.lc.len()).map(w).collect(), v)
    }
}

/// Whether the model has what this is for.
pub fn is_nested(model: &Glmm) -> bool {
    let blocks = &model.rows.blocks;
    blocks.len() == 2 && blocks.iter().all(|b| b.width == 1) && model.reweighting.is_nested(1, 0)
}

/// The linear predictors of all parts where the effects are others than at the mode.
fn predictors(model: &Glmm, at: &Point, lambda: [f64; 2], (w, v): (&[f64], &[f64])) -> Vec<Vec<f64>> {
    let (class, school) = (&model.rows.blocks[0], &model.rows.blocks[1]);
    let mut eta = at.eta.clone();
    for (i, eta) in eta[0].iter_mut().enumerate() {
        let (c, s) = (class.codes[i] as usize, school.codes[i] as usize);
        *eta += lambda[0] * class.z[i] * (w[c] - at.u[0][c]) + lambda[1] * school.z[i] * (v[s] - at.u[1][s]);
    }
    eta
}

/// The criterion without constants, and the weight of every pair of nodes in every class (classes x k x j).
///
/// # Errors
/// `Data` where memory does not hold the weights; `Interrupted`.
pub fn value(model: &Glmm, at: &Point, newton: &Newton, nodes: &Nodes, stop: &AtomicBool) -> Result<(f64, Vec<f64>)> {
    let factor = Factor::new(model, newton);
    let (n, classes) = (nodes.count(), factor.lc.len());
    let mut logs = memory::zeros(classes, n * n)
        .ok_or_else(|| Error::no_memory("the weights of the quadrature", classes, n * n))?;
    let (codes, mut values) = (&model.rows.blocks[0].codes, Vec::new());
    for (k, j) in (0..n * n).map(|e| (e / n, e % n)) {
        check_stop(stop)?;
        let (w, v) = factor.nodes(&at.u, nodes.x[k], nodes.x[j]);
        let eta = predictors(model, at, factor.lambda, (&w, &v));
        model.family.values(&model.observations, &eta, &mut values);
        values.iter_mut().zip(model.weights.iter()).for_each(|(v, w)| *v *= w);
        let place = |c: usize| c * n * n + k * n + j;
        w.iter().enumerate().for_each(|(c, w)| logs[place(c)] = nodes.log_weight[j] - 0.5 * w * w);
        values.iter().zip(codes).for_each(|(l, &c)| logs[place(c as usize)] -= l);
    }
    // the sum over j of every class and k, with what the school has at k
    let mut schools: Vec<f64> = at.u[1]
        .iter()
        .zip(&factor.ls)
        .flat_map(|(v, l)| (0..n).map(move |k| nodes.log_weight[k] - 0.5 * (v + nodes.x[k] / l).powi(2)))
        .collect();
    for (own, &s) in logs.chunks_exact_mut(n * n).zip(&factor.school) {
        own.chunks_exact_mut(n).enumerate().for_each(|(k, own)| schools[s * n + k] += normalize(own));
    }
    let total: f64 = schools.chunks_exact_mut(n).map(normalize).sum();
    for (own, &s) in logs.chunks_exact_mut(n * n).zip(&factor.school) {
        own.chunks_exact_mut(n).zip(&schools[s * n..]).for_each(|(own, q)| own.iter_mut().for_each(|w| *w *= q));
    }
    let logdet: f64 = factor.lc.iter().chain(&factor.ls).map(|l| l.ln()).sum();
    Ok((2.0 * (logdet - total), logs))
}

/// Sums over the nodes, weighted.
#[derive(Default)]
struct Averages {
    /// Slopes of the rows in all parts (n x m).
    g: Vec<f64>,
    /// Of ∂h/∂w: by class the sum, and those with x_k and x_j.
    class: Vec<[f64; 3]>,
    /// Of ∂h/∂v: by school the sum, and that with x_k.
    school: Vec<[f64; 2]>,
    /// Σ (Z'g) times the effect, of both factors.
    cross: [f64; 2],
}

/// The gradient, where the criterion was valued last.
///
/// # Errors
/// `Interrupted`.
pub fn gradient(
    model: &Glmm,
    theta: &[f64],
    at: &Point,
    newton: &Newton,
    (nodes, q): (&Nodes, &[f64]),
    stop: &AtomicBool,
) -> Result<LaplaceGradient> {
    let (rows, factor) = (&model.rows, Factor::new(model, newton));
    let all: Vec<usize> = (0..rows.parts.len()).collect();
    let m = all.len();
    let averages = averages(model, at, &factor, (nodes, q), stop)?;
    let bar = Adjoints::new(&factor, &averages);
    let mut own = RowDerivatives::default();
    model.family.derivatives(&model.observations, &at.eta, &all, &mut own);
    own.weigh(&model.weights);
    let [lc, ls] = factor.lambda;
    let (class, school) = (&rows.blocks[0], &rows.blocks[1]);
    let mut t = vec![0.0; own.g.len()];
    for (i, (t, third)) in t.chunks_exact_mut(m).zip(own.t.chunks_exact(m * m * m)).enumerate() {
        let (a, b) = (lc * class.z[i], ls * school.z[i]);
        let (c, s) = (class.codes[i] as usize, school.codes[i] as usize);
        let share = bar.cc[c] * a * a + bar.cs[c] * a * b + bar.ss[s] * b * b;
        t.iter_mut().zip(third).for_each(|(t, third)| *t = share * third);
    }
    let zt = rows.random_transposed(&t, m, &all);
    let right = |sum: f64, lambda: f64, zt: f64| sum + lambda * zt;
    let of_class: Vec<f64> = averages.class.iter().zip(&zt[0]).map(|(a, zt)| right(a[0], lc, *zt)).collect();
    let of_school: Vec<f64> = averages.school.iter().zip(&zt[1]).map(|(a, zt)| right(a[0], ls, *zt)).collect();
    let (vc, vs) = factor.solve(&of_class, &of_school);
    let mut rest = t;
    for (i, (rest, d)) in rest.chunks_exact_mut(m).zip(own.d.chunks_exact(m * m)).enumerate() {
        let moved = lc * class.z[i] * vc[class.codes[i] as usize] + ls * school.z[i] * vs[school.codes[i] as usize];
        rest.iter_mut().zip(&d[..m]).for_each(|(rest, d)| *rest -= d * moved);
    }
    let whole: Vec<f64> = averages.g.iter().zip(&rest).map(|(g, r)| 2.0 * (g + r)).collect();
    let (zr, zg) = (rows.random_transposed(&rest, m, &all), rows.random_transposed(&own.g, m, &all));
    let inner = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let (a_cc, a_ss, a_cs) = (&newton.a.factors[0].zz, &newton.a.factors[1].zz, &newton.a.links[1][0]);
    let common = inner(&bar.cs, a_cs);
    let of = |k: usize, v: &[f64], square: f64, other: f64, own: f64| {
        2.0 * (averages.cross[k] + inner(&zr[k], &at.u[k]) - inner(&zg[k], v) + 2.0 * own * square + other * common)
    };
    let d = vec![vec![of(0, &vc, inner(&bar.cc, a_cc), ls, lc)], vec![of(1, &vs, inner(&bar.ss, a_ss), lc, ls)]];
    let scores: Effects = zg.iter().map(|g| g.iter().map(|v| -v).collect()).collect();
    Ok(finish(model, theta, at, newton, rows.fixed_transposed(&whole), d, scores, own))
}

/// Derivatives of -log L in the entries of M.
struct Adjoints {
    cc: Vec<f64>,
    cs: Vec<f64>,
    ss: Vec<f64>,
}

impl Adjoints {
    fn new(factor: &Factor, averages: &Averages) -> Self {
        let Factor { school, lc, p, ls, .. } = factor;
        let mut of_ls: Vec<f64> = averages.school.iter().zip(ls).map(|(a, l)| 1.0 / l - a[1] / (l * l)).collect();
        for (c, &s) in school.iter().enumerate() {
            of_ls[s] += averages.class[c][1] * p[c] / lc[c] / (ls[s] * ls[s]);
        }
        let mut out = Self { cc: Vec::new(), cs: Vec::new(), ss: Vec::new() };
        for (c, &s) in school.iter().enumerate() {
            let ([_, with_k, with_j], l) = (averages.class[c], lc[c]);
            let of_p = -with_k / (ls[s] * l) - of_ls[s] / ls[s] * p[c];
            let of_l = 1.0 / l - (with_j - p[c] * with_k / ls[s]) / (l * l) - of_p * p[c] / l;
            out.cs.push(of_p / l);
            out.cc.push(of_l / (2.0 * l));
        }
        out.ss = of_ls.iter().zip(ls).map(|(bar, l)| bar / (2.0 * l)).collect();
        out
    }
}

fn averages(
    model: &Glmm,
    at: &Point,
    factor: &Factor,
    (nodes, q): (&Nodes, &[f64]),
    stop: &AtomicBool,
) -> Result<Averages> {
    let (rows, n) = (&model.rows, nodes.count());
    let all: Vec<usize> = (0..rows.parts.len()).collect();
    let m = all.len();
    let (class, school) = (&rows.blocks[0], &rows.blocks[1]);
    let mut out = Averages {
        g: vec![0.0; rows.n * m],
        class: vec![[0.0; 3]; class.n_levels],
        school: vec![[0.0; 2]; school.n_levels],
        cross: [0.0; 2],
    };
    let by = |block: &BlockRows, g: &[f64]| -> Vec<f64> {
        let mut sums = vec![0.0; block.n_levels];
        g.iter().enumerate().for_each(|(i, g)| sums[block.codes[i] as usize] += block.z[i] * g);
        sums
    };
    let mut own = RowDerivatives::default();
    for (k, j) in (0..n * n).map(|e| (e / n, e % n)) {
        check_stop(stop)?;
        let (xk, xj) = (nodes.x[k], nodes.x[j]);
        let (w, v) = factor.nodes(&at.u, xk, xj);
        let eta = predictors(model, at, factor.lambda, (&w, &v));
        model.family.derivatives(&model.observations, &eta, &all, &mut own);
        own.weigh(&model.weights);
        let weight = |c: usize| q[c * n * n + k * n + j];
        let mut weighted = Vec::with_capacity(rows.n);
        for ((sum, g), &c) in out.g.chunks_exact_mut(m).zip(own.g.chunks_exact(m)).zip(&class.codes) {
            let share = weight(c as usize);
            sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += share * g);
            weighted.push(share * g[0]);
        }
        let (zg, zg_school) = (by(class, &weighted), by(school, &weighted));
        for (c, sum) in out.class.iter_mut().enumerate() {
            let slope = weight(c) * w[c] + factor.lambda[0] * zg[c];
            [1.0, xk, xj].iter().zip(sum).for_each(|(x, sum)| *sum += slope * x);
            out.cross[0] += zg[c] * w[c];
        }
        for (s, sum) in out.school.iter_mut().enumerate() {
            let slope = factor.lambda[1] * zg_school[s];
            [1.0, xk].iter().zip(sum).for_each(|(x, sum)| *sum += slope * x);
            out.cross[1] += zg_school[s] * v[s];
        }
    }
    add_own_slopes(at, factor, nodes, q, &mut out.school);
    Ok(out)
}

/// Σ q_k v_k and Σ q_k v_k x_k of every school, whose weight at k is that of any of its classes.
fn add_own_slopes(at: &Point, factor: &Factor, nodes: &Nodes, q: &[f64], sums: &mut [[f64; 2]]) {
    let n = nodes.count();
    let mut is_done = vec![false; sums.len()];
    for (own, &s) in q.chunks_exact(n * n).zip(&factor.school) {
        if std::mem::replace(&mut is_done[s], true) {
            continue;
        }
        for (own, &x) in own.chunks_exact(n).zip(&nodes.x) {
            let slope = own.iter().sum::<f64>() * (at.u[1][s] + x / factor.ls[s]);
            sums[s][0] += slope;
            sums[s][1] += slope * x;
        }
    }
}
