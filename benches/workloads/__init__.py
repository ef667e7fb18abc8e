"""Workloads: a model, its data and its goal, the data being the same in every run and for every peer.

>>> from benches.workloads import WORKLOADS, load        # doctest: +SKIP
>>> data = load("crossed-1m")                            # doctest: +SKIP
"""

from .cache import load, located
from .catalogue import WARMUP, WORKLOADS
from .workload import Workload

__all__ = ["WARMUP", "WORKLOADS", "Workload", "load", "located"]
