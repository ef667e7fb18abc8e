"""How well the model of a posterior predicts what it has not seen, alone and beside others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import posterior
from ...calls import answers_calls
from ...display import model_names
from ...errors import ArgumentError
from ...posterior import LogMarginal, PredictiveDensity
from ..result_table import ResultTable
from ..view import FrameT
from .view import PosteriorView


@answers_calls
class PosteriorModels(PosteriorView[FrameT]):
    """Leave-one-out, WAIC, comparison."""

    __slots__ = ()

    def loo(self, *, leave: Any = None) -> PredictiveDensity:
        """Return the expected log predictive density, leaving rows or groups out.

        Parameters
        ----------
        leave : str, optional
            A grouping factor or a column, whose groups are left out one at a time: how well new groups are predicted.
            Default: every row.

        Returns
        -------
        PredictiveDensity
            ``.elpd, .std_error, .p, .looic, .k, .n_draws``; ``.to_frame()`` has a row for each part.

        Raises
        ------
        DesignError
            Where what is left out alone determines a coefficient whose prior is flat; of a generalized model where it
            shares a random effect with other rows.

        Notes
        -----
        Of a linear model coefficients and random effects are left out exactly; importance weights go over the variance
        parameters alone, so that they are seldom unreliable (Bürkner, Gabry and Vehtari 2021, Comput. Stat. 36,
        1243-1261).  Of a generalized one they go over all parameters and random effects (Vehtari et al. 2024, J. Mach.
        Learn. Res. 25(72)).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> round(fit.posterior(draws=1000).loo().elpd, -1)
        -860.0
        """
        return posterior.leave_one_out(self._draws, leave)

    def waic(self) -> PredictiveDensity:
        """Return the widely applicable information criterion, as an expected log predictive density.

        Returns
        -------
        PredictiveDensity
            As of ``loo``, which is more reliable.

        Notes
        -----
        Watanabe (2010), J. Mach. Learn. Res. 11, 3571-3594.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> round(fit.posterior(draws=1000).waic().elpd, -1)
        -860.0
        """
        return posterior.waic(self._draws)

    @property
    def log_marginal(self) -> LogMarginal:
        """The logarithm of the marginal likelihood, ``.value`` with its ``.std_error``; of proper priors, direct draws.

        It depends on the priors much more than the posterior does: differences between models are logarithms of Bayes
        factors only as far as the priors are meant.
        """
        return posterior.log_marginal(self._draws)

    def compare(
        self, *others: PosteriorModels[Any], names: Sequence[str] | None = None, leave: Any = None
    ) -> ResultTable[FrameT]:
        """Compare posteriors of the same rows by leave-one-out, with stacking weights.

        Parameters
        ----------
        *others : Posterior
            The other models.
        names : list of str, optional
            Names of this model and the others.  Default: m1, m2, ...
        leave : str, optional
            As in ``loo``.

        Returns
        -------
        ResultTable
            The best model first: ``model, elpd, std_error, p``, the ``difference`` from the best with its standard
            error ``se_difference``, and the ``weight`` of the model in the mixture that predicts best.

        Raises
        ------
        OptionError
            For models of other rows, or of another response.

        Notes
        -----
        Yao, Vehtari, Simpson and Gelman (2018), Bayesian Anal. 13, 917-1003.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> one = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data).posterior(draws=1000)
        >>> two = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data).posterior(draws=1000)
        >>> one.compare(two, names=["intercepts", "slopes"])["model"].to_list()
        ['slopes', 'intercepts']
        """
        models = [self, *others]
        for other in others:
            if not isinstance(other, PosteriorModels):
                raise ArgumentError(f"compare({other!r}): give posteriors, such as fit.posterior()")
        named = model_names(len(models), names)
        draws = [model._draws for model in models]
        posterior.require_same_rows(draws, named)
        columns = posterior.comparison(draws, named, leave)
        formulas = [model._estimate.request.spec.formula.strip() for model in models]
        notes = [f"{name}: {formula}" for name, formula in zip(named, formulas, strict=True)]
        notes.append("Stacking weights: of the mixture of the models that predicts best what was left out.")
        return self._shown("Models by leave-one-out", columns, notes=notes)
