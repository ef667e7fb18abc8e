"""What each command does; each returns the exit code that it ends with."""

import json
import math
import sys
from argparse import Namespace
from ast import literal_eval
from typing import Any

import numpy as np

from ..datasets import describe as describe_data_set
from ..datasets import load as load_data
from ..display.text import WIDTH
from ..errors import HlmrsError, OptionError, suggestion
from ..inference import TestOptions
from ..models import lmer
from ..options import Ddf
from ..page import require_folder
from ..results import MarginalFit, Posterior, compare, describe, load, table
from .exits import NOT_CONVERGED, OK
from .model import AnyFit, fits_of, read

_DEMO = (
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    ("InstEval", "y ~ 1 + service + (1 | s) + (1 | d) + (1 | dept:service)"),
    ("Hsb82", "mAch ~ cses * sector + (cses | school)"),
)


def fit(given: Namespace) -> int:
    """Fit a model and show it."""
    (found,) = fits_of(given, [given.formula])
    if given.save:
        found.save(given.save)
    return _shown(found, given.json, given.ddf)


def show(given: Namespace) -> int:
    """Show a fit that was saved."""
    found = load(given.file)
    if not isinstance(found, MarginalFit | Posterior):
        return _shown(found, given.json, given.ddf)
    what = "a posterior" if isinstance(found, Posterior) else "a marginal model"
    if given.json or given.ddf is not None:
        raise HlmrsError(f"{what} is shown by its summary; leave --json and --ddf out")
    print(found.summary())
    is_good = found.verdict.trusted if isinstance(found, Posterior) else found.verdict.converged
    return OK if is_good else NOT_CONVERGED


def describe_file(given: Namespace) -> int:
    """Describe grouped data."""
    data, _ = read(given)
    print(describe(data, [name.strip() for name in given.groups.split(",")]))
    return OK


def compare_models(given: Namespace) -> int:
    """Compare models of the same rows."""
    fits = fits_of(given, given.formulas)
    print(compare(*fits, same_rows=given.same_rows))
    if given.table:
        print(f"\n{table(*fits)}")
    return _code(*fits)


def plot(given: Namespace) -> int:
    """Draw a picture into a file."""
    arguments = dict(_argument(text) for text in given.arguments)
    (found,) = fits_of(given, [given.formula])
    pictures = [name for name in dir(type(found.plot)) if not name.startswith("_")]
    if given.picture not in pictures:
        hint = suggestion(given.picture, pictures)
        raise HlmrsError(f"there is no picture {given.picture!r}{hint}; there are {', '.join(pictures)}")
    from ..plots import pyplot  # loaded when it is wanted: it takes long

    pyplot().switch_backend("Agg")
    drawn = getattr(found.plot, given.picture)(**arguments)
    axes = np.ravel(np.asarray(drawn, dtype=object))[0]
    figure = axes.get_figure(root=True) if hasattr(axes, "get_figure") else drawn
    figure.savefig(given.out, dpi=150)
    print(f"{given.out}: {getattr(figure, 'hlmrs_alt', given.picture)}")
    return _code(found)


def report(given: Namespace) -> int:
    """Write a report as one page."""
    require_folder(given.out)
    *before, found = fits_of(given, [*given.before, given.formula])
    page = found.report(given.out, models=before, title=given.title)
    print(f"{given.out}: {page.size}")
    return _code(*before, found)


def demo(given: Namespace) -> int:
    """Fit some of the classic data sets, and write the report of the last."""
    codes = []
    for name, formula in _DEMO:
        print(f"{describe_data_set(name)}\n")
        found = lmer(formula, load_data(name))
        codes.append(_shown(found, False, None))
        print("\n" + "-" * WIDTH + "\n")
    if given.out:
        print(f"{given.out}: {found.report(given.out).size}")
    return max(codes)


def _argument(text: str) -> tuple[str, Any]:
    """Read an argument of a picture: what is no number is a text."""
    name, is_given, value = text.partition("=")
    if not is_given:
        raise OptionError(f"--with {text}: write NAME=VALUE, such as --with group=school")
    try:
        return name, literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _shown(found: AnyFit, as_json: bool, ddf: Ddf | None) -> int:
    """Print a fit."""
    options = TestOptions(ddf=ddf)
    if as_json:
        json.dump(_plain(found.to_dict(options=options)), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print(found.summary(options=options))
    return _code(found)


def _code(*fits: AnyFit) -> int:
    return OK if all(found.verdict.converged for found in fits) else NOT_CONVERGED


def _plain(value: Any) -> Any:
    """Make JSON of a record: what is missing or infinite is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
