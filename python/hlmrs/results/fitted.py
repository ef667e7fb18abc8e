"""What every fit has, with a likelihood or without: its formula, rows and coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..calls import answers_calls
from .foreign import foreign_attribute
from .view import FrameT, View

if TYPE_CHECKING:
    from ..display import Report

Vector = NDArray[np.float64]


@answers_calls
class Fitted(View[FrameT]):
    """A fit, which does not change: a copy of it is the fit itself."""

    __slots__ = ()

    _absent: ClassVar[Mapping[str, str]] = {}
    """What other kinds of fits have and this one does not, and what there is instead."""

    if TYPE_CHECKING:
        summary: Callable[..., Report]

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._estimate.request.spec.formula

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._estimate.layout.n_rows

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated fixed effects, as in R."""
        return self._estimate.layout.coef_names

    @property
    def beta(self) -> Vector:
        """Estimates of the fixed effects."""
        return self._estimate.core.beta

    @property
    def fitted(self) -> Vector:
        """Fitted means of the rows used, random effects included: an attribute, ``fit.fitted``, and no method.

        Of an ordered response they are expected numbers of its category, from 1.
        """
        return self._estimate.values.fitted.copy()

    def fixef(self) -> dict[str, float]:
        """Return the fixed effects by name; of a marginal model its coefficients.

        Returns
        -------
        dict of str to float
            The estimates; columns that depend on others are not among them.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> {name: round(value, 3) for name, value in fit.fixef().items()}
        {'(Intercept)': 251.405, 'Days': 10.467}
        """
        return dict(zip(self.coef_names, map(float, self.beta), strict=True))

    if not TYPE_CHECKING:  # every name would be an attribute to a type checker

        def __getattr__(self, name: str) -> Any:
            raise foreign_attribute(self, name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
