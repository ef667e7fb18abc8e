"""The variances that a planned model is thought to have: standard deviations, variances, or shares of one variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, listed, mapping_in, suggestion
from ..families import Family
from .information import TermCovariance
from .numbers import number
from .planned_model import PlannedModel

Matrix = NDArray[np.float64]

INTERCEPT = "(Intercept)"
RESIDUAL = "residual"
_NOT_NEGATIVE = -1e-10
_NO_SIGN = "a number that is not negative"
_LATENT = {"logit": np.pi**2 / 3, "probit": 1.0, "cloglog": np.pi**2 / 6}
"""Variances of the latent residuals of binary responses, by link."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was said of variances, as it was said."""

    sd: Mapping[str, Any] | None = None
    variance: Mapping[str, Any] | None = None
    correlation: Mapping[str, Any] | None = None
    icc: Any = None
    r2: Mapping[str, float] | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Variances:
    """The covariance of every random term, and the residual standard deviation."""

    terms: Sequence[TermCovariance]
    sigma: float


def read_variances(
    given: Given, model: PlannedModel, *, rows: Sequence[str] = (), family: Family | None = None
) -> Variances:
    """Read what was said of variances; `rows` are names of the units that rows are."""
    explained = _explained(given, model.groups, rows)
    if family is not None:
        _refuse_residual(given, explained, family)
    sds, residual = _standard_deviations(given, model, explained, _latent(given, family))
    correlations = _correlations(given.correlation, model.groups)
    _check_correlated(correlations, model)
    terms = [
        TermCovariance(_covariance(sds, correlations, term.group, term.columns), term.is_correlated)
        for term in model.random
    ]
    if family is not None:
        return Variances(terms, 1.0)
    return Variances(
        terms, _sigma(given.sigma) * float(np.sqrt(1 - explained[RESIDUAL])) if residual is None else residual
    )


def _refuse_residual(given: Given, explained: Mapping[str, float], family: Family) -> None:
    if given.sigma is not None:
        raise OptionError(f"sigma={given.sigma!r}: family={family.name!r} has no residual standard deviation")
    if explained[RESIDUAL]:
        raise OptionError(f"r2: rows have no variance of their own in a model of family={family.name!r}")


def _latent(given: Given, family: Family | None) -> float | None:
    """Return the variance of the residual of a latent response; None for the response itself."""
    if family is None or given.icc is None:
        return None
    if family.link not in _LATENT:
        raise OptionError(
            f"icc={given.icc!r}: a model of family={family.name!r} with link={family.link!r} has no total variance to "
            "share; give sd= on the scale of the linear predictor"
        )
    return _LATENT[family.link]


def _sigma(sigma: float | None) -> float:
    if sigma is None:
        raise OptionError("sigma: give the residual standard deviation, or icc= for a total variance of 1")
    return number("sigma", sigma, float(np.nextafter(0, 1)), wanted="a number above zero")


def _standard_deviations(
    given: Given, model: PlannedModel, explained: Mapping[str, float], latent: float | None
) -> tuple[dict[tuple[str, str], float], float | None]:
    """Return the standard deviation of every random effect by group and column, and of the residual if icc says it."""
    sds: dict[tuple[str, str], float] = {}
    for option, values, root in (("sd", given.sd, False), ("variance", given.variance, True)):
        for key, value in _by_effect(option, values, model).items():
            if key in sds:
                raise OptionError(f"{option}: {key[1]} of {key[0]} is given by sd= already")
            sds[key] = float(np.sqrt(value)) if root else value
    shares = _intraclass(given.icc, model)
    left = 1 - sum(shares.values())
    total = 1.0 if latent is None else latent / left
    if given.icc is not None and given.sigma is not None:
        raise OptionError("sigma= beside icc=: the residual has what the total variance of 1 leaves; give one of them")
    for group, share in shares.items():
        if (group, INTERCEPT) in sds:
            raise OptionError(f"icc={given.icc!r}: the intercepts of {group} are given by sd= or variance= already")
        sds[(group, INTERCEPT)] = float(np.sqrt(total * share))
    for term in model.random:
        for column in term.columns:
            if (term.group, column) not in sds:
                raise OptionError(_missing(term.group, column, term.columns))
    own = {
        key: value * float(np.sqrt(1 - explained[key[0]])) if key[1] == INTERCEPT else value
        for key, value in sds.items()
    }
    return own, None if given.icc is None else float(np.sqrt(left * (1 - explained[RESIDUAL])))


def _missing(group: str, column: str, columns: Sequence[str]) -> str:
    if len(columns) == 1 and column == INTERCEPT:
        return f"sd: say how much {group} varies, by sd={{{group!r}: ...}} or icc={{{group!r}: ...}}"
    return f"sd: say how much {column} varies between the levels of {group}, by sd={{{group!r}: {{{column!r}: ...}}}}"


