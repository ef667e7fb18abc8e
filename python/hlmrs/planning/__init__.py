"""Studies before there are data: which rows are planned, and what they will tell.

``design`` has planned rows, by ``layout`` (the words), ``expansion`` (the units), ``variables`` and ``spread`` (what is
laid over them evenly); ``extended`` makes rows of data more; ``sources`` are either.  ``planned_model`` applies a
formula to them, ``kinds`` sums them, ``information`` says what they tell of coefficients and of variances. ``numbers``
reads numbers, ``parameters`` variances, ``tested`` effects and hypotheses, ``single_test`` has the power of one;
``plan`` puts all together, and ``tables`` writes it.  ``search`` looks for numbers of units, ``curve`` varies them,
``simulation`` draws and fits data sets, ``generalized`` has the information of binary responses and counts, ``of_fit``
plans studies like one that was fitted.
"""

from .design import Design

__all__ = ["Design"]
