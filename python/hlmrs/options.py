"""The words that options can be, as types; the rooms that read them take them from here."""

from typing import Literal, TypeAlias

Missing: TypeAlias = Literal["drop", "error"]
Reading: TypeAlias = Literal["auto", "keep", "stream"]
Alternative: TypeAlias = Literal["two-sided", "greater", "less"]
PowerMethod: TypeAlias = Literal["analytic", "simulation"]
Ddf: TypeAlias = Literal[
    "satterthwaite", "kenward-roger", "kenward-roger-linear", "containment", "between-within", "residual", "normal"
]
DdfInformation: TypeAlias = Literal["expected", "observed"]
LinearComponent: TypeAlias = Literal["conditional", "dispersion"]
ManyDdf: TypeAlias = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "residual", "normal"]
ModelVcov: TypeAlias = Literal["model", "kenward-roger", "kenward-roger-linear"]
RobustVcov: TypeAlias = Literal["CR0", "CR1", "CR1S", "CR2", "CR3"]
Vcov: TypeAlias = ModelVcov | RobustVcov
EquationVcov: TypeAlias = Literal["robust", "naive", "kauermann-carroll", "mancl-derouen"]
EquationDdf: TypeAlias = Literal["normal", "groups"]
EquationAnovaType: TypeAlias = Literal[2, 3]
EquationScale: TypeAlias = Literal["response", "link"]
EquationResidual: TypeAlias = Literal["response", "pearson"]
EquationInterval: TypeAlias = Literal["confidence"]
Correlation: TypeAlias = Literal["independence", "exchangeable", "ar1", "unstructured"]
AnovaType: TypeAlias = Literal[1, 2, 3, "I", "II", "III"]
ConfintMethod: TypeAlias = Literal["wald", "profile", "boot"]
Effects: TypeAlias = Literal["fixed", "ran_pars", "ran_vals"]
ResidualKind: TypeAlias = Literal[
    "raw", "pearson", "standardized", "normalized", "studentized", "externally-studentized"
]
Thresholds: TypeAlias = Literal["flexible", "symmetric", "equidistant"]
NewLevels: TypeAlias = Literal["error", "population", "missing"]
Interval: TypeAlias = Literal["confidence", "prediction"]
PredictionScale: TypeAlias = Literal["link", "response", "mean"]
MeanScale: TypeAlias = Literal[
    "link", "response", "conditional", "mean", "zprob", "prob", "cumulative", "exceedance", "mean.class"
]
PosteriorScale: TypeAlias = Literal["link", "response"]
ContrastScale: TypeAlias = Literal[
    "link", "response", "conditional", "zprob", "prob", "cumulative", "exceedance", "mean.class"
]
Variances: TypeAlias = Literal["estimated", "known"]
BootstrapKind: TypeAlias = Literal["parametric", "residual", "case"]
BootstrapInterval: TypeAlias = Literal["percentile", "basic", "bca"]
BootstrapOnly: TypeAlias = Literal["bootstrap"]
VarianceMethod: TypeAlias = Literal["theoretical", "observation-level", "delta", "lognormal", "trigamma"]
VarianceMean: TypeAlias = Literal["conditional", "marginal"]
VarianceTest: TypeAlias = Literal["mixture", "simulate"]
DeletionMethod: TypeAlias = Literal["one-step", "refit", "fixed-theta"]
MeanWeights: TypeAlias = Literal["equal", "proportional", "outer", "cells"]
Adjustment: TypeAlias = Literal[
    "none", "tukey", "dunnett", "scheffe", "mvt", "sidak", "bonferroni", "holm", "hochberg", "bh", "fdr", "by"
]
ContrastMethod: TypeAlias = Literal["pairwise", "reference", "trt.vs.ctrl", "consecutive", "poly", "eff", "helmert"]
GeneralizedPanel: TypeAlias = Literal["uniform", "predicted", "rootogram", "calibration", "random", "influence"]
QuantileMethod: TypeAlias = Literal["simulated", "exact"]
InteractionPanel: TypeAlias = Literal["lines", "slopes"]
Panel: TypeAlias = Literal["fitted", "qq", "scale", "random", "influence"]
PhaseCoding: TypeAlias = Literal["slopes", "changes"]
TableDetail: TypeAlias = Literal["std_error", "interval", "p_value", "statistic", "df"]
RandomInterval: TypeAlias = Literal["wald", "profile", "boot"]
SummaryStyle: TypeAlias = Literal["hlm", "lme4", "stata", "spss"]
CovariancePrior: TypeAlias = Literal["avoid-boundary"]
CountedRows: TypeAlias = Literal["rows", "groups"]
CountedParameters: TypeAlias = Literal["all", "variances"]
PosteriorMethod: TypeAlias = Literal["auto", "direct", "nuts"]
