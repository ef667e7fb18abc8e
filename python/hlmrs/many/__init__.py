"""Many responses over one design: genes, voxels, items; shared work is done once, in Rust.

``fitting`` reads what was given, ``linear`` fits and tabulates linear models, ``generalized`` generalized ones;
``by_group`` does so for every group of rows.
"""

from .fitting import fit_many

__all__ = ["fit_many"]
