"""What a fit says of attributes that it had in another place, or that fits of other packages have."""

from typing import Any

from ..errors import suggestion

_PLACES = {
    **dict.fromkeys(("pairs", "johnson_neyman", "to_marginaleffects"), "marginal.{name}()"),
    **dict.fromkeys(("reliability", "design_effect"), "variance.{name}()"),
    **dict.fromkeys(("leverage", "group_residuals"), "check.{name}()"),
    "check_model": "check()",
    "variance_decomposition": "variance.decomposition()",
    "variance_reduction": "variance.reduction()",
    "structure": "blocks",
    "inference": "compare_methods()",
    "criterion_std_error": "verdict.std_error",
    "summary2": "summary()",
    "params": "fixef()",
    "fe_params": "fixef()",
    "coefs": "tidy()",
    "coefficients": "fixef()",
    "fixed_effects": "fixef()",
    "bse": "tidy()",
    "bse_fe": "tidy()",
    "pvalues": "tidy()",
    "tvalues": "tidy()",
    "conf_int": "confint()",
    "cov_params": "vcov()",
    "cov_re": "varcorr()",
    "VarCorr": "varcorr()",
    "vcomp": "varcorr()",
    "random_effects": "ranef()",
    "random_effects_cov": "ranef()",
    "ranefs": "ranef()",
    "llf": "loglik",
    "logLik": "loglik",
    "deviance": "criterion",
    "scale": "sigma ** 2",
    **dict.fromkeys(("df_resid", "df_residual"), "glance()"),
    "fittedvalues": "fitted",
    "residuals": "resid()",
    "resids": "resid()",
    "converged": "verdict.converged",
    "warnings": "verdict.explain()",
    **dict.fromkeys(("is_singular", "isSingular"), "verdict.singular"),
    "getME": "theta",
    "ngrps": "n_groups",
    "plot_diagnostics": "plot.diagnostics()",
    "post_hoc": "contrasts()",
    "lsmeans": "emmeans()",
    "emtrends": "slopes()",
    "anova_lm": "anova()",
    "t_test": "test()",
    "wald_test": "test()",
    "f_test": "test()",
    "linear_hypothesis": "test()",
}
"""What attributes of other times and other packages are here."""
_OF_MODELS = {"compare": "hlmrs.compare(fit, other)", "lrt": "hlmrs.compare(fit, other)"}


def foreign_attribute(fit: Any, name: str) -> AttributeError:
    """Say what there is instead of an attribute."""
    kind = type(fit)
    place = _PLACES.get(name, "")
    check = name.removeprefix("check_")
    if not place and check != name and hasattr(kind, "check") and hasattr(fit.check, check):
        place = f"check.{check}()"
    if name in _OF_MODELS:
        hint = f"; models are compared by {_OF_MODELS[name]}"
    elif place:
        hint = f"; it is fit.{place.format(name=name)}"
    else:
        hint = suggestion(name, [member for member in dir(kind) if not member.startswith("_")])
    return AttributeError(f"{kind.__name__!r} object has no attribute {name!r}{hint}", name=name, obj=fit)
