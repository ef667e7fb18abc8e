"""What leaving rows out does to the estimates."""

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import LARGEST_INVERSE, Parameter, influence_of
from ..display import Notes, Printed, Report, Section, displayed, sections_of
from ..errors import InferenceWarning, OptionError, choose, warn
from ..estimation import Estimate
from ..estimation.fixed_parameters import require_nothing_fixed
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column, aside, build
from ..inference import group_keys, parameters
from ..options import DeletionMethod
from ..resources import Progress, require_memory
from .deletion_sets import RowSets, row_sets
from .generalized_influence import generalized_measures

Vector = NDArray[np.float64]

METHODS: tuple[DeletionMethod, ...] = get_args(DeletionMethod)
_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Influence(Printed):
    """Estimates without each of many sets of rows, beside those of all rows.

    Attributes
    ----------
    by : str
        What the sets are: a grouping factor, a column, ``"row"``, ``"label"`` or ``"set"``.
    levels : list of str
        Names of the sets.
    n_rows : array of shape (n,)
        Rows in each.
    method : list of str
        How each was left out: ``"one-step"``, ``"refit"``, ``"fixed-theta"``, or ``""`` where nothing can be estimated
        without it.
    cooks_distance, mdffits, dffits, covratio, displacement : array of shape (n,)
        Measures of influence, as in ``to_frame``; ``dffits`` is NaN for sets of several rows.
    """

    by: str
    levels: list[str]
    n_rows: NDArray[np.int64]
    _coefficients: list[str]
    _parameters: list[str]
    _variances: list[bool]
    _full: Vector
    _values: Vector
    _std_errors: Vector
    _frame: str
    method: list[str]
    cooks_distance: Vector
    mdffits: Vector
    dffits: Vector
    covratio: Vector
    displacement: Vector
    _keys: dict[str, Column]

    def __len__(self) -> int:
        return len(self.levels)

    def _report(self) -> Report:
        name, values = "Cook's distances", self.cooks_distance
        if not self._coefficients:
            name, values = "likelihood displacements", self.displacement
        largest = [k for k in np.argsort(-values)[:_SHOWN] if not np.isnan(values[k])]
        rows: dict[str, Column] = {
            key: [column[k] for k in largest] if isinstance(column, list) else np.asarray(column)[largest]
            for key, column in self._measures().items()
        }
        note = f"The largest {name} of {len(self):,}; .to_frame() has all, .dfbetas() the moves of the coefficients."
        title = f"Influence of {len(self):,} sets of rows, by {self.by}"
        return Report(title, [*sections_of(displayed(rows)), Section("", Notes([note]))])

    def to_frame(self) -> Any:
        """Return the measures of influence.

        Returns
        -------
        data frame
            ``level``, and of a grouping factor the columns of the data that it is made of, in their own type, so that
            the table joins to the data; ``n_rows``; ``cooks_distance``, the move of the fixed effects in units of their
            covariance, over their number; ``mdffits``, the same by the covariance without the rows; for single rows
            ``dffits``, the move of the row's expected response by the fixed effects, in standard errors of it with
            sigma without the row; ``covratio``, the ratio of the determinants of these covariances, without the rows to
            with them: above 1 the rows add precision; ``displacement``, twice the fall of the log-likelihood of all
            rows (restricted under REML) at the estimates without these; ``method``.
        """
        level, *others = self._measures().items()
        own = dict([level, *others])
        return build(self._frame, dict([level]) | aside(self._keys, own) | dict(others))

    def _measures(self) -> dict[str, Column]:
        single: dict[str, Column] = {"dffits": self.dffits} if (self.n_rows == 1).any() else {}
        return {
            "level": self.levels,
            "n_rows": self.n_rows,
            "cooks_distance": self.cooks_distance,
            "mdffits": self.mdffits,
            **single,
            "covratio": self.covratio,
            "displacement": self.displacement,
            "method": self.method,
        }

    def dfbetas(self) -> Any:
        """Return how much each coefficient moves: with the rows less without, in standard errors without.

        Returns
        -------
        data frame
            ``level``, and a column for each coefficient.
        """
        return self._by_level(self._moves(), self._coefficients)

    def _moves(self) -> Vector:
        p = len(self._coefficients)
        return np.asarray((self._full[:p] - self._values[:, :p]) / self._std_errors)

    def moves(self) -> dict[str, Vector]:
        """Return ``dfbetas`` as arrays.

        Returns
        -------
        dict of str to array of shape (n,)
            By coefficient.
        """
        return {name: column.copy() for name, column in zip(self._coefficients, self._moves().T, strict=True)}

    def dfbeta(self) -> Any:
        """Return how much each coefficient moves: with the rows less without.

        Returns
        -------
        data frame
            ``level``, and a column for each coefficient.
        """
        p = len(self._coefficients)
        return self._by_level(self._full[:p] - self._values[:, :p], self._coefficients)

    def estimates(self) -> Any:
        """Return every parameter as it is without the rows.

        Returns
        -------
        data frame
            ``level``, and a column for each coefficient, standard deviation, correlation, other parameter of the
            residuals and ``sigma``, named as ``confint(method="profile")`` names them.
        """
        return self._by_level(self._values, self._parameters)

    def variance_changes(self) -> Any:
        """Return the relative change of every variance: without the rows over with them, less 1.

        Returns
        -------
        data frame
            ``level``, and a column for each standard deviation's square, ``sigma`` the residual variance; missing
            where the variance is zero with all rows.
        """
        chosen = np.flatnonzero(self._variances)
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(self._full[chosen] > 0, (self._values[:, chosen] / self._full[chosen]) ** 2 - 1, np.nan)
        return self._by_level(change, [self._parameters[k] for k in chosen])

    def _by_level(self, values: Vector, names: list[str]) -> Any:
        columns: dict[str, Column] = {"level": self.levels}
        own: dict[str, Column] = {name: values[:, k].copy() for k, name in enumerate(names)}
        return build(self._frame, columns | aside(own, columns))


