"""How much of a coefficient's variance is due to the other columns: (generalized) variance inflation factors.

Fox and Monette (1992), J. Am. Stat. Assoc. 87, 178-183, from the covariance of the fixed effects.
"""

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..frame import Column
from .finding import CONCERN, FINE, LOOK, Check

_MODERATE, _HIGH = 5.0, 10.0


def inflation_factors(estimate: Estimate) -> tuple[list[str], NDArray[np.float64], NDArray[np.int64]]:
    """Return terms but the intercept, their generalized variance inflation factors and columns."""
    layout = estimate.layout
    terms = np.array([layout.column_terms[k] for k in layout.kept])
    own = terms > 0
    covariance = estimate.core.vcov()[np.ix_(own, own)]
    terms = terms[own]
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    present = list(dict.fromkeys(terms.tolist()))
    _, whole = np.linalg.slogdet(correlation)
    factors = []
    for term in present:
        inside = terms == term
        parts = [np.linalg.slogdet(correlation[np.ix_(part, part)])[1] for part in (inside, ~inside)]
        factors.append(float(np.exp(sum(parts) - whole)))
    names = [layout.terms[term - 1] for term in present]
    return names, np.array(factors), np.array([(terms == term).sum() for term in present], dtype=np.int64)


def has_collinearity(estimate: Estimate) -> bool:
    """Whether there are two terms that could share information, or columns that were left out."""
    return len(inflation_factors(estimate)[0]) > 1 or bool(estimate.dropped_columns)


def check_collinearity(estimate: Estimate) -> Check:
    """Judge variance inflation term by term."""
    names, factors, df = inflation_factors(estimate)
    comparable = factors ** (1 / np.maximum(df, 1))
    table: dict[str, Column] = {"term": names, "gvif": factors, "df": df, "vif": comparable}
    caveat = (
        "Inflation is no fault of a model, only a reason for wide intervals; terms and the interactions they are in "
        "inflate each other unless they are centred."
    )
    dropped = estimate.dropped_columns
    also = f" Left out, as they depend on others: {', '.join(dropped)}." if dropped else ""
    if len(names) < 2:
        return Check(
            "collinearity",
            FINE,
            "There are no two terms that could share information." + also,
            caveat,
            table,
            estimate.kind,
        )
    top = int(np.argmax(comparable))
    largest = float(comparable[top])
    verdict = FINE if largest < _MODERATE else LOOK if largest < _HIGH else CONCERN
    size = "low" if verdict == FINE else "moderate" if verdict == LOOK else "high"
    finding = (
        f"Collinearity is {size}: the variance of {names[top]} is {largest:.1f} times what it would be if the terms "
        f"did not share information, and no other's is larger.{also}"
    )
    return Check("collinearity", verdict, finding, caveat, table, estimate.kind)
