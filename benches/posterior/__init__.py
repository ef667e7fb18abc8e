"""Posteriors beside Stan: effective draws a second."""
