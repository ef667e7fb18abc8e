"""The posterior of a linear or generalized model: draws, their summary, and what was known before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ... import posterior, storage
from ...calls import answers_calls
from ...display.numbers import plural
from ...display.text import listed_facts
from ...posterior import PosteriorVerdict
from ...report import data_facts, family_of
from ..result_table import ResultTable
from ..view import FrameT
from .groups import PosteriorGroups
from .means import PosteriorMeans
from .models import PosteriorModels
from .pictures import PosteriorPlots
from .predictions import PosteriorPredictions
from .variances import PosteriorVariances


@answers_calls
class Posterior(
    PosteriorGroups[FrameT],
    PosteriorPredictions[FrameT],
    PosteriorMeans[FrameT],
    PosteriorVariances[FrameT],
    PosteriorModels[FrameT],
):
    """Draws from the posterior of a model, as ``fit.posterior`` and ``hlmrs.bayes`` return them.

    Of a Gaussian model all coefficients and random effects are integrated over exactly: what is drawn are the few
    variance parameters, and then the others given these.  Of a generalized model coefficients are drawn too, and random
    effects are integrated over by quadrature or Laplace's approximation.

    Examples
    --------
    >>> import hlmrs
    >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=1000)
    >>> post
    Posterior: Yield ~ 1 + (1 | Batch), gaussian (identity), 30 rows,
      6 groups by Batch, 1,000 independent draws
    >>> list(post.draws.columns)
    ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
    """

    __slots__ = ()

    @property
    def formula(self) -> str:
        """The formula of the model."""
        return self._estimate.request.spec.formula

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._estimate.layout.n_rows

    @property
    def seed(self) -> int:
        """With which the same draws are made again."""
        return self._draws.seed

    @property
    def draws(self) -> FrameT:
        """The draws as a frame, a column for each parameter; of chains one after the other."""
        return self._table(self._draws.values)

    @property
    def verdict(self) -> PosteriorVerdict:
        """What the draws are worth: ``.trusted``, ``.effective``, ``.k`` or ``.rhat``, ``.explain()``."""
        return posterior.verdict_of(self._draws)

    @property
    def plot(self) -> PosteriorPlots[FrameT]:
        """Plots of the draws: ``post.plot.densities()`` draws, ``post.plot.densities.data()`` gives the table."""
        return PosteriorPlots(self._draws)

    def summary(self, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Return mean, standard deviation, median and an interval of every parameter.

        Parameters
        ----------
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``parameter, mean, sd, conf_low, median, conf_high``; ``mcse``, the standard error of the mean by
            simulation, which is not printed; and what the draws are worth: ``ess`` of independent ones; of chains
            ``ess_bulk``, ``ess_tail`` (for the mean, and for the quantiles at 5 % and 95 %) and ``rhat``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> table = fit.posterior(draws=1000).summary()
        >>> table["parameter"].to_list()
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        title = f"Posterior of {self.formula.strip()}"
        notes = [self.verdict.explain(), *posterior.notes_on_scales(self._draws), *self._draws.priors.notes]
        columns, alone = posterior.summary_table(self._draws, level), ("mcse", "ess_tail")
        facts = data_facts(self._estimate)
        return self._shown(title, columns, level=level, facts=facts, notes=notes, in_frame_alone=alone)

    def priors(self) -> ResultTable[FrameT]:
        """Return the prior of every parameter, and whether it was given.

        Returns
        -------
        ResultTable
            ``parameter, prior, source``: ``"given"``, ``"default"`` or ``"brms"``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> post = fit.posterior(priors={"sigma": hlmrs.HalfNormal(100)}, draws=500)
        >>> list(zip(post.priors()["parameter"], post.priors()["source"]))
        [('(Intercept)', 'default'), ('sd((Intercept) | Batch)', 'default'), ('sigma', 'given')]
        """
        own = self._draws.priors
        return self._shown("Priors", own.table(), notes=own.notes)

    def hypothesis(self, hypotheses: str | Sequence[str], *, level: float = 0.95) -> ResultTable[FrameT]:
        """Return the probabilities of inequalities between parameters.

        Parameters
        ----------
        hypotheses : str or list of str
            Such as ``"Days > 0"``, ``"a - b > 2"``, ``"sd(Days | Subject) < 1"``, ``"0 < a < 1"``: sums, products,
            quotients and powers of parameters, by the names in ``summary()``.
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``hypothesis``; ``difference, conf_low, conf_high``, left side less right side, of two inequalities the
            smaller gap; ``probability`` with its standard error by simulation, ``mcse``, and ``odds``.

        Raises
        ------
        FormulaError
            For a text that is no inequality, or names no parameter.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> table = fit.posterior(draws=1000).hypothesis("Days > 5")
        >>> bool(table["probability"][0] > 0.99)
        True
        """
        columns = posterior.hypothesis_table(self._draws, hypotheses, level)
        notes = posterior.endless_odds(columns, self._draws.n)
        return self._shown("Posterior probabilities", columns, level=level, notes=notes, in_frame_alone=("mcse",))

    def to_arviz(self, *, effects: bool = True, rows: bool = True) -> Any:
        """Return the draws as a tree of ArviZ, with the names that bambi has.

        Needs arviz-base: ``pip install "hlmrs[arviz]"``.

        Parameters
        ----------
        effects : bool
            Whether to have the random effects, ``1|school``, beside their standard deviations, ``1|school_sigma``.
        rows : bool
            Whether to have log densities of the rows used and replicated responses.

        Returns
        -------
        xarray.DataTree
            Independent draws are given as four chains.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> sorted(post.to_arviz()["posterior"].data_vars)  # doctest: +SKIP
        ['1|Batch', '1|Batch_sigma', 'Intercept', 'sigma']
        """
        return posterior.data_tree(self._draws, effects=effects, rows=rows)

    def save(self, path: str | os.PathLike[str], *, keep_rows: bool = False) -> None:
        """Write the posterior to a file, which ``hlmrs.load`` reads; see docs/file-format.md.

        Parameters
        ----------
        path : str or path
            The file.
        keep_rows : bool
            As in ``LinearMixedFit.save``: the data themselves are never saved, and what is made from them says that
            they are gone.  Of a generalized model the file has the draws of all random effects.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     post.save(os.path.join(folder, "yield.post"))
        ...     again = hlmrs.load(os.path.join(folder, "yield.post"))
        >>> again.draws.equals(post.draws)
        True
        """
        storage.write(path, *posterior.posterior_to_state(self._draws, keep_rows=keep_rows))

    def __repr__(self) -> str:
        kind = "independent draws" if self._draws.is_direct else f"draws of {self._draws.chains} chains"
        state = "" if self.verdict.trusted else ", NOT to be trusted"
        groups = [f"{plural(len(group.levels), 'group')} by {group.name}" for group in self._estimate.layout.groups]
        facts = [family_of(self._estimate), f"{self.nobs:,} rows", *groups, f"{self._draws.n:,} {kind}{state}"]
        return listed_facts(f"{type(self).__name__}: {self.formula.strip()}", facts)

    def _repr_html_(self) -> Any:
        return self.summary()._repr_html_()
