"""Files and a frame of rows for the examples of the page; `frame` has what the recipe calls of Spark's frames."""

from pathlib import Path

import numpy as np
import polars as pl

import hlmrs

rng = np.random.default_rng(3)
school, x = rng.integers(0, 30, 1200), rng.normal(size=1200)
y = x + rng.normal(size=30)[school] + 0.5 * rng.normal(size=30)[school] * x + rng.normal(size=1200)
names = [f"g{k}" for k in school]
data = pl.DataFrame(
    {"y": y, "x": x, "arm": rng.choice(["control", "treated"], 1200), "school": names, "hospital": names}
)
Path("data").mkdir()
for k in range(3):
    data[400 * k : 400 * (k + 1)].write_parquet(f"data/{k}.parquet")


class Rows:
    """Rows that are collected."""

    def __init__(self, found):
        self.found = found

    def collect(self):
        """Return the rows."""
        return self.found


class Partitions:
    """Partitions in memory."""

    def __init__(self, parts):
        self.parts = parts

    def select(self, columns):
        """Take columns."""
        return Partitions([part.select(columns) for part in self.parts])

    def distinct(self):
        """Take the rows that differ."""
        return Partitions([pl.concat(self.parts).unique()])

    def limit(self, n):
        """Take the first rows."""
        return Partitions([pl.concat(self.parts).head(n)])

    def collect(self):
        """Return all rows."""
        return pl.concat(self.parts).rows()

    def toPandas(self):  # noqa: N802
        """Return all rows as a frame of pandas."""
        return pl.concat(self.parts).to_pandas()

    def mapInArrow(self, function, schema):  # noqa: N802
        """Call a function with the batches of every partition."""
        batches = (iter(part.to_arrow().to_batches(130)) for part in self.parts)
        return Rows([row for part in batches for out in function(part) for row in out.to_pylist()])


frame = Partitions([data[:100], data[100:700], data[700:]])
own_rows = data[600:]
for site, own in (("site-1", data[:300]), ("site-2", data[300:600])):
    stats = hlmrs.SufficientStatistics("y ~ x + arm + (1 | hospital)", levels={"arm": ["control", "treated"]})
    stats.update(own).save(f"{site}.stats")
other_files = ["site-2.stats", "site-7.stats"]
