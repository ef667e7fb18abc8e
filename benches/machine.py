"""What the machine can do: its processor, and its rates measured in one thread and in all."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_RATES = """
import json, sys
from benches.machine import rates
print(json.dumps(rates(int(sys.argv[1]))))
"""


def describe(threads: int) -> dict[str, Any]:
    """Return the processor, the memory and the measured rates in one thread and in `threads`."""
    return {
        "processor": processor(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "rates": {str(count): _measured(count) for count in sorted({1, threads})},
    }


def rates(threads: int) -> dict[str, float]:
    """Return Gflop/s of matrix products and of Cholesky factorizations, and GB/s of a scan, in this process."""
    import numpy as np

    rng = np.random.default_rng(1)
    a = rng.standard_normal((2000, 2000))
    b = a @ a.T + 2000 * np.eye(2000)
    column = rng.standard_normal(50_000_000)
    parts = np.array_split(column, threads)

    def scan() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(np.sum, parts))

    return {
        "dgemm_gflops": 2 * 2000**3 / _fastest(lambda: a @ b) / 1e9,
        "cholesky_gflops": 2000**3 / 3 / _fastest(lambda: np.linalg.cholesky(b)) / 1e9,
        "scan_gbytes": column.nbytes / _fastest(scan) / 1e9,
    }


def _fastest(call: Callable[[], Any], runs: int = 7) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _measured(threads: int) -> dict[str, float]:
    """Measure in a process of its own: the number of threads of a BLAS is set when it starts."""
    env = os.environ | {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", _RATES, str(threads)]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def processor() -> str:
    """Return the name of the processor, and its widest vectors."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    flags = next((line for line in lines if line.startswith("flags")), "")
    widest = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    return f"{model} {f'({widest})' if widest else ''}".strip()
