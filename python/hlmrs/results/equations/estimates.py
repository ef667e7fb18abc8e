"""What a marginal fit tells of its coefficients: covariance, tables, criteria, and reports of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import inference
from ...calls import answers_calls
from ...estimation.marginal import EquationsEstimate
from ...inference import EquationOptions
from ...options import EquationDdf, EquationVcov
from ..fitted import Vector
from ..view import FrameT, View

if TYPE_CHECKING:
    from ...display import Report


@answers_calls
class EquationEstimates(View[FrameT]):
    """Coefficients, with their covariance, and criteria."""

    __slots__ = ()

    _estimate: EquationsEstimate

    def vcov(self, type: EquationVcov = "robust") -> Vector:
        """Return the covariance matrix of the coefficients.

        Parameters
        ----------
        type : {"robust", "naive", "kauermann-carroll", "mancl-derouen"}
            The sandwich of Liang and Zeger, right for many groups whatever the correlation; the model's, right if the
            working correlation is; or the sandwich with residuals corrected for few groups, by (I - H)^-1/2 of
            Kauermann and Carroll, or by (I - H)^-1 of Mancl and DeRouen, the more cautious one.

        Returns
        -------
        array of shape (n_coefficients, n_coefficients)
            In the order of ``coef_names``.

        Raises
        ------
        OptionError
            For an unknown type.
        DesignError
            For a correction where a group alone determines a coefficient.

        Notes
        -----
        Liang and Zeger (1986), Kauermann and Carroll (2001), Mancl and DeRouen (2001).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(fit.vcov(type)[1, 1]) ** 0.5, 4) for type in ("robust", "kauermann-carroll", "mancl-derouen")]
        [0.0699, 0.0713, 0.0726]
        """
        return inference.covariance_matrix(self._estimate, type, None)

    def summary(self, *, vcov: EquationVcov = "robust", ddf: EquationDdf = "normal", level: float = 0.95) -> Report:
        """Return a report: printed as text, shown as HTML in a notebook.

        Parameters
        ----------
        vcov, ddf, level
            How to test.

        Returns
        -------
        Report
            Sizes, dropped rows, scale, working correlation, verdict, coefficients.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont"), groups="Subject", correlation="ar1")
        >>> for line in str(fit.summary()).splitlines()[:2]:
        ...     print(line)
        Marginal model, gaussian (identity link), by generalized estimating equations
        with ar1 correlation
        """
        from ...report import summarize_equations  # loaded when it is wanted: importing hlmrs should take no time

        return summarize_equations(self._estimate, EquationOptions(vcov=vcov, ddf=ddf, level=level))

    def text(
        self,
        terms: str | Sequence[str] | None = None,
        *,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> Report:
        """Return the fit as prose: what was fitted and how, and what was found, in the style of the APA.

        Parameters
        ----------
        terms : str or list of str, optional
            Coefficients that are reported.  Default: all but the intercept.
        vcov, ddf, level
            How to test.

        Returns
        -------
        Report
            Two paragraphs, ``Methods`` and ``Results``, to be edited.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont"), groups="Subject")
        >>> "age: b = 0.660" in str(fit.text())
        True
        """
        from ...report import prose

        return prose(self._estimate, terms, EquationOptions(vcov=vcov, ddf=ddf, level=level))

    def tidy(
        self,
        *,
        exponentiate: bool = False,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Return the coefficients as a table, one row each.

        Parameters
        ----------
        exponentiate : bool
            Whether to turn estimates and bounds into ratios, of odds or of rates; standard errors by the delta method.
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.  Columns that could not be
            estimated come last, with missing numbers.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial")
        >>> [round(float(ratio), 3) for ratio in fit.tidy(exponentiate=True)["estimate"]]
        [0.519, 1.007, 2.06]
        """
        options = EquationOptions(vcov=vcov, ddf=ddf, level=level)
        return self._table(inference.coefficient_table(self._estimate, options, exponentiate=exponentiate))

    def confint(self, *, vcov: EquationVcov = "robust", ddf: EquationDdf = "normal", level: float = 0.95) -> FrameT:
        """Return Wald's confidence intervals of the coefficients.

        Parameters
        ----------
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            ``term, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(low), 2) for low in fit.confint(vcov="mancl-derouen", ddf="groups")["conf_low"]]
        [15.13, 0.51]
        """
        table = inference.coefficient_table(self._estimate, EquationOptions(vcov=vcov, ddf=ddf, level=level))
        return self._table({name: table[name] for name in ("term", "conf_low", "conf_high")})

    def glance(self) -> FrameT:
        """Return the key figures as a frame of one row.

        Returns
        -------
        data frame
            ``nobs, n_groups, largest_group, n_params, scale, qic, qicu, cic, converged``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "polars"), groups="Subject")
        >>> fit.glance().row(0, named=True)["n_groups"]
        27
        """
        return self._table(inference.glance_of_equations(self._estimate))

    def information_criteria(self, *, scale: float = 1.0) -> FrameT:
        """Return QIC and its parts, to choose predictors (``qicu``, ``qic``) and the correlation (``qic``, ``cic``).

        Parameters
        ----------
        scale : float
            What the quasi-likelihood is divided by: the same number for all models that are compared, such as the
            ``scale`` of the largest of them.  Default: 1, as geepack.

        Returns
        -------
        data frame
            One row: ``n_params, scale, quasi_likelihood, qic, qicu, cic``.

        Notes
        -----
        Pan (2001): QIC = -2 Q + 2 CIC, CIC = tr(A V) with V the robust covariance and A the inverse of the naive
        covariance of independent rows; QICu has the number of coefficients in place of CIC.  CIC is Hin and Wang's
        (2009).

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Ovary", "polars")
        >>> fit = hlmrs.gee("follicles ~ 1", data, groups="Mare", family="poisson")
        >>> round(fit.information_criteria().row(0, named=True)["cic"], 2)
        9.91
        """
        return self._table(inference.quasi_criteria_table(self._estimate, scale))
