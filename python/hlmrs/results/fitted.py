"""What every fit has, with a likelihood or without: its formula, rows and coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..calls import answers_calls
from .foreign import foreign_attribute
from .known_names import KnownNames
from .view import FrameT

if TYPE_CHECKING:
    from ..display import Report
    from ..level_equations import Equations

Vector = NDArray[np.float64]


@answers_calls
class Fitted(KnownNames[FrameT]):
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

        One for each row that was used: rows that were dropped have none, and ``augment()`` has them beside all rows.
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

    def equations(self, *, estimates: bool = False) -> Equations:
        """Return the model as the equations of its levels, and as the combined one.

        Parameters
        ----------
        estimates : bool
            Whether estimates stand in the place of the fixed parameters and variances.

        Returns
        -------
        Equations
            Printed as text, shown as MathML in a notebook; ``.to_latex()``, ``.to_mathml()``.  A generalized model has
            the distribution of its response and the equations of its further parts, a marginal one that of the mean.

        Raises
        ------
        FitStateError
            For a fit without its rows, in which the units of every predictor are found.

        Notes
        -----
        A predictor belongs to the coarsest grouping factor within whose groups it is constant.  The letters are those
        of HLM (Raudenbush and Bryk 2002); grouping factors that cross share a level.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> for line in str(fit.equations(estimates=True)).splitlines()[:5]:
        ...     print(line or ".")
        Level 1
          Reaction_ij = β0j + β1j*(Days_ij) + rij
        .
        Level 2 (Subject)
          β0j = 251.4 + u0j
        """
        from ..level_equations import equations_of  # loaded when it is wanted

        return equations_of(self._estimate, estimates=estimates)

    if not TYPE_CHECKING:  # every name would be an attribute to a type checker

        def __getattr__(self, name: str) -> Any:
            raise foreign_attribute(self, name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
