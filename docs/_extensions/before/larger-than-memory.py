"""Files of sales and statistics, batches, and new rows for the examples of the page."""

from pathlib import Path

import numpy as np
import polars as pl

import hlmrs

rng = np.random.default_rng(3)
shop = rng.integers(0, 30, 1300)
x = rng.normal(size=1300)
y = x + rng.normal(size=30)[shop] + 0.5 * rng.normal(size=30)[shop] * x + rng.normal(size=1300)
sales = pl.DataFrame({"y": y, "x": x, "arm": rng.choice(["a", "b"], 1300), "shop": [f"s{k}" for k in shop]})
batches = [sales[:500], sales[500:800].to_arrow()]
rows = sales[1200:]
request = rows.head(5)

Path("sales").mkdir()
for k in range(3):
    sales[400 * k : 400 * (k + 1)].write_parquet(f"sales/{k}.parquet")
hlmrs.SufficientStatistics("y ~ x + arm + (1 | shop)", levels={"arm": ["a", "b"]}).update(sales[800:1200]).save(
    "february.stats"
)
