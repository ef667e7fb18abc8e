"""``post.plot``: one object for each picture of draws, which draws when called and gives its table by ``data()``."""

from .plots import PosteriorPlots

__all__ = ["PosteriorPlots"]
