"""What can be typed after `hlmrs`."""

import argparse

from ..inference import DDF_METHODS, DEFAULT_DDF

_EXIT_CODES = "exit codes: 0 the model was fitted, 1 the fit did not converge, 2 the command or the data cannot be used"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="hlmrs", description="Linear mixed models.", epilog=_EXIT_CODES)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_fit(commands.add_parser("fit", help="fit a model to a file", epilog=_EXIT_CODES))
    show = commands.add_parser("show", help="show a fit that was saved")
    show.add_argument("file", metavar="FIT", help="a file written by --save or fit.save()")
    show.add_argument("--json", action="store_true", help="print JSON instead of text")
    commands.add_parser("demo", help="fit some of the classic data sets and show the reports")
    return top


def _add_fit(command: argparse.ArgumentParser) -> None:
    command.add_argument("formula", metavar="FORMULA", help="such as 'Reaction ~ Days + (Days | Subject)'")
    command.add_argument("file", metavar="FILE", help="data: .csv, .tsv (also .gz), .parquet, .feather or .arrow")
    command.add_argument("--ml", action="store_true", help="maximum likelihood instead of REML")
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
    command.add_argument("--ddf", choices=DDF_METHODS, default=DEFAULT_DDF, help="degrees of freedom")
    command.add_argument("--json", action="store_true", help="print JSON instead of text")
    command.add_argument("--save", metavar="PATH", help="save the fit to a file")
