"""Crossed designs with long tails: users rate items, a few of each take most of the rows."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .drawing import Array, scaled

Pairs = NDArray[np.int64]


def long_tail(rows: int, users: int, items: int, scale: float) -> Iterator[pl.DataFrame]:
    """Yield distinct pairs in random order: items by Zipf and Mandelbrot, users log-normal, two covariates."""
    rng = np.random.default_rng(rows)
    n, users, items = scaled(rows, scale), scaled(users, scale), scaled(items, scale**0.5)
    activity = rng.lognormal(sigma=0.85, size=users)
    popularity = (np.arange(items) + 0.006 * items) ** -1.5

    def pick(user: Pairs) -> Pairs:
        return user * items + rng.choice(items, size=len(user), p=popularity / popularity.sum())

    pairs = _distinct(rng, n, activity, items, pick, at_least=1)
    rng.shuffle(pairs)
    user, item = np.divmod(pairs, items)
    x = rng.standard_normal((n, 2))
    effects = 0.62 * rng.standard_normal(users)[user] + 0.67 * rng.standard_normal(items)[item]
    y = 3 + x @ np.array([0.5, -0.3]) + effects + 0.9 * rng.standard_normal(n)
    yield pl.DataFrame({"y": y, "x1": x[:, 0], "x2": x[:, 1]} | _ids(user, item))


def clusters_of_taste(scale: float) -> Iterator[pl.DataFrame]:
    """Yield ratings in the shape of MovieLens 25M, sorted by user.

    Half of the items are rated 6 times or fewer, the most popular by a quarter of the users; every user rates about
    20 at least.
    Users and items belong to 25 clusters, and a user picks an item of the own cluster 12 times as readily.
    """
    rng = np.random.default_rng(25)
    n, users, items = scaled(25_000_000, scale), scaled(162_000, scale), scaled(59_000, scale**0.5)
    clusters, preference = min(25, items), 12.0
    popularity = _item_popularity(n, items)
    activity = rng.lognormal(sigma=1.35, size=users)
    taste = rng.integers(clusters, size=users)
    kind = rng.integers(clusters, size=items)
    favoured = [np.cumsum(popularity * np.where(kind == c, preference, 1.0)) for c in range(clusters)]

    def pick(user: Pairs) -> Pairs:
        item = np.empty(len(user), dtype=np.int64)
        for c, cumulated in enumerate(favoured):
            mine = np.flatnonzero(taste[user] == c)
            item[mine] = np.searchsorted(cumulated, rng.random(len(mine)) * cumulated[-1])
        return user * items + item

    user, item = np.divmod(np.sort(_distinct(rng, n, activity, items, pick, at_least=20)), items)
    liking = 0.25 * rng.standard_normal((clusters, clusters))[taste[user], kind[item]]
    effects = 0.43 * rng.standard_normal(users)[user] + 0.48 * rng.standard_normal(items)[item] + liking
    rating = np.clip(np.round(2 * (3.3 + effects + 0.85 * rng.standard_normal(n))) / 2, 0.5, 5.0)
    yield pl.DataFrame({"rating": rating} | _ids(user, item))


def _item_popularity(n: int, items: int) -> Array:
    """Return rows expected by item: the quantiles of MovieLens 25M, the upper half stretched to the total."""
    share = np.array([0.0, 0.16, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0])
    count = np.array([1.0, 1.0, 4.5, 30.0, 450.0, 1_850.0, 11_000.0, 120_000.0])
    quantile = np.exp(np.interp(np.linspace(0, 1, items), share, np.log(count)))
    upper = quantile > count[2]
    quantile[upper] *= (n - quantile[~upper].sum()) / quantile[upper].sum()
    return np.maximum(quantile, 1e-3)


def _distinct(
    rng: np.random.Generator, n: int, activity: Array, items: int, pick: Callable[[Pairs], Pairs], at_least: int
) -> Pairs:
    """Return n distinct pairs: every item, every user about `at_least` times, the rest as active users pick."""
    users = len(activity)
    every_item = rng.integers(users, size=items) * items + np.arange(items)
    certain = np.union1d(every_item, pick(np.repeat(np.arange(users), at_least)))
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < n - len(certain):
        more = pick(rng.choice(users, size=int(1.1 * n) - len(drawn), p=activity / activity.sum()))
        drawn = np.setdiff1d(np.union1d(drawn, more), certain, assume_unique=True)
    rng.shuffle(drawn)
    return np.concatenate([certain, drawn[: n - len(certain)]])


def _ids(user: Pairs, item: Pairs) -> dict[str, NDArray[np.int32]]:
    return {"user": user.astype(np.int32), "item": item.astype(np.int32)}
