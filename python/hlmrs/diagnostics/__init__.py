"""Influence of rows and groups, residuals of groups, and checks of what a fit assumes."""

from .groups import group_residual_table
from .influence import Influence, influence

__all__ = ["Influence", "group_residual_table", "influence"]
