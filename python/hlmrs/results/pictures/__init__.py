"""``fit.plot``: one object for each picture, which draws when called and gives its table by ``data()``.

``panels`` has what all fits have, ``plots`` the pictures of a linear fit, ``generalized_plots`` those of a generalized
one; ``of_groups``, ``of_effects``, ``of_rows``, ``of_checks`` and ``of_models`` have the objects.
"""

from .generalized_plots import GeneralizedPlots
from .plots import Plots

__all__ = ["GeneralizedPlots", "Plots"]
