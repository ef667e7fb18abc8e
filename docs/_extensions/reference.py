"""The reference: every public name with its signature and docstring, as pages by subject in ``reference/``.

What a fit groups, such as ``fit.check`` and ``fit.plot``, stands under the fit by the names that it is called by.
Methods stand under the subject of the class that has them.
"""

import inspect
import re
import shutil
import typing
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import NumpyDocstring
from sphinx.util.typing import stringify_annotation

import hlmrs

PAGES = {
    "fitting": (
        "Fitting",
        "Functions that fit a model, or prepare one.",
        ["lmer", "glmer", "gls", "mmrm", "gee", "model", "build", "levels", "fit_many", "pool", "against"],
    ),
    "data": (
        "Data",
        "What is grouped in what, columns of time, and data sets that come with the package.",
        ["describe", "DataDescription", "time_coding", "person_period", "datasets"],
    ),
    "options": (
        "Options",
        "Small frozen objects that say how to fit and how to test.",
        ["Control", "TestOptions", "Family"],
    ),
    "priors": (
        "Priors",
        "Distributions of parameters before the data.",
        [
            "Normal",
            "StudentT",
            "Uniform",
            "Flat",
            "HalfStudentT",
            "Horseshoe",
            "HalfNormal",
            "HalfCauchy",
            "Exponential",
            "Gamma",
            "InverseGamma",
            "LKJ",
        ],
    ),
    "linear": (
        "Linear fits",
        "What `lmer`, `gls` and `mmrm` return.",
        ["LinearMixedFit"],
    ),
    "posterior": ("Posteriors", "What `fit.posterior` and `bayes` return.", ["bayes", "Posterior"]),
    "generalized": ("Generalized fits", "What `glmer` returns.", ["GeneralizedMixedFit"]),
    "marginal": ("Marginal fits", "What `gee` returns.", ["MarginalFit"]),
    "planning": (
        "Planned studies",
        "The power of a study before there are data.",
        ["power", "Design", "Power", "PowerCurve"],
    ),
    "results": (
        "Results, comparisons and files",
        "Tables of results, models side by side, verdicts, and fits from files.",
        ["compare", "table", "load", "ResultTable", "Verdict"],
    ),
    "sums": (
        "Sums over rows",
        "Fits to more rows than memory holds, and to rows of several places.",
        ["SufficientStatistics", "load_statistics"],
    ),
    "scikit-learn": (
        "Estimators of scikit-learn",
        "They are in `hlmrs.sklearn`, which needs the extra `sklearn`.",
        ["sklearn"],
    ),
    "errors": (
        "Errors and warnings",
        "Every error that is raised on purpose is an `HlmrsError`, every warning an `HlmrsWarning`.",
        [name for name in hlmrs.__all__ if name.endswith(("Error", "Warning"))],
    ),
}

SUBJECTS = {
    "Coefficients and rows": ("Fitted", "EquationsFit", "LikelihoodFit"),
    "Estimates": ("Estimates", "GeneralizedEstimates", "EquationEstimates"),
    "Key figures": ("KeyFigures", "FittedModel"),
    "Tests and intervals": ("Hypotheses", "LinearInference", "EquationHypotheses", "GeneralizedDeletions"),
    "Means, contrasts and slopes": ("Means", "EquationMeans", "PosteriorMeans", "marginal"),
    "Predictions, residuals and new responses": (
        "LinearPredictions",
        "LinearResiduals",
        "GeneralizedPredictions",
        "GeneralizedResponses",
        "EquationPredictions",
        "PosteriorPredictions",
    ),
    "Shares of the variance": ("LinearEffectSizes", "GeneralizedEffectSizes", "PosteriorVariances", "variance"),
    "Groups": ("Groups", "PosteriorGroups"),
    "Posteriors": ("Bayesian", "GeneralizedBayesian"),
    "Comparisons": ("PosteriorModels",),
    "Other data": ("ChangedData", "adapt", "append", "refit", "update"),
    "Checks": ("check",),
    "Reports": ("Reporting",),
    "Pictures": ("plot",),
    "Names of other packages": ("KnownNames",),
}
"""Subjects in the order of the page, with the classes and groups that belong to them."""


def write_pages(app: Sphinx) -> None:
    """Write the pages anew."""
    folder = Path(app.srcdir) / "reference"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for page, (title, about, names) in PAGES.items():
        lines = [title, "=" * len(title), "", about.replace("`", "``"), "", ".. py:currentmodule:: hlmrs", ""]
        for name in names:
            lines += entries(app, name, getattr(hlmrs, name))
        (folder / f"{page}.rst").write_text("\n".join(lines) + "\n", encoding="utf-8")


