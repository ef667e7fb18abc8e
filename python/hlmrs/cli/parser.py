"""What can be typed after `hlmrs`."""

import argparse
from typing import get_args

from ..errors import OptionError
from ..inference import DDF_METHODS, chosen_ddf
from ..options import Thresholds
from ..version import package_version

_EXIT_CODES = "exit codes: 0 the model was fitted, 1 the fit did not converge, 2 the command or the data cannot be used"
_FORMULA = "such as 'Reaction ~ Days + (Days | Subject)'"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="hlmrs", description="Linear and generalized linear mixed models.", epilog=_EXIT_CODES
    )
    top.add_argument("--version", action="version", version=f"hlmrs {package_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="fit a model to a file", epilog=_EXIT_CODES)
    fit.add_argument("formula", metavar="FORMULA", help=_FORMULA)
    _add_file(fit)
    _add_model(fit)
    _add_output(fit)
    fit.add_argument("--save", metavar="PATH", help="save the fit to a file")

    describe = commands.add_parser("describe", help="describe grouped data: levels, units, variables by level")
    describe.add_argument("groups", metavar="GROUPS", help="such as 'school/classroom', or names parted by commas")
    _add_file(describe)

    compare = commands.add_parser("compare", help="compare models of the same rows", epilog=_EXIT_CODES)
    compare.add_argument("formulas", metavar="FORMULA", nargs="+", help="two formulas or more")
    _add_file(compare)
    _add_model(compare)
    compare.add_argument("--table", action="store_true", help="put the models side by side as well")
    compare.add_argument(
        "--same-rows", action="store_true", help="leave out rows that miss a value in a column of any of the models"
    )

    plot = commands.add_parser("plot", help="draw a picture of a model into a file", epilog=_EXIT_CODES)
    plot.add_argument("picture", metavar="PICTURE", help="caterpillar, effect, ranks, ...: those of fit.plot")
    plot.add_argument("formula", metavar="FORMULA", help=_FORMULA)
    _add_file(plot)
    _add_model(plot)
    plot.add_argument("--out", metavar="PATH", required=True, help="where to draw: .png, .svg or .pdf")
    plot.add_argument(
        "--with",
        dest="arguments",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the picture, such as group=school or x=age; may be repeated",
    )

    report = commands.add_parser("report", help="write a report as one page of HTML", epilog=_EXIT_CODES)
    report.add_argument("formula", metavar="FORMULA", help=_FORMULA)
    _add_file(report)
    _add_model(report)
    report.add_argument("--out", metavar="PATH", default="report.html", help="where to write; default: report.html")
    report.add_argument("--title", help="title of the page")
    report.add_argument(
        "--before", metavar="FORMULA", action="append", default=[], help="a model fitted before; may be repeated"
    )

    show = commands.add_parser("show", help="show a fit that was saved")
    show.add_argument("file", metavar="FIT", help="a file written by --save or fit.save()")
    _add_output(show)

    demo = commands.add_parser("demo", help="fit some of the classic data sets and show the results")
    demo.add_argument("--out", metavar="PATH", help="write the report of one of them too; needs matplotlib")

    doctor = commands.add_parser(
        "doctor",
        help="show what a bug report needs: versions, processor, threads, memory, and a small fit",
        epilog="exit codes: 0 the small fit gives the number that is known, 1 it does not",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON instead of text")
    return top


def _add_model(command: argparse.ArgumentParser) -> None:
    """Ask for all that a model is beside its formula."""
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
    command.add_argument(
        "--levels",
        metavar="COLUMN=LOW,...,HIGH",
        action="append",
        default=[],
        help="order of the levels of a column of text, such as an ordered response; may be repeated",
    )
    command.add_argument("--missing", choices=["drop", "error"], default="drop", help="rows with missing values")


def _add_file(command: argparse.ArgumentParser) -> None:
    """Ask for a file, and how a text file is written."""
    command.add_argument(
        "file",
        metavar="FILE",
        help="data: .csv, .tsv, .txt (also .gz), .parquet, .feather, .arrow, .sav, .dta or .sas7bdat",
    )
    command.add_argument(
        "--na",
        metavar="TEXT",
        action="append",
        default=[],
        help="text that is a missing value; may be repeated",
    )
    command.add_argument("--decimal", choices=[".", ","], help="decimal point or comma; default: as the file looks")
    command.add_argument("--delimiter", metavar="CHARACTER", help="what parts columns, or 'tab'; default: as it looks")


def _add_output(command: argparse.ArgumentParser) -> None:
    """Ask how a fit is shown."""
    command.add_argument("--ddf", metavar="METHOD", type=_ddf, help=f"degrees of freedom: {', '.join(DDF_METHODS)}")
    command.add_argument("--json", action="store_true", help="print JSON instead of text")


def _ddf(text: str) -> str:
    try:
        return chosen_ddf(text)
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
