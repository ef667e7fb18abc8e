"""What the user asked for, checked as far as it can be without the data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from numbers import Real
from typing import Any, TypeAlias, TypedDict, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..calls import refuse_unknown, take_alias
from ..control import Control
from ..errors import (
    ArgumentError,
    DataError,
    DesignError,
    FormulaError,
    FormulaWarning,
    OptionError,
    choose,
    flag_in,
    suggestion,
    warn,
)
from ..formula import NO_RANDOM_TERM, Call, ColumnName, ModelSpec, TermFactor, parse, parse_update
from ..formula.expressions import as_json
from ..formula.functions import CONTRASTS
from ..formula.names import find_name
from ..frame import Frame, has_index, in_order, index_names, open_frame, row_index
from ..options import CovariancePrior, Missing
from ..priors import covariance_prior, covariance_prior_alone
from .penalty import require_penalty
from .residual_request import ResidualRequest, residual_request

Contrast: TypeAlias = "str | ArrayLike | Mapping[str, Sequence[float]]"


class Changes(TypedDict, total=False):
    """Arguments of ``lmer`` that ``update`` can change."""

    reml: bool
    weights: "str | ArrayLike | None"
    offset: "str | ArrayLike | None"
    contrasts: Mapping[str, Contrast] | None
    missing: Missing
    control: Control | None
    residual: str | None
    sigma: float | None
    prior: CovariancePrior | None
    REML: bool


_DEFAULT_CONTROL = Control()
_MISSING_CHOICES = get_args(Missing)
_MISSING = {"na.omit": "drop", "na.exclude": "drop", "na.fail": "error", "raise": "error"}

ARRAY_WEIGHTS = "(weights)"
ARRAY_OFFSET = "(offset)"
KEPT_ROWS = "(kept)"


@dataclass(frozen=True, slots=True)
class Request:
    """A model and how to fit it; `arrays` are weights and an offset that are no columns of the data."""

    spec: ModelSpec
    reml: bool
    weights: str | None
    offset: str | None
    contrasts: Mapping[str, Any]
    missing: Missing
    control: Control
    arrays: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)
    residual: ResidualRequest | None = None
    sigma: float | None = None
    prior: CovariancePrior | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reml", flag_in("reml", self.reml))
        object.__setattr__(self, "sigma", known_sigma(self.sigma))
        object.__setattr__(self, "prior", covariance_prior(self.prior))

    def columns(self) -> list[str]:
        """Return the columns of the data that the model reads."""
        given = [name for name in (self.weights, self.offset) if name is not None and name not in self.arrays]
        further = [] if self.residual is None else self.residual.columns()
        return [name for name in dict.fromkeys([*self.spec.columns(), *given, *further]) if name not in self.arrays]

    def predictors(self) -> set[str]:
        """Return the columns that a prediction may read."""
        _, *others = self.spec.factors()
        return {column.name for factor in others for column in factor.columns()}

    def labels(self) -> frozenset[str]:
        """Return the columns that do nothing but name groups."""
        further = () if self.residual is None else self.residual.columns()
        return self.spec.labels().difference((self.weights, self.offset), further)

    def options(self, **more: Any) -> str:
        """Return what the core reads beside the formula."""
        if not self.contrasts and not more:
            return _options(self.missing, self.weights, self.offset)
        own = {"contrasts": self.contrasts, "missing": self.missing, "weights": self.weights, "offset": self.offset}
        return json.dumps(own | more)

    def settings(self) -> str:
        """Return what the core's optimizer reads."""
        return _settings(self.control)


@lru_cache(maxsize=128)
def _options(missing: str, weights: str | None, offset: str | None) -> str:
    return json.dumps({"contrasts": {}, "missing": missing, "weights": weights, "offset": offset})


@lru_cache(maxsize=128)
def _settings(control: Control) -> str:
    return json.dumps(
        {
            "optimizer": control.optimizer,
            "max_evaluations": control.max_evaluations,
            "tolerance": control.tolerance,
            "start": control.start,
            "n_threads": control.n_threads or 0,
        }
    )


