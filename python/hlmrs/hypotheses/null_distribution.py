"""What a likelihood ratio refers to: a chi-square, or a mixture where a variance is zero under the smaller model.

Self and Liang (1987), cases 5 and 6; Stram and Lee (1994): a new variance, with q new covariances, has the mixture
half chi-square(q), half chi-square(q + 1), and so have a new overdispersion and a new nugget.  Where no mixture is
exact the chi-square of all parameters is conservative.
"""

from dataclasses import dataclass

from ..inference import chi_square_tail
from .nesting import Embedding
from .part_nesting import RandomPart


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Equal parts of chi-squares with these degrees of freedom."""

    df: tuple[int, ...]
    exact: bool

    def p_value(self, chisq: float) -> float:
        """P(at least as large)."""
        return sum(chi_square_tail(chisq, df) for df in self.df) / len(self.df)

    def __str__(self) -> str:
        parts = " + ".join(f"{'' if len(self.df) == 1 else '0.5 '}chi2({df})" for df in self.df)
        return parts if self.exact else f"{parts}, conservative: a variance is on its boundary"


def null_distribution(embedding: Embedding, n_fixed: int, n_covariance: int, *, singular: bool) -> NullDistribution:
    """Choose for `n_fixed` new coefficients and `n_covariance` new covariance parameters.

    `singular` says that the smaller model itself has variances of zero.
    """
    total = n_fixed + n_covariance
    if embedding.n_limits:
        alone = n_covariance == 0 and embedding.n_limits == 1
        return NullDistribution((total - 1, total) if alone else (total,), exact=alone)
    if n_covariance == 0:
        return NullDistribution((total,), exact=True)
    changed = [(target, sources) for target, sources in embedding.covered if not _is_same(target, list(sources))]
    if len(changed) != 1:
        return NullDistribution((total,), exact=False)
    target, sources = changed[0]
    new_variances = target.width - sum(source.width for source in sources)
    if new_variances == 0:
        # correlations, zero under the smaller model, or covariances of levels, equal under it: inside their range,
        # unless they follow from a lower rank
        return NullDistribution((total,), exact=not singular and not any(source.rank for source in sources))
    structure = target.structure
    simple = structure.independent or (structure.unrestricted and len(sources) <= 1)
    if new_variances == 1 and target.n_levels == 1 and simple and not singular and _starts_free(target, list(sources)):
        return NullDistribution((total - 1, total), exact=True)
    return NullDistribution((total,), exact=False)


def _is_same(target: RandomPart, sources: list[RandomPart]) -> bool:
    """Whether a term is in both models, with as many parameters."""
    if len(sources) != 1:
        return False
    (source,) = sources
    kinds = [(part.width, part.structure.name, part.rank, part.n_levels) for part in (source, target)]
    return kinds[0] == kinds[1]


def _starts_free(target: RandomPart, sources: list[RandomPart]) -> bool:
    """Whether the covariance of the covered effects is as free in the smaller model as in the larger."""
    if target.structure.independent or not sources:
        return True
    return sources[0].width == 1 or sources[0].structure.unrestricted
