"""Variables computed from groups, ``within(x, g)`` and ``between(x, g)``: on a grid they are covariates of their own.

New data would need the groups to compute them; a copy of the encoding reads them as columns under their names instead.
"""

from .._core import Encoding
from ..errors import DesignError
from ..estimation import Estimate, cached
from ..formula import Call, Expression, ModelSpec, TermFactor

_OF_GROUPS = ("within", "between")


def is_of_groups(factor: TermFactor) -> bool:
    """Whether a factor is computed from groups."""
    return isinstance(factor.expression, Call) and factor.expression.name in _OF_GROUPS


def grid_columns(factor: TermFactor) -> list[str]:
    """Return the variables of a factor that a grid places."""
    return [factor.name] if is_of_groups(factor) else [column.name for column in factor.columns()]


def group_variables(spec: ModelSpec) -> dict[str, TermFactor]:
    """Return the fixed part's variables of groups by name; expressions of such variables are refused."""
    found = {}
    for factor in (factor for term in spec.terms for factor in term.factors):
        if is_of_groups(factor):
            found[factor.name] = factor
        elif _reads_groups(factor.expression):
            raise DesignError(
                f"{factor.name} depends on the groups of the data, so a reference grid cannot place it; "
                "make it a column of the data, and name that in the formula"
            )
    return found


@cached
def grid_encoding(estimate: Estimate) -> Encoding:
    """Return the encoding in which variables of groups are columns of the data."""
    names = group_variables(estimate.request.spec)
    return estimate.encoding.with_columns_in_place_of(list(names))


def _reads_groups(expression: Expression) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.name in _OF_GROUPS or any(_reads_groups(argument) for argument in expression.args)
