//! The memory of a fit, predicted from its cross-products and the layout of its factor.

use super::exact_kind::finishing_kind;
use crate::model::{Criterion, Lmm};

/// Bytes that a fit and what it is made from hold at most at once.
pub fn n_bytes(model: &Lmm) -> usize {
    let origin = model.origin;
    model.a.n_bytes() + origin.kept + to_come(model).max(origin.passing)
}

/// Bytes that the fit will take beside its cross-products.
pub fn to_come(model: &Lmm) -> usize {
    let (symbolic, p) = (&model.symbolic, model.a.n_fixed());
    let with_fixed = model.criterion == Criterion::Reml;
    let search = symbolic.search_bytes(p, with_fixed, model.theta_map.n_parameters);
    let exact = finishing_kind(model).map_or(0, |kind| {
        let exact = symbolic.as_ref().clone().with_kind(kind, &model.a);
        exact.n_bytes() + exact.factor_bytes(p)
    });
    symbolic.n_bytes() + search + exact
}
