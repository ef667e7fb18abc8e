"""A fit as prose, as the Publication Manual of the APA (7th edition) has results: ready to be edited, not to be pasted.

Statistics have their degrees of freedom; numbers that cannot exceed 1 have no zero before the mark.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from ..display import Notes, Report, Section
from ..display.numbers import decimals_of, plural, write_df, write_fixed
from ..effectsize import explained_shares
from ..errors import OptionError, listed
from ..estimation import Estimate, RandomPart, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..families import is_hurdle
from ..formula.names import find_name
from ..frame import Column
from ..inference import (
    DDF_WORDS,
    VCOV_TYPES,
    TestOptions,
    coefficients,
    coefficients_of_deviations,
    ddf_of,
    distances_of,
    has_residual_parameters,
    is_deviation,
    part_table,
    residual_values,
    variance_components,
)
from .sections import method_of, reference_levels, source_of

Table: TypeAlias = Mapping[str, Column]

_DIGITS = 3
_MOST_SHOWN = 6
"""Parameters of the residuals that are written out."""
_OF_PART = {
    "conditional": "",
    "zero_inflation": " of the zero part",
    "dispersion": " of the dispersion (log)",
    "thresholds": " of the thresholds",
    "scale": " of the scale (log)",
    "shape2": " of the second shape",
}
_HAS_PART = {
    "dispersion": "The logarithm of the dispersion had a model of its own ({})",
    "thresholds": "Thresholds had effects of their own ({})",
    "scale": "The logarithm of the scale had a model of its own ({})",
}


def prose(estimate: Estimate, terms: str | Sequence[str] | None, options: TestOptions) -> Report:
    """Say what was fitted and how, and what was found, of some coefficients or of all but the intercept."""
    names, tests = coefficients(estimate, options)
    found = _effects({"term": names, **tests.columns()}, _chosen(names, terms), options.level, estimate)
    found += [] if terms is not None else _effects_of_parts(estimate, options)
    results = [*found, *_random(estimate), *_parameters_of_residuals(estimate), *_explained(estimate)]
    sections = [("Methods", _methods(estimate, options)), ("Results", results)]
    return Report("", [Section(title, Notes([" ".join(sentences)])) for title, sentences in sections])


def _chosen(names: Sequence[str], terms: str | Sequence[str] | None) -> list[str]:
    if terms is None:
        return [name for name in names if name != "(Intercept)"] or list(names)
    wanted = [terms] if isinstance(terms, str) else list(terms)
    found = [(one, find_name(one, names)) for one in wanted]
    unknown = [one for one, name in found if name is None]
    if unknown:
        raise OptionError(f"terms={unknown[0]!r} is not a coefficient; there are {listed(names)}")
    return [name for _, name in found if name is not None]


def _effects(
    table: Table, chosen: Sequence[str], level: float, estimate: Estimate, part: str = "conditional"
) -> list[str]:
    names = [str(name) for name in np.asarray(table["term"])]
    numbers = {name: np.asarray(values, dtype=float) for name, values in table.items() if name != "term"}
    rows = [{name: float(values[k]) for name, values in numbers.items()} for k in range(len(names))]
    return [_effect(name, row, level, estimate, part) for name, row in zip(names, rows, strict=True) if name in chosen]


def _effects_of_parts(estimate: Estimate, options: TestOptions) -> list[str]:
    """Say what was found of the parts beside the mean; an intercept where it is alone."""
    if has_residual_parameters(estimate) and estimate.request.residual.dispersion is not None:  # type: ignore[union-attr]
        table = coefficients_of_deviations(estimate, options.level)
        chosen = _chosen([str(name) for name in np.asarray(table["term"])], None)
        return _effects(table, chosen, options.level, estimate, "dispersion")
    if not isinstance(estimate, GeneralizedEstimate):
        return []
    found = []
    for part in [name for name in estimate.parts if name != "conditional"]:
        table = part_table(estimate, part, options)
        chosen = _chosen([str(name) for name in np.asarray(table["term"])], None)
        found += _effects(table, chosen, options.level, estimate, part)
    return found


def _methods(estimate: Estimate, options: TestOptions) -> list[str]:
    layout = estimate.layout
    formula = estimate.request.spec.formula.strip()
    sentences = [f"{_model(estimate)} of {layout.response} was fitted ({formula}) {_data(estimate)}."]
    if layout.n_rows < layout.n_rows_input:
        dropped = plural(layout.n_rows_input - layout.n_rows, "row")
        sentences.append(f"{dropped} with missing values {'was' if dropped.startswith('1 ') else 'were'} left out.")
    sentences += [*_of_reference(estimate), *_of_parts(estimate), *_of_residuals(estimate), *_of_rows(estimate)]
    sentences.append(f"{_estimator(estimate)} {_tested(estimate, options)}")
    if not estimate.verdict.converged:
        sentences.append("The fit did not converge, so that its numbers are not to be reported.")
    elif flat := getattr(estimate.verdict, "flat_terms", ()):
        sentences.append(f"The data do not identify the variances of {', '.join(flat)}.")
    elif getattr(estimate.verdict, "singular", False):
        of = ", ".join(estimate.verdict.singular_terms)
        sentences.append(f"The fit is singular: a combination of the effects of {of} has no variance.")
    return sentences


def _of_reference(estimate: Estimate) -> list[str]:
    """Name the levels that the coefficients of factors are compared with."""
    found = [f"{name} = {level}" for name, level in reference_levels(estimate).items()]
    return [f"Reference {'level was' if len(found) == 1 else 'levels were'} {', '.join(found)}."] if found else []


def _of_parts(estimate: Estimate) -> list[str]:
    """Name every part of the model beside the mean's."""
    if not isinstance(estimate, GeneralizedEstimate):
        return []
    others, found = dict(estimate.generalized.others), []
    if (zero := others.pop("zero_inflation", None)) is not None:
        what = (
            "It was a hurdle model: whether a response is zero"
            if is_hurdle(estimate.family)
            else "It was zero-inflated: the probability of a zero from another source"
        )
        found.append(f"{what} had a model of its own ({zero.spec.formula.strip()}, logit link).")
    found += [f"{_HAS_PART[name].format(own.spec.formula.strip())}." for name, own in others.items()]
    thresholds = estimate.generalized.thresholds
    return found if thresholds == "flexible" else [*found, f"Thresholds were {thresholds}."]


