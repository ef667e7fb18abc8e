"""What a workload is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One model on one data set.

    Parameters
    ----------
    name : str
        How the command line calls it.
    about : str
        Shape of the data in a few words.
    formula : str
        In lme4's language; without a response where `responses` has many.
    make : callable
        ``make(scale)`` yields the rows in frames; ``scale`` shrinks rows and levels together.
    reml : bool
        REML, or maximum likelihood.
    goal : float, optional
        Seconds from data frame to fitted model that are aimed at, on two cores.
    levels : tuple of str
        Columns of numbers that are levels of a grouping factor.
    nesting : tuple of str
        Grouping factors, each nested in the one before it; empty where factors are crossed or there is one.
    after : str, optional
        A smaller workload of the same kind: a peer that ran out of time or memory there is not tried here.
    on_disk : bool
        The rows stay on disk: the fit starts from a folder of Parquet files.
    responses : str, optional
        Prefix of the response columns, when every one of them is fitted by itself.
    peak_goal : str, optional
        The memory that is aimed at, in words.
    """

    name: str
    about: str
    formula: str
    make: Callable[[float], Iterator[pl.DataFrame]]
    reml: bool = False
    goal: float | None = None
    levels: tuple[str, ...] = ()
    nesting: tuple[str, ...] = ()
    after: str | None = None
    on_disk: bool = False
    responses: str | None = None
    peak_goal: str | None = None
