"""What every fit that has a likelihood becomes with other data: new ones, or without some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import diagnostics, inference
from ...calls import answers_calls
from ...diagnostics import Influence
from ...options import BootstrapKind, DeletionMethod
from ..view import FrameT, View


@answers_calls
class ChangedData(View[FrameT]):
    """Fits to data that are drawn anew, and without rows or groups."""

    __slots__ = ()

    def bootstrap(
        self,
        n: int = 1000,
        *,
        kind: BootstrapKind = "parametric",
        statistic: Callable[[Any], Any] | None = None,
        seed: int | None = None,
        cluster: str | Sequence[str] | None = None,
    ) -> inference.Bootstrap:
        """Fit the model to many new sets of data.

        Parameters
        ----------
        n : int
            Replicates.
        kind : {"parametric", "residual", "case"}
            New random effects and responses from the model; for linear models those of the fit, reflated to the
            model's covariances and drawn with replacement (Carpenter, Goldstein and Rasbash 2003); or whole groups,
            drawn with replacement: of grouping factors that cross, the levels of each, and the rows where those drawn
            meet.
        statistic : callable, optional
            What to compute from each refit: a function of a fit that returns a number, an array or a dictionary of
            numbers; for ``kind="parametric"``.  Default: every parameter, as ``confint(method="profile")`` names them,
            which is much faster.
        seed : int, optional
            The same seed gives the same replicates, on any number of threads.
        cluster : str or list of str, optional
            The grouping factors whose levels ``kind="case"`` draws, and ``method="bca"`` leaves out.  Default: the
            outermost, all of them where they cross.  Every other factor must be nested in one of them.

        Returns
        -------
        Bootstrap
            ``.draws`` is a frame of the replicates, ``.confint(method=...)`` their intervals.

        Raises
        ------
        OptionError
            For residuals of a generalized model, which are not exchangeable.

        Notes
        -----
        Replicates that cannot be fitted are counted, and said in a warning: ``n_failed``.

        Crossed factors: Owen and Eckles (2012), who show that drawing one factor alone understates the variance of an
        estimate, and drawing all of them is mildly conservative.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> boot = fit.bootstrap(200, seed=1)
        >>> boot
        Bootstrap: 200 parametric replicates, seed 1
        <BLANKLINE>
          term                     estimate     bias  std error      2.5%     97.5%
          (Intercept)              1527.500   1.1424     19.058  1492.452  1566.449
          sd((Intercept) | Batch)    42.001  -4.8686     17.371     0.000    68.303
          sigma                      49.510   0.1755      7.161    36.777    64.174
        <BLANKLINE>
        Bias: the mean of the replicates less the estimate; intervals are percentiles;
        .draws has all.
        >>> list(boot.confint(level=0.9)["term"])
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        if statistic is None:
            return inference.draw(self._estimate, n, kind, seed, cluster)
        return inference.draw_statistic(self._estimate, n, kind, seed, lambda e: statistic(type(self)(e)))

    def influence(self, by: Any = None, *, method: DeletionMethod = "one-step") -> Influence:
        """Leave out rows or groups in turn, and return what that changes.

        Parameters
        ----------
        by : str, array, dict or list, optional
            What to leave out: the groups of a grouping factor (crossed or not) or of a column of the data; groups of
            rows with the same label, one label a row; or sets of row positions in the data, as a list or a dictionary.
            Default: each row.
        method : {"one-step", "refit", "fixed-theta"}
            One Newton step in the variance parameters, from the criterion without the rows, in closed form (of a
            generalized model in all parameters, by the information without the rows); sets whose criterion is too far
            from a parabola for that are refitted, as ``method`` of the table says.  Or refit all, from the sums without
            the rows, or hold the relative variances (of linear models).

        Returns
        -------
        Influence
            ``.to_frame()`` with Cook's distances, MDFFITS, for rows DFFITS, COVRATIO and likelihood displacements,
            ``.dfbetas()``, ``.estimates()`` and ``.variance_changes()``.

        Raises
        ------
        OptionError
            For a name that is not there, or an unknown method.
        DataError
            Where memory does not suffice.

        Warns
        -----
        InferenceWarning
            Where a coefficient cannot be estimated without some set.

        Notes
        -----
        With more than 15,000 crossed random effects sets are taken off the sums one after the other, which takes the
        time of a few evaluations of the criterion each; name the sets that matter in ``by``.

        The coefficients are those of the mean.  In a generalized model ``dffits`` is of the linear predictor, in
        standard errors of all rows.

        Cook (1977, 1986); Belsley, Kuh and Welsch (1980); Christensen, Pearson and Johnson (1992); Pregibon (1981).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> found = fit.influence("Subject")
        >>> found
        Influence of 18 sets of rows, by Subject
        <BLANKLINE>
          level  n_rows  cooks_distance  mdffits  covratio  displacement
          309        10         0.14852   0.1878    0.8897        1.0107
          335        10         0.12948   0.1553    0.9379        0.7083
          337        10         0.12600   0.1497    0.9467        0.5994
          310        10         0.11052   0.1261    0.9859        0.4935
          308        10         0.09242   0.1008    1.0317        2.1128
        <BLANKLINE>
        method  refit
        <BLANKLINE>
        The largest Cook's distances of 18; .to_frame() has all, .dfbetas() the moves of
        the coefficients.
        >>> [round(float(d), 2) for d in found.dfbetas()["Days"][:3]]
        [0.45, -0.31, -0.16]
        """
        return diagnostics.influence(self._estimate, by, method)
