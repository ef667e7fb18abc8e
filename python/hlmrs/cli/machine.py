"""What a bug report should say of the machine: versions, processor, threads, memory; no names, no paths."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from .._core import default_threads, processor_instructions
from ..resources import available, total
from ..version import package_version

Facts: TypeAlias = dict[str, dict[str, Any]]

_LIBRARIES = (
    "numpy",
    "polars",
    "pandas",
    "pyarrow",
    "duckdb",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "formulaic",
    "matplotlib",
    "dask",
    "distributed",
    "pyreadstat",
    "python-docx",
    "arviz-base",
)
_THREADS = (
    "HLMRS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


def facts() -> Facts:
    """Return what can be known without loading other libraries; None is what cannot be known."""
    return {
        "software": {
            "hlmrs": package_version(),
            "Python": f"{platform.python_version()} ({platform.python_implementation()})",
            "threads without a lock": not getattr(sys, "_is_gil_enabled", lambda: True)(),
            "platform": platform.platform(),
        },
        "libraries": {name: installed(name) for name in _LIBRARIES},
        "processor": {
            "kind": platform.machine(),
            "processors": os.cpu_count(),
            "processors for this process": _usable(),
            "instructions": processor_instructions(),
        },
        "threads": {"used by hlmrs": default_threads(), **{name: os.environ.get(name) for name in _THREADS}},
        "BLAS of NumPy": blas(),
        "BLAS of SciPy": blas_of_scipy(),
        "room": {"memory": total(), "memory free": available(), "temporary files": _temporary()},
    }


def installed(name: str) -> str | None:
    """Return the version of a library, without loading it."""
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return None


def blas() -> dict[str, Any]:
    """Return what NumPy was built with; threadpoolctl, where it is installed, knows what is loaded."""
    found = _built_with(np.__config__)
    if find_spec("threadpoolctl") is None:
        return found
    from threadpoolctl import threadpool_info

    loaded = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return found | ({name: loaded[0].get(name) for name in ("architecture", "num_threads")} if loaded else {})


def blas_of_scipy() -> dict[str, Any]:
    """Return what SciPy was built with, read from the file that says so: SciPy itself is not loaded."""
    package = find_spec("scipy")
    folders = [] if package is None else package.submodule_search_locations or []
    file = next((path for folder in folders if (path := Path(folder) / "__config__.py").exists()), None)
    if file is None:
        return {}
    try:
        return _built_with(SimpleNamespace(**run_path(str(file))))
    except Exception:  # code of another package: whatever it raises, the rest is told
        return {}


def _built_with(config: Any) -> dict[str, Any]:
    built: Mapping[str, Any] = getattr(config, "CONFIG", {}).get("Build Dependencies", {}).get("blas", {})
    return {"name": built.get("name"), "version": built.get("version")}


def _usable() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not tell
        return None


def _temporary() -> int | None:
    """Return the bytes that are free for temporary files."""
    try:
        return shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        return None
