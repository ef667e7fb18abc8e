"""Tests, intervals and predictions, as tables.

``distributions`` has the tails, ``coefficients`` the Wald table of the fixed effects.
"""
