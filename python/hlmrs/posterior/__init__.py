"""Posteriors of linear and generalized models.

``parameters`` says what can have a prior, ``places`` measures distances, ``choice`` chooses priors and writes them for
the core, ``propriety`` refuses flat ones that leave no posterior; ``draws`` has the draws, ``convergence`` what chains
are worth, ``verdict`` says so; ``summary`` tabulates parameters, ``effects`` groups and their ranks, ``hypothesis``
inequalities; ``marginal_priors`` has the prior of one number of the tables; ``rows`` has linear predictors by draw,
``prediction`` what is predicted, ``leave_out`` how well; ``functions`` has marginal means, contrasts and slopes,
``variances`` shares of the variance; ``evidence`` the marginal likelihood, ``by_priors`` data by the priors;
``saved`` files, ``arviz`` the draws as ArviZ has them.

Of generalized models ``generalized_choice`` has the priors, ``generalized_draws`` the draws, ``generalized_rows`` the
predictors of all parts, and ``generalized_prediction`` what is predicted by them, with log densities.
"""

from .arviz import data_tree
from .by_priors import prior_responses
from .choice import PriorChoice, choose_priors
from .convergence import rhat
from .draws import Draws, draw_posterior
from .effects import effects_table, rank_columns, rank_draws, ranks_table
from .evidence import LogMarginal, log_marginal
from .functions import contrasts_table, means_table, slopes_table
from .generalized_draws import GeneralizedDraws, draw_generalized_posterior
from .hypothesis import endless_odds, hypothesis_table
from .leave_out import PredictiveDensity, comparison, leave_one_out, waic
from .marginal_priors import MarginalPrior, marginal_prior
from .prediction import observed, predicted_draws, prediction_table, replicates, require_same_rows
from .saved import posterior_from_state, posterior_to_state
from .summary import notes_on_scales, summary_table, tails
from .variances import decomposition_table, explained_table, intraclass_table
from .verdict import PosteriorVerdict, verdict_of

__all__ = [
    "Draws",
    "GeneralizedDraws",
    "LogMarginal",
    "MarginalPrior",
    "PosteriorVerdict",
    "PredictiveDensity",
    "PriorChoice",
    "choose_priors",
    "comparison",
    "contrasts_table",
    "data_tree",
    "decomposition_table",
    "draw_generalized_posterior",
    "draw_posterior",
    "effects_table",
    "endless_odds",
    "explained_table",
    "hypothesis_table",
    "intraclass_table",
    "leave_one_out",
    "log_marginal",
    "marginal_prior",
    "means_table",
    "notes_on_scales",
    "observed",
    "posterior_from_state",
    "posterior_to_state",
    "predicted_draws",
    "prediction_table",
    "prior_responses",
    "rank_columns",
    "rank_draws",
    "ranks_table",
    "replicates",
    "require_same_rows",
    "rhat",
    "slopes_table",
    "summary_table",
    "tails",
    "verdict_of",
    "waic",
]
