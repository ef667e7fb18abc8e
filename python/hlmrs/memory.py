"""How much memory there is."""

import os

from ._core import available_memory


def available() -> int:
    """Return the bytes that are free for a process: half of what the machine has where the system does not tell."""
    free = available_memory()
    if free is not None:
        return free
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def spoken(n_bytes: float) -> str:
    """Write a size for people: ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
