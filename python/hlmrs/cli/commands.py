"""What can be typed after `hlmrs`, what each command does, and the exit code that it ends with."""

import argparse
import io
import json
import math
import os
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, get_args

from ..datasets import describe
from ..datasets import load as load_data
from ..errors import DataError, HlmrsError, HlmrsWarning, OptionError
from ..generalized import glmer
from ..inference import DDF_METHODS, TestOptions, chosen_ddf
from ..models import lmer
from ..options import Ddf, Thresholds
from ..results import GeneralizedMixedFit, LinearMixedFit, load
from .files import Writing, odd_cell, read_file

AnyFit = LinearMixedFit[Any] | GeneralizedMixedFit[Any]
OK, NOT_CONVERGED, UNUSABLE = 0, 1, 2

_EXIT_CODES = "exit codes: 0 the model was fitted, 1 the fit did not converge, 2 the command or the data cannot be used"
_OF_FAMILIES = ("link", "dispersion", "zero_inflation", "thresholds", "nominal", "scale", "nagq")
_DEMO = (
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    ("Hsb82", "mAch ~ cses * sector + (cses | school)"),
    ("InstEval", "y ~ 1 + service + (1 | s) + (1 | d) + (1 | dept:service)"),
)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="hlmrs", description="Linear and generalized linear mixed models.", epilog=_EXIT_CODES
    )
    top.add_argument("--version", action="version", version=f"hlmrs {version('hlmrs')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_fit(commands.add_parser("fit", help="fit a model to a file", epilog=_EXIT_CODES))
    show = commands.add_parser("show", help="show a fit that was saved")
    show.add_argument("file", metavar="FIT", help="a file written by --save or fit.save()")
    _add_report(show)
    commands.add_parser("demo", help="fit some of the classic data sets and show the reports")
    return top


def _add_fit(command: argparse.ArgumentParser) -> None:
    command.add_argument("formula", metavar="FORMULA", help="such as 'Reaction ~ Days + (Days | Subject)'")
    command.add_argument("file", metavar="FILE", help="data: .csv, .tsv, .txt (also .gz), .parquet, .feather or .arrow")
    command.add_argument("--ml", action="store_true", help="maximum likelihood instead of REML")
    command.add_argument("--family", help="distribution of the response, such as binomial, poisson or cumulative")
    command.add_argument("--link", help="link of the mean; for --family")
    command.add_argument("--dispersion", metavar="FORMULA", help="model of the dispersion, such as '~ x'")
    command.add_argument(
        "--zero-inflation", metavar="FORMULA", help="model of further zeros, such as '~ 1'; for --family"
    )
    command.add_argument(
        "--thresholds", choices=get_args(Thresholds), help="what thresholds of an ordered response are made of"
    )
    command.add_argument("--nominal", metavar="FORMULA", help="effects on every threshold of an ordered response")
    command.add_argument("--scale", metavar="FORMULA", help="model of the scale of an ordered response")
    command.add_argument("--nagq", metavar="POINTS", type=int, help="quadrature points, 1 is Laplace; for --family")
    command.add_argument("--weights", metavar="COLUMN", help="column of prior weights")
    command.add_argument("--offset", metavar="COLUMN", help="column to add to the linear predictor")
    command.add_argument(
        "--contrasts",
        metavar="COLUMN=CODING",
        action="append",
        default=[],
        help="treatment, sum, helmert or poly coding of a column; may be repeated",
    )
    command.add_argument("--missing", choices=["drop", "error"], default="drop", help="rows with missing values")
    command.add_argument(
        "--na",
        metavar="TEXT",
        action="append",
        default=[],
        help="text that is a missing value; may be repeated",
    )
    command.add_argument("--decimal", choices=[".", ","], help="decimal point or comma; default: as the file looks")
    command.add_argument("--delimiter", metavar="CHARACTER", help="what parts columns, or 'tab'; default: as it looks")
    _add_report(command)
    command.add_argument("--save", metavar="PATH", help="save the fit to a file")


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--ddf",
        metavar="METHOD",
        type=_ddf,
        help=f"degrees of freedom: {', '.join(DDF_METHODS)}",
    )
    command.add_argument("--json", action="store_true", help="print JSON instead of text")


