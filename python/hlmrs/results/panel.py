"""One coefficient by every method."""

from typing import Any

from ..inference import method_table
from .tables import Tables


class Panel(Tables):
    """The methods of inference side by side."""

    __slots__ = ()

    def inference(self, term: str, *, level: float = 0.95, n: int = 1000, seed: int | None = None) -> Any:
        """Return one coefficient by every method side by side, with what each assumes.

        Parameters
        ----------
        term : str
            A coefficient, as in ``coef_names``.
        level : float
            Level of the confidence intervals.
        n, seed : int
            Replicates of the parametric bootstrap, and their seed.

        Returns
        -------
        data frame
            ``method, estimate, std_error, df, statistic, p_value, conf_low, conf_high, assumes``: a row for each of the
            methods for degrees of freedom of ``tidy``, then ``CR2`` (robust), ``profile`` and ``bootstrap``.  A method
            that cannot be had for this model has missing numbers, and ``assumes`` says why.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))
        >>> table = fit.inference("Days", n=100, seed=1)
        >>> for method, low, high in zip(table["method"][:3], table["conf_low"], table["conf_high"]):
        ...     print(f"{method}: {low:.2f} to {high:.2f}")
        satterthwaite: 7.21 to 13.73
        kenward-roger: 7.21 to 13.73
        containment: 7.21 to 13.73
        """
        return self._frame(method_table(self._estimate, term, level, n, seed))
