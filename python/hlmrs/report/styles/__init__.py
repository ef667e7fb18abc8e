"""The summary as other packages print it: what each shows, in its order and with its words.

A file for each, ``hlm``, ``lme4``, ``spss``, ``stata``; ``components`` writes variance components for all of them.
"""

from collections.abc import Callable, Mapping

from ...display import Report
from ...errors import OptionError
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import TestOptions
from .hlm import as_hlm
from .lme4 import as_lme4
from .spss import as_spss
from .stata import as_stata

STYLES: Mapping[str, Callable[[Estimate, TestOptions], Report]] = {
    "hlm": as_hlm,
    "lme4": as_lme4,
    "stata": as_stata,
    "spss": as_spss,
}


def styled(estimate: Estimate, style: str, options: TestOptions) -> Report:
    """Return the summary of a linear mixed model in a style."""
    if isinstance(estimate, GeneralizedEstimate):
        raise OptionError(f"style={style!r}: styles of other packages are for linear models; leave style out")
    return STYLES[style](estimate, options)


__all__ = ["STYLES", "styled"]
