"""``mmrm()``: the mixed model for repeated measures of clinical trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from .calls import answers
from .control import Control
from .display.numbers import plural
from .errors import (
    ArgumentError,
    ConvergenceWarning,
    DesignError,
    FormulaError,
    HlmrsError,
    NumericalError,
    OptionError,
    name_in,
    warn,
)
from .estimation import Contrast, Estimate, Request, estimate, make_request, require_order
from .formula import RESIDUAL_STRUCTURES
from .formula.names import as_written
from .frame import Frame, open_frame
from .inference import DEFAULT_DDF, chosen_ddf, chosen_information
from .options import Ddf, DdfInformation, Missing
from .results import LinearMixedFit
from .results.linear import with_warnings


@answers
def mmrm(
    formula: str,
    data: Any = None,
    *,
    covariance: str | Sequence[str] = "us",
    visit: str | None = None,
    subject: str | None = None,
    by: str | None = None,
    reml: bool = True,
    ddf: Ddf = "kenward-roger",
    ddf_information: DdfInformation | None = None,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    control: Control | None = None,
) -> LinearMixedFit[Any]:
    """Fit a mixed model for repeated measures: a linear model of visits whose covariance within subjects is free.

    Parameters
    ----------
    formula : str
        The fixed part, such as ``"FEV1 ~ RACE + SEX + ARMCD * AVISIT"``.
    data : data frame
        As for ``lmer``: a row for every visit of every subject.  Visits that a subject misses have no row, or a missing
        response.
    covariance : str or list of str
        The covariance of a subject's visits, as ``residual=`` of ``gls``: ``"us(visit | subject)"``, or a name alone,
        ``"us"``, with ``visit`` and ``subject``.  Of a list the first is taken whose fit converges, and a warning says
        why others were passed over: ``["us", "toeph", "ar1h", "csh"]``.
    visit, subject : str, optional
        Columns that a name of ``covariance`` alone is of.
    by : str, optional
        A column whose levels, such as arms, have a covariance of their own each.
    reml
        As for ``lmer``.
    ddf, ddf_information
        What tests of this fit take where they are given no ``ddf``, as in ``TestOptions``.  By default Kenward and
        Roger's by the observed information, as SAS's ``ddfm=kr``; ``"satterthwaite"`` for a fit by maximum likelihood.
    weights, offset, contrasts, missing, control
        As for ``lmer``.

    Returns
    -------
    LinearMixedFit
        The fitted model, without random effects; ``residual_covariance()`` tabulates visits by visits.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError, NumericalError
        As ``gls``; ``NumericalError`` where no structure of a list can be fitted, with the reason of each.

    Warns
    -----
    ConvergenceWarning
        Where a structure is passed over.
    DroppedRowsWarning, RankDeficiencyWarning
        As for ``lmer``.

    Notes
    -----
    Mallinckrodt, Clark and David (2001), J. Biopharmaceutical Statistics 11, 9-21; degrees of freedom by Kenward
    and Roger (1997), Biometrics 53, 983-997.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Orthodont", "polars")
    >>> fit = hlmrs.mmrm("distance ~ factor(age) * Sex", data, covariance="us", visit="age", subject="Subject")
    >>> fit.residual_covariance()["8"].round(2).to_list()
    [5.42, 2.72, 3.91, 2.71]
    """
    if data is None:
        raise ArgumentError("mmrm() needs data: a data frame")
    if not isinstance(formula, str):
        raise ArgumentError(f"mmrm() takes a formula, such as 'y ~ arm * visit', and no {type(formula).__name__}")
    columns = {"visit": visit, "subject": subject, "by": by}
    named = {name: name_in(name, column) for name, column in columns.items() if column is not None}
    frame = open_frame(data)
    terms = _terms(covariance, {name: as_written(column, frame.names) for name, column in named.items()})
    method = _method(ddf, ddf_information, reml)
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing, "control": control}

    def request(term: str) -> Request:
        asked = make_request(formula, frame, reml=reml, residual=term, is_marginal=True, **given)  # type: ignore[arg-type]
        assert asked.residual is not None, "a term was given"
        return replace(asked, residual=asked.residual.tested_by(method, ddf_information))

    with _in_its_own_words():
        requests = {term: request(term) for term in terms}
        _require_order(requests.values(), frame)
        return with_warnings(_first_that_converges(requests, frame))


def _require_order(requests: Iterable[Request], frame: Frame) -> None:
    """Refuse visits of text in a list of structures of which a later one goes by their order."""
    terms = [one.residual.term for one in requests if one.residual is not None and one.residual.term is not None]
    for term in terms if len(terms) > 1 else ():
        times = () if term.time is None else term.time.columns()
        require_order(term, frame.read(list(dict.fromkeys(column.name for column in times))))


@contextmanager
def _in_its_own_words() -> Iterator[None]:
    """Name the arguments of ``mmrm()`` in errors of what it shares with ``gls()``."""
    try:
        yield
    except HlmrsError as error:
        error.args = (_in_words_of_mmrm(str(error.args[0])), *error.args[1:])
        if isinstance(error, FormulaError):
            error.message = error.args[0]
        raise


def _in_words_of_mmrm(text: str) -> str:
    return text.replace("residual=", "covariance=").replace("gls()", "mmrm()")


def _terms(covariance: str | Sequence[str], named: Mapping[str, str]) -> list[str]:
    """Write every structure in full."""
    listed: list[Any] = list(covariance) if isinstance(covariance, list | tuple) else [covariance]
    if not listed or not all(isinstance(one, str) for one in listed):
        raise ArgumentError(
            f"covariance={covariance!r}: give a structure such as 'us(visit | subject)', or a list of such"
        )
    return [_term(one.strip(), **named) for one in listed]


def _term(text: str, visit: str | None = None, subject: str | None = None, by: str | None = None) -> str:
    if "(" not in text:
        if visit is None or subject is None:
            raise OptionError(
                f"covariance={text!r} names a structure without visits and subjects: write "
                f"'{text}(visit | subject)', or give visit= and subject="
            )
        known = RESIDUAL_STRUCTURES.get(text)
        time = visit if known is None or known.takes_time else "1"
        text = f"{text}({time} | {subject})"
    elif visit is not None or subject is not None:
        raise OptionError(f"visit= and subject= belong to a name alone, and covariance={text!r} has its own")
    if by is None:
        return text
    if not text.endswith(")"):
        raise OptionError(
            f"covariance={text!r}: write a structure of visits within subjects, such as us(visit | subject)"
        )
    return f"{text[:-1]}, by={by})"


def _method(ddf: Ddf, information: DdfInformation | None, reml: bool) -> str:
    """Return the method that tests of the fit take."""
    method = chosen_ddf(ddf)
    chosen_information(information, method)
    return DEFAULT_DDF if not reml and ddf == "kenward-roger" else method


def _first_that_converges(requests: Mapping[str, Request], frame: Frame) -> Estimate:
    """Fit one structure after the other until one converges."""
    passed: list[tuple[str, str]] = []
    for term, request in requests.items():
        try:
            found = estimate(request, frame)
        except (NumericalError, DesignError) as error:
            if len(requests) == 1:
                raise
            passed.append((term, _in_words_of_mmrm(str(error))))
            continue
        if not found.verdict.converged and len(requests) == 1:
            warn(_with_fewer_parameters(term, found), ConvergenceWarning)
        if found.verdict.converged or len(requests) == 1:
            for other, reason in passed:
                warn(f"covariance={other!r} was passed over for {term!r}: {reason}", ConvergenceWarning)
            return found
        passed.append((term, "its fit did not converge"))
    reasons = "; ".join(f"{term}: {reason}" for term, reason in passed)
    raise NumericalError(f"no structure of covariance= can be fitted: {reasons}")


def _with_fewer_parameters(term: str, found: Estimate) -> str:
    """Say what to do about a fit that did not converge."""
    groups = ", ".join(f"{plural(group.n, 'group')} of {group.name}" for group in found.layout.residual_groups)
    return (
        f"covariance={term!r} could not be estimated from {groups}: name structures with fewer parameters to take in "
        "its place, such as covariance=['us', 'toeph', 'ar1h', 'csh'] with visit= and subject=, of which the first is "
        "taken whose fit converges"
    )
