"""What ``fit.plot`` has whatever the model: plots are called by name, and drawn panel by panel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from ...errors import OptionError, choose, suggestion
from ...frame import Column
from ..view import FrameT, View
from .of_checks import InfluencePicture, Predictive, Quantiles, Residuals
from .of_effects import Effect, Interaction
from .of_groups import Caterpillar, Ranks
from .of_models import Coefficients, Structure, VariancesPicture
from .of_rows import ByGroup, Spaghetti, WithinBetween
from .of_time import Trajectories

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Name = TypeVar("Name", bound=str)


class NamedPlots(View[FrameT]):
    """The plots of a fit."""

    __slots__ = ()

    @property
    def caterpillar(self) -> Caterpillar[FrameT]:
        """Random effects of groups in their order, with intervals."""
        return Caterpillar(self._estimate)

    @property
    def effect(self) -> Effect[FrameT]:
        """Predictions along one variable, with confidence bands."""
        return Effect(self._estimate)

    @property
    def interaction(self) -> Interaction[FrameT]:
        """Simple slopes, and where along the moderator the slope differs from zero."""
        return Interaction(self._estimate)

    @property
    def ranks(self) -> Ranks[FrameT]:
        """Ranks of groups with what is uncertain of them."""
        return Ranks(self._estimate)

    @property
    def by_group(self) -> ByGroup[FrameT]:
        """Rows of single groups in small panels, with lines."""
        return ByGroup(self._estimate)

    @property
    def spaghetti(self) -> Spaghetti[FrameT]:
        """Rows of groups joined to lines, with the mean of all."""
        return Spaghetti(self._estimate)

    @property
    def within_between(self) -> WithinBetween[FrameT]:
        """The slope within groups beside that between their means."""
        return WithinBetween(self._estimate)

    @property
    def trajectories(self) -> Trajectories[FrameT]:
        """Predictions along time for prototypical persons."""
        return Trajectories(self._estimate)

    @property
    def variance(self) -> VariancesPicture[FrameT]:
        """Where the variance is, by source and level, of several models."""
        return VariancesPicture(self._estimate)

    @property
    def coefs(self) -> Coefficients[FrameT]:
        """Coefficients with intervals, of several models."""
        return Coefficients(self._estimate)

    @property
    def structure(self) -> Structure[FrameT]:
        """The blocks of Z'Z and of its Cholesky factor."""
        return Structure(self._estimate)

    @property
    def residuals(self) -> Residuals[FrameT]:
        """Residuals of rows, or effects of groups, over what they should not depend on."""
        return Residuals(self._estimate)

    @property
    def quantiles(self) -> Quantiles[FrameT]:
        """Quantiles of residuals and random effects less normal ones, with bands."""
        return Quantiles(self._estimate)

    @property
    def predictive(self) -> Predictive[FrameT]:
        """The response beside responses that the fit simulates."""
        return Predictive(self._estimate)

    @property
    def influence(self) -> InfluencePicture[FrameT]:
        """Cook's distances of groups, and the coefficients that the largest move."""
        return InfluencePicture(self._estimate)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Name the plots that there are."""
        raise OptionError(
            f"fit.plot() draws nothing by itself; call one of its plots, as fit.plot.diagnostics(): {self._offered()}"
        )

    if not TYPE_CHECKING:  # every name would be a plot to a type checker

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            hint = suggestion(name, dir(self)) or f"; it has {self._offered()}"
            raise AttributeError(f"fit.plot has no plot {name!r}{hint}")

    def _offered(self) -> str:
        return ", ".join(name for name in dir(self) if not name.startswith("_"))


def draw_panels(
    panels: Name | Sequence[Name], known: Sequence[Name], table: Callable[[Name], Mapping[str, Column]]
) -> "Figure":
    """Draw the panels that are named, each from its table."""
    given = [panels] if isinstance(panels, str) else list(panels)
    chosen = [choose("panels", name, known) for name in given]
    if not chosen:
        raise OptionError(f"panels={panels!r}: choose from {', '.join(map(repr, known))}")
    from ...pictures import panel_pictures  # loaded when they are wanted: matplotlib takes long
    from ...plots import draw_panels as draw

    pictures = [picture for name in chosen for picture in panel_pictures(name, table(name))]
    size = {"size": (4.6, 3.8)}
    axes = draw([replace(picture, further={**picture.further, **size}) for picture in pictures])
    return cast("Figure", axes[0].get_figure(root=True))
