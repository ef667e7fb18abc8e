"""How linear functions of the fixed effects are tested: which covariance matrix, which degrees of freedom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, ClassVar, TypedDict, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ..calls import passes_on, refuse_unknown
from ..errors import ArgumentError, OptionError, choose
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..options import Ddf, DdfInformation, Vcov
from .clusters import Clusters
from .degrees_of_freedom import (
    DEFAULT_DDF,
    KENWARD_ROGER,
    VCOV_TYPES,
    ModelUncertainty,
    Uncertainty,
    chosen_ddf,
    vcov,
)
from .equations import EquationUncertainty, chosen_covariance
from .generalized_robust import generalized_sandwich
from .robust import ROBUST_TYPES, sandwich
from .wald import check_level

Vector = NDArray[np.float64]
KEYWORD_ONLY, VAR_KEYWORD = Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD
Method = TypeVar("Method", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TestOptions:
    """How the fixed effects, and what is made of them, are tested: the same choice wherever these are tested.

    Attributes
    ----------
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "containment", "between-within", ...}
        Degrees of freedom.  ``"satterthwaite"`` (the default of all fits but ``mmrm``'s) and ``"kenward-roger"`` (which
        also corrects standard errors and scales F; REML only, and at most 5,000 random effects, or 3,000 rows of
        correlated residuals, that rows connect) follow from the uncertainty of the variance parameters;
        ``"kenward-roger-linear"`` leaves second derivatives of structures out, as SAS's ``ddfm=kr(linear)``;
        ``"containment"`` and ``"between-within"`` count; ``"residual"`` is rows minus coefficients, ``"normal"``
        infinite.  None takes those that belong to ``vcov``.
    ddf_information : {"expected", "observed"}, optional
        The information about the variance parameters by which Kenward and Roger's methods go.  None: the observed one,
        as in SAS, where residuals have a structure or a model of their dispersion; else the expected one.
    vcov : {"model", "kenward-roger", "kenward-roger-linear", "CR0", "CR1", "CR1S", "CR2", "CR3"}
        The covariance that standard errors come from, as ``type`` in ``vcov``.  Robust ones have degrees of freedom of
        their own: Satterthwaite's for the sandwich, or ``ddf="normal"``; their joint tests are approximate Hotelling
        tests.  ``"kenward-roger"`` brings the degrees of freedom of that name; others are refused beside it.
    cluster : str, list of two str, or array, optional
        Clusters of a robust covariance, as in ``vcov``.
    level : float
        Level of the confidence intervals, of tables that have them.

    Examples
    --------
    >>> import hlmrs
    >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "dict"))
    >>> robust = hlmrs.TestOptions(vcov="CR2", level=0.9)
    >>> [round(float(low), 2) for low in fit.tidy(options=robust)["conf_low"]]
    [48.97, 3.09, 10.81]
    """

    __test__: ClassVar[bool] = False  # no test of pytest

    ddf: Ddf | None = None
    vcov: Vcov = "model"
    cluster: Clusters = None
    level: float = 0.95
    ddf_information: DdfInformation | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "ddf", None if self.ddf is None else chosen_ddf(self.ddf))
        object.__setattr__(self, "vcov", chosen_vcov(self.vcov, self.cluster))
        check_level(self.level)
        chosen_information(self.ddf_information, "kenward-roger")
        robust = self.vcov in ROBUST_TYPES
        own = (DEFAULT_DDF, "normal") if robust else (self.vcov,)
        if self.ddf is not None and self.vcov != "model" and self.ddf not in own:
            listed = "'satterthwaite' or 'normal'" if robust else "those of Kenward and Roger"
            raise OptionError(
                f"ddf={self.ddf!r} belongs to the model's covariance: with vcov={self.vcov!r} they are {listed}"
            )


class TestKeywords(TypedDict, total=False):
    """Fields of ``TestOptions``, as keywords of a method."""

    ddf: Ddf
    vcov: Vcov
    cluster: Clusters
    level: float
    ddf_information: DdfInformation | None


def chosen_information(information: str | None, ddf: str) -> str | None:
    """Return the information about variance parameters that a name means; None for none."""
    if information is None:
        return None
    if ddf not in KENWARD_ROGER:
        raise OptionError(
            f"ddf_information={information!r} is of Kenward and Roger's methods, and ddf is {ddf!r}; give "
            "ddf='kenward-roger' beside it"
        )
    known: tuple[str, ...] = get_args(DdfInformation)
    return choose("ddf_information", information, known)


def chosen_options(options: TestOptions | None, keywords: TestKeywords) -> TestOptions:
    """Return the options, changed by keywords."""
    options = TestOptions() if options is None else options
    if not isinstance(options, TestOptions):
        raise ArgumentError(f"options={options!r}: give hlmrs.TestOptions(...), or its fields as keywords")
    if "ddf" in keywords:
        chosen_ddf(keywords["ddf"])  # None is no method
    return replace(options, **keywords)


def with_test_keywords(method: Method) -> Method:
    """Show the fields of ``TestOptions`` in the signature of a method that takes them as ``**tests``; refuse others."""
    whole = signature(method)
    own = [p for p in whole.parameters.values() if p.kind is not VAR_KEYWORD]
    tests = [
        Parameter(f.name, KEYWORD_ONLY, default=f.default, annotation=f.type)
        if f.name != "ddf"
        else Parameter("ddf", KEYWORD_ONLY, default=DEFAULT_DDF, annotation="Ddf")
        for f in fields(TestOptions)
    ]
    names = [p.name for p in (*own, *tests) if p.name != "self"]

    @wraps(method)
    def checked(*args: Any, **keywords: Any) -> Any:
        refuse_unknown(checked.__name__, keywords, names)
        return method(*args, **keywords)

    vars(checked)["__signature__"] = whole.replace(parameters=[*own, *tests])
    return passes_on(cast("Method", checked))


def tests_by_normal(kind: Class) -> Class:
    """Show in a class that tests in its methods, inherited ones too, are by the normal distribution."""
    for name in dir(kind):
        method = getattr(kind, name)
        public = isfunction(method) and (name == "__call__" or not name.startswith("_"))
        own = signature(method).parameters.get("ddf") if public else None
        if own is not None and own.default == DEFAULT_DDF:
            setattr(kind, name, _shown_as_normal(method))
    return kind


def _shown_as_normal(method: Method) -> Method:
    whole = signature(method)

    @wraps(method)
    def shown(*args: Any, **keywords: Any) -> Any:
        return method(*args, **keywords)

    parameters = [p.replace(default="normal") if p.name == "ddf" else p for p in whole.parameters.values()]
    vars(shown)["__signature__"] = whole.replace(parameters=parameters)
    return passes_on(cast("Method", shown))


def uncertainty(estimate: Estimate, options: TestOptions) -> Uncertainty:
    """Choose the model's covariance, with a method for degrees of freedom, or a robust one."""
    if isinstance(estimate, EquationsEstimate):
        return EquationUncertainty(estimate, options.vcov, options.ddf)
    if isinstance(estimate, GeneralizedEstimate):
        return _of_generalized(estimate, options)
    if options.vcov in ROBUST_TYPES:
        return sandwich(estimate, options.vcov, options.cluster, ddf_of(estimate, options))
    ddf, residual = ddf_of(estimate, options), estimate.request.residual
    information = chosen_information(options.ddf_information, ddf)
    of_fit = None if residual is None else residual.ddf_information
    return ModelUncertainty(estimate, ddf, information or of_fit)


