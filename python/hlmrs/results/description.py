"""``hlmrs.describe``: grouped data before any model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..display import Printed, Report
from ..frame import build, open_frame
from ..grouping import Description, describe_frame, unit_table, variable_table
from ..pictures import levels_picture
from ..report import describe_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class DataDescription(Printed):
    """What ``hlmrs.describe`` finds: prints as a report, and is HTML in a notebook.

    Examples
    --------
    >>> import hlmrs
    >>> str(hlmrs.describe(hlmrs.datasets.load("sleepstudy"), "Subject")).splitlines()[0]
    '180 rows, grouped by Subject'
    """

    __slots__ = ("_found", "_kind")

    def __init__(self, found: Description, kind: str) -> None:
        self._found = found
        self._kind = kind

    def to_frame(self) -> Any:
        """Return a row for every variable that is no grouping factor.

        Returns
        -------
        data frame
            ``variable, kind`` (number, levels, identifier: row numbers or different texts), ``level`` (the factor
            within whose units it is constant; row where it varies within all), ``n_levels, n_missing`` (rows),
            ``n_units_missing`` (units of its level without a value), ``n_units_partly_missing, mean, sd, min, max``
            (over the units of its level), and ``icc_`` of every factor.

        Examples
        --------
        >>> import hlmrs
        >>> found = hlmrs.describe({"g": ["a", "a", "b"], "x": [1.0, 2.0, 4.0], "w": [5.0, 5.0, 7.0]}, "g")
        >>> table = found.to_frame()
        >>> dict(zip(table["variable"], table["level"]))
        {'x': 'row', 'w': 'g'}
        """
        return build(self._kind, variable_table(self._found))

    def units(self) -> Any:
        """Return a row for every grouping factor, the lowest level first.

        Returns
        -------
        data frame
            ``factor, level`` (rows are level 1), ``within`` (the factors that it lies in directly), ``n_units``; rows
            of a unit: ``min, median, mean, max``; ``singletons`` (units of one row), ``balanced``, ``missing`` (rows
            without a unit).

        Examples
        --------
        >>> import hlmrs
        >>> table = hlmrs.describe(hlmrs.datasets.load("classrooms"), "school/classroom").units()
        >>> list(zip(table["factor"], table["n_units"]))
        [('school:classroom', 100), ('school', 25)]
        """
        return build(self._kind, unit_table(self._found))

    def plot(self, *, ax: Any = None) -> "Axes":
        """Draw the levels: what lies in what; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            With the picture in words as ``hlmrs_alt``.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> hlmrs.describe(hlmrs.datasets.load("Pastes"), "batch/cask").plot().hlmrs_alt
        'Diagram of levels: 60 rows; 30 units of batch:cask in batch; 10 units of batch.'
        """
        from ..plots import draw  # loaded when it is wanted: matplotlib takes long

        return draw(levels_picture(self._found), ax)

    def _report(self) -> Report:
        return describe_data(self._found)


def describe(data: Any, groups: "str | Sequence[str]", *, variables: "Sequence[str] | None" = None) -> DataDescription:
    """Describe grouped data: units, nesting and crossing, the level of every variable, missing values, ICCs.

    Parameters
    ----------
    data : data frame
        As ``lmer`` takes it; of a LazyFrame, a relation or files the columns that are described are read.
    groups : str or list of str
        Grouping factors: names of columns, ``"a:b"`` for the combinations of two, ``"school/classroom"`` for both
        ``school`` and ``school:classroom``.
    variables : list of str, optional
        What to describe beside them.  Default: all other columns.

    Returns
    -------
    DataDescription
        Prints as a report: the levels drawn; units and their rows (min, median, max), singletons, balance; how factors
        that are not nested meet; the level of every variable and what is missing of it; means, deviations and
        intraclass correlations of numbers; labels that begin anew in every unit of another factor.  ``to_frame()``,
        ``units()`` and ``plot()`` have the same as tables and as a picture.

    Raises
    ------
    DataError
        For a column that the data do not have.
    FormulaError
        For groups that cannot be read.

    Notes
    -----
    The intraclass correlation is that of a one-way analysis of variance of one factor at a time, (MSB - MSW) / (MSB +
    (n0 - 1) MSW) with n0 = (N - Σ n_j²/N) / (J - 1) (Donner 1986, International Statistical Review 54, 67-82).  Of a
    variable of units, such as a classroom's, it is taken among these units.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("classrooms")
    >>> hlmrs.describe(data, ["school", "classroom"], variables=["score", "experience", "sector"])
    2,000 rows, grouped by classroom, school
    <BLANKLINE>
    Levels, the highest on top
         ┌─ school  25 units, 4 of classroom each
      ┌─ classroom  100 units, 20 rows each
      row           2,000 rows
    <BLANKLINE>
    Rows of a unit
      factor     units  min  median  max  of one row  balanced
      classroom    100   20      20   20           0  yes
      school        25   80      80   80           0  yes
    <BLANKLINE>
    Variables: the level at which each varies
      variable    level      kind
      score       row        number
      experience  classroom  number
      sector      school     2 levels
    <BLANKLINE>
    Numbers
      variable     mean     sd    min    max
      score       54.31  9.821  25.46  99.41
      experience  15.77   9.41      1     30
    <BLANKLINE>
    Intraclass correlation
      variable    classroom  school
      score           0.251   0.110
      experience             -0.061
    <BLANKLINE>
    Means ...
    """
    frame = open_frame(data)
    return DataDescription(describe_frame(frame, groups, variables), frame.kind)
