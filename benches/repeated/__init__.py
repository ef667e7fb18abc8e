"""Models whose residuals have a covariance, timed beside nlme."""
