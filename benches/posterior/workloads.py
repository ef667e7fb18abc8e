"""Models whose posteriors are drawn, and the packages that have each."""

from typing import NamedTuple


class Workload(NamedTuple):
    """A model of a data set of the package, and its peers.

    bambi has no correlations of random effects, and so has models of its own where there are some.
    """

    dataset: str
    formula: str
    peers: tuple[str, ...] = ()
    family: str = "gaussian"


_STAN = ("rstanarm", "brms")
WORKLOADS = {
    "sleepstudy": Workload("sleepstudy", "Reaction ~ Days + (Days | Subject)", _STAN),
    "sleepstudy, no correlation": Workload("sleepstudy", "Reaction ~ Days + (Days || Subject)", ("bambi",)),
    "Penicillin": Workload("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", (*_STAN, "bambi")),
    "Hsb82": Workload("Hsb82", "mAch ~ cses * sector + (cses | school)", _STAN),
    "Hsb82, no correlation": Workload("Hsb82", "mAch ~ cses * sector + (cses || school)", ("bambi",)),
    "Contraception": Workload("Contraception", "use ~ age + urban + (1 | district)", _STAN, "binomial"),
    "VerbAgg": Workload("VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", (), "binomial"),
    "InstEval": Workload("InstEval", "y ~ service * dept + (1 | s) + (1 | d)"),
}
BY_DEFAULT = ("sleepstudy", "sleepstudy, no correlation", "Penicillin", "Hsb82", "Hsb82, no correlation")
