"""What the report of a fitted model states, and in which words.  Nothing here computes a statistic."""

from .mixed_model import CoefficientRow, GroupSize, ModelFacts, VarianceRow, mixed_model_report

__all__ = ["CoefficientRow", "GroupSize", "ModelFacts", "VarianceRow", "mixed_model_report"]
