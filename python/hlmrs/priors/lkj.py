"""A prior of correlation matrices."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..errors import OptionError
from .distribution import Distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LKJ(Distribution):
    """A prior of all correlations of a term: the density is the determinant of their matrix to the power ``eta - 1``.

    Parameters
    ----------
    eta : float
        Positive.  One makes all correlation matrices equally likely, more prefers small correlations.

    Raises
    ------
    OptionError
        For a number that is not finite and positive.

    Notes
    -----
    Of two effects the correlation ``r`` has a symmetric beta distribution, ``(r + 1) / 2 ~ Beta(eta, eta)``; each
    correlation of k has ``Beta(eta - 1 + k / 2, eta - 1 + k / 2)`` (Lewandowski, Kurowicka and Joe 2009).

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.LKJ(2))
    LKJ(2)
    """

    _kind: ClassVar[str] = "lkj"
    _positive: ClassVar = {"eta": "number"}

    eta: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        _require_correlations(x)
        smallest = np.linalg.eigvalsh(x)[..., 0]
        logdet = np.linalg.slogdet(np.where((smallest > 0)[..., None, None], x, np.eye(x.shape[-1])))[1]
        return np.where(smallest > 0, (self.eta - 1) * logdet - _log_constant(self.eta, x.shape[-1]), -np.inf)

    def sample(self, rng: np.random.Generator, n: int, dimension: int = 2) -> NDArray[np.float64]:
        """Draw independent correlation matrices.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where randomness comes from.
        n : int
            How many matrices.
        dimension : int
            Rows of each.

        Returns
        -------
        numpy.ndarray
            Matrices in the last two axes.

        Examples
        --------
        >>> import hlmrs, numpy
        >>> hlmrs.LKJ(2).sample(numpy.random.default_rng(1), 5, dimension=3).shape
        (5, 3, 3)
        """
        return self._draws(rng, n, dimension)

    def _draws(self, rng: np.random.Generator, n: int, dimension: int = 2) -> NDArray[np.float64]:
        factor = self._factors(rng, n, dimension)
        return factor @ factor.transpose(0, 2, 1)

    def _factors(self, rng: np.random.Generator, n: int, dimension: int) -> NDArray[np.float64]:
        """Draw the Cholesky factors of independent correlation matrices, which may be singular."""
        factor = np.zeros((n, dimension, dimension))
        left = np.ones((n, dimension))
        for column in range(dimension):
            factor[:, column, column] = np.sqrt(np.maximum(left[:, column], 0))
            for row in range(column + 1, dimension):
                b = self.eta + 0.5 * (dimension - 2 - column)
                partial = 2 * rng.beta(b, b, n) - 1
                factor[:, row, column] = partial * np.sqrt(left[:, row])
                left[:, row] *= 1 - partial**2
        return factor


def _require_correlations(x: NDArray[np.float64]) -> None:
    square = x.ndim >= 2 and x.shape[-1] == x.shape[-2]
    if not square or not np.allclose(np.diagonal(x, axis1=-2, axis2=-1), 1):
        raise OptionError("LKJ is a prior of correlation matrices: give square ones, of diagonal one")


def _log_constant(eta: float, dimension: int) -> float:
    """Return the logarithm of the integral: partial correlations are independent beta variates on (-1, 1)."""
    total = 0.0
    for column in range(dimension - 1):
        b = eta + 0.5 * (dimension - 2 - column)
        log_beta = 2 * lgamma(b) - lgamma(2 * b)
        total += (dimension - 1 - column) * (log_beta + (2 * b - 1) * log(2))
    return total
