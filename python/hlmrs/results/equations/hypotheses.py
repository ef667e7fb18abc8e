"""What a marginal fit tells of its terms, and of hypotheses about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from numpy.typing import ArrayLike

from ...calls import answers_calls
from ...errors import choose
from ...estimation.marginal import EquationsEstimate
from ...hypotheses import chi_square_anova, chi_square_hypotheses, title_of_terms
from ...inference import EquationOptions
from ...options import EquationAnovaType, EquationDdf, EquationVcov
from ..result_table import ResultTable
from ..view import FrameT, View


@answers_calls
class EquationHypotheses(View[FrameT]):
    """Tests of terms and of linear hypotheses, by chi-square."""

    __slots__ = ()

    _estimate: EquationsEstimate

    def anova(
        self,
        *,
        type: EquationAnovaType = 3,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
    ) -> ResultTable[FrameT]:
        """Return a Wald test for every term.

        Parameters
        ----------
        type : {3, 2}
            2: each term after all others but those that contain it.  3: each term after all others, averaged over the
            levels of the factors it interacts with with equal weights.
        vcov, ddf
            How to test; with ``ddf="groups"`` the statistics over their degrees of freedom are referred to F.

        Returns
        -------
        ResultTable
            ``term, df, statistic, p_value``: chi-square statistics; terms that the data do not determine come last.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban + livch", data, groups="district", family="binomial")
        >>> table = fit.anova()
        >>> list(map(str, table["term"])), [int(df) for df in table["df"]]
        (['age', 'urban', 'livch'], [1, 1, 3])
        """
        kind = choose("type", type, get_args(EquationAnovaType), {"II": 2, "III": 3})
        options = EquationOptions(vcov=vcov, ddf=ddf)
        title = title_of_terms(self._estimate, kind, options)
        return self._shown(title, chi_square_anova(self._estimate, kind, options))

    def test(
        self,
        hypotheses: str | Sequence[str] | ArrayLike,
        *,
        joint: bool | None = None,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
        """Test hypotheses about the coefficients.

        Parameters
        ----------
        hypotheses : str, list of str, or array of shape (n, n_coefficients)
            ``"age = 1"``, ``"a = b, c = 0"``, with the names of ``coef_names``; or a matrix, whose rows times the
            coefficients are zero.
        joint : bool, optional
            Whether all are tested together.  Default: if there are several.
        vcov, ddf, level
            How to test.

        Returns
        -------
        ResultTable
            Together ``hypothesis, df, statistic, p_value``, a chi-square; otherwise a row each of ``hypothesis,
            estimate, value, std_error, df, statistic, p_value, conf_low, conf_high``.

        Raises
        ------
        FormulaError
            For a text that cannot be read, at its place.
        OptionError
            For hypotheses that contradict each other, or a matrix of another width.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> round(float(fit.test("age = 0.5")["statistic"][0]), 2)
        2.29
        """
        options = EquationOptions(vcov=vcov, ddf=ddf, level=level)
        return self._shown(
            "Tests of linear hypotheses",
            chi_square_hypotheses(self._estimate, hypotheses, joint, options),
            level=options.level,
        )
