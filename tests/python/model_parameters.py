"""Parameters of models that are not fitted."""

from collections.abc import Iterable, Sequence

from hlmrs.priors import Parameter, coefficient, of_term

SIGMA = Parameter("sigma", "sd")
Term = tuple[str, Sequence[str], bool]
"""A random term: its grouping factor, its columns, and whether their effects are correlated."""


def parameters_of(
    coefficients: Sequence[str], terms: Sequence[Term] = (), others: Iterable[Parameter] = ()
) -> list[Parameter]:
    """Return the parameters of a model in the order of its tables: coefficients, random terms, and others."""
    correlated = [group for group, columns, together in terms if together and len(columns) > 1]
    own = [of_term(*term, alone=correlated.count(term[0]) < 2) for term in terms]
    return [*map(coefficient, coefficients), *(one for term in own for one in term), *others]