def _by_effect(option: str, values: Mapping[str, Any] | None, model: PlannedModel) -> dict[tuple[str, str], float]:
    """Return the numbers of an option by group and column."""
    out = {}
    for group, value in _mapping(option, values).items():
        group = _group(option, group, model.groups)
        columns = [column for term in model.random if term.group == group for column in term.columns]
        own = value if isinstance(value, Mapping) else {columns[0]: value}
        if own is not value and len(columns) > 1:
            raise OptionError(
                f"{option}={{{group!r}: {value!r}}}: {group} has several random effects; give "
                f"{{{group!r}: {{{', '.join(f'{column!r}: ...' for column in columns)}}}}}"
            )
        for column, size in own.items():
            if column not in columns:
                raise OptionError(
                    f"{option}={{{group!r}: ...}}: {group} has no random effect {column!r}"
                    f"{suggestion(str(column), columns)}; it has {listed(columns)}"
                )
            out[(group, str(column))] = number(f"{option} of {column} of {group}", size, 0, wanted=_NO_SIGN)
    return out


def _intraclass(icc: Any, model: PlannedModel) -> dict[str, float]:
    """Return the share of every grouping factor's intercepts in the total variance."""
    if icc is None:
        return {}
    groups = [term.group for term in model.random if INTERCEPT in term.columns]
    if not isinstance(icc, Mapping):
        if len(groups) != 1:
            raise OptionError(f"icc={icc!r}: the model has intercepts of {listed(groups)}; give a dictionary by group")
        icc = {groups[0]: icc}
    shares = {}
    for group, share in icc.items():
        group = _group("icc", group, groups)
        shares[group] = number(f"icc of {group}", share, 0, wanted=_NO_SIGN)
    if sum(shares.values()) >= 1:
        raise OptionError(
            f"icc={icc!r}: intraclass correlations are shares of the total variance, here {sum(shares.values()):g} of "
            "it, and the residual has the rest, so that they must sum to less than 1"
        )
    return shares


def _explained(given: Given, groups: Sequence[str], rows: Sequence[str]) -> dict[str, float]:
    """Return the share of the variance of every level that covariates beside the formula explain."""
    out = dict.fromkeys([*groups, RESIDUAL], 0.0)
    own = [name for name in rows if name not in groups]
    for level, share in _mapping("r2", given.r2).items():
        meant = RESIDUAL if level in (*own, RESIDUAL) else _group("r2", level, groups)
        out[meant] = number(f"r2 of {level}", share, 0, 1, "a share from 0 to below 1")
    return out


def _covariance(
    sds: Mapping[tuple[str, str], float], correlation: Mapping[str, Any], group: str, columns: Sequence[str]
) -> Matrix:
    r = len(columns)
    correlations = np.eye(r)
    given = correlation.get(group, 0.0)
    if isinstance(given, Mapping):
        for pair, value in given.items():
            if {*pair} <= {*columns}:
                a, b = (columns.index(name) for name in pair)
                correlations[a, b] = correlations[b, a] = _correlation(group, value)
    else:
        correlations[~np.eye(r, dtype=bool)] = _correlation(group, given)
    if r and np.linalg.eigvalsh(correlations)[0] < _NOT_NEGATIVE:
        raise OptionError(f"correlation of {group}: no random effects have all of these correlations together")
    sd = np.array([sds[(group, column)] for column in columns])
    return correlations * np.outer(sd, sd)


def _correlations(given: Mapping[str, Any] | None, groups: Sequence[str]) -> dict[str, Any]:
    return {_group("correlation", group, groups): own for group, own in _mapping("correlation", given).items()}


def _check_correlated(correlation: Mapping[str, Any], model: PlannedModel) -> None:
    """Refuse correlations of effects that are not there, or that the formula has as independent."""
    for group, given in correlation.items():
        pairs = [
            {a, b}
            for term in model.random
            if term.group == group and term.is_correlated
            for k, a in enumerate(term.columns)
            for b in term.columns[k + 1 :]
        ]
        if not pairs:
            raise OptionError(
                f"correlation={{{group!r}: ...}}: the formula has no correlated random effects of {group}"
            )
        for pair in given if isinstance(given, Mapping) else ():
            if not isinstance(pair, tuple) or {*pair} not in pairs:
                names = listed([", ".join(sorted(known)) for known in pairs])
                raise OptionError(f"correlation={{{group!r}: {{{pair!r}: ...}}}}: the correlated effects are {names}")


def _correlation(group: str, value: Any) -> float:
    return number(f"correlation of {group}", value, -1, float(np.nextafter(1, 2)), "a number from -1 to 1")


def _mapping(option: str, values: Any) -> Mapping[str, Any]:
    if values is None:
        return {}
    return mapping_in(option, values, "{'school': 0.4}")


def _group(option: str, group: Any, groups: Sequence[str]) -> str:
    """Return the grouping factor that is meant: ``classroom`` may stand for ``school:classroom``."""
    if group in groups:
        return str(group)
    inner = [name for name in groups if name.rpartition(":")[2] == group]
    if len(inner) != 1:
        raise OptionError(
            f"{option}: the formula has no random effects of {group!r}{suggestion(str(group), groups)}; "
            f"it has those of {listed(groups)}"
        )
    return inner[0]
