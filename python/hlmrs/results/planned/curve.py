"""The power over numbers of units, as a table that can be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...frame import Column
from ...pictures.power import contour_picture, power_picture
from ..result_table import ResultTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class PowerCurve(ResultTable[Any]):
    """The power over numbers of units, as ``Power.curve`` returns it: a table of results with a picture.

    Examples
    --------
    >>> import hlmrs
    >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
    >>> len(power.curve({"school": [20, 40], "pupil": [10, 20, 30]}))
    6
    """

    __slots__ = ("_over",)

    def __init__(self, title: str, columns: Mapping[str, Column], kind: str, over: Sequence[str]) -> None:
        super().__init__(title, columns, kind)
        self._over = list(over)

    def plot(self, *, target: float = 0.8, ax: Any = None) -> Axes:
        """Draw curves over one kind of units, a line for each number of the second; needs matplotlib.

        Parameters
        ----------
        target : float
            The power at which a line is drawn across.
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
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> power.curve({"school": [20, 40, 60], "pupil": [10, 20]}).plot().get_ylabel()
        'power'
        """
        from ...plots import draw  # loaded when it is wanted: matplotlib takes long

        return draw(power_picture(self._columns, self._over, target), ax)

    def contours(self, *, target: float = 0.8, ax: Any = None) -> Axes:
        """Draw lines of equal power over two kinds of units; needs matplotlib.

        Parameters
        ----------
        target : float
            The power whose line is thick.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            With the picture in words as ``hlmrs_alt``; of several tests that of the least powerful one.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> axes = power.curve({"school": range(20, 81, 20), "pupil": range(5, 26, 5)}).contours()
        >>> axes.get_xlabel(), axes.get_ylabel()
        ('school', 'pupil')
        """
        from ...plots import draw  # loaded when it is wanted: matplotlib takes long

        return draw(contour_picture(self._columns, self._over, target), ax)