def _of_generalized(estimate: GeneralizedEstimate, options: TestOptions) -> Uncertainty:
    """Refuse what rests on a Gaussian response; degrees of freedom are infinite."""
    _refuse_linear(options.vcov)
    if options.ddf not in (None, "normal"):
        raise OptionError(
            f"ddf={options.ddf!r}: degrees of freedom are of linear models; tests of a generalized one are 'normal'"
        )
    if options.vcov in ROBUST_TYPES:
        return generalized_sandwich(estimate, options.vcov, options.cluster)
    return ModelUncertainty(estimate, "normal")


def _refuse_linear(vcov_type: str) -> None:
    if vcov_type in KENWARD_ROGER:
        raise OptionError(
            f"vcov={vcov_type!r} corrects the covariance of a linear model for the estimation of its variances; a "
            "generalized one has 'model', and robust ones"
        )


DDF_WORDS = {
    "satterthwaite": "Satterthwaite's degrees of freedom",
    "kenward-roger": "Kenward and Roger's degrees of freedom and standard errors",
    "kenward-roger-linear": "Kenward and Roger's degrees of freedom and standard errors, linear variant",
    "containment": "containment degrees of freedom",
    "between-within": "between-within degrees of freedom",
    "residual": "residual degrees of freedom",
    "normal": "normal distribution",
}


def ddf_of(estimate: Estimate, options: TestOptions) -> str:
    """Return the method for degrees of freedom: the one given, or that of the covariance, or of the fit."""
    if options.ddf is not None:
        return options.ddf
    if options.vcov != "model":
        return options.vcov if options.vcov in KENWARD_ROGER else DEFAULT_DDF
    residual = estimate.request.residual
    return DEFAULT_DDF if residual is None or residual.ddf is None else residual.ddf


def covariance_matrix(estimate: Estimate, vcov_type: str, cluster: Clusters) -> Vector:
    """Return the covariance of the fixed effects by its name."""
    if isinstance(estimate, EquationsEstimate):
        return estimate.own.covariance(chosen_covariance(vcov_type))
    vcov_type = chosen_vcov(vcov_type, cluster)
    if isinstance(estimate, GeneralizedEstimate):
        _refuse_linear(vcov_type)
        if vcov_type in ROBUST_TYPES:
            return generalized_sandwich(estimate, vcov_type, cluster).matrix.copy()
    if vcov_type in ROBUST_TYPES:
        return sandwich(estimate, vcov_type, cluster).matrix.copy()
    return vcov(estimate, vcov_type)


def chosen_vcov(vcov: str, cluster: Clusters) -> str:
    """Return the name of a covariance, and refuse clusters for one that has none."""
    vcov = choose("vcov", vcov, (*VCOV_TYPES, *ROBUST_TYPES), {"KR": "kenward-roger", "KR1": "kenward-roger-linear"})
    if cluster is not None and vcov not in ROBUST_TYPES:
        raise OptionError(f"cluster= belongs to a robust covariance such as vcov='CR2', not to {vcov!r}")
    if cluster is not None and np.ndim(cluster) == 0 and not isinstance(cluster, str):
        raise OptionError(f"cluster={cluster!r}: name a column, or two that cross, or give a label for each row")
    return vcov
