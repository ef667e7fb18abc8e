"""Which libraries of data frames are there."""


def installed_kind() -> str:
    """Choose the kind of frame for data that nobody gave: Polars if it is installed, else pandas, else a dictionary."""
    return next((kind for kind in ("polars", "pandas") if installed(kind)), "dict")


def installed(library: str) -> bool:
    """Tell whether a library could be imported, without importing it."""
    from importlib.util import find_spec

    return find_spec(library) is not None
