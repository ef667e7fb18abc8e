"""What a report states first: formula, rows, groups, how the fit was made and how it ended."""

from collections.abc import Sequence

from ...display import Facts, Section
from ...display.numbers import plural, write_fixed
from ...estimation import Estimate, random_parts
from ...estimation.generalized import GeneralizedEstimate
from ...families import Family
from ...inference import (
    information_criteria,
)

_FORMULAS = {"zero_inflation": "Zero part", "dispersion": "Dispersion", "thresholds": "Nominal", "scale": "Scale"}

_METHODS = {
    "laplace": "maximum likelihood (Laplace's approximation)",
    "expected": "maximum likelihood (Laplace's approximation, expected information)",
    "restricted": "restricted maximum likelihood (Laplace's approximation)",
    "penalized": "penalized likelihood (nagq=0), not by Laplace's approximation",
}


def model_facts(estimate: Estimate) -> Section:
    """State formula, rows and groups, and how the fit ended."""
    request = estimate.request
    facts = [
        ("Formula", request.spec.formula.strip()),
        *part_formulas(estimate),
        ("Response", _levels_of_response(estimate)),
        *_rows_and_groups(estimate),
        ("Weights", source_of(request.weights)),
        ("Offset", source_of(request.offset)),
        ("Residual", known_residual(request.sigma)),
        ("Method", method_of(estimate)),
        ("Fit", _criteria(estimate)),
        ("Prior", _prior(estimate)),
        ("Parameters", str(estimate.core.n_params)),
        ("Verdict", str(estimate.verdict)),
    ]
    return stated(facts)


def data_facts(estimate: Estimate) -> list[tuple[str, str]]:
    """State family, rows and groups of what is not told by its formula alone."""
    facts = [
        ("Family", family_of(estimate)),
        *part_formulas(estimate),
        ("Response", _levels_of_response(estimate)),
        *_rows_and_groups(estimate),
    ]
    return [(label, value) for label, value in facts if value]


def family_of(estimate: Estimate) -> str:
    """Name distribution and link, as in ``gaussian (identity)``."""
    family = estimate.family if isinstance(estimate, GeneralizedEstimate) else Family("gaussian")
    return f"{family.name} ({family.link})"


def _rows_and_groups(estimate: Estimate) -> list[tuple[str, str]]:
    layout = estimate.layout
    groups = [group_of(group.name, len(group.levels), group.smallest, group.largest) for group in layout.groups]
    listed = [*groups, *_groups_of_parts(estimate)]
    return [("Rows", rows_used(estimate)), *(("" if k else "Groups", group) for k, group in enumerate(listed))]


def variable_labels(estimate: Estimate) -> Section:
    """State what the file of the data says of the variables in the model."""
    labels = estimate.labels
    used = [name for name in estimate.request.columns() if labels.get(name)]
    return Section("Variables" if used else "", Facts([(name, labels[name]) for name in used]))


def stated(facts: Sequence[tuple[str, str]]) -> Section:
    """State the facts that there are."""
    return Section("", Facts([(label, value) for label, value in facts if value]))


def part_formulas(estimate: Estimate) -> list[tuple[str, str]]:
    """Name the parts of a generalized model beside the mean's that have a formula, and state these."""
    if not isinstance(estimate, GeneralizedEstimate):
        residual = estimate.request.residual
        return [] if residual is None else [(name.capitalize(), text) for name, text in residual.texts()]
    return [(_FORMULAS[name], part.spec.formula.strip()) for name, part in estimate.generalized.others.items()]


def _groups_of_parts(estimate: Estimate) -> list[str]:
    """State the grouping factors that the mean does not have."""
    known, further = set(estimate.layout.group_names), estimate.layout.further_groups
    found = [f"{group_of(own.name, own.n, own.smallest, own.largest)}, of the residuals" for own in further]
    for name, part in random_parts(estimate).items():
        own = [group for group in part.layout.groups if group.name not in known]
        found += [f"{g.name}: {plural(len(g.levels), 'group')}, of the {_FORMULAS[name].lower()}" for g in own]
        known |= set(part.layout.group_names)
    return found


def _levels_of_response(estimate: Estimate) -> str:
    """Say which level is success, or in which order categories are."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    name, categories = estimate.layout.response, estimate.categories
    ordered = f"{name}: {' < '.join(categories)}" if categories else ""
    return success_and_failure(name, estimate.levels) or ordered


def success_and_failure(name: str, levels: tuple[str, str] | None) -> str:
    """Say which level of a response is success."""
    return f"{name}: {levels[1]} is success, {levels[0]} failure" if levels else ""


def rows_used(estimate: Estimate) -> str:
    """Count the rows used, and those dropped."""
    layout = estimate.layout
    used, given = layout.n_rows, layout.n_rows_input
    if used == given:
        return f"{used:,}"
    missing = ", ".join(f"{column}: {count:,}" for column, count in layout.dropped_rows.items())
    dropped = f"{given - used:,} dropped for missing values; {missing}"
    return f"{used:,} of {given:,} ({dropped})"


def group_of(name: str, n_levels: int, smallest: int, largest: int) -> str:
    """Say how many groups there are, and their rows."""
    sizes = "" if smallest == largest else f"{smallest:,} to "
    return f"{name}: {plural(n_levels, 'group')} of {sizes}{plural(largest, 'row')}"


def known_residual(sigma: float | None) -> str:
    """State a residual standard deviation that is known."""
    return "" if sigma is None else f"{sigma:g} (fixed)"


def source_of(name: str | None) -> str:
    """Name a column; weights or offsets that were given as numbers have no name."""
    return "an array" if name is not None and name.startswith("(") else name or ""


def method_of(estimate: Estimate) -> str:
    """Say by what a generalized model is fitted; the title says it of a linear one."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    how = estimate.generalized.approximation
    if isinstance(how, dict):
        return f"maximum likelihood (quadrature, {how['quadrature']} points)"
    return _METHODS[how]


def _criteria(estimate: Estimate) -> str:
    core, n_rows = estimate.core, estimate.layout.n_rows
    name = "REML criterion" if estimate.request.reml else "-2 log-likelihood"
    error = core.criterion_std_error
    estimated = f" (estimated, standard error {error:.1g})" if error > 0.0 else ""
    found = information_criteria(core.criterion, core.n_params, n_rows)
    return (
        f"{name} {write_fixed(core.criterion, 3)}{estimated}, log-likelihood {write_fixed(found.loglik, 3)}, "
        f"AIC {write_fixed(found.aic, 2)}, BIC (rows) {write_fixed(found.bic, 2)}"
    )


def _prior(estimate: Estimate) -> str:
    """Say what prior there is, and the log-likelihood with it."""
    own = estimate.log_prior
    if own is None:
        return ""
    both = write_fixed(own - estimate.core.criterion / 2, 3)
    return f"{estimate.prior_in_words}; log-likelihood plus log-prior {both}"
