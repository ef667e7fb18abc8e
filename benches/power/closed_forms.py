"""Closed forms of balanced designs, those of PowerUp! and PowerUpR (Dong and Maynard 2013), beside what is computed.

A treatment has a share P of the units that it is given to.  The total variance is 1, but for effects of the treatment
that vary; of it levels have the shares rho, and covariates explain R2 of each.  The noncentral distribution is SciPy's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import nct, t

import hlmrs
from benches.results import table

CLOSED = "closed"
HEADS = ["design", "closed form", "effect", "std error", "df", "power", "computed", "difference"]
ALPHA = 0.05


@dataclass(frozen=True)
class Closed:
    """A balanced design: what it is called, the closed form of its variance and degrees of freedom, and the plan."""

    about: str
    model: str
    effect: float
    variance: float
    df: int
    plan: hlmrs.Power

    @property
    def power(self) -> float:
        """The power of a two-sided test, by the noncentral t distribution."""
        critical, shift = t.ppf(1 - ALPHA / 2, self.df), self.effect / np.sqrt(self.variance)
        return float(nct.sf(critical, self.df, shift) + nct.cdf(-critical, self.df, shift))

    @property
    def differences(self) -> tuple[float, float, float]:
        """What is computed less the closed form: standard error and degrees of freedom relative, power as it is."""
        error = float(np.sqrt(self.variance))
        return self.plan.std_error / error - 1, self.plan.df / self.df - 1, self.plan.power - self.power


def clusters() -> Iterator[Closed]:
    """Clusters of two, three and four levels, randomized at the top."""
    for j, n, rho, between, within, covariates, share in (
        (8, 10, 0.05, 0.0, 0.0, 0, 0.5),
        (12, 20, 0.15, 0.0, 0.0, 0, 0.5),
        (20, 20, 0.2, 0.5, 0.3, 1, 0.5),
        (40, 25, 0.3, 0.0, 0.0, 0, 0.25),
    ):
        design = hlmrs.Design.cluster_randomized(share=share, school=j, pupil=n)
        variance = (rho * (1 - between) + (1 - rho) * (1 - within) / n) / (share * (1 - share) * j)
        explained = {"school": between, "pupil": within} if covariates else None
        about = f"{j} schools of {n}, ICC {rho}" + (f", share {share}" if share != 0.5 else "")
        about += f", R2 {between} and {within}" if covariates else ""
        plan = _plan(design, 0.5, icc=rho, r2=explained, covariates=covariates)
        yield Closed(about, "CRA2_2r", 0.5, variance, j - covariates - 2, plan)
    for k, j, n in ((10, 2, 8), (24, 3, 15)):
        design = hlmrs.Design.cluster_randomized(school=k, classroom=j, pupil=n)
        variance = 4 * (0.12 + 0.08 / j + 0.8 / (j * n)) / k
        plan = _plan(design, 0.5, icc={"school": 0.12, "classroom": 0.08})
        yield Closed(f"{k} schools of {j} classes of {n}", "CRA3_3r", 0.5, variance, k - 2, plan)
    design = hlmrs.Design.cluster_randomized(district=12, school=3, classroom=2, pupil=10)
    plan = _plan(design, 0.5, icc={"district": 0.05, "school": 0.1, "classroom": 0.05})
    variance = 4 * (0.05 + 0.1 / 3 + 0.05 / 6 + 0.8 / 60) / 12
    yield Closed("12 districts of 3 schools of 2 classes of 10", "CRA4_4r", 0.5, variance, 10, plan)


def sites() -> Iterator[Closed]:
    """Sites, within which pupils or classes are randomized; the effect varies between them."""
    for j, n, omega in ((8, 12, 0.16), (16, 20, 0.09), (32, 12, 0.16)):
        plan = _plan(hlmrs.Design.multisite(site=j, pupil=n), 0.3, sd=_varying(site=(0.5, omega)), sigma=0.8)
        yield Closed(f"{j} sites of {n}", "BIRA2_1r", 0.3, (omega + 4 * 0.64 / n) / j, j - 1, plan)
    for k, j, n in ((10, 3, 12), (20, 4, 8)):
        design = hlmrs.Design("site/school/pupil", {"site": k, "school": j, "pupil": n}, {"treat": "pupil"})
        given = {"sd": _varying(site=(0.4, 0.06), school=(0.3, 0.09)), "sigma": 0.8}
        plan = _plan(design, 0.3, "y ~ treat + (treat | site) + (treat | school)", **given)
        variance = (0.06 + 0.09 / j + 4 * 0.64 / (j * n)) / k
        yield Closed(f"{k} sites of {j} schools of {n}", "BIRA3_1r", 0.3, variance, k - 1, plan)
    for k, j, n in ((10, 4, 12), (20, 6, 8)):
        design = hlmrs.Design.multisite(site=k, school=j, pupil=n)
        sd = {**_varying(site=(0.4, 0.06)), "school": 0.3}
        plan = _plan(design, 0.4, "y ~ treat + (treat | site) + (1 | school)", sd=sd, sigma=0.8)
        variance = (0.06 + 4 * (0.09 / j + 0.64 / (j * n))) / k
        yield Closed(f"{k} sites of {j} schools of {n}, schools randomized", "BCRA3_2r", 0.4, variance, k - 1, plan)


def growth() -> Iterator[Closed]:
    """Halves of persons whose slopes differ over equally spaced waves (Raudenbush and Liu 2001)."""
    for waves in (3, 4, 5, 6):
        units, variables = {"person": 40, "wave": waves}, {"time": ("wave", "index"), "treat": "person"}
        design = hlmrs.Design("person * wave", units, variables)
        sd = {"person": {"(Intercept)": 1.0, "time": 0.3}}
        formula = "y ~ time * treat + (time | person)"
        plan = hlmrs.power(formula, design, effects={"time:treat": 0.35}, test="time:treat", sd=sd, sigma=0.8)
        spread = waves * (waves**2 - 1) / 12
        yield Closed(f"40 persons, {waves} waves", "growth", 0.35, 4 * (0.09 + 0.64 / spread) / 40, 38, plan)


def all_forms() -> list[Closed]:
    """Every design of the table."""
    return [form for part in (clusters, sites, growth) for form in part()]


def text() -> str:
    """Return the table, and the largest differences in words."""
    forms = all_forms()
    error, df, power = np.abs([form.differences for form in forms]).max(axis=0)
    said = (
        f"{len(forms)} designs: standard errors differ by {error:.1e} of their size at the most, degrees of freedom by "
        f"{df:.1e}, the power by {power:.1e}."
    )
    return f"{said}\n\n{table(HEADS, [_row(form) for form in forms])}"


def _row(form: Closed) -> list[str]:
    numbers = [f"{form.effect:.2f}", f"{np.sqrt(form.variance):.4f}", str(form.df)]
    powers = [f"{form.power:.4f}", f"{form.plan.power:.4f}", f"{form.differences[2]:.0e}"]
    return [form.about, form.model, *numbers, *powers]


def _plan(design: hlmrs.Design, effect: float, formula: str | None = None, **given: Any) -> hlmrs.Power:
    asked = (design,) if formula is None else (formula, design)
    return hlmrs.power(*asked, effects={"treat": effect}, test="treat", alpha=ALPHA, **given)


def _varying(**groups: tuple[float, float]) -> Mapping[str, Any]:
    """Return the standard deviations of intercepts, and of the treatment by the variance of its effect."""
    return {name: {"(Intercept)": own, "treat": float(np.sqrt(omega))} for name, (own, omega) in groups.items()}
