"""Checks of generalized models by responses that are simulated from them, as DHARMa does (Hartig 2022).

Every response is compared with `n` simulated ones, random effects drawn anew: where it lies among them is uniform
between 0 and 1 if the model is right.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import f_tail
from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..families import COUNTS
from ..frame import Column
from ..inference import simulate_generalized
from ..resources import require_memory
from .finding import CONCERN, FINE, LOOK, Check, p_text

Vector = NDArray[np.float64]
_BY = "Of {n} simulated sets of responses, with new random effects."


@dataclass(frozen=True, slots=True)
class Simulated:
    """Responses, n simulated ones a row, and where the former lie among the latter."""

    y: Vector
    draws: Vector
    residuals: Vector


def simulated(estimate: GeneralizedEstimate, n: int, seed: int) -> Simulated:
    """Simulate responses, and find where the fit's own are among them."""
    # the draws, copies of them less their mean, and two comparisons of a byte each
    needed = 18.0 * estimate.layout.n_rows * n
    require_memory(needed, f"{n:,} simulated responses of each row need", "choose a smaller n=")
    draws = simulate_generalized(estimate, n, seed)
    y = estimate.response.y + (1.0 if estimate.categories else 0.0)
    below, same = (draws < y[:, None]).mean(axis=1), (draws == y[:, None]).mean(axis=1)
    rng = np.random.default_rng([seed, 1])
    # the response itself is one of n + 1
    return Simulated(y, draws, (n * below + (n * same + 1) * rng.random(len(y))) / (n + 1))


def uniformity(residuals: Vector) -> tuple[float, float]:
    """Return Kolmogorov and Smirnov's distance from the uniform distribution, and its p value (Stephens 1970)."""
    n, u = len(residuals), np.sort(residuals)
    steps = np.arange(n + 1) / n
    distance = float(max((steps[1:] - u).max(), (u - steps[:-1]).max()))
    size = (np.sqrt(n) + 0.12 + 0.11 / np.sqrt(n)) * distance
    if size < 0.2:
        return distance, 1.0
    k = np.arange(1, 101)
    return distance, float(np.clip(2 * np.sum((-1.0) ** (k - 1) * np.exp(-2 * (k * size) ** 2)), 0, 1))


def check_residuals(estimate: GeneralizedEstimate, found: Simulated) -> Check:
    """Test whether quantile residuals are uniform."""
    distance, p = uniformity(found.residuals)
    verdict = CONCERN if p < 0.001 and distance > 0.1 else LOOK if p < 0.05 and distance > 0.03 else FINE
    finding = (
        f"The distribution of the quantile residuals is at most {distance:.3f} from the uniform one ({p_text(p)}, "
        "Kolmogorov-Smirnov)."
    )
    caveat = "Rows of a group share its random effect, so that residuals are not independent and p is a guide only."
    table: dict[str, Column] = {"statistic": np.array([distance]), "p_value": np.array([p])}
    return Check("residuals", verdict, finding, caveat, table, estimate.kind)


def check_dispersion(estimate: GeneralizedEstimate, found: Simulated) -> Check:
    """Compare the spread of the responses about their expectation with that of simulated ones."""
    centre = found.draws.mean(axis=1, keepdims=True)
    weights = estimate.response.weights
    own = float(_spread((found.y - centre[:, 0])[:, None], weights)[0])
    others = _spread(found.draws - centre, weights)
    ratio, p = own / float(others.mean()), _two_sided(own, others)
    away = max(ratio, 1 / max(ratio, 1e-300))
    verdict = CONCERN if p < 0.01 and away > 2 else LOOK if p < 0.05 and away > 1.2 else FINE
    size = "more" if ratio > 1 else "less"
    finding = f"Responses spread {ratio:.2f} times as much as the model says ({p_text(p)}), {size} than expected."
    if verdict == FINE:
        finding = f"Responses spread {ratio:.2f} times as much as the model says ({p_text(p)})."
    caveat = _BY.format(n=found.draws.shape[1]) + " A wrong mean, as of a missing curve, looks like dispersion too."
    table: dict[str, Column] = {"ratio": np.array([ratio]), "p_value": np.array([p])}
    return Check("dispersion", verdict, finding, caveat, table, estimate.kind)


def _spread(deviations: Vector, weights: Vector | None) -> Vector:
    """Return the variance of each column, in which a row of weight 2 counts as two rows, as in the likelihood."""
    mean = np.average(deviations, axis=0, weights=weights)
    return np.asarray(np.average((deviations - mean) ** 2, axis=0, weights=weights))


def check_zeros(estimate: GeneralizedEstimate, found: Simulated) -> Check:
    """Compare the number of zeros with that of simulated responses."""
    if estimate.family.name not in (*COUNTS, "tweedie", "binomial", "betabinomial"):
        raise OptionError(f"zeros are of counts; family {estimate.family.name!r} has none")
    observed, others = float((found.y == 0).sum()), (found.draws == 0).sum(axis=0)
    expected, p = float(others.mean()), _two_sided(observed, others)
    ratio = observed / expected if expected > 0 else np.inf if observed else 1.0
    away = max(ratio, 1 / max(ratio, 1e-300))
    verdict = CONCERN if p < 0.01 and away > 1.5 else LOOK if p < 0.05 and away > 1.1 else FINE
    finding = f"There are {observed:.0f} zeros, and {expected:.1f} are expected ({p_text(p)})."
    if verdict != FINE and ratio > 1:
        finding += " A zero part (zero_inflation='~ 1') or overdispersion may explain the excess."
    caveat = _BY.format(n=found.draws.shape[1]) + " Too many zeros can come from overdispersion alone."
    numbers = {"observed": observed, "expected": expected, "p_value": p}
    return Check("zeros", verdict, finding, caveat, {k: np.array([v]) for k, v in numbers.items()}, estimate.kind)


def check_simulated_outliers(estimate: GeneralizedEstimate, found: Simulated) -> Check:
    """Count responses outside of all simulated ones; one is there with probability 2 / (n + 1) at most."""
    low, high = found.draws.min(axis=1), found.draws.max(axis=1)
    outside = np.flatnonzero((found.y < low) | (found.y > high))
    n, rows = found.draws.shape[1], len(found.y)
    chance = 2 / (n + 1)
    p = _at_least(len(outside), rows, chance)
    share = len(outside) / rows
    verdict = LOOK if p < 0.05 else FINE
    finding = (
        f"{len(outside)} of {rows:,} responses ({100 * share:.1f} %) lie outside of all {n} simulated ones; at most "
        f"{rows * chance:.1f} are expected ({p_text(p)})."
    )
    labels = estimate.row_labels()
    caveat = "Discrete responses are outside less often, so that the test is conservative for them."
    table: dict[str, Column] = {
        "row": [labels[k] for k in outside],
        "response": found.y[outside],
        "lowest": low[outside],
        "highest": high[outside],
    }
    return Check("outliers", verdict, finding, caveat, table, estimate.kind)


def _two_sided(own: float, others: Vector) -> float:
    """Return twice the share of simulated statistics that are as extreme, the own one among them."""
    n = len(others) + 1
    above, below = (1 + np.sum(others >= own)) / n, (1 + np.sum(others <= own)) / n
    return float(min(1.0, 2 * min(above, below)))


def _at_least(count: int, n: int, chance: float) -> float:
    """Return P(X >= count) of a binomial count."""
    if count == 0:
        return 1.0
    a, b = float(count), float(n - count + 1)
    # the incomplete beta function at the chance, as a tail of F
    return float(f_tail(a * (1 - chance) / (b * chance), 2 * b, 2 * a))
