"""Many responses over one design: genes, voxels, items; shared work is done once, in Rust.

``fitting`` reads what was given, ``linear`` fits and tabulates linear models, ``generalized`` generalized ones;
``residuals`` fits those whose residuals have a covariance, which ``residual_columns`` adds to the table; ``by_group``
does all of it for every group of rows; ``posterior`` draws from the posteriors of linear models.
"""

from .fitting import fit_many

__all__ = ["fit_many"]
