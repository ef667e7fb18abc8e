"""The memory that a plan states is what its fit takes: measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")
SCRIPT = """
import json, sys, time, warnings
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import hlmrs

def kilobytes(field):
    return int(next(line for line in open("/proc/self/status") if line.startswith(field)).split()[1])

warnings.simplefilter("ignore")
formula, n, sizes, rows, folder = json.loads(sys.argv[1])
hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy", "pyarrow"))
rng = np.random.default_rng(1)
groups = {f"g{k}": rng.integers(0, size, n, dtype=np.int32) for k, size in enumerate(sizes)}
x = {name: rng.normal(size=n) for name in ("x1", "x2", "x3")}
y = x["x1"] + rng.normal(size=n)
for codes in groups.values():
    y += rng.normal(size=codes.max() + 1)[codes] + 0.3 * rng.normal(size=codes.max() + 1)[codes] * x["x1"]
data = pa.table({"y": y, **x, **groups})
if rows == "stream":
    size = n // 8
    for k in range(8):
        pq.write_table(data.slice(k * size, size), f"{folder}/{k}.parquet")
    del data, x, y, groups, codes
    data = folder
    hlmrs.model("y ~ x1 + (1 | g0)", f"{folder}/0.parquet", rows="stream")
before = None
while before is None or kilobytes("VmRSS") < before - 1024:
    before = kilobytes("VmRSS")
    time.sleep(0.5)
before = kilobytes("VmRSS")
open("/proc/self/clear_refs", "w").write("5")
plan = hlmrs.model(formula, data, rows=rows)
predicted = plan.cost.n_bytes
plan.fit()
print(json.dumps([predicted, 1024 * (kilobytes("VmHWM") - before)]))
"""
CASES = {
    "nested": ("y ~ x1 + x2 + x3 + (1 + x1 | g0)", 2_000_000, [300_000], "keep"),
    "crossed": ("y ~ x1 + (1 | g0) + (1 | g1)", 200_000, [20_000, 1_900], "keep"),
    "stream": ("y ~ x1 + x2 + (1 + x1 | g0)", 8_000_000, [400_000], "stream"),
    "stream, two rows a group": ("y ~ x1 + x2 + x3 + (1 | g0)", 3_000_000, [1_500_000], "stream"),
    "stream, few groups": ("y ~ x1 + x2 + (1 + x1 | g0)", 4_000_000, [2_000], "stream"),
}


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
@pytest.mark.parametrize("case", CASES)
def test_a_fit_takes_what_its_plan_says(case, tmp_path):
    arguments = json.dumps([*CASES[case], str(tmp_path)])
    command = [sys.executable, "-c", SCRIPT, arguments]
    # one arena: what one thread frees another uses again
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"MALLOC_ARENA_MAX": "1"})
    predicted, measured = json.loads(done.stdout)
    assert predicted == pytest.approx(measured, rel=0.25), f"{predicted / 2**20:.0f} of {measured / 2**20:.0f} MiB"
