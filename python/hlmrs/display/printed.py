"""What prints as a report, and is HTML in a notebook."""

from .record import Report


class Printed:
    """A result that a person looks at."""

    __slots__ = ()

    def _report(self) -> Report:
        """Return what is shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self._report())

    def _repr_html_(self) -> str:
        return self._report()._repr_html_()
