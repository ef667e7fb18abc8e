"""The peers, and why one cannot do a workload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .specification import is_intercept

Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """A package that is measured.

    Parameters
    ----------
    name : str
        How the command line and the results call it; the file in ``benches/fitters/`` is ``with_<name>.py``.
    package : str
        The distribution (PyPI) or the R package.
    runs_in : {"own", "venv", "R"}
        The environment of hlmrs, that of the peers, or R.
    refuses : callable
        Why it cannot do a job, or None.
    responses_done : int
        Of many responses, how many are fitted; the time is scaled to all.
    script : str
        What R runs, in ``benches/fitters/``.
    """

    name: str
    package: str
    runs_in: Literal["own", "venv", "R"]
    refuses: Callable[[Job], str | None]
    responses_done: int = 0
    script: str = "fit.R"


def _in_memory_only(job: Job) -> str | None:
    return "reads data frames in memory only" if job["on_disk"] else None


def _one_response(job: Job) -> str | None:
    return _in_memory_only(job) or ("fits one response at a time, with no refit" if job["responses"] else None)


def _nlme(job: Job) -> str | None:
    if len(job["terms"]) > 1 and not job["nesting"]:
        return "nested grouping factors only; crossed ones need a hand-built dense block"
    return _one_response(job)


def _statsmodels(job: Job) -> str | None:
    inner = [effects for effects, group in job["terms"] if group not in job["nesting"][:1]]
    if len(job["terms"]) > 1 and not all(map(is_intercept, inner)):
        return "one factor with correlated slopes; further factors are variance components without"
    return _one_response(job)


def _mixedlm_rs(job: Job) -> str | None:
    return "one grouping factor only" if len(job["terms"]) > 1 else _one_response(job)


def _gpboost(job: Job) -> str | None:
    if reason := _one_response(job):
        return reason
    if job["reml"]:
        return "maximum likelihood only"
    slopes = not all(is_intercept(effects) for effects, _ in job["terms"])
    return "random slopes are independent of intercepts only" if slopes else None


_FACTOR_SLOPES = ("machines",)


def _lme_python(job: Job) -> str | None:
    if job["workload"] in _FACTOR_SLOPES:
        return "no random slopes of a factor"
    return _in_memory_only(job)


_ALL = (
    Peer("hlmrs", "hlmrs", "own", lambda job: None, responses_done=10_000),
    Peer("lme4", "lme4", "R", _in_memory_only, responses_done=500),
    Peer("nlme", "nlme", "R", _nlme),
    Peer("glmmTMB", "glmmTMB", "R", _one_response),
    Peer("mixedlm", "mixedlm", "venv", _in_memory_only, responses_done=50),
    Peer("lme_python", "lme-python", "venv", _lme_python, responses_done=500),
    Peer("mixedlm_rs", "mixedlm-rs", "venv", _mixedlm_rs),
    Peer("statsmodels", "statsmodels", "venv", _statsmodels),
    Peer("gpboost", "gpboost", "venv", _gpboost),
)

PEERS = {peer.name: peer for peer in _ALL}
