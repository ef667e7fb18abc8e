"""What these data can tell, and what they cannot."""

import numpy as np

from ...inference import two_sided_quantile
from ..blocks import listed, paragraph, table
from ..subject import Subject, column

_POWER = 0.8
_FEW, _VERY_FEW = 30, 10


def detectable(subject: Subject) -> str:
    """Tabulate the smallest effects that can be found.

    MDE = (t_{0.975} + t_{0.8}) SE, with the degrees of freedom of the coefficient: Bloom (1995), Eval. Rev. 19, 547.
    """
    tidy = subject.fit.tidy()
    error, df = (np.array(column(tidy, name), dtype=float) for name in ("std_error", "df"))
    multiple = [two_sided_quantile(0.95, k) + two_sided_quantile(2 * _POWER - 1, k) for k in df]
    columns = {
        "term": [str(name) for name in column(tidy, "term")],
        "std_error": error,
        "smallest effect": np.array(multiple) * error,
    }
    text = (
        "The smallest effect that a study with these standard errors finds with power 0.8 at the 5 % level. It says "
        "what a design like this can find; it is no power of the tests above, which are over."
    )
    return table("Smallest effects that can be found", columns) + paragraph(text)


def limits(subject: Subject) -> str:
    """Say what limits the conclusions."""
    return listed([*_of_groups(subject), *_of_fit(subject)])


def _of_groups(subject: Subject) -> list[str]:
    found = []
    for name, n in subject.fit.n_groups.items():
        if n < _FEW:
            known = "hardly known" if n < _VERY_FEW else "known roughly"
            found.append(f"{name} has {n} units: its variance is {known}; {_advice(n, linear=subject.is_linear)}.")
        if subject.fit.nobs / n < 3:
            found.append(f"{name} has {subject.fit.nobs / n:.1f} rows a unit: predictions of single units are weak.")
    return found


def _advice(n: int, *, linear: bool) -> str:
    """Say what to do about few groups: degrees of freedom of few groups are those of linear models alone."""
    if linear:
        return "tests rest on corrections" if n < _VERY_FEW else "use Kenward and Roger's tests"
    return "tests by the normal distribution are too sure, and intervals by the bootstrap are better"


def _of_fit(subject: Subject) -> list[str]:
    verdict = subject.fit.verdict
    found = [] if verdict.converged else ["The fit did not converge: its numbers are not to be reported."]
    if verdict.singular_terms:
        terms = ", ".join(verdict.singular_terms)
        found.append(f"A combination of random effects or residuals has no variance: {terms}.")
    if verdict.flat_terms:
        found.append(f"The data do not identify {', '.join(verdict.flat_terms)}.")
    return [*found, "Tests and intervals are of this model as if it had been chosen before the data were seen."]
