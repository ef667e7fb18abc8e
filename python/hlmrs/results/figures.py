"""Numbers and arrays of a fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import inference
from ..estimation import Estimate, Verdict

Vector = NDArray[np.float64]


class Figures:
    """What was fitted, how well, and the fixed effects."""

    __slots__ = ("_estimate",)

    def __init__(self, estimate: Estimate) -> None:
        self._estimate = estimate

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._estimate.request.spec.formula

    @property
    def reml(self) -> bool:
        """Whether REML was used, rather than maximum likelihood."""
        return self._estimate.request.reml

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._estimate.layout.n_rows

    @property
    def n_groups(self) -> dict[str, int]:
        """Levels of each grouping factor."""
        return {group.name: len(group.levels) for group in self._estimate.layout.groups}

    @property
    def n_params(self) -> int:
        """Free parameters: fixed effects, covariance parameters, sigma."""
        return self._estimate.core.n_params

    @property
    def criterion(self) -> float:
        """What was minimized: the REML criterion, or -2 log-likelihood."""
        return self._estimate.core.criterion

    @property
    def criterion_std_error(self) -> float:
        """Standard error of the criterion; 0 where it is exact, as it is but for very large crossed designs."""
        return self._estimate.core.criterion_std_error

    @property
    def loglik(self) -> float:
        """Log-likelihood with all constants; restricted under REML."""
        return self._criteria.loglik

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self._criteria.aic

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the logarithm of the number of rows."""
        return self._criteria.bic

    @property
    def _criteria(self) -> inference.InformationCriteria:
        return inference.information_criteria(self.criterion, self.n_params, self.nobs)

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return self._estimate.core.sigma

    @property
    def theta(self) -> Vector:
        """Relative covariance parameters, term by term."""
        return self._estimate.core.theta

    @property
    def verdict(self) -> Verdict:
        """What the optimum is worth: ``.converged``, ``.singular``, ``.explain()``."""
        return self._estimate.verdict

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated fixed effects, as in R."""
        return self._estimate.layout.coef_names

    @property
    def beta(self) -> Vector:
        """Estimates of the fixed effects."""
        return self._estimate.core.beta

    def fixef(self) -> dict[str, float]:
        """Return the fixed effects by name.

        Returns
        -------
        dict of str to float
            The estimates; columns that depend on others are not among them.
        """
        return dict(zip(self.coef_names, map(float, self.beta), strict=True))

    def vcov(self, type: str = "model", *, cluster: Any = None) -> Vector:
        """Return the covariance matrix of the fixed effects.

        Parameters
        ----------
        type : {"model", "kenward-roger", "CR0", "CR1", "CR1S", "CR2", "CR3"}
            The model's; with Kenward and Roger's correction for the estimation of the variance components (REML only,
            and at most 5,000 random effects that rows connect); or robust:
            right whatever the dependence within clusters, for many clusters (CR0, CR1, CR1S) or corrected for few
            (CR2, CR3), as clubSandwich for the fitted model.
        cluster : str, list of two str, or array, optional
            Clusters of a robust covariance: a column of the data, two that cross, or a label per row.  Default: the
            outermost grouping factor.

        Returns
        -------
        array of shape (n_fixed, n_fixed)
            In the order of ``coef_names``.

        Raises
        ------
        OptionError
            For an unknown type, or CR2 and CR3 where random effects cross the clusters.
        DesignError
            For Kenward-Roger's where it is not defined, or would be too large: the message has the size.

        Warns
        -----
        InferenceWarning
            Where random effects cross the clusters: CR0, CR1 and CR1S are then right for many clusters only.

        Notes
        -----
        Pustejovsky and Tipton (2018); two ways by Cameron, Gelbach and Miller (2011).
        """
        return inference.covariance_matrix(self._estimate, type, cluster)
