"""The packages that are measured: what each can do, where it lives, how it is run."""

from .environment import installed
from .process import Limits, run
from .registry import PEERS, Peer
from .specification import job_of

__all__ = ["PEERS", "Limits", "Peer", "installed", "job_of", "run"]
