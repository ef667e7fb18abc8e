//! The memory of a fit, predicted from its cross-products and the layout of its factor.

use super::exact::finishing_kind;
use crate::objective::{Criterion, Problem};

/// Bytes that a fit and what it is made from hold at most at once.
pub fn n_bytes(problem: &Problem) -> usize {
    let origin = problem.origin;
    problem.a.n_bytes() + origin.kept + to_come(problem).max(origin.passing)
}

/// Bytes that the fit will take beside its cross-products.
pub fn to_come(problem: &Problem) -> usize {
    let system = &problem.system;
    let with_fixed = problem.criterion == Criterion::Reml;
    let search = system.search_bytes(with_fixed, problem.theta_map.n_parameters);
    let exact = finishing_kind(problem).map_or(0, |kind| {
        let exact = system.as_ref().clone().with_kind(kind, &problem.a);
        exact.n_bytes() + exact.factor_bytes()
    });
    system.n_bytes() + search + exact
}