def _of_residuals(estimate: Estimate) -> list[str]:
    """Name the structure of the residuals, and the model of their standard deviation."""
    residual = estimate.request.residual
    if residual is None or isinstance(estimate, GeneralizedEstimate):
        return []
    found, term = [], residual.term
    if term is not None:
        found.append(f"Residuals within {term.label} had {term.words} ({term.text.strip()}).")
    if residual.dispersion is not None:
        formula = residual.dispersion.formula.strip()
        found.append(f"The logarithm of the residual standard deviation had a model of its own ({formula}).")
    return found


def _of_rows(estimate: Estimate) -> list[str]:
    """Name weights and an offset that stand beside the formula."""
    request, offset = estimate.request, estimate.request.offset
    if isinstance(estimate, GeneralizedEstimate):
        offset = estimate.generalized.offset_column or offset
    found = [] if request.weights is None else [f"Rows were weighted by {source_of(request.weights)}."]
    found += [] if request.sigma is None else [_of_known_sigma(request.sigma, request.weights)]
    return found if offset is None else [*found, f"The offset was {source_of(offset)}."]


def _of_known_sigma(sigma: float, weights: str | None) -> str:
    over = "" if weights is None else " over the weight"
    return f"The residual variance of a row was known and not estimated: {sigma**2:g}{over}."


