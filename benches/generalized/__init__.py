"""Generalized models against peers: whole calls, data frame to estimates with standard errors."""
