"""What is fitted: small models of the data sets of the package."""

from dataclasses import dataclass

import polars as pl

import hlmrs


@dataclass(frozen=True)
class Workload:
    """A model of a data set; without a family it is linear, by REML."""

    formula: str
    data: str
    family: str | None = None

    def frame(self) -> pl.DataFrame:
        """Load the data; glmm takes no expression in ``cbind``, so that cbpp has a column of failures."""
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
}
