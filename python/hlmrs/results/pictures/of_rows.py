"""Pictures of the data that a fit is of."""

from typing import TYPE_CHECKING, Any

from ..view import FrameT
from .drawn import Drawn, answers_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture


@answers_as("by_group")
class ByGroup(Drawn[FrameT]):
    """Rows of single groups in small panels, each with its own line and that of all rows."""

    __slots__ = ()

    def __call__(self, x: str, group: str | None = None, *, groups: int = 24, ax: Any = None) -> "list[Axes]":
        """Draw the response along a variable, a panel for each group; needs matplotlib.

        Parameters
        ----------
        x : str
            A variable of the fixed part, or another numeric column of the data.
        group : str, optional
            A grouping factor.  Default: the first.
        groups : int
            As many groups are drawn at most; of more those at even ranks of their slopes.
        ax : matplotlib.axes.Axes, optional
            Where to draw: as many axes as there are panels.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            The panels, each with points, the least squares of the group (solid) and of all rows (dashed).

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> len(fit.plot.by_group("Days"))
        18
        """
        from ...plots import draw_multiples

        return draw_multiples(self._found(x, group, groups)[1], ax)

    def data(self, x: str, group: str | None = None, *, groups: int = 24) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        x, group, groups
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the group, the variable, the response, ``group_line, pooled_line``: the
            rows of the groups that are drawn.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.by_group.data("Days").columns
        ['Subject', 'Days', 'Reaction', 'group_line', 'pooled_line']
        """
        return self._table(self._found(x, group, groups)[0])

    def _found(self, x: str, group: str | None, groups: int) -> "tuple[dict[str, Any], list[Picture]]":
        from ...pictures import by_group  # loaded when it is wanted: importing hlmrs should take no time

        return by_group(self._estimate, x, group, groups)


@answers_as("spaghetti")
class Spaghetti(Drawn[FrameT]):
    """Rows of groups joined to lines, with the mean of all."""

    __slots__ = ()

    def __call__(self, x: str, group: str | None = None, *, groups: int = 100, ax: Any = None) -> "Axes":
        """Draw the response along a variable, such as time, a line for each group; needs matplotlib.

        Parameters
        ----------
        x : str
            A variable of the fixed part, or another numeric column of the data.
        group : str, optional
            A grouping factor.  Default: the first.
        groups : int
            As many groups are drawn at most; of more those at even ranks of their slopes.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            The thick line is the mean of all rows at each value, or in 20 bins where there are more than 40 values.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.plot.spaghetti("Days").get_title(loc="left")
        'Reaction along Days, by Subject'
        """
        return self._draw(self._found(x, group, groups)[1], ax)

    def data(self, x: str, group: str | None = None, *, groups: int = 100) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        x, group, groups
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the group, the variable and the response, in the order of the lines.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.spaghetti.data("Days").shape
        (180, 3)
        """
        return self._table(self._found(x, group, groups)[0])

    def _found(self, x: str, group: str | None, groups: int) -> "tuple[dict[str, Any], Picture]":
        from ...pictures import spaghetti

        return spaghetti(self._estimate, x, group, groups)


@answers_as("within_between")
class WithinBetween(Drawn[FrameT]):
    """The slope within groups beside that between their means."""

    __slots__ = ()

    def __call__(self, x: str, group: str | None = None, *, ax: Any = None) -> "Axes":
        """Draw the means of groups with their line, and pieces of the line within groups; needs matplotlib.

        Parameters
        ----------
        x : str
            A variable of the fixed part, or another numeric column of the data.
        group : str, optional
            A grouping factor.  Default: the first.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            The legend has both slopes with their standard errors.

        Notes
        -----
        Raudenbush and Bryk (2002), Hierarchical Linear Models, p. 135-141.  Both slopes are of least squares, without
        other variables: within groups of deviations from their means, between them of the means, each counted once.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", hlmrs.datasets.load("Hsb82"))
        >>> [text.get_text() for text in fit.plot.within_between("ses").get_legend().get_texts()]
        ['within groups: 2.19 (SE 0.11)', 'between means: 5.91 (SE 0.37)']
        """
        return self._draw(self._picture(x, group), ax)

    def data(self, x: str, group: str | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        x, group
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the groups, ``n``, the means of the variable and of the response, and the
            ends of each group's line, ``x_low, x_high, line_low, line_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))
        >>> fit.plot.within_between.data("ses").columns[:4]
        ['school', 'n', 'mean_ses', 'mean_mAch']
        """
        return self._table(self._picture(x, group).table)

    def _picture(self, x: str, group: str | None) -> "Picture":
        from ...pictures import within_between

        return within_between(self._estimate, x, group)
