"""Posteriors beside Stan and PyMC: effective draws a second."""
