"""Effects in the units of the response."""

from functools import partial

from ..blocks import figure, heading, panels, paragraph
from ..subject import Subject

_MOST = 6


def of_variables(subject: Subject) -> str:
    """Draw effects of the variables."""
    if not subject.variables:
        return paragraph("The fixed part is an intercept alone.")
    drawn = [_effect(subject, name) for name in subject.variables[:_MOST]]
    more = len(subject.variables) - _MOST
    left = [paragraph(f"{more} more variables have pictures by fit.plot.effect(name).")] if more > 0 else []
    return "".join([*drawn, *left])


def _effect(subject: Subject, name: str) -> str:
    return heading(name) + figure(partial(subject.fit.plot.effect, name))


def of_interactions(subject: Subject) -> str:
    """Draw interactions."""
    drawn = []
    for one, other in subject.interactions[:_MOST]:
        picture = panels(partial(subject.fit.plot.interaction, one, other))
        drawn.append(heading(f"{one} by {other}") + picture)
    return "".join(drawn)
