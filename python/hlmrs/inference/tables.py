"""Tables under the names that broom gives them, as columns of a frame."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import Model
from ..errors import OptionError, choose
from ..estimation import Estimate, RandomPart, explanation, one_part, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.limits import part_suffix
from ..formula import STRUCTURES
from ..frame import Column, columns_of
from ..options import ConfintMethod, CountedParameters, CountedRows, RandomInterval
from .bootstrap import draw
from .criteria import counted_criteria, information_criteria
from .generalized_robust import GeneralizedSandwich
from .profiles import profile_intervals
from .random_effects import VarianceComponent, by_part, named_by_part, variance_components
from .random_parameters import component_errors, random_parameters, wald_intervals
from .residual_parameters import residual_of_which_rows
from .uncertainty import TestOptions, uncertainty
from .wald import Wald, interval, wald

Table = dict[str, Column]
Vector = NDArray[np.float64]

_RATIOS = ("log", "logit", "cloglog")
CONFINT_METHODS: tuple[ConfintMethod, ...] = get_args(ConfintMethod)


def coefficients(estimate: Estimate, options: TestOptions) -> tuple[list[str], Wald]:
    """Test the fixed effects; columns that cannot be estimated come last, as NaN."""
    layout, beta = estimate.layout, estimate.core.beta
    _, std_error, df = uncertainty(estimate, options).rows(np.eye(len(beta)))
    missing = np.full(len(estimate.dropped_columns), np.nan)
    beta, std_error, df = (np.concatenate([numbers, missing]) for numbers in (beta, std_error, df))
    names = [*layout.coef_names, *estimate.dropped_columns]
    _put_endless(estimate, names, beta, std_error)
    return names, wald(beta, std_error, df, options.level)


def _put_endless(estimate: Estimate, names: Sequence[str], beta: Vector, std_error: Vector) -> None:
    """Give coefficients that are reported as infinite as such."""
    for k, name in enumerate(names):
        if name in estimate.endless:
            beta[k], std_error[k] = estimate.endless[name], np.nan


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
    names = [*part.names, *part.dropped]
    _put_endless(estimate, [f"{name}{part_suffix(component)}" for name in names], beta, std_error)
    df = np.full(len(beta), np.inf)
    columns = wald(beta, std_error, df, options.level).columns()
    if exponentiate:
        if component in ("conditional", "thresholds") and estimate.family.name != "lognormal":
            check_ratios(estimate.family.link)
        columns["std_error"] = np.exp(beta) * std_error
        columns |= {name: np.exp(columns[name]) for name in ("estimate", "conf_low", "conf_high")}
    return {"term": names, **columns}


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


def variance_table(
    estimate: Estimate, component: str | None = None, *, std_errors: bool = False, full: bool = True
) -> Table:
    """Tabulate the variance components: of one part, or of all that have some; with their standard errors if asked.

    Unless `full`, effects at places have one row, of their one variance.
    """
    table = _of_variances(estimate, component, lambda part: _variances(part, full=full))
    return table | {"std_error": _component_errors(estimate, full=full)} if std_errors else table


def _component_errors(estimate: Estimate, *, full: bool) -> np.ndarray[Any, Any]:
    """Return the standard errors of the rows of a table of variances: variances of a term, then its covariances."""
    *blocks, residual = component_errors(estimate)
    found: list[Any] = []
    for term, block in zip(estimate.layout.random, blocks, strict=True):
        if STRUCTURES[term.structure].is_placed and not full:
            found.append(block[0, 0])
            continue
        found += [*np.diag(block), *(block[j, i] for j in range(len(block)) for i in range(j + 1, len(block)))]
    return np.array([*found, residual[0, 0]])


def _variances(estimate: Estimate | RandomPart, *, full: bool) -> Table:
    rows = variance_components(estimate, full=full)
    if estimate.has_residual and (of_which := residual_of_which_rows(estimate)):
        rows[-1] = rows[-1]._replace(term1=of_which)
    return columns_of(VarianceComponent._fields, rows, ("group", "term1", "term2"))


def random_parameter_table(
    estimate: Estimate, component: str | None = None, *, conf_int: RandomInterval | None = None, level: float = 0.95
) -> Table:
    """Tabulate standard deviations and correlations by the names that ``confint`` has, with intervals if asked."""
    table = _of_variances(estimate, component, _random_parameters)
    if conf_int is None:
        return table
    how = choose("conf_int", conf_int, get_args(RandomInterval), {"bootstrap": "boot"})
    if how == "wald":
        errors, low, high = wald_intervals(estimate, level)
        return table | {"std_error": errors, "conf_low": low, "conf_high": high}
    found = confidence_table(estimate, how, 1000, None, TestOptions(level=level))
    bounds = {
        str(name): (float(low), float(high))
        for name, low, high in zip(found["term"], found["conf_low"], found["conf_high"], strict=True)  # type: ignore[arg-type]
    }
    own = np.array([bounds.get(str(name), (np.nan, np.nan)) for name in np.asarray(table["term"])])
    return table | {"conf_low": own[:, 0], "conf_high": own[:, 1]}


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
    rows = [(one.group, one.name, one.estimate) for one in random_parameters(estimate)]
    return columns_of(("group", "term", "estimate"), rows, ("group", "term"))


def glance_table(estimate: Estimate) -> Table:
    """Tabulate a fit's key figures, one row."""
    layout, core, verdict = estimate.layout, estimate.core, estimate.verdict
    criteria = information_criteria(core.criterion, core.n_params, layout.n_rows)
    own = estimate.log_prior
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


def criteria_table(estimate: Estimate, n: str, count: str) -> Table:
    """Tabulate the information criteria by a convention: which rows and which parameters count."""
    n = choose("n", n, get_args(CountedRows))
    variances_only = choose("count", count, get_args(CountedParameters)) == "variances"
    if variances_only and not estimate.request.reml:
        raise OptionError("count='variances' is for fits by REML; by maximum likelihood all parameters count")
    core, groups = estimate.core, [len(group.levels) for group in estimate.layout.groups]
    size = min(groups, default=estimate.layout.n_rows) if n == "groups" else estimate.layout.n_rows
    counted, found = counted_criteria(
        core.criterion, core.n_params, len(core.beta), size, variances_only=variances_only
    )
    table: Table = {"n_params": np.array([counted]), "n": np.array([size])}
    return table | {name: np.array([value]) for name, value in found._asdict().items()}


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
        "verdict": {
            "status": verdict.status,
            "evaluations": verdict.evaluations,
            "explanation": "\n".join(explanation(verdict)),
        },
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
