"""What every fit that has a likelihood tells of its terms, and of hypotheses about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from numpy.typing import ArrayLike

from ...calls import answers_calls
from ...hypotheses import anova_table, deletion_table, hypothesis_table, title_of_deletions, title_of_terms
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import Alternative, AnovaType
from ..result_table import ResultTable
from ..view import FrameT, View

if TYPE_CHECKING:
    from ..planned import Power


@answers_calls
class Hypotheses(View[FrameT]):
    """Tests of terms and of linear hypotheses."""

    __slots__ = ()

    def power(
        self,
        effects: Mapping[str, float] | None = None,
        *,
        test: str | Sequence[str] | None = None,
        alpha: float = 0.05,
        alternative: Alternative = "two-sided",
        extend: Mapping[str, Any] | None = None,
    ) -> Power:
        """Return the power of a study like this one, with other effects or more groups.

        The power at the very effects that were estimated says nothing that their p-values do not; give those that
        matter.

        Parameters
        ----------
        effects : dict, optional
            Coefficients that are thought to be true, by name.  Default: all as estimated.
        test, alpha, alternative
            As in ``hlmrs.power``; by default the coefficients of ``effects`` are tested.
        extend : dict, optional
            By grouping column how many levels there will be, ``{"school": 60}``: those of the data are taken in turn,
            each with all of its rows (``extend`` of R's simr).

        Returns
        -------
        Power
            As ``hlmrs.power`` returns it; its ``assurance()`` counts how sure the fit is of what is not given.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> round(fit.power({"Days": 4.0}).power, 2), round(fit.power({"Days": 4.0}, extend={"Subject": 30}).power, 2)
        (0.68, 0.9)
        """
        from ..planned import power  # loaded when it is wanted: most fits plan nothing

        return power(self, effects=effects, test=test, alpha=alpha, alternative=alternative, extend=extend)

    @with_test_keywords
    def anova(
        self, *, type: AnovaType = 3, options: TestOptions | None = None, **tests: Unpack[TestKeywords]
    ) -> ResultTable[FrameT]:
        """Return an F test for every term of the fixed part.

        Parameters
        ----------
        type : {3, 2, 1}
            1: each term after those before it.  2: each term after all others but those that contain it.  3: each term
            after all others, averaged over the levels of the factors it interacts with with equal weights.  Types 2
            and 3 do not depend on the coding of factors; all agree in balanced designs of factors.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
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
        how = chosen_options(options, tests)
        table = anova_table(self._estimate, type, how)
        return self._shown(title_of_terms(self._estimate, type, how), table)

    @with_test_keywords
    def test(
        self,
        hypotheses: str | Sequence[str] | ArrayLike,
        *,
        joint: bool | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Test hypotheses about the fixed effects, linear ones or others by the delta method.

        Parameters
        ----------
        hypotheses : str, list of str, or array of shape (n, n_fixed)
            ``"Days = 10"``, ``"a = b, c = 0"``, ``"2 * a - b = 1"``, with the names of ``coef_names`` (in backticks
            where they could be misread); or a matrix, whose rows times the coefficients are zero.  Products, quotients,
            powers (``^``) and ``exp, log, sqrt`` of coefficients are tested by the delta method: ``"x / z"`` has the
            ratio, its standard error and its interval.
        joint : bool, optional
            Whether all are tested together, by one F test.  Default: if there are several.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
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
        how = chosen_options(options, tests)
        table = hypothesis_table(self._estimate, hypotheses, joint, how)
        return self._shown("Tests of linear hypotheses", table, level=how.level)

    @with_test_keywords
    def drop1(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> ResultTable[FrameT]:
        """Return an F test for every term of the fixed part that could be dropped alone.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
            As ``anova``, without the terms that others contain: main effects stay while their interaction is there.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> table = fit.drop1()
        >>> table["term"].to_list(), table["statistic"].round(1).to_list()
        (['Machine'], [87.8])
        """
        how = chosen_options(options, tests)
        return self._shown(title_of_deletions(self._estimate, how), deletion_table(self._estimate, how))
