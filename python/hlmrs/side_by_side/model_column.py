"""What one model has in a table of several: coefficients by part, random effects, and the foot."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..display.numbers import write_fixed
from ..effectsize import explained_shares
from ..errors import OptionError
from ..estimation import Estimate, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..frame import Column
from ..inference import (
    EquationOptions,
    TestOptions,
    coefficient_table,
    coefficients_of_deviations,
    distances_of,
    fixed_table,
    has_residual_parameters,
    information_criteria,
    is_deviation,
    part_table,
    quasi_criteria,
    residual_values,
    variance_components,
)

PARTS = {
    "conditional": "Fixed effects",
    "zero_inflation": "Zero part",
    "dispersion": "Dispersion (log)",
    "thresholds": "Thresholds",
    "scale": "Scale (log)",
    "shape": "Shape",
    "shape2": "Second shape",
}
"""Parts of a model, and what stands over their coefficients."""

_NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate with its test; NaN where there is none."""

    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """One model: coefficients by part and term, sizes of random effects by part and label, and texts of the foot."""

    label: str
    formula: str
    coefficients: Mapping[str, Mapping[str, Coefficient]]
    random: Mapping[str, Mapping[str, float]]
    foot: Mapping[str, str]


def column_of(
    estimate: Estimate, label: str, options: TestOptions, *, variances: bool, exponentiate: bool
) -> ModelColumn:
    """Read a model."""
    tables = _tables(estimate, options, exponentiate=exponentiate)
    coefficients = {part: _by_term(table) for part, table in tables.items()}
    residual = estimate.request.residual
    formula = estimate.request.spec.formula.strip() + ("" if residual is None else residual.summary)
    return ModelColumn(label, formula, coefficients, _random(estimate, variances=variances), _foot(estimate))


def _tables(estimate: Estimate, options: TestOptions, *, exponentiate: bool) -> dict[str, dict[str, Column]]:
    if isinstance(estimate, EquationsEstimate):
        own = EquationOptions(level=options.level)
        return {"conditional": coefficient_table(estimate, own, exponentiate=exponentiate)}
    if isinstance(estimate, GeneralizedEstimate):
        names = [name for name in PARTS if name in estimate.parts]
        with_ratios = ("conditional", "zero_inflation")
        return {
            name: part_table(estimate, name, options, exponentiate=exponentiate and name in with_ratios)
            for name in names
        }
    if exponentiate:
        raise OptionError("exponentiate=True is for generalized and marginal models; a linear one has no ratios")
    tables = {"conditional": fixed_table(estimate, options)}
    if has_residual_parameters(estimate) and estimate.request.residual.dispersion is not None:  # type: ignore[union-attr]
        tables["dispersion"] = coefficients_of_deviations(estimate, options.level)
    return tables


def _by_term(table: Mapping[str, Column]) -> dict[str, Coefficient]:
    numbers = np.array([np.asarray(table[name], dtype=float) for name in _NUMBERS]).T
    return {
        str(term): Coefficient(*map(float, row)) for term, row in zip(np.asarray(table["term"]), numbers, strict=True)
    }


def _random(estimate: Estimate, *, variances: bool) -> dict[str, dict[str, float]]:
    """Return variances or standard deviations, and correlations, of every part."""
    if isinstance(estimate, EquationsEstimate):
        return {}
    parts = random_parts(estimate) | ({"conditional": estimate} if estimate.has_residual else {})
    found: dict[str, dict[str, float]] = {}
    for name, part in sorted(parts.items(), key=lambda own: list(PARTS).index(own[0])):
        rows: dict[str, float] = {}
        for group, term1, term2, variance, sd, corr in variance_components(part, full=False):
            if not term1 and has_residual_parameters(part):
                continue  # these have a section of their own
            if term2 is not None:
                if not np.isnan(corr):
                    rows[f"{group}: correlation {term1}, {term2}"] = corr
            else:
                rows[f"{group}: {term1}" if term1 else group] = variance if variances else sd
        found[name] = rows | {f"{group}: {own}": value for group, own, value in distances_of(part)}
    return found | {"residual": _of_residuals(estimate, variances=variances)}


def _of_residuals(estimate: Estimate, *, variances: bool) -> dict[str, float]:
    """Return correlations and standard deviations of the residuals."""
    if not has_residual_parameters(estimate):
        return {}
    found = {}
    for name, value in residual_values(estimate).items():
        squared = variances and is_deviation(name)
        found[f"variance{name.removeprefix('sd')}" if squared else name] = value**2 if squared else value
    return found


def _foot(estimate: Estimate) -> dict[str, str]:
    facts = {"Rows": f"{estimate.layout.n_rows:,}"}
    if isinstance(estimate, EquationsEstimate):
        return facts | _foot_of_equations(estimate)
    facts |= {f"Units of {group.name}": f"{len(group.levels):,}" for group in estimate.layout.groups}
    facts |= {f"Units of {group.name}": f"{group.n:,}" for group in estimate.layout.further_groups}
    facts |= _shares(estimate)
    reml = estimate.request.reml
    criteria = information_criteria(estimate.core.criterion, estimate.core.n_params, estimate.layout.n_rows)
    facts |= {"Family": _family(estimate)} if isinstance(estimate, GeneralizedEstimate) else {}
    return facts | {
        "Parameters": str(estimate.core.n_params),
        "REML criterion" if reml else "-2 log-likelihood": write_fixed(estimate.core.criterion, 2),
        "AIC (REML)" if reml else "AIC": write_fixed(criteria.aic, 2),
        "BIC (rows, REML)" if reml else "BIC (rows)": write_fixed(criteria.bic, 2),
    }


def _foot_of_equations(estimate: EquationsEstimate) -> dict[str, str]:
    return {
        f"Units of {estimate.asked.groups}": f"{estimate.n_groups:,}",
        "Family": _family(estimate),
        "Working correlation": estimate.asked.correlation,
        "QIC": write_fixed(quasi_criteria(estimate, 1.0).qic, 2),
    }


def _family(estimate: GeneralizedEstimate | EquationsEstimate) -> str:
    return f"{estimate.family.name.replace('_', ' ')} ({estimate.family.link})"


def _shares(estimate: Estimate) -> dict[str, str]:
    """Return ICC and R² where they are defined."""
    found = explained_shares(estimate)
    if found is None:
        return {}
    shares = {"ICC": found.icc, "R² marginal": found.marginal, "R² conditional": found.conditional}
    return {name: write_fixed(share, 3) for name, share in shares.items() if not np.isnan(share)}
