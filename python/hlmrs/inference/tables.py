"""Tables under the names that broom gives them, as columns of a frame."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np

from .._core import Model
from ..errors import OptionError, choose
from ..estimation import Estimate, RandomPart, one_part, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column, columns_of
from ..options import ConfintMethod
from .bootstrap import draw
from .criteria import information_criteria
from .generalized_robust import GeneralizedSandwich
from .profiles import profile_intervals
from .random_effects import VarianceComponent, by_part, named_by_part, variance_components
from .uncertainty import TestOptions, uncertainty
from .wald import Wald, interval, wald

Table = dict[str, Column]

_RATIOS = ("log", "logit", "cloglog")
CONFINT_METHODS: tuple[ConfintMethod, ...] = get_args(ConfintMethod)


def coefficients(estimate: Estimate, options: TestOptions) -> tuple[list[str], Wald]:
    """Test the fixed effects; columns that cannot be estimated come last, as NaN."""
    layout, beta = estimate.layout, estimate.core.beta
    _, std_error, df = uncertainty(estimate, options).rows(np.eye(len(beta)))
    missing = np.full(len(estimate.dropped_columns), np.nan)
    beta, std_error, df = (np.concatenate([numbers, missing]) for numbers in (beta, std_error, df))
    return [*layout.coef_names, *estimate.dropped_columns], wald(beta, std_error, df, options.level)


def part_table(
    estimate: GeneralizedEstimate, component: str, options: TestOptions, *, exponentiate: bool = False
) -> Table:
    """Tabulate the tests of the coefficients of one part of a generalized model; as ratios if `exponentiate`."""
    if component not in estimate.parts:
        raise OptionError(f"component={component!r}: the model has {', '.join(map(repr, estimate.parts))}")
    chosen = uncertainty(estimate, options)
    part, core = estimate.parts[component], estimate.own
    own = core.covariance_of(component)
    covariance = chosen.of_part(component) if isinstance(chosen, GeneralizedSandwich) else own
    missing = np.full(len(part.dropped), np.nan)
    beta = np.concatenate([core.coefficients_of(component), missing])
    std_error = np.concatenate([np.sqrt(np.diag(covariance)), missing])
    df = np.full(len(beta), np.inf)
    columns = wald(beta, std_error, df, options.level).columns()
    if exponentiate:
        if component in ("conditional", "thresholds") and estimate.family.name != "lognormal":
            check_ratios(estimate.family.link)
        columns["std_error"] = np.exp(beta) * std_error
        columns |= {name: np.exp(columns[name]) for name in ("estimate", "conf_low", "conf_high")}
    return {"term": [*part.names, *part.dropped], **columns}


def check_ratios(link: str | None) -> None:
    """Refuse exponentials of coefficients under a link whose differences are not those of logarithms."""
    if link not in _RATIOS:
        raise OptionError(
            f"exponentiate=True: with link {link!r} exponentials of coefficients are no ratios; they are with "
            f"{', '.join(map(repr, _RATIOS))}; effects on the scale of the response are emmeans(type='response'), "
            "contrasts(type='response') and predict()"
        )


def fixed_table(estimate: Estimate, options: TestOptions) -> Table:
    """Tabulate the tests of the fixed effects."""
    names, tests = coefficients(estimate, options)
    return {"term": names, **tests.columns()}


def confidence_table(estimate: Estimate, method: str, n: int, seed: int | None, options: TestOptions) -> Table:
    """Tabulate confidence intervals."""
    method = choose("method", method, CONFINT_METHODS, {"bootstrap": "boot"})
    if method == "profile":
        return profile_intervals(estimate, options.level)
    if method == "boot":
        return draw(estimate, n, "parametric", seed, None).intervals("percentile", options.level)
    _, std_error, df = uncertainty(estimate, options).rows(np.eye(len(estimate.core.beta)))
    low, high = interval(estimate.core.beta, std_error, df, options.level)
    return {"term": estimate.layout.coef_names, "conf_low": low, "conf_high": high}


def variance_table(estimate: Estimate, component: str | None = None) -> Table:
    """Tabulate the variance components: of one part, or of all that have some."""
    return _of_variances(estimate, component, _variances)


def _variances(estimate: Estimate | RandomPart) -> Table:
    return columns_of(VarianceComponent._fields, variance_components(estimate), ("group", "term1", "term2"))


def random_parameter_table(estimate: Estimate, component: str | None = None) -> Table:
    """Tabulate the standard deviations and correlations, named as broom.mixed names them."""
    return _of_variances(estimate, component, _random_parameters)


def _of_variances(
    estimate: Estimate, component: str | None, tabulate: Callable[[Estimate | RandomPart], Table]
) -> Table:
    parts = random_parts(estimate)
    if estimate.has_residual:
        parts = {"conditional": estimate, **parts}
    if component is not None:
        return tabulate(one_part(parts, component)[component])
    return by_part(parts or {"conditional": estimate}, tabulate, named=named_by_part(parts))


def _random_parameters(estimate: Estimate | RandomPart) -> Table:
    rows = []
    for group, term1, term2, _, sd, corr in variance_components(estimate):
        term = f"sd__{term1 or 'Observation'}" if term2 is None else f"cor__{term1}.{term2}"
        rows.append((group, term, sd if term2 is None else corr))
    return columns_of(("group", "term", "estimate"), rows, ("group", "term"))


def glance_table(estimate: Estimate) -> Table:
    """Tabulate a fit's key figures, one row."""
    layout, core, verdict = estimate.layout, estimate.core, estimate.verdict
    criteria = information_criteria(core.criterion, core.n_params, layout.n_rows)
    own = estimate.own.fit.log_prior if isinstance(estimate, GeneralizedEstimate) else None
    prior = {} if own is None else {"log_prior": np.array([own])}
    return {
        "nobs": np.array([layout.n_rows]),
        "n_params": np.array([core.n_params]),
        "sigma": np.array([estimate.sigma]),
        "loglik": np.array([criteria.loglik]),
        "aic": np.array([criteria.aic]),
        "bic": np.array([criteria.bic]),
        "criterion": np.array([core.criterion]),
        **prior,
        "df_residual": np.array([layout.n_rows - core.n_params]),
        "converged": np.array([verdict.converged]),
        "singular": np.array([verdict.singular]),
    }