def _ddf(text: str) -> str:
    try:
        return chosen_ddf(text)
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack letters that a report has
            stream.reconfigure(errors="backslashreplace")
    given = parser().parse_args(arguments)
    commands: dict[str, Callable[[Namespace], int]] = {"fit": _fit, "show": _show, "demo": _demo}
    with warnings.catch_warnings():
        warnings.simplefilter("always", HlmrsWarning)
        warnings.showwarning = _show_warning
        try:
            code = commands[given.command](given)
            sys.stdout.flush()
            return code
        except BrokenPipeError:  # who reads has closed, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return OK
        except (HlmrsError, OSError) as error:
            print(f"hlmrs: {error}", file=sys.stderr)
            return UNUSABLE
        except KeyboardInterrupt:
            print("hlmrs: interrupted", file=sys.stderr)
            return 130
        except Exception as error:
            print(f"hlmrs: internal error: {type(error).__name__}: {error}; please report it", file=sys.stderr)
            return UNUSABLE


def _fit(given: Namespace) -> int:
    if "~" in given.file and "~" not in given.formula:
        raise HlmrsError(f"the formula comes first: hlmrs fit {given.file!r} {given.formula!r}")
    writing = Writing(tuple(given.na), given.decimal, _delimiter(given.delimiter))
    data = read_file(given.file, writing)
    try:
        fit = _fitted(given, data)
    except DataError as error:
        raise DataError(f"{error}{odd_cell(given.file, writing, str(error))}") from error
    if given.save:
        fit.save(given.save)
    return _report(fit, given.json, given.ddf)


def _fitted(given: Namespace, data: Any) -> AnyFit:
    """Fit a linear model, or one of the family that was given."""
    both = {name: getattr(given, name) for name in ("weights", "offset", "missing")}
    contrasts = _contrasts(given.contrasts)
    own = {name: getattr(given, name) for name in _OF_FAMILIES if getattr(given, name) is not None}
    if given.family is None:
        dispersion = own.pop("dispersion", None)
        if own:
            option = next(iter(own)).replace("_", "-")
            raise HlmrsError(f"--{option} is of models with another distribution: give --family, such as binomial")
        both["reml"], both["contrasts"] = not given.ml, contrasts
        fit: AnyFit = lmer(given.formula, data, **both, **({} if dispersion is None else {"dispersion": dispersion}))
        return fit
    return glmer(given.formula, data, family=given.family, contrasts=contrasts, **own, **both)


def _show(given: Namespace) -> int:
    return _report(load(given.file), given.json, given.ddf)


def _demo(given: Namespace) -> int:
    codes = []
    for name, formula in _DEMO:
        print(f"{describe(name)}\n")
        codes.append(_report(lmer(formula, load_data(name)), False, None))
        print("\n" + "-" * 96 + "\n")
    return max(codes)


def _report(fit: AnyFit, as_json: bool, ddf: Ddf | None) -> int:
    options = TestOptions(ddf=ddf)
    if as_json:
        json.dump(_plain(fit.to_dict(options=options)), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print(fit.summary(options=options))
    return OK if fit.verdict.converged else NOT_CONVERGED


def _delimiter(text: str | None) -> str | None:
    found = {"tab": "\t", "\\t": "\t"}.get(text or "", text)
    if found is not None and len(found) != 1:
        raise HlmrsError(f"--delimiter {text!r}: give one character, or 'tab'")
    return found


def _contrasts(pairs: Sequence[str]) -> dict[str, str] | None:
    split = [pair.rpartition("=") for pair in pairs]
    for column, _, coding in split:
        if not column:
            raise HlmrsError(f"--contrasts {coding}: write COLUMN=CODING, such as --contrasts arm=sum")
    return {column: coding for column, _, coding in split} or None


def _plain(value: Any) -> Any:
    """Make JSON of a record: what is missing or infinite is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"hlmrs: warning: {message}", file=sys.stderr)
