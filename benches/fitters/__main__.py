"""Measure one package on one workload: ``python -m benches.fitters job.json result.json``."""

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

from .measure import measure


def main() -> None:
    """Run the job and write its result; a failure of the package is a result too."""
    job = json.loads(Path(sys.argv[1]).read_text())
    warnings.simplefilter("ignore")
    package = import_module(f".with_{job['peer']}", __package__)
    try:
        fresh = getattr(package, "fresh", lambda job, data: data)
        warmup = job["warmup"]  # loads what the package loads late
        package.fit(warmup, fresh(warmup, package.load(warmup)))
        data = package.load(job)
        measured, fitted = measure(
            lambda start: package.fit(job, start), job["repeats"], job["budget"], lambda: fresh(job, data)
        )
        result = measured | package.reached(job, fitted)
    except BaseException as error:  # a panic in a package is no Exception
        result = {"failure": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
    Path(sys.argv[2]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
