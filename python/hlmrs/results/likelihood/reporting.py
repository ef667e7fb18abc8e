"""A fit as a report: its summary, its prose, and a page that is one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack, get_args

from ... import marginal
from ...calls import answers_calls
from ...errors import HlmrsError, choose
from ...estimation import null_model
from ...estimation.generalized import GeneralizedEstimate
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import SummaryStyle
from ..view import FrameT, View

if TYPE_CHECKING:
    from ...display import Report
    from ...page import Page


@answers_calls
class Reporting(View[FrameT]):
    """Summary, prose and page."""

    __slots__ = ()

    @with_test_keywords
    def summary(
        self,
        *,
        style: SummaryStyle | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> Report:
        """Return a report: printed as text, shown as HTML in a notebook.

        Parameters
        ----------
        style : {"hlm", "lme4", "stata", "spss"}, optional
            What users of these packages know, of linear models: HLM's tau with reliabilities, chi-squares of variances
            and coefficients in the order of level equations; lme4's scaled residuals and correlation of fixed effects;
            Stata's z tests and intervals of variances; SPSS's F tests, covariance parameters and criteria.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        Report
            Estimator, sizes, dropped rows, verdict, variance components, fixed effects.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> lines = str(fit.summary(ddf="kenward-roger")).splitlines()
        >>> lines[0], next(line for line in lines if line.startswith("Fixed"))
        ('Linear mixed model, fitted by REML',
         "Fixed effects (Kenward and Roger's degrees of freedom and standard errors)")
        """
        from ...report import styled, summarize  # loaded when it is wanted: importing hlmrs should take no time

        how = chosen_options(options, tests)
        if style is not None:
            return styled(self._estimate, choose("style", style, get_args(SummaryStyle)), how)
        return summarize(self._estimate, how)

    @with_test_keywords
    def text(
        self,
        terms: str | Sequence[str] | None = None,
        *,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> Report:
        """Return the fit as prose: what was fitted and how, and what was found, in the style of the APA.

        Parameters
        ----------
        terms : str or list of str, optional
            Coefficients that are reported.  Default: all but the intercept.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        Report
            Two paragraphs, ``Methods`` and ``Results``, to be edited: coefficients with standard error, degrees of
            freedom, statistic, p and interval; random effects; R² and the intraclass correlation.

        Raises
        ------
        OptionError
            For a coefficient that there is not.

        Notes
        -----
        Publication Manual of the American Psychological Association (2020), 7th edition, chapter 6.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> "b = 10.47, SE = 1.55, t(17) = 6.77, p < .001" in " ".join(str(fit.text()).split())
        True
        """
        from ...report import prose

        return prose(self._estimate, terms, chosen_options(options, tests))

    def report(
        self, path: str | os.PathLike[str] | None = None, *, models: Sequence[Any] = (), title: str | None = None
    ) -> Page:
        """Make a report of the fit: one page of HTML with the parts that reporting guidelines ask for.

        Needs matplotlib.

        Parameters
        ----------
        path : path, optional
            Where to write the page.
        models : sequence of fits
            Models of the same rows that were fitted before this one, from small to large; the null model is fitted and
            stands first.
        title : str, optional
            Its title.  Default: what the response is.

        Returns
        -------
        Page
            ``.html`` and ``.save(path)``.  Question and model with equations; design; data; estimation; null model;
            sequence of models; estimates with intervals, explained variance; effects; assumptions; precision; limits;
            words, a table in LaTeX and code; and a checklist of what was reported and what is left to the author.

        Raises
        ------
        FileNotFoundError
            Where the folder of `path` is not there, before anything is computed.

        Notes
        -----
        Appelbaum et al. (2018), Am. Psychol. 73, 3; Monsalves et al. (2020), BMC Med. Res. Methodol. 20, 3; Meteyard
        and Davies (2020), J. Mem. Lang. 112, 104092.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> page = fit.report()
        >>> page.title
        'Multilevel model of Reaction'
        >>> page.save("report.html")  # doctest: +SKIP
        """
        from ...page import Subject, page_of, require_folder  # loaded when it is wanted: matplotlib takes long
        from ...report import call_of, part_formulas
        from .. import side_by_side
        from ..comparison import compare

        if path is not None:
            require_folder(path)
        names = marginal.fixed_variables(self._estimate)
        pairs = marginal.interacting_pairs(self._estimate)
        is_linear = not isinstance(self._estimate, GeneralizedEstimate)
        subject = Subject(
            self,
            is_linear,
            is_linear and self._estimate.request.residual is not None,
            [group.name for group in self._estimate.layout.further_groups],
            [] if is_linear else [name for name, _ in part_formulas(self._estimate)],
            models,
            self._description(),
            names,
            pairs,
            lambda fit: type(fit)(null_model(fit._estimate)),
            lambda fit: call_of(fit._estimate),
            compare,
            side_by_side.table,
        )
        page = page_of(subject, title)
        if path is not None:
            page.save(path)
        return page

    def _description(self) -> Any:
        """Describe the columns of the model; None where there are no rows."""
        from ...grouping import describe_frame
        from ..description import DataDescription

        estimate = self._estimate
        spec = estimate.request.spec
        layout = estimate.layout
        groups = [*layout.group_names, *(group.name for group in layout.further_groups)]
        try:
            frame = estimate.frame
            taken = {name for group in groups for name in group.split(":")}
            columns = [name for name in spec.columns() if name not in taken]
            return DataDescription(describe_frame(frame, groups, columns), frame.kind)
        except HlmrsError:
            return None
