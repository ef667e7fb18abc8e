"""From what the user asked for to a verified estimate.

``request`` is what was asked for, ``by_levels`` gives it terms by level, ``rows`` applies it to a frame, ``fitting``
fits them, ``making`` does all of it, ``estimate`` holds the result and what is computed once for it, ``layout`` says
what its numbers belong to, ``verdict`` what the optimum is worth, with the ``advice`` of a simpler model, ``warn``
tells the user; ``state`` saves an estimate.  ``fixed_parameters`` holds parameters, ``penalty`` is for covariances with
a prior, ``many_numbers`` for factors of too many levels.

Of residuals with parameters ``residual_request`` is what was asked for, ``residual_rows`` their part of the rows,
``residual_encoding`` that of new ones, and ``residual_verdict`` what they add to a verdict.

Of a generalized model ``generalized_request`` is what was asked for, ``generalized_changes`` changes it,
``family_spec`` is its family as the core reads it, ``response`` has responses of its kind, ``ordered`` ordered ones,
``exposure`` what they were observed on, and ``parts`` its designs; ``generalized`` is its estimate, of the core's fit
in ``generalized_core``, ``random_part`` has the random effects of one part, ``moved`` the model at other parameters,
``approximation`` how far Laplace's is; ``separation`` and ``limits`` find what has no finite best value,
``generalized_many`` fits many responses, and ``generalized_state`` saves the estimate.

``marginal`` is the estimate of a marginal model: ``equations_request`` is what was asked for, ``equations_changes``
changes it, ``waves`` has the times of its rows, ``equations_state`` saves it.

``saved`` is the file of any of them, ``null_model`` fits that of any, ``same_rows`` several to the rows that all use.
``streaming`` sums rows batch by batch: they need not fit in memory.
"""

from .estimate import Estimate, cached, require_plain_residuals
from .fitting import core_model, fit_model, fit_rows
from .making import columns_estimate, estimate, estimate_of_statistics, estimate_submodel, reestimate, refit_response
from .null_model import null_model
from .random_part import RandomPart, one_part, random_parts
from .request import Changes, Contrast, Request, change_request, make_request, numeric_array
from .residual_rows import require_order
from .rows import (
    Splines,
    batch_columns,
    columns_to_predict,
    evaluate,
    learned_columns,
    model_rows,
    new_columns,
    spline_slopes,
)
from .same_rows import of_same_rows
from .saved import load, rebuilt, save
from .verdict import Verdict, explanation, of_search, sentence
from .warn import warn_about_data, warn_about_optimum, warn_about_rows

__all__ = [
    "Changes",
    "Contrast",
    "Estimate",
    "RandomPart",
    "Request",
    "Splines",
    "Verdict",
    "batch_columns",
    "cached",
    "change_request",
    "columns_estimate",
    "columns_to_predict",
    "core_model",
    "estimate",
    "estimate_of_statistics",
    "estimate_submodel",
    "evaluate",
    "explanation",
    "fit_model",
    "fit_rows",
    "learned_columns",
    "load",
    "make_request",
    "model_rows",
    "new_columns",
    "null_model",
    "numeric_array",
    "of_same_rows",
    "of_search",
    "one_part",
    "random_parts",
    "rebuilt",
    "reestimate",
    "refit_response",
    "require_order",
    "require_plain_residuals",
    "save",
    "sentence",
    "spline_slopes",
    "warn_about_data",
    "warn_about_optimum",
    "warn_about_rows",
]
