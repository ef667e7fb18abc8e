"""The exit codes of commands."""

OK, NOT_CONVERGED, UNUSABLE = 0, 1, 2
