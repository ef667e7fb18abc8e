"""How a room of the reader says no: it knows the place, the caller knows the text."""


class ReadingError(Exception):
    """A reason and the offset of the place it is about; ``reading`` turns it into a ``FormulaError``."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
