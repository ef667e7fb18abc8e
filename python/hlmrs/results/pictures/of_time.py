"""Pictures of growth: predictions along time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...marginal import At
from ...options import MeanScale
from ..view import FrameT
from .drawn import Drawn, answers_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture

Persons = Mapping[str, Mapping[str, Any]]


@answers_as("trajectories")
class Trajectories(Drawn[FrameT]):
    """Predictions along time for prototypical persons."""

    __slots__ = ()

    @with_test_keywords
    def __call__(
        self,
        time: str,
        persons: Persons | None = None,
        *,
        at: At | None = None,
        observed: bool = False,
        knots: Sequence[float] = (),
        type: MeanScale | None = None,
        ax: Any = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> "Axes":
        """Draw what the fixed part predicts along time for persons whom you describe; needs matplotlib.

        Parameters
        ----------
        time : str
            A covariate of the fixed part.
        persons : dict of str to dict, optional
            By name of a person the values of variables; a variable that changes with time, such as the time since an
            event, is a function of time.  Default: one line, covariates at their mean, over the levels of factors.
        at : dict, optional
            Where time (a list of values) and other variables stand, for all persons.
        observed : bool
            Whether to draw the rows of 40 groups at most as thin lines.
        knots : list of float
            Times to mark, where the trajectory bends or jumps.
        type : str, optional
            The scale, as in ``effect``.  Default: that of the response, of ordered ones the expected category.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        matplotlib.axes.Axes
            A line for each person, and where ``type`` has several numbers, for each category.

        Notes
        -----
        Singer and Willett (2003), Applied Longitudinal Data Analysis, p. 60-61 and 207-208.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", hlmrs.datasets.load("Orthodont"))
        >>> axes = fit.plot.trajectories("age", {"girl": {"Sex": "Female"}, "boy": {"Sex": "Male"}})
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['girl', 'boy']
        """
        how = chosen_options(options, tests)
        return self._draw(self._picture(time, persons, at, observed, knots, type, how), ax)

    @with_test_keywords
    def data(
        self,
        time: str,
        persons: Persons | None = None,
        *,
        at: At | None = None,
        type: MeanScale | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        time, persons, at, type, options, **tests
            As above.

        Returns
        -------
        data frame
            ``person``, where ``type`` has several numbers ``category``, the time, ``estimate, std_error, df, conf_low,
            conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", hlmrs.datasets.load("Orthodont", "polars"))
        >>> table = fit.plot.trajectories.data("age", {"girl": {"Sex": "Female"}}, at={"age": [8, 14]})
        >>> table["estimate"].round(2).to_list()
        [21.21, 24.09]
        """
        return self._table(self._picture(time, persons, at, False, (), type, chosen_options(options, tests)).table)

    def _picture(self, *given: Any) -> "Picture":
        from ...pictures import trajectories  # loaded when it is wanted: importing hlmrs should take no time

        return trajectories(self._estimate, *given)
