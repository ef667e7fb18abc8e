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
    "fe_params": "fixef()",
    "coefs": "tidy()",
    "coefficients": "fixef()",
    "fixed_effects": "fixef()",
    "bse_fe": "tidy()",
    "cov_params": "vcov()",
    "cov_re": "varcorr()",
    "VarCorr": "varcorr()",
    "vcomp": "varcorr()",
    "random_effects_cov": "ranef()",
    "ranefs": "ranef()",
    "logLik": "loglik",
    "deviance": "criterion",
    "scale": "sigma ** 2",
    **dict.fromkeys(("df_resid", "df_residual"), "glance()"),
    "residuals": "resid()",
    "resids": "resid()",
    "warnings": "verdict.explain()",
    **dict.fromkeys(("criteria", "quasi_criteria", "QIC"), "information_criteria()"),
    **dict.fromkeys(("is_singular", "isSingular", "singular"), "verdict.singular"),
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

_ROWS = "fit all rows together by glmer()"
ONLY_OF_LINEAR_FITS = {
    "adapt": f"random effects of further rows come from sums, which a generalized model does not have; {_ROWS}",
    "append": f"a fit to further rows is made from sums, which a generalized model does not have; {_ROWS}",
    "compare_methods": "tests of a generalized model have no degrees of freedom to choose; tidy() and "
    "confint(method='profile') have intervals",
    "profile": "confint(method='profile') has the intervals of profiles",
    "ranova": "hlmrs.compare(fit, smaller) tests against a fit without some random effects",
    "residual_covariance": "gee(correlation=) has correlations within groups, of a marginal model",
    "residual_sd_at": "predict(newdata, type='disp') has the dispersion of new rows",
    "residual_parameters": "dispersion= models the dispersion, and gee(correlation=) correlations within groups",
    "standardized": "a response has no standard deviation on the scale of a link; scale(x) in the formula standardizes",
    "variance": "icc() and r2() have shares of the variance",
}
"""What a generalized fit does not have, and what there is instead."""
_NO_LIKELIHOOD = "estimating equations have no likelihood; fit.qic and hlmrs.compare() choose among models"
_NO_EFFECTS = "groups have no effects of their own in a marginal model; glmer() fits one with random effects"
ABSENT_FROM_MARGINAL_FITS = {
    **dict.fromkeys(("loglik", "llf", "aic", "bic", "criterion", "profile", "bootstrap", "ranova"), _NO_LIKELIHOOD),
    **dict.fromkeys(
        ("ranef", "random_effects", "varcorr", "coef", "theta", "icc", "r2", "variance", "blocks"), _NO_EFFECTS
    ),
    **dict.fromkeys(
        ("simulate", "refit"), "estimating equations state means and variances, and no distribution to draw"
    ),
    "posterior": "estimating equations have no likelihood, and no posterior; glmer(prior=) has penalized estimates",
    "sigma": "fit.scale is the variance over that of the family",
    "drop1": "anova(type=2) has the tests",
    "marginal": "emmeans(), contrasts(), slopes() and to_marginaleffects() are methods of the fit",
}
"""The same for a marginal model."""


def foreign_attribute(fit: Any, name: str) -> AttributeError:
    """Say what there is instead of an attribute."""
    kind = type(fit)
    place = _place(fit, name)
    absent = next((one for one in (name, place.split(".")[0].rstrip("()")) if one in kind._absent), None)
    if absent:
        hint = f", which linear fits have; {kind._absent[absent]}"
    elif name in _OF_MODELS:
        hint = f"; models are compared by {_OF_MODELS[name]}"
    elif place:
        hint = f"; it is fit.{place.format(name=name)}"
    else:
        hint = suggestion(name, [member for member in dir(kind) if not member.startswith("_")])
    return AttributeError(f"{kind.__name__!r} object has no attribute {name!r}{hint}", name=name, obj=fit)


def _place(fit: Any, name: str) -> str:
    """Return where a fit has what is asked for under another name, or nothing."""
    if name in _PLACES:
        place = _PLACES[name].format(name=name)
        group, _, member = place.partition(".")
        there = group != "check" or not member or hasattr(getattr(fit, group, None), member.rstrip("()"))
        return place if there else ""
    check = name.removeprefix("check_")
    known = check != name and hasattr(type(fit), "check") and hasattr(fit.check, check)
    return f"check.{check}()" if known else ""