def record(estimate: Estimate, options: TestOptions) -> dict[str, Any]:
    """Put everything but the random effects into plain dictionaries and lists."""
    layout, verdict = estimate.layout, estimate.verdict
    figures = {name: np.asarray(column).tolist()[0] for name, column in glance_table(estimate).items()}
    return {
        "formula": estimate.request.spec.formula,
        "reml": estimate.request.reml,
        **figures,
        "n_groups": {group.name: len(group.levels) for group in layout.groups},
        "dropped_rows": dict(layout.dropped_rows),
        "verdict": {"status": verdict.status, "evaluations": verdict.evaluations, "explanation": verdict.explain()},
        "fixed": _as_rows(fixed_table(estimate, options)),
        "varcorr": _as_rows(variance_table(estimate)),
    }


def _as_rows(table: Table) -> list[dict[str, Any]]:
    columns = [column if isinstance(column, list) else np.asarray(column).tolist() for column in table.values()]
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]


def blocks_table(model: Model, names: Sequence[str]) -> Table:
    """Tabulate the blocks of the factorization; `names` are those of the grouping factors."""
    blocks = model.structure
    table: Table = {"block": [_block_name(block["group"], names) for block in blocks]}
    for key in ("kind", "levels", "width", "size", "entries", "fill"):
        values = [block[key] for block in blocks]
        table[key] = values if key == "kind" else np.array(values)
    return table


def factor_names(estimate: Estimate) -> list[str]:
    """Name the grouping factors of all parts; one that an earlier part has is the same."""
    if not isinstance(estimate, GeneralizedEstimate):
        return estimate.layout.group_names
    designs = sorted(estimate.designs, key=lambda name: estimate.parts[name].terms[0])
    layouts = [estimate.designs[name].encoding.layout() for name in designs]
    return list(dict.fromkeys(group["name"] for layout in layouts for group in layout["groups"]))


def _block_name(group: object, names: Sequence[str]) -> str:
    if isinstance(group, int):
        return names[group]
    if isinstance(group, (tuple, list)):
        return " x ".join(names[k] for k in group)
    return str(group)
