"""What is fitted: small models of the data sets of the package, and two that are not quite as small."""

from dataclasses import dataclass

import polars as pl

import hlmrs

from ..workloads.classics import schools_in_areas


@dataclass(frozen=True)
class Workload:
    """A model of a data set; without a family it is linear, by REML.  Of larger ones fewer calls are timed."""

    formula: str
    data: str
    family: str | None = None
    share: float = 1.0

    def frame(self) -> pl.DataFrame:
        """Load the data; glmm takes no expression in ``cbind``, so that cbpp has a column of failures."""
        if self.data == "chem97":  # its shape: the package does not have the data themselves
            return next(schools_in_areas(1.0))
        data = hlmrs.datasets.load(self.data, "polars")
        return data.with_columns(healthy=pl.col("size") - pl.col("incidence")) if self.data == "cbpp" else data


WORKLOADS = {
    "sleepstudy": Workload("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
    "penicillin": Workload("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    "dyestuff": Workload("Yield ~ 1 + (1 | Batch)", "Dyestuff"),
    "pastes": Workload("strength ~ 1 + (1 | batch) + (1 | sample)", "Pastes"),
    "orthodont": Workload("distance ~ age + (age | Subject)", "Orthodont"),
    "machines": Workload("score ~ Machine + (Machine | Worker)", "Machines"),
    "cbpp": Workload("cbind(incidence, healthy) ~ period + (1 | herd)", "cbpp", "binomial"),
    "egsingle": Workload("math ~ year * lowinc + (year | childid) + (year | schoolid)", "egsingle", share=0.1),
    "chem97": Workload("score ~ gcsecnt + (1 | school) + (1 | lea)", "chem97", share=0.1),
}
