//! Where an iterative trailing block gives way to one that is factored exactly.

use crate::model::Lmm;
use crate::penalized_ls::TrailingKind;

/// A criterion estimated with a larger standard error is computed exactly, where that is affordable.
const MOST_ERROR: f64 = 1e-2;
/// An exact evaluation with its gradient may take this long, in seconds.
const MOST_SECONDS: f64 = 10.0;

/// The exact kind of which one evaluation is worth its time and memory, for a model whose kind is not exact.
pub fn finishing_kind(model: &Lmm) -> Option<TrailingKind> {
    let symbolic = &model.symbolic;
    if symbolic.kind() != TrailingKind::Iterative {
        return None;
    }
    let kind = symbolic.exact_kind()?;
    (symbolic.predicted_seconds(kind)? < MOST_SECONDS).then_some(kind)
}

/// What is wrong with a criterion of this standard error, or of none where it cannot be evaluated.
pub fn doubt(std_error: Option<f64>) -> Option<String> {
    match std_error {
        None => Some("the iterative log-determinant cannot be evaluated".into()),
        Some(e) if e > MOST_ERROR => {
            Some(format!("the iterative log-determinant has a standard error of {e:.1e}, above {MOST_ERROR}"))
        }
        Some(_) => None,
    }
}

/// The model to fit in place of an iterative one, where that is affordable.
pub fn instead(model: &Lmm, why: &str) -> Option<Lmm> {
    let kind = finishing_kind(model)?;
    let name = if kind == TrailingKind::Sparse { "sparse" } else { "dense" };
    Some(model.with_trailing(kind).because(format!("The crossed factors have a {name} block: {why}.")))
}

/// The same model, with a word on why its criterion stays an estimate.
pub fn estimated(model: &Lmm, why: &str) -> Lmm {
    model.because(format!("The criterion is an estimate: {why}, and {}.", cost(model)))
}

/// What an exact evaluation would take.
fn cost(model: &Lmm) -> String {
    let symbolic = &model.symbolic;
    match symbolic.exact_kind().and_then(|kind| symbolic.predicted_seconds(kind)) {
        Some(seconds) => format!("an exact evaluation would take some {seconds:.0} s"),
        None => "memory holds no exact factor".into(),
    }
}