def _model(estimate: Estimate) -> str:
    if isinstance(estimate, EquationsEstimate):
        return f"A marginal {_law(estimate)} model"
    if isinstance(estimate, GeneralizedEstimate):
        return f"A generalized linear mixed model ({_law(estimate)})"
    if estimate.layout.random:
        return "A linear mixed model"
    residual = estimate.request.residual
    is_mmrm = residual is not None and residual.is_mmrm
    return "A mixed model for repeated measures" if is_mmrm else "A linear model, by generalized least squares,"


def _law(estimate: GeneralizedEstimate | EquationsEstimate) -> str:
    return f"{estimate.family.name.replace('_', ' ')}, {estimate.family.link} link"


def _data(estimate: Estimate) -> str:
    rows = plural(estimate.layout.n_rows, "row")
    if isinstance(estimate, EquationsEstimate):
        return f"to {rows} in {estimate.n_groups:,} groups of {estimate.asked.groups}"
    groups = [f"{len(group.levels):,} groups of {group.name}" for group in estimate.layout.groups]
    groups += [f"{group.n:,} groups of {group.name}" for group in estimate.layout.further_groups]
    return f"to {rows} in {' and '.join(groups)}" if groups else f"to {rows}"


def _estimator(estimate: Estimate) -> str:
    if isinstance(estimate, EquationsEstimate):
        return f"Estimating equations had {estimate.asked.correlation} working correlations."
    if isinstance(estimate, GeneralizedEstimate):
        return f"Estimation was by {method_of(estimate)}{_with_prior(estimate)}."
    kind = "restricted maximum likelihood" if estimate.request.reml else "maximum likelihood"
    return f"Estimation was by {kind}{_with_prior(estimate)}."


def _with_prior(estimate: Estimate) -> str:
    words = estimate.prior_in_words
    return f" with a prior ({words}), so that estimates are posterior modes" if words else ""


def _tested(estimate: Estimate, options: TestOptions) -> str:
    robust = "" if options.vcov in VCOV_TYPES else f", with {options.vcov} standard errors"
    if isinstance(estimate, EquationsEstimate):
        law = "normal" if str(options.ddf) == "normal" else "t"
        return f"Standard errors are {options.vcov}, and tests by the {law} distribution."
    if isinstance(estimate, GeneralizedEstimate):
        return f"Tests are Wald's, by the normal distribution{robust}."
    return f"Tests are Wald's, by {DDF_WORDS[ddf_of(estimate, options)]}{robust}."


def _effect(name: str, row: Mapping[str, float], level: float, estimate: Estimate, part: str) -> str:
    """Write ``x: b = 10.47, SE = 1.55, t(17) = 6.77, p < .001, 95% CI [7.21, 13.73]``."""
    label = name + _OF_PART.get(part, f" of the {part}")
    if np.isnan(row["estimate"]):
        return f"{label} was not estimated, as it depends on other columns."
    decimals = decimals_of([row["std_error"]], _DIGITS)
    b, se, low, high = (_plain(row[own], decimals) for own in ("estimate", "std_error", "conf_low", "conf_high"))
    interval = f"{100 * level:g}% CI [{low}, {high}]"
    if isinstance(estimate, GeneralizedEstimate) and part != "conditional" and part not in estimate.designs:
        return f"{label}: {b}, SE = {se}, {interval}."
    statistic = f"t({write_df(round(row['df'], 2))})" if np.isfinite(row["df"]) else "z"
    ratio = _ratio(row["estimate"], estimate, part)
    return (
        f"{label}: b = {b}, SE = {se}, {statistic} = {write_fixed(row['statistic'], 2)}, {_p(row['p_value'])}, "
        f"{interval}{ratio}."
    )


def _ratio(b: float, estimate: Estimate, part: str) -> str:
    """Write exp(b) where it is a ratio, and of what."""
    if not isinstance(estimate, GeneralizedEstimate | EquationsEstimate):
        return ""
    word = {"zero_inflation": "odds ratio of a zero", "conditional": _ratio_of_means(estimate)}.get(part, "")
    return f", {word} {float(np.exp(b)):.2f}" if word else ""


