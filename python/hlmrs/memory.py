"""How much memory there is."""

import os


def available() -> int:
    """Return the bytes that are free for a process, as far as the system tells; control groups count."""
    free = _meminfo()
    limit = _read_number("/sys/fs/cgroup/memory.max")
    if limit is not None:
        free = min(free, max(0, limit - (_read_number("/sys/fs/cgroup/memory.current") or 0)))
    return free


def spoken(n_bytes: float) -> str:
    """Write a size for people: ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _meminfo() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def _read_number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None