def make_request(
    formula: str,
    data: Frame | Sequence[str],
    *,
    reml: bool,
    weights: "str | ArrayLike | None",
    offset: "str | ArrayLike | None",
    contrasts: Mapping[str, Contrast] | None,
    missing: str,
    control: Control | None,
    residual: str | None = None,
    dispersion: str | None = None,
    sigma: float | None = None,
    prior: CovariancePrior | None = None,
    is_marginal: bool | None = False,
    taken: Sequence[str] = (),
) -> Request:
    """Check every argument of a fit; `data` is a frame, or the names of its columns.

    `is_marginal`: without random terms; None: with or without. `taken` are columns that ``.`` does not stand for,
    beside weights and offset.
    """
    names, index = (data, []) if isinstance(data, Sequence) else (data.names, index_names(data))
    if not isinstance(data, Sequence):
        weights, offset = (in_order(n, v, row_index(data)) for n, v in (("weights", weights), ("offset", offset)))
    if control is not None and not isinstance(control, Control):
        raise ArgumentError(f"control={control!r}: give a hlmrs.Control")
    missing = choose("missing", missing, _MISSING_CHOICES, _MISSING)
    spec = parse(formula, names, index, [*taken, *(given for given in (weights, offset) if isinstance(given, str))])
    if is_marginal and spec.random:
        raise DesignError(f"gls() has no random terms, and the formula has {spec.random[0].name}: lmer() takes both")
    if is_marginal is False and not spec.random:
        raise DesignError(NO_RANDOM_TERM)
    for note in spec.notes:
        warn(note, FormulaWarning)
    arrays: dict[str, NDArray[np.float64]] = {}
    asked, known = residual_request(residual, dispersion, spec, names), _one_sigma(sigma, control)
    if known is not None and asked is not None and asked.term is not None and asked.term.kind.by_visit:
        raise OptionError(
            f"sigma={known!r} beside residual={asked.term.text!r}, in which every visit has a standard deviation of "
            "its own: there is no one to be known; take a structure with one, such as ar1 or corr"
        )
    penalty = covariance_prior_alone(prior)
    if penalty is not None:
        require_penalty(spec, asked)
    return Request(
        spec,
        reml,
        _column_or_array("weights", weights, names, ARRAY_WEIGHTS, arrays),
        _column_or_array("offset", offset, names, ARRAY_OFFSET, arrays),
        checked_contrasts(contrasts, spec),
        "error" if missing == "error" else "drop",
        control or _DEFAULT_CONTROL,
        arrays,
        asked,
        known,
        penalty,
    )


def change_request(
    old: Request, change: str, data: Frame, options: Mapping[str, Any], *, same_rows: bool = True
) -> Request:
    """Change a model's formula as R's update does, and any of its options; arrays belong to the rows of the model."""
    if not same_rows:
        require_same_rows(old, options)
    kept: dict[str, Any] = {
        "reml": old.reml,
        "weights": old.arrays.get(ARRAY_WEIGHTS, old.weights),
        "offset": old.arrays.get(ARRAY_OFFSET, old.offset),
        "contrasts": None,
        "missing": old.missing,
        "control": old.control,
        "sigma": old.sigma,
        "prior": old.prior,
        **dict.fromkeys(("residual", "dispersion")),
        **dict(() if old.residual is None else old.residual.texts()),
    }
    options = dict(options)
    if "REML" in options:
        options["reml"] = take_alias("update", options, "REML", "reml", options.get("reml"), None)
    refuse_unknown("update", options, list(kept))
    spec = updated(old.spec, change, data, same_rows=same_rows)
    for note in spec.notes:
        warn(note, FormulaWarning)
    new = make_request(spec.formula, data, is_marginal=not old.spec.random, **(kept | options))
    if new.residual is not None and old.residual is not None and new.reml == old.reml:
        own = new.residual.tested_by(old.residual.ddf, old.residual.ddf_information)
        new = replace(new, residual=own)
    if "contrasts" in options:
        return new
    return without_idle_contrasts(replace(new, contrasts=old.contrasts))


def updated(old: ModelSpec, change: str, data: Frame, *, same_rows: bool) -> ModelSpec:
    """Change a formula; a change may name the terms of single levels, which the same rows have."""
    try:
        return parse_update(old.in_all_levels(), change, data.names, index_names(data))
    except FormulaError:
        if not same_rows or not old.levels():
            raise
        return parse_update(old, change, data.names, index_names(data))


def known_sigma(sigma: Any) -> float | None:
    """Return a residual standard deviation that is known, as a positive number; None where it is estimated."""
    if sigma is None:
        return None
    is_number = isinstance(sigma, Real) and not isinstance(sigma, bool | np.bool_)
    if not is_number or not 0 < float(sigma) < np.inf:
        raise OptionError(
            f"sigma={sigma!r}: give the residual standard deviation that is known, a positive number (1 where weights "
            "are 1 / variance), or None to estimate it"
        )
    return float(sigma)


def _one_sigma(sigma: Any, control: Control | None) -> Any:
    """Return the known residual standard deviation, of which ``Control(fix=)`` may have it too."""
    held = None if control is None or control.fix is None else control.fix.get("sigma")
    if held is not None and sigma is not None and sigma != held:
        raise OptionError(f"sigma={sigma!r} beside Control(fix={{'sigma': {held:g}}}): leave one of them out")
    return sigma if held is None else held


def require_same_rows(old: Request, options: Mapping[str, Any]) -> None:
    """Refuse arrays that belong to other rows."""
    for name, reserved in (("weights", ARRAY_WEIGHTS), ("offset", ARRAY_OFFSET)):
        if reserved in old.arrays and name not in options:
            raise DataError(f"{name} were an array for the rows of the old data; give {name}= for the new ones")


def request_of_rows(request: Request, kept: NDArray[np.bool_] | None) -> Request:
    """Leave out the rows that another model did not keep: a column misses a value there."""
    if kept is None:
        return request
    arrays = {**request.arrays, KEPT_ROWS: np.where(kept, 0.0, np.nan)}
    return replace(request, arrays=arrays, missing="drop")


