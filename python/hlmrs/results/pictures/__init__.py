"""``fit.plot``: one object for each picture, which draws when called and gives its table by ``data()``.

``panels`` has what all fits have, ``plots`` the pictures of a linear fit, ``generalized_plots`` those of a generalized
one; ``of_groups``, ``of_effects``, ``of_time``, ``of_rows``, ``of_checks``, ``of_residuals`` and ``of_models`` have the
objects, ``drawn`` what all of them are.
"""

from .generalized_plots import GeneralizedPlots
from .plots import Plots

__all__ = ["GeneralizedPlots", "Plots"]
