"""Tests of a fit's terms and of hypotheses about its fixed effects."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from .. import hypotheses as tests
from ..inference import DEFAULT_DDF, TestOptions, uncertainty
from .tables import Tables


class Tests(Tables):
    """F tests of terms, and tests of linear hypotheses."""

    __slots__ = ()

    def anova(self, *, type: int = 3, ddf: str = DEFAULT_DDF, vcov: str = "model", cluster: Any = None) -> Any:
        """Return an F test for every term of the fixed part.

        Parameters
        ----------
        type : {3, 2, 1}
            1: each term after those before it.  2: each term after all others but those that contain it.  3: each term
            after all others, averaged over the levels of the factors it interacts with with equal weights.  Types 2
            and 3 do not depend on the coding of factors; all agree in balanced designs of factors.
        ddf : str
            Degrees of freedom, as in ``tidy``; with Kenward-Roger the statistic is scaled as well.
        vcov, cluster
            The covariance that tests rest on, as in ``tidy``; with a robust one, approximate Hotelling tests.

        Returns
        -------
        data frame
            ``term, num_df, den_df, statistic, p_value``; terms that the data do not determine come last, with 0
            degrees of freedom.

        Raises
        ------
        OptionError
            For an unknown type or method.
        DesignError
            For type 3 with contrasts that do not span the levels of a factor.

        Notes
        -----
        Kuznetsova, Brockhoff and Christensen (2017); the types are those of the SAS/STAT User's Guide.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> [round(f, 2) for f in fit.anova()["statistic"]]
        [87.8]
        """
        return self._frame(
            tests.anova_table(
                self._estimate, type, uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
            )
        )

    def test(
        self,
        hypotheses: str | Sequence[str] | ArrayLike,
        *,
        joint: bool | None = None,
        ddf: str = DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
        """Test linear hypotheses about the fixed effects.

        Parameters
        ----------
        hypotheses : str, list of str, or array of shape (n, n_fixed)
            ``"Days = 10"``, ``"a = b, c = 0"``, ``"2 * a - b = 1"``, with the names of ``coef_names`` (in backticks
            where they could be misread); or a matrix, whose rows times the coefficients are zero.
        joint : bool, optional
            Whether all are tested together, by one F test.  Default: if there are several.
        ddf : str
            Degrees of freedom, as in ``tidy``.
        level : float
            Level of the confidence intervals.
        vcov, cluster
            The covariance that tests rest on, as in ``tidy``.

        Returns
        -------
        data frame
            Together ``hypothesis, num_df, den_df, statistic, p_value``; otherwise a row each of ``hypothesis, estimate,
            value, std_error, df, statistic, p_value, conf_low, conf_high``, where the estimate is of the left side less
            the coefficients of the right one.

        Raises
        ------
        FormulaError
            For a text that cannot be read, at its place.
        OptionError
            For hypotheses that contradict each other, or a matrix of another width.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> table = fit.test("Days = 10")
        >>> round(table["estimate"][0], 3), round(table["statistic"][0], 3)
        (10.467, 0.302)
        """
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        return self._frame(tests.hypothesis_table(self._estimate, hypotheses, joint, level, how))

    def drop1(self, *, ddf: str = DEFAULT_DDF, vcov: str = "model", cluster: Any = None) -> Any:
        """Return an F test for every term of the fixed part that could be dropped alone.

        Parameters
        ----------
        ddf : str
            Degrees of freedom, as in ``tidy``.
        vcov, cluster
            The covariance that tests rest on, as in ``tidy``.

        Returns
        -------
        data frame
            As ``anova``, without the terms that others contain: main effects stay while their interaction is there.
        """
        return self._frame(
            tests.deletion_table(
                self._estimate, uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
            )
        )
