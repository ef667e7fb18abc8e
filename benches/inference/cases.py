"""What is inferred, from which models, and by which R package."""

from dataclasses import dataclass, replace

from ..peers import Peer
from ..workloads import WORKLOADS, Workload

METHODS = {
    "satterthwaite": "lmerTest",
    "kenward-roger": "pbkrtest",
    "profile": "lme4",
    "bootstrap": "lme4",
}
"""Each method and the R package that has it."""

ALL_DRAWS = 1_000

OWN = Peer("hlmrs_inference", "hlmrs", "own", lambda job: None)
R = Peer("R", "lme4", "R", lambda job: None, script="infer.R")


@dataclass(frozen=True, slots=True)
class Case:
    """A method on a model; `draws` bootstrap replicates, the time scaled to 1,000."""

    method: str
    workload: Workload
    draws: int = ALL_DRAWS

    @property
    def name(self) -> str:
        """The case as the results call it."""
        return f"{self.workload.name}, {self.method}"


def cases() -> list[Case]:
    """Return the cases, by model."""
    models = {"sleepstudy": ALL_DRAWS, "machines": ALL_DRAWS, "insteval-28": 20}
    return [
        Case(method, replace(WORKLOADS[name], reml=True), draws) for name, draws in models.items() for method in METHODS
    ]
