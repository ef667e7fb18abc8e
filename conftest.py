"""What is not collected where an extra is not installed."""

from importlib.metadata import distributions

WITH_SKLEARN = ["python/hlmrs/sklearn", "tests/python/sklearn"]

collect_ignore = [] if any(distributions(name="scikit-learn")) else WITH_SKLEARN
