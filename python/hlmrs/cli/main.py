"""Runs a command: what it ends with, and how errors and warnings are told."""

import io
import os
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence

from ..errors import HlmrsError, HlmrsWarning
from . import commands
from .doctor import doctor
from .exits import OK, UNUSABLE
from .parser import parser

_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "fit": commands.fit,
    "describe": commands.describe_file,
    "compare": commands.compare_models,
    "plot": commands.plot,
    "report": commands.report,
    "show": commands.show,
    "demo": commands.demo,
    "doctor": doctor,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack letters that a report has
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        parser().print_help(sys.stderr)
        return UNUSABLE
    given = parser().parse_args(words)
    with warnings.catch_warnings():
        warnings.simplefilter("always", HlmrsWarning)
        warnings.showwarning = _show_warning
        try:
            code = _COMMANDS[given.command](given)
            sys.stdout.flush()
            return code
        except BrokenPipeError:  # who reads has closed, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return OK
        except (HlmrsError, ImportError, OSError) as error:
            print(f"hlmrs: {error}", file=sys.stderr)
            return UNUSABLE
        except KeyboardInterrupt:
            print("hlmrs: interrupted", file=sys.stderr)
            return 130
        except Exception as error:
            print(f"hlmrs: internal error: {type(error).__name__}: {error}; please report it", file=sys.stderr)
            return UNUSABLE


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"hlmrs: warning: {message}", file=sys.stderr)
