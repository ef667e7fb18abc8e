"""What several models are called beside each other."""

from collections.abc import Sequence

from ..errors import OptionError


def model_names(n: int, names: Sequence[str] | None) -> list[str]:
    """Return the names given to `n` models, or m1, m2, ... in the order of the models.

    >>> model_names(3, None)
    ['m1', 'm2', 'm3']
    """
    if names is None:
        return [f"m{k}" for k in range(1, n + 1)]
    given = [names] if isinstance(names, str) else list(names)
    if len(given) != n or len(set(given)) < n:
        raise OptionError(f"names={given!r}: give {n} different names, one for each model")
    return given
