"""Every public method of inference, called as a user would, by name."""

from collections.abc import Callable
from typing import Any

import hlmrs

DDF = ("satterthwaite", "kenward-roger", "containment", "between-within", "residual", "normal")
ROBUST = ("CR0", "CR1", "CR1S", "CR2", "CR3")
REPLICATES = 9


def factor(fit: Any) -> str:
    """A factor of the fixed part, or the name of one that it lacks."""
    return next((name for name in ("Machine", "Sex") if name in fit.formula), "f")


def covariate(fit: Any) -> str:
    return "age" if "age" in fit.formula else "x"


def first_coefficient(fit: Any) -> str:
    return next(iter(fit.coef_names), "none")


def robust_options(fit: Any, vcov: str) -> dict[str, Any]:
    """Name the clusters where random effects cross."""
    crossed = len(fit.n_groups) > 1 and "cask" not in fit.formula
    return {"cluster": list(fit.n_groups)[:2]} if crossed and vcov in ("CR0", "CR1", "CR1S") else {}


Method = Callable[[Any], Any]


def _by_ddf(ddf: str) -> dict[str, Method]:
    return {
        f"tidy {ddf}": lambda fit: fit.tidy(ddf=ddf),
        f"confint {ddf}": lambda fit: fit.confint(ddf=ddf),
        f"summary {ddf}": lambda fit: str(fit.summary(ddf=ddf)),
        f"anova {ddf}": lambda fit: fit.anova(ddf=ddf),
        f"drop1 {ddf}": lambda fit: fit.drop1(ddf=ddf),
        f"test {ddf}": lambda fit: fit.test(f"`{first_coefficient(fit)}` = 1", ddf=ddf),
        f"emmeans {ddf}": lambda fit: fit.emmeans(factor(fit), ddf=ddf),
        f"slopes {ddf}": lambda fit: fit.slopes(covariate(fit), ddf=ddf),
    }


def _robust(vcov: str) -> dict[str, Method]:
    return {
        f"vcov {vcov}": lambda fit: fit.vcov(vcov, **robust_options(fit, vcov)),
        f"tidy {vcov}": lambda fit: fit.tidy(vcov=vcov, **robust_options(fit, vcov)),
        f"anova {vcov}": lambda fit: fit.anova(vcov=vcov, **robust_options(fit, vcov)),
    }


def _bootstrap(kind: str, method: str) -> Method:
    return lambda fit: fit.bootstrap(REPLICATES, kind=kind, seed=1).confint(method=method)


def _prediction(interval: str) -> dict[str, Method]:
    return {
        f"predict {interval}": lambda fit: fit.predict(interval=interval),
        f"predict {interval} population": lambda fit: fit.predict(interval=interval, random_effects=False),
        f"predict {interval} known": lambda fit: fit.predict(interval=interval, variances="known"),
    }


def _merged(parts: Any) -> dict[str, Method]:
    return {name: method for part in parts for name, method in part.items()}


METHODS: dict[str, Method] = {
    **_merged(map(_by_ddf, DDF)),
    **_merged(map(_robust, ROBUST)),
    "anova 1": lambda fit: fit.anova(type=1),
    "anova 2": lambda fit: fit.anova(type=2),
    "vcov": lambda fit: fit.vcov(),
    "vcov kenward-roger": lambda fit: fit.vcov("kenward-roger"),
    "test jointly": lambda fit: fit.test([f"`{name}` = 0" for name in fit.coef_names] or "none = 0"),
    "confint profile": lambda fit: fit.confint(method="profile"),
    "profile": lambda fit: fit.profile(),
    "confint boot": lambda fit: fit.confint(method="boot", n=REPLICATES, seed=1),
    **{
        f"bootstrap {kind} {method}": _bootstrap(kind, method)
        for kind in ("parametric", "residual", "case")
        for method in ("percentile", "basic", "bca")
    },
    "ranova": lambda fit: fit.ranova(),
    "ranova simulate": lambda fit: fit.ranova(method="simulate", n=REPLICATES, seed=1),
    "compare": lambda fit: hlmrs.compare(fit, fit.update(f"~ 1 + (1 | {next(iter(fit.n_groups))})")),
    "contrasts": lambda fit: fit.contrasts(factor(fit)),
    "pairs": lambda fit: fit.marginal.pairs(factor(fit)),
    "pairs mvt": lambda fit: fit.marginal.pairs(factor(fit), adjust="mvt"),
    "slopes by": lambda fit: fit.slopes(covariate(fit), by=factor(fit)),
    "johnson_neyman": lambda fit: fit.marginal.johnson_neyman(covariate(fit), "w"),
    "icc": lambda fit: fit.icc(),
    "icc interval": lambda fit: fit.icc(interval="bootstrap", n=REPLICATES, seed=1),
    "r2": lambda fit: fit.r2(),
    "r2 interval": lambda fit: fit.r2(interval="bootstrap", n=REPLICATES, seed=1),
    "variance_decomposition": lambda fit: fit.variance.decomposition(),
    "variance_reduction": lambda fit: fit.variance.reduction(),
    "reliability": lambda fit: fit.variance.reliability(),
    "reliability by group": lambda fit: fit.variance.reliability(by_group=True),
    "design_effect": lambda fit: fit.variance.design_effect(),
    "standardized": lambda fit: fit.standardized(),
    "inference": lambda fit: fit.compare_methods(first_coefficient(fit), n=REPLICATES, seed=1),
    **_merged(map(_prediction, ("confidence", "prediction"))),
}