def entries(app: Sphinx, name: str, thing: Any) -> Iterator[str]:
    """Yield the text of a module, a function, an error, or a class and its members by subject."""
    if inspect.ismodule(thing):
        for inner in sorted(thing.__all__):
            yield from entries(app, f"{name}.{inner}", getattr(thing, inner))
    elif not inspect.isclass(thing):
        yield from entry(app, "function", name, thing)
    elif issubclass(thing, Exception):
        yield from entry(app, "exception", name, thing)
    else:
        yield from entry(app, "class", name, thing)
        yield from members(app, name, thing)


def members(app: Sphinx, name: str, kind: type) -> Iterator[str]:
    """Yield the members of a class, by subject where it has several."""
    by_subject: dict[str, list[str]] = {}
    for member in sorted(name for name in dir(kind) if is_ours(kind, name) and not is_field(kind, name)):
        by_subject.setdefault(subject(kind, member), []).append(member)
    for title in ["", *SUBJECTS]:
        if title and title in by_subject:
            yield from (title, "-" * len(title), "")
        for member in by_subject.get(title, []):
            yield from described(app, f"{name}.{member}", inspect.getattr_static(kind, member), getattr(kind, member))


def is_ours(kind: type, member: str) -> bool:
    """Tell public members that the package defines from those of scikit-learn."""
    found = inspect.getattr_static(kind, member)
    owner = next((base.__module__ for base in kind.__mro__ if member in vars(base)), "")
    return not member.startswith("_") and "sklearn." not in {owner[:8], type(found).__module__[:8]}


def is_field(kind: type, member: str) -> bool:
    """Tell fields, which the docstring of their class describes."""
    found = inspect.getattr_static(kind, member)
    described = re.search(rf"^(?:\w+, )*{member}(?:, \w+)* : ", inspect.getdoc(kind) or "", re.M)
    return bool(described) and not (isinstance(found, property) or callable(getattr(kind, member)))


def subject(kind: type, member: str) -> str:
    """Return the subject of a member: by its own name, or by a class that has it."""
    owners = [member, *(base.__name__ for base in kind.__mro__ if member in vars(base))]
    found = next((title for owner in owners for title, names in SUBJECTS.items() if owner in names), "")
    return found or ("Coefficients and rows" if kind.__name__.endswith("Fit") else "")


def described(app: Sphinx, name: str, found: Any, value: Any) -> Iterator[str]:
    """Yield a member, and what it groups if it is such an object."""
    if not isinstance(found, property):
        yield from entry(app, "method" if callable(value) else "attribute", name, value if callable(value) else found)
        return
    kind = typing.get_type_hints(found.fget).get("return")
    kind = typing.get_origin(kind) or kind
    grouped = isinstance(kind, type) and kind.__module__.startswith("hlmrs.results")
    if grouped and any("__call__" in vars(base) for base in kind.__mro__) and name.split(".")[-1] != "plot":
        yield from entry(app, "method", name, kind.__call__)
    else:
        yield from entry(app, "attribute", name, found)
    if grouped:
        for member in sorted(name for name in dir(kind) if not name.startswith("_")):
            inner = inspect.getattr_static(kind, member)
            yield from described(app, f"{name}.{member}", inner, getattr(kind, member))


def entry(app: Sphinx, directive: str, name: str, thing: Any) -> Iterator[str]:
    """Yield a name with its signature and docstring."""
    signature = "" if directive in ("attribute", "exception") else written_signature(thing)
    yield f".. py:{directive}:: {name}{signature}"
    if directive == "attribute" and isinstance(thing, property):
        returned = typing.get_type_hints(thing.fget).get("return")
        yield f"   :type: {written_type(returned)}" if returned else ""
    yield ""
    doc = inspect.getdoc(thing) or ""
    if directive != "attribute" or isinstance(thing, property):
        yield indent(str(NumpyDocstring(doc, app.config)), "   ")
    yield ""


def written_type(annotation: Any) -> str:
    """Return the type of an attribute as people say it."""
    text = stringify_annotation(annotation, "smart").replace("~", "").replace("numpy.typing.", "")
    text = re.sub(r"(numpy\.)?nd[Aa]rray\[.*\]", "array", text)
    return re.sub(r"[\w.]*\bFrameT\b", "frame", re.sub(r"\bhlmrs\.[\w.]+\.(?=\w)", "", text))


def written_signature(thing: Any) -> str:
    """Return parameters and defaults, without types, which the docstring has in words."""
    signature = inspect.signature(thing)
    kept = [one.replace(annotation=one.empty) for one in signature.parameters.values() if one.name != "self"]
    return str(inspect.Signature(kept))


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before any is read."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
