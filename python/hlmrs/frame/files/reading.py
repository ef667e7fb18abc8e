"""Which reader a file has, by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ...errors import DataError, HlmrsError
from ..kind import Column
from .binary import BINARY, read_binary
from .labelled import LABELLED, read_labelled
from .text import AS_IT_LOOKS, DELIMITERS, Writing, read_text, suffix_of

ReadT = TypeVar("ReadT")

SUFFIXES = (*DELIMITERS, *BINARY, *LABELLED)


def is_readable(name: str) -> bool:
    """Whether a name is that of one file of a kind that is read as a whole: all but Parquet."""
    return suffix_of(Path(name)) in SUFFIXES and suffix_of(Path(name)) != ".parquet"


def is_labelled(name: str) -> bool:
    """Whether a name is that of a file of SPSS, Stata or SAS."""
    return Path(name).suffix.lower() in LABELLED


def check_file(name: str) -> None:
    """Refuse what is no file of a kind that can be read."""
    path = Path(name)
    if path.is_dir():
        raise DataError(f"{name!r} is a folder; give a file that is in it")
    if suffix_of(path) not in SUFFIXES:
        raise DataError(
            f"{name!r}: the name should end in {', '.join(SUFFIXES)}, or .csv.gz or .tsv.gz; save files of other "
            "programs, such as Excel, as CSV"
        )
    if not path.is_file():
        raise DataError(f"{name!r}: there is no such file")


def read_file(name: str, writing: Writing = AS_IT_LOOKS) -> Any:
    """Read a file of text, Arrow or Parquet into a frame, or a dictionary of arrays."""
    return _read(name, lambda path: read_text(path, writing) if suffix_of(path) in DELIMITERS else read_binary(path))


def read_labelled_file(name: str) -> tuple[dict[str, Column], dict[str, str]]:
    """Read the columns of a file of SPSS, Stata or SAS, and the labels of its variables."""
    return _read(name, read_labelled)


def _read(name: str, reader: Callable[[Path], ReadT]) -> ReadT:
    check_file(name)
    try:
        return reader(Path(name))
    except HlmrsError:
        raise
    except Exception as error:  # every library has its own
        reason = str(error).partition("\n")[0]  # what Polars and pandas say further is advice on their own options
        raise DataError(f"{name!r} could not be read: {reason}") from error
