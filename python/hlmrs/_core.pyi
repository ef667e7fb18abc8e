"""The compiled core: arrays in, arrays out."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

@final
class Problem:
    """Cross-products of the rows in blocks, ready to be fitted; holds no row."""

    def __new__(cls, rows: Rows, reml: bool, n_threads: int = 0) -> Problem: ...
    @property
    def reml(self) -> bool: ...
    @property
    def n_obs(self) -> int: ...
    @property
    def n_random(self) -> int:
        """Random effects, q."""
    @property
    def n_theta(self) -> int: ...
    @property
    def kept(self) -> list[int]:
        """Columns of X that are estimated; the others depend on them."""
    @property
    def structure(self) -> list[dict[str, Any]]:
        """One entry a block: block, kind, levels, width, size, entries, fill."""
    @property
    def flops(self) -> float:
        """Multiplications and additions of one factorization."""
    @property
    def n_bytes(self) -> int:
        """Memory of the cross-products and of one factor."""
    def fit(self, control: str) -> Fit:
        """Fit; `control` is JSON: optimizer, max_evaluations, tolerance, start (user's theta or null), n_threads.

        Raises NumericalError, DesignError (a model the data cannot identify), KeyboardInterrupt.
        """
    def with_criterion(self, reml: bool) -> Problem: ...

@final
class Fit:
    """A fitted linear mixed model, in the user's units; arrays only."""

    @property
    def problem(self) -> Problem: ...
    @property
    def criterion(self) -> float: ...
    @property
    def sigma(self) -> float: ...
    @property
    def pwrss(self) -> float: ...
    @property
    def n_params(self) -> int: ...
    @property
    def beta(self) -> _Array:
        """Shape (n_fixed,): the columns kept."""
    @property
    def theta(self) -> _Array:
        """Relative covariance parameters, term by term: us, the lower triangle by columns; others, relative
        standard deviations, then correlations."""
    @property
    def verdict(self) -> dict[str, Any]:
        """status: "optimum", "boundary", "flat" or "not-converged"; reason: str; evaluations: int;
        expected_decrease: float; boundary: list of {"term": int, "rank": int, "directions": list of r weights of a
        combination of the term's random effects whose variance is zero}; flat: list of terms' indices; message: str."""
    def covariances(self) -> list[_Array]:
        """Per random term the covariance of its random effects, shape (r, r)."""
    def vcov(self) -> _Array:
        """Shape (n_fixed, n_fixed)."""
    def modes(self) -> list[_Array]:
        """Per random term the conditional modes b, shape (n_levels, r)."""
    def mode_covariances(self) -> list[_Array]:
        """Per random term Var(b | y), given theta and beta, shape (n_levels, r, r)."""
    def linear_predictor(self, rows: Rows, use_terms: list[bool]) -> _Array:
        """X beta + Z b over the rows used, with some of the random terms; without the offset.  Shape (n,)."""
    def prediction_variance(
        self, x: _Array, terms: list[tuple[_Array, NDArray[np.uint32]] | None]
    ) -> _Array:
        """Variance of x'beta + z'b as a prediction, theta given: beta and b jointly; an unseen level
        (code 0xFFFFFFFF) has its whole variance.  x: (m, n_fixed); per term z (m, r) and codes (m,), None to leave
        the term out.  Shape (m,)."""
    def simulate(self, rows: Rows, n: int, seed: int) -> _Array:
        """New responses from the fitted model, offset left out, shape (n_obs, n)."""
    def refit(self, rows: Rows, y: _Array) -> Fit:
        """The same model for another response (rows used, offset subtracted), from this optimum."""
    def state(self) -> tuple[str, dict[str, _Array]]:
        """All that a fit is, without rows: JSON and arrays.  Inverse of from_state."""
    @staticmethod
    def from_state(meta: str, arrays: dict[str, _Array]) -> Fit:
        """Raises DataError where the state is not one of a fit."""