def influence(estimate: Estimate, by: Any, method: str) -> Influence:
    """Leave out every set in turn."""
    method = choose("method", method, METHODS)
    sets = row_sets(estimate, by)
    if (sets.sizes >= estimate.layout.n_rows).any():
        raise OptionError(f"by={sets.name!r}: a set has all rows; nothing is left without it")
    known = parameters(estimate)
    if isinstance(estimate, GeneralizedEstimate):
        measures = generalized_measures(estimate, sets, list(known.values()), method)
    else:
        _check_memory(estimate, method)
        measures = _measures(estimate, sets, list(known.values()), method)
    _warn_of_missing(sets, measures["method"])
    values, std_errors = measures.pop("values"), measures.pop("std_errors")
    names, full = estimate.layout.coef_names, estimate.core.values(list(known.values()))
    if isinstance(estimate, GeneralizedEstimate):
        names = estimate.parts["conditional"].names
    variances = [parameter.kind in ("sd", "sigma") for parameter in known.values()]
    own = (names, list(known), variances, full, values, std_errors, estimate.kind)
    return Influence(sets.name, sets.labels, sets.sizes, *own, **measures, _keys=_keys(estimate, by))


def _keys(estimate: Estimate, by: Any) -> dict[str, Column]:
    """Return the columns that name the groups of a factor of the model; none of other sets."""
    group = estimate.layout.find_group(by) if isinstance(by, str) else None
    if group is None:
        return {}
    return group_keys(estimate, group, np.arange(len(estimate.layout.groups[group].levels)), ("level",))


def _measures(estimate: Estimate, sets: RowSets, chosen: list[Parameter], method: str) -> dict[str, Any]:
    """Measure what each set does to a linear fit."""
    require_nothing_fixed(estimate, "influence")
    with Progress("sets left out", len(sets.labels)) as shown:
        found = influence_of(
            estimate.core,
            estimate.rows,
            sets.ptr,
            sets.members,
            chosen,
            method,
            estimate.threads,
            shown.reach,
        )
    values, place = found["values"], [k for k, parameter in enumerate(chosen) if parameter.kind == "sigma"]
    sigma = values[:, place[0]] if place else np.full(len(values), estimate.sigma)  # a known one stays
    return {**found, "dffits": _dffits(estimate, sets, values[:, : len(estimate.core.beta)], sigma)}


def _dffits(estimate: Estimate, sets: RowSets, without: Vector, sigma: Vector) -> Vector:
    """x'(beta - beta without) / (sigma without sqrt(x'Cx)) of sets of one row, C = Var(beta) / sigma^2."""
    out = np.full(len(sets.labels), np.nan)
    single = np.flatnonzero(sets.sizes == 1)
    if not len(single) or not without.shape[1]:
        return out
    x = estimate.rows.model_matrix()[:, list(estimate.layout.kept)][sets.members[sets.ptr[single]]]
    move = np.einsum("ij,ij->i", x, estimate.core.beta - without[single])
    variance = np.einsum("ij,jk,ik->i", x, estimate.core.vcov(), x) / estimate.residual_variance
    with np.errstate(divide="ignore", invalid="ignore"):
        out[single] = move / (sigma[single] * np.sqrt(variance))
    return out


def _check_memory(estimate: Estimate, method: str) -> None:
    """Refuse what memory cannot hold: a factor at theta and beside it in every parameter and pair of parameters."""
    k = len(estimate.core.theta)
    points = 1 + k + k * k if method == "one-step" else 2
    blocks = estimate.core.model.structure
    trailing = sum(block["size"] for block in blocks if block["kind"] in ("dense", "sparse", "iterative"))
    if trailing > LARGEST_INVERSE:  # sets are subtracted from the sums, one after the other
        points, trailing = 3, 0
    needed = points * (estimate.core.model.n_bytes + 8 * trailing**2)
    instead = "method='fixed-theta' needs less" if method == "one-step" else "name fewer sets"
    require_memory(needed, f"method={method!r} needs", instead)


def _warn_of_missing(sets: RowSets, method: list[str]) -> None:
    missing = [label for label, how in zip(sets.labels, method, strict=True) if not how]
    if not missing:
        return
    shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
    warn(
        f"without {shown} not all fixed effects can be estimated, or the likelihood has no maximum: their influence is "
        "missing in the tables",
        InferenceWarning,
    )