def numeric_array(option: str, values: Any) -> NDArray[np.float64]:
    """Make an array of numbers of an option's value: what a column of numbers of the data may be, NaN where missing."""
    if np.ndim(values) != 1:
        raise DataError(f"{option} have {np.ndim(values)} dimensions; give one number per row")
    column = json.dumps(as_json(ColumnName(option, (0, 0))))
    return _core.evaluate(column, open_frame({option: values}).read([option]))


def _column_or_array(
    option: str,
    value: "str | ArrayLike | None",
    names: Sequence[str],
    reserved: str,
    arrays: dict[str, NDArray[np.float64]],
) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        found = find_name(value, names)
        if found is None:
            raise DataError(f"{option}={value!r}: the data have no such column{suggestion(value, names)}")
        return found
    if np.ndim(value) == 0:
        raise ArgumentError(f"{option}={value!r}: give the name of a column, or one number per row")
    arrays[reserved] = numeric_array(option, value)
    if option == "offset" and np.isinf(arrays[reserved]).any():
        place = int(np.flatnonzero(np.isinf(arrays[reserved]))[0])
        raise DataError(f"offset is infinite at row {place}; give a finite number, or NaN to drop the row")
    return reserved


def without_idle_contrasts(request: Request) -> Request:
    """Leave out the contrasts of what a smaller model has no effects of."""
    known = coded(request.spec)
    return replace(request, contrasts={name: c for name, c in request.contrasts.items() if name in known})


def checked_contrasts(contrasts: Mapping[str, Contrast] | None, spec: ModelSpec) -> dict[str, Any]:
    """Return contrasts as the core reads them; refuse those of what has no effects."""
    if contrasts is None:
        return {}
    if not isinstance(contrasts, Mapping):
        raise ArgumentError(f"contrasts={contrasts!r}: give a dictionary such as {{'treatment_arm': 'sum'}}")
    known = coded(spec)
    found = {name: find_name(str(name), known) for name in contrasts}
    for name, meant in found.items():
        own = None if meant is not None else coded_in_formula(name, spec)
        if own is not None:
            raise OptionError(
                f"contrasts={{{name!r}: ...}}: the formula has contrasts of its own for it, {own}; leave out one of "
                "the two"
            )
        if meant is None:
            where = "has no effects of" if name in spec.columns() else "has no"
            raise OptionError(f"contrasts: the formula {where} {name!r}{suggestion(str(name), known)}")
    return {str(found[name]): _contrast(name, value) for name, value in contrasts.items()}


def coded(spec: ModelSpec) -> list[str]:
    """Return what contrasts can be given for: the columns and the factors of effects, unless the formula gives them."""
    factors = [factor for factor in _factors(spec) if not _has_contrast(factor)]
    columns = sorted((column for factor in factors for column in factor.columns()), key=lambda column: column.at[0])
    return list(dict.fromkeys([*(column.name for column in columns), *(factor.name for factor in factors)]))


def coded_in_formula(name: Any, spec: ModelSpec) -> str | None:
    """Return the ``C()`` that gives contrasts to a column or a factor; None if there is none."""
    for factor in filter(_has_contrast, _factors(spec)):
        if find_name(str(name), [factor.name, *(column.name for column in factor.columns())]) is not None:
            return factor.name
    return None


def _factors(spec: ModelSpec) -> list[TermFactor]:
    terms = [*spec.terms, *(term for random in spec.random for term in random.terms)]
    return [factor for term in terms for factor in term.factors]


def _has_contrast(factor: TermFactor) -> bool:
    """Whether it is ``C(f, sum)``, and not ``C(f)`` alone."""
    call = factor.expression
    return isinstance(call, Call) and call.name == "C" and len(call.args) > 1


def _contrast(name: str, value: Contrast) -> Any:
    if isinstance(value, str):
        if value not in CONTRASTS:
            listed = ", ".join(map(repr, CONTRASTS))
            raise OptionError(
                f"contrasts={{{name!r}: {value!r}}}: there is no such coding{suggestion(value, CONTRASTS)}; "
                f"choose one of {listed}, or give a matrix"
            )
        return value
    if has_index(value) and list(getattr(value, "index", ())) != list(range(len(np.asarray(value)))):
        raise OptionError(
            f"contrasts of {name!r} have an index, and a matrix has its rows in the order of the levels; give "
            ".to_numpy() of it in that order"
        )
    names = list(map(str, value)) if isinstance(value, Mapping) else None
    columns = list(value.values()) if isinstance(value, Mapping) else value
    matrix = np.asarray(columns, dtype=np.float64)
    if matrix.ndim != 2:
        raise OptionError(
            f"contrasts of {name!r} have {matrix.ndim} dimensions; give a row per level, a column per contrast"
        )
    return {"matrix": (matrix.T if names is not None else matrix).tolist(), "names": names}