def _ratio_of_means(estimate: GeneralizedEstimate | EquationsEstimate) -> str:
    """Say of what exp(b) of the mean's part is a ratio; of truncated counts b is of the law before truncation."""
    name, link = estimate.family.name, estimate.family.link
    if name == "lognormal" or link not in ("logit", "log"):
        return ""
    if link == "logit":
        return "odds ratio"
    if name.startswith("truncated_"):
        return "ratio of the means of the untruncated law"
    zero = isinstance(estimate, GeneralizedEstimate) and "zero_inflation" in estimate.parts
    return "ratio of the means beside the zero part" if zero else "ratio of means"


def _plain(value: float, decimals: int | None) -> str:
    return f"{value:.3g}" if decimals is None else write_fixed(value, decimals)


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else "p > .999" if value >= 0.9995 else f"p = {_unit(value)}"


def _unit(value: float) -> str:
    """Write a number within -1 and 1, without a zero before its mark."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def _random(estimate: Estimate) -> list[str]:
    if isinstance(estimate, EquationsEstimate):
        return []
    parts = random_parts(estimate) | ({"conditional": estimate} if estimate.has_residual else {})
    return [
        sentence for name, part in parts.items() for sentence in _of_random(part, _OF_PART.get(name, f" of the {name}"))
    ]


def _of_random(part: Estimate | RandomPart, which: str) -> list[str]:
    sds, corrs, distances = [], [], distances_of(part)
    what = "Standard deviations, and rates or ranges," if distances else "Standard deviations"
    for group, term1, term2, _, sd, corr in variance_components(part, full=False):
        if not term1 and has_residual_parameters(part):
            continue  # these are told of by themselves
        if term2 is not None:
            corrs += [f"{_unit(corr)} ({term1}, {term2} by {group})"] if not np.isnan(corr) else []
        else:
            sds.append(f"{_plain(sd, decimals_of([sd], _DIGITS))} ({f'{term1} by {group}' if term1 else 'residual'})")
    sds += [f"{_plain(value, decimals_of([value], _DIGITS))} ({name} by {group})" for group, name, value in distances]
    found = [f"{what}{which} were {', '.join(sds)}."] if sds else []
    return found + ([f"Correlations of random effects{which} were {', '.join(corrs)}."] if corrs else [])


def _parameters_of_residuals(estimate: Estimate) -> list[str]:
    """Say which correlations and standard deviations the residuals have; of many where they are."""
    if not has_residual_parameters(estimate):
        return []
    asked, found = estimate.request.residual, residual_values(estimate, at_zero=True)
    correlations = [f"{name} = {_unit(value)}" for name, value in found.items() if not is_deviation(name)]
    deviations = {name: value for name, value in found.items() if is_deviation(name)}
    sds = [f"{name} = {_plain(value, decimals_of([value], _DIGITS))}" for name, value in deviations.items()]
    zero = " where the variables of their model are zero" if asked is not None and asked.dispersion is not None else ""
    of_sds = _listed(f"Standard deviations of the residuals{zero}", sds)
    plain = all(name.startswith(("rho", "cor(")) for name in found if not is_deviation(name))
    what = "Correlations" if plain else "Parameters of the correlations"
    return _listed(f"{what} of the residuals", correlations) + of_sds


def _listed(what: str, values: Sequence[str]) -> list[str]:
    if len(values) > _MOST_SHOWN:
        return [f"{what}, {len(values)} of them, are in fit.residual_parameters()."]
    return [f"{what}: {', '.join(values)}."] if values else []


def _explained(estimate: Estimate) -> list[str]:
    shares = None if isinstance(estimate, EquationsEstimate) else explained_shares(estimate)
    if shares is None or np.isnan(shares.marginal):
        return []
    icc = "" if np.isnan(shares.icc) else f"; the adjusted intraclass correlation was {_unit(shares.icc)}"
    return [
        f"The fixed part accounted for {_unit(shares.marginal)} of the variance (marginal R²), fixed and random part "
        f"for {_unit(shares.conditional)} (conditional R²){icc}."
    ]
