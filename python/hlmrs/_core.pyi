"""The compiled core: arrays in, arrays out.  Errors are those of ``hlmrs.errors``."""

from collections.abc import Callable, Sequence
from typing import Literal, Required, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array = NDArray[np.float64]

class GroupRecord(TypedDict):
    """A grouping factor, and the rows of its smallest and largest level."""

    name: str
    n_levels: int
    smallest: int
    largest: int

class RandomTermRecord(TypedDict):
    """A random term; ``group`` is the index of its grouping factor."""

    name: str
    group: int
    columns: list[str]
    structure: str
    nearest: list[float]
    """Two of the columns that lie nearest to each other, and their distance; empty without places."""
    rank: int
    """Of its covariance; zero where it is not given."""

class DesignLayout(TypedDict):
    """What the numbers of a fit belong to.

    ``columns`` are those of X, before dependent ones are left out; ``column_terms`` has 0 for the intercept, else the
    number of the column's term, from 1; ``reference_levels`` are of variables with treatment contrasts;
    ``dropped_rows`` counts, per column with missing values, the rows that miss one.
    """

    response: str
    columns: list[str]
    column_terms: list[int]
    terms: list[str]
    reference_levels: dict[str, str]
    groups: list[GroupRecord]
    random: list[RandomTermRecord]
    n_rows: int
    n_rows_input: int
    dropped_rows: dict[str, int]

class CellTerm(TypedDict):
    """A term of the fixed part: its variables by index, its columns of X, and where its cells begin and end."""

    name: str
    numeric: list[int]
    categorical: list[int]
    coefficients: list[int]
    cells: tuple[int, int]

NumberTree: TypeAlias = (
    tuple[Literal["column"], str]
    | tuple[Literal["constant"], float]
    | tuple[Literal["function"], str, NumberTree]
    | tuple[Literal["operator"], str, NumberTree, NumberTree]
    | tuple[Literal["standardized"], NumberTree, float, float]
    | tuple[Literal["by level"], int, list[float]]
)
"""A number of every row.  Functions and operators are spelt as in formulas; standardized is (number - center) / scale;
by level has a category and a value for each of its levels."""

BasisTree: TypeAlias = (
    tuple[Literal["number"], NumberTree]
    | tuple[Literal["powers"], NumberTree, int]
    | tuple[Literal["orthogonal"], NumberTree, float, list[float], list[float]]
    | tuple[Literal["spline"], str]
)
"""The numeric columns of a variable: a number, its powers from 1 to a degree, orthogonal polynomials (center, alpha,
norm2 of their recurrence), a spline by the variable's name."""

class ColumnTree(TypedDict):
    """A column of a model matrix: a numeric column of its term times a value in some of the term's cells."""

    index: int
    numeric: int
    cells: list[tuple[int, float]]

class TermTree(TypedDict):
    """A term: numeric columns are products of one column of each basis, cells are combinations of levels; the first
    varies fastest."""

    bases: list[BasisTree]
    n_numeric: int
    categories: list[int]
    n_cells: int
    columns: list[ColumnTree]

class CategoryTree(TypedDict):
    """A column that is read as categories."""

    column: str
    levels: list[str]

class GroupTree(TypedDict):
    """A grouping factor: by category, the level of each of its combinations."""

    categories: list[int]
    levels: list[list[int]]

class RandomTree(TypedDict):
    """A random term."""

    group: int
    terms: list[TermTree]

class ModelTree(TypedDict):
    """The parts of a model as expressions on columns of the data."""

    version: Literal[1]
    categories: list[CategoryTree]
    groups: list[GroupTree]
    offsets: list[NumberTree]
    fixed: list[TermTree]
    random: list[RandomTree]

@final
class Columns:
    """Named columns of equal length: what a data frame becomes.

    A name that is taken, or a column of another length, is a ``DataError``.
    """

    def __new__(cls) -> Columns: ...
    def add_arrow(self, stream: object) -> None:
        """Add all columns of an object with ``__arrow_c_stream__``, without copying them."""
    def add_numeric(self, name: str, values: _Array) -> None:
        """Add a copy of a column of numbers; NaN is missing."""
    def add_boolean(self, name: str, values: NDArray[np.uint8]) -> None:
        """Add a column of truth values: 0 is false, 1 is true, anything else is missing."""
    def add_categorical(
        self, name: str, codes: NDArray[np.uint32], levels: list[str], ordered: bool, declared: bool
    ) -> None:
        """Add a column of levels; code 0xFFFFFFFF is missing.

        The order of the levels is kept if the user declared one, otherwise it is the natural one.
        """
    def add_times(self, name: str, values: NDArray[np.int64], unit: str, kind: str) -> None:
        """Add a column of times in a unit: "D", "s", "ms", "us" or "ns"; the smallest integer is missing.

        `kind` is "instant" (in UTC), "duration", "time of day" (in "us"), or anything else for times of no zone.
        """
    def copy(self) -> Columns:
        """Return the same columns, to add others to; the data are shared."""
    def plain_values(
        self, only: str | None = None
    ) -> list[tuple[str, NDArray[np.float64 | np.uint8 | np.uint32], list[str] | None, bool]]:
        """Return name, values, levels and whether they were declared, of every column or of one: what adds it again.

        Values are doubles, truth values, or codes of levels.
        """
    def begin_at(self, first: int) -> None:
        """Count rows from this one in messages: the columns are a batch of longer ones."""
    @property
    def first(self) -> int: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def names(self) -> list[str]: ...

@final
class Rows:
    """A model on the complete rows of a frame: encoded and valid, or not built.

    ``spec`` and ``options`` are JSON.
    """

    def __new__(cls, spec: str, columns: Columns, options: str) -> Rows: ...
    @property
    def n_rows_input(self) -> int:
        """Rows of the frame."""
    @property
    def kept(self) -> NDArray[np.bool_] | None:
        """Whether each row of the frame is used; None if all are."""
    def layout(self) -> DesignLayout: ...
    def group_levels(self, group: int) -> list[str]: ...
    def group_codes(self, group: int) -> NDArray[np.uint32]: ...
    def response(self) -> _Array:
        """Return the response, offsets not subtracted, in the rows used."""
    def weights(self) -> _Array | None: ...
    def offset(self) -> _Array | None:
        """Return the sum of all offsets."""
    def model_matrix(self) -> _Array:
        """Return X, shape (n_rows, n_coef)."""
    def cell_crossproduct(self) -> _Array:
        """Return Z'Z, weights left out, where Z has an indicator for every cell of every term (times the term's numeric
        columns, one after another), and last the constant."""
    def encoding(self) -> Encoding:
        """Return what encodes new data: levels, contrasts, what transforms learned; no rows."""

@final
class Encoding:
    """What encodes new data as the rows of a fit were encoded."""

    @staticmethod
    def from_json(text: str) -> Encoding: ...
    def to_json(self) -> str:
        """Write it to be kept; nothing but ``from_json`` reads it."""
    def layout(self) -> DesignLayout:
        """Return its names and numbers of levels; it counts no rows."""
    def without_given_offset(self) -> Encoding:
        """Leave out the offset that was given beside the formula: it belongs to the rows of the fit."""
    def with_columns_in_place_of(self, names: list[str]) -> Encoding:
        """Read numeric variables of these names as columns of the data."""
    def bind(self, columns: Columns, new_groups: bool = False, used: NDArray[np.bool_] | None = None) -> NewRows:
        """Encode new data, which need no response; rows that are not `used` are as if they missed every value.

        A column of the fixed part that is missing, and a level of it that the fit did not see, are ``DataError``.
        ``new_groups``: groups whose means are used may be new; their means are those of these rows.
        """
    @property
    def columns(self) -> list[str]:
        """Columns of the data that the fixed part and the offsets read."""
    def random_columns(self, term: int) -> list[str]:
        """Return the columns that a random term reads, its group's included."""
    @property
    def factor_levels(self) -> dict[str, list[str]]:
        """Levels of the fixed part's categorical variables."""
    def cell_terms(self) -> list[CellTerm]: ...
    def cell_mapping(self) -> _Array:
        """Return M of X = Z M, where Z has the columns of ``Rows.cell_crossproduct`` without the constant."""
    def group_levels(self, group: int) -> list[str]:
        """Return the names of the levels of a grouping factor."""
    @property
    def response_scales(self) -> list[tuple[float, float]]:
        """Center and scale of every ``scale()`` and ``center()`` in the response, as the fit learned them, outer ones
        first."""
    def expression(self) -> ModelTree:
        """Return the parts of the model, to be written in another language."""

@final
class NewRows:
    """Every row of a new frame, encoded."""

    @property
    def n_rows(self) -> int: ...
    def model_matrix(self) -> _Array:
        """Return X, shape (n_rows, n_coef); NaN where the fixed part misses a value."""
    def term_matrix(self, term: int) -> _Array:
        """Return z of a random term, shape (n_rows, r); NaN where a value of it is missing."""
    def term_codes(self, term: int) -> NDArray[np.uint32]:
        """Return the level of a random term's group in every row; 0xFFFFFFFF where it is missing or was not seen."""
    @property
    def own_mean(self) -> NDArray[np.bool_]:
        """Whether each row is in a group that the fit did not see, and whose mean is used."""
    def slopes(self, column: str, given: list[tuple[str, _Array]]) -> tuple[_Array, _Array]:
        """Return the derivatives of X (n_rows, n_coef) and of the offset (n_rows,) by a column; `given`: derivatives of
        columns that were computed from it elsewhere, splines."""
    def unseen_levels(self) -> dict[str, list[str]]:
        """Return, per grouping factor with some, up to 10 levels that the fit did not see."""
    def linear_predictor(self, beta: _Array, modes: list[_Array], use_terms: list[bool]) -> _Array:
        """Return offset + X beta + the sum of z'b over the random terms used.

        ``modes[t]`` has shape (n_levels, r).  A row that misses a used value is NaN; a level that the fit did not
        see adds nothing; a coefficient that is NaN counts as zero.
        """

def available_memory() -> int | None:
    """Return the bytes that are free for the process; None where the system does not tell."""

def default_threads() -> int:
    """Return the threads that are used where none are asked for."""

def processor_instructions() -> list[str]:
    """Return the sets of instructions that the processor has, among those for which kernels differ."""

def complete_rows(spec: str, columns: Columns, options: str) -> NDArray[np.bool_] | None:
    """Return whether each row has a value in every column of a model; None if all have."""

def evaluate(expression: str, columns: Columns) -> _Array:
    """Return a numeric expression (JSON) in every row; NaN where a value is missing."""

def evaluate_slope(expression: str, columns: Columns, column: str) -> _Array:
    """Return its derivative by a column."""

def columns_of_levels(spec: str, columns: Columns) -> list[str]:
    """Return the columns whose levels must be known before rows are summed: those that effects read as categories, by
    the types that they have here, and the groups of ``between`` and ``within``."""

class ManyFits(TypedDict):
    """Fits of m responses: a number, or a row, for each.

    ``estimate``, ``std_error`` and ``df`` have shape (m, n_coef), ``covariances`` (m, all entries of all terms).
    ``residual`` has parameters of the residuals: name, kind (``"correlation"``, ``"sd"``, ``"dispersion"``), value and
    standard error, which the last kind has alone; ``sigma_error`` is that of log sigma beside them.
    """

    n_obs: _Array
    sigma: _Array
    sigma_error: _Array
    residual: list[list[tuple[str, str, float, float]]]
    criterion: _Array
    estimate: _Array
    std_error: _Array
    df: _Array
    covariances: _Array
    status: list[str]
    reason: list[str]

def fit_many(
    rows: Rows,
    responses: _Array,
    reml: bool,
    control: str,
    ddf: str,
    progress: Callable[[int], None],
    inputs: Sequence[ResidualArguments] = (),
    residuals: Sequence[int] = (),
) -> ManyFits:
    """Fit every row of `responses`, shape (m, n_rows), NaN where missing; `progress` gets the number done.

    `ddf`: "satterthwaite", "kenward-roger", "kenward-roger-linear", "residual" or "normal".  `residuals`: of every
    response which of the `inputs` says of the residuals in the rows that it has.
    """

def term_moments(rows: Rows, term: int) -> _Array:
    """Return the mean of zz' of a random term over the rows used, shape (r, r)."""

class BlockRecord(TypedDict):
    """A block of the factor; ``group`` is the index of its grouping factor."""

    group: int
    kind: str
    levels: int
    width: int
    size: int
    entries: int
    fill: float

class ResidualArguments(TypedDict):
    """What is said of the residuals of the rows used; arrays are empty where they do not count."""

    name: str | None
    orders: tuple[int, int]
    nugget: bool
    label: str
    group: NDArray[np.uint32]
    group_levels: list[str]
    time: _Array
    visit: NDArray[np.uint32]
    visits: list[str]
    by: NDArray[np.uint32]
    by_levels: list[str]
    scale: _Array
    scale_names: list[str]
    offset: _Array

class NewResidualArguments(TypedDict):
    """What is said of the residuals of new rows; groups are those of the fit, 0xFFFFFFFF for others."""

    scale: _Array
    offset: _Array
    group: NDArray[np.uint32]
    place: _Array
    by: NDArray[np.uint32]

class ForecastParts(TypedDict):
    """What known residuals add to predictions; the variance of these without the residual, and that of the residual."""

    from_residuals: _Array
    variance: _Array
    residual: _Array

def new_residual_sd(fit: Fit, residuals: NewResidualArguments) -> _Array:
    """Return the standard deviations of the residuals of new rows."""

def forecast(
    fit: Fit, x: _Array, terms: list[tuple[_Array, NDArray[np.uint32]] | None], residuals: NewResidualArguments
) -> ForecastParts:
    """Predict new rows, those of known groups by the residuals of these too."""

def forecast_slopes_of(
    fit: Fit,
    x: _Array,
    terms: list[tuple[_Array, NDArray[np.uint32]] | None],
    residuals: NewResidualArguments,
    new_rows: bool,
) -> tuple[_Array, _Array]:
    """Return the slopes of predictions in theta and the parameters of the residuals, and those of their variances in
    these and log sigma²; `new_rows`: whether variances count the residuals of the new rows."""

class ResidualParameters(TypedDict):
    """``correlations`` have name, value, standard error and bounds; the covariance is that of ``log_sd``."""

    correlations: list[tuple[str, float, float, float, float]]
    log_sd: _Array
    covariance: _Array
    names: list[str]
    n_visits: int
    first_visit: str

def residual_parameters(fit: Fit) -> ResidualParameters:
    """Return correlations, log sigma and the coefficients of log standard deviations, those of visits first."""

def residual_correlations(fit: Fit, level: int, places: list[float]) -> _Array:
    """Return the correlations of residuals at some places, by the parameters of one level of `by`."""

def residual_limits(fit: Fit) -> list[tuple[str, str]]:
    """Return where correlations are at an end of what they can be: the level of `by`, and which end it is."""

def normalized_residuals(fit: Fit, values: _Array) -> _Array:
    """Return values by row over the residual standard deviation, free of the correlations that the residuals have."""

def residual_log_sd(fit: Fit) -> _Array:
    """Return the log standard deviation of the residual of every row."""

@final
class Model:
    """Cross-products of the rows in blocks, ready to be fitted; holds no row unless the residuals have parameters."""

    def __new__(
        cls,
        rows: Rows,
        reml: bool,
        n_threads: int = 0,
        residual: ResidualArguments | None = None,
        sigma: float | None = None,
        covariance_exponent: float | None = None,
    ) -> Model: ...
    def variance_parameters(
        self, coef_names: list[str], terms: list[tuple[str, list[str]]]
    ) -> list[tuple[str, float, float]]:
        """Return what can be held: name, and the ends of its values."""
    def with_held(
        self, coef_names: list[str], terms: list[tuple[str, list[str]]], held: list[tuple[int, float]]
    ) -> Model:
        """Return the same model with these held at values, by their places among ``variance_parameters``."""
    @property
    def reml(self) -> bool: ...
    @property
    def n_obs(self) -> int: ...
    @property
    def n_random(self) -> int:
        """Random effects, q."""
    @property
    def n_theta(self) -> int: ...
    @property
    def kept(self) -> list[int]:
        """Columns of X that are estimated; the others depend on them."""
    @property
    def structure(self) -> list[BlockRecord]: ...
    @property
    def reason(self) -> str | None:
        """Why the block of the crossed factors is of its kind, where that is not the one of least predicted cost."""
    @property
    def flops(self) -> float:
        """Multiplications and additions of one factorization."""
    @property
    def n_bytes(self) -> int:
        """Memory of the fit and what it is made from, at most."""
    @property
    def n_bytes_to_come(self) -> int:
        """What the fit will take beside what is there."""
    def with_criterion(self, reml: bool) -> Model: ...

class SingularTerm(TypedDict):
    """A random term whose covariance has not full rank; ``directions`` are weights of combinations of its random
    effects whose variance is zero."""

    term: int
    rank: int
    directions: list[list[float]]

class VerdictRecord(TypedDict):
    """What is known of an optimum; ``independent`` and ``flat`` are indices of terms, ``redundant`` is one that can be
    left out."""

    status: Literal["optimum", "boundary", "flat", "exact", "rough", "pole", "unbounded", "rounded", "not-converged"]
    reason: str
    evaluations: int
    expected_decrease: float
    boundary: list[SingularTerm]
    independent: list[int]
    flat: list[int]
    redundant: int | None
    tried: int

@final
class Fit:
    """A fitted linear mixed model, in the user's units; arrays only."""

    def __new__(cls, model: Model, control: str) -> Fit:
        """Fit; `control` is JSON: optimizer, max_evaluations, tolerance, start (user's theta or null), n_threads.

        Raises NumericalError, DesignError (a model the data cannot identify), KeyboardInterrupt.
        """
    @property
    def model(self) -> Model: ...
    @property
    def criterion(self) -> float: ...
    def parameters(self, coef_names: list[str], terms: list[tuple[str, list[str]]]) -> list[Parameter]:
        """Return all parameters; `terms`: the grouping factor and the columns of each random term."""
    def covariance_parameters(self, terms: list[tuple[str, list[str]]]) -> list[Parameter]:
        """Return what makes up the covariances of the random terms, whatever their structure: the standard deviations
        of each, then its correlations by rows."""
    def values(self, parameters: list[Parameter]) -> _Array:
        """Return the parameters' values."""
    @property
    def criterion_std_error(self) -> float: ...
    @property
    def is_plain(self) -> bool: ...
    @property
    def holds_rows(self) -> bool:
        """Whether rows are in it: of a model whose residuals have parameters, unless sums stand for them."""
    @property
    def is_adapted(self) -> bool:
        """Whether beta, sigma and Var(beta) are those of other rows."""
    @property
    def sigma(self) -> float: ...
    @property
    def scale(self) -> float:
        """The variance that relative covariances are multiples of."""
    @property
    def n_params(self) -> int: ...
    @property
    def beta(self) -> _Array:
        """Shape (n_fixed,): the columns kept."""
    @property
    def theta(self) -> _Array:
        """Relative covariance parameters, term by term: us, the lower triangle by columns; others, relative
        standard deviations, then correlations."""
    @property
    def verdict(self) -> VerdictRecord: ...
    def covariances(self) -> list[_Array]:
        """Per random term the covariance of its random effects, shape (r, r)."""
    def vcov(self) -> _Array:
        """Shape (n_fixed, n_fixed)."""
    def ordinary_covariance(self) -> _Array:
        """Inverse of X'WX, shape (n_fixed, n_fixed)."""
    def modes(self) -> list[_Array]:
        """Per random term the conditional modes b, shape (n_levels, r)."""
    def mode_covariances(self, with_fixed: bool = False) -> list[_Array]:
        """Per random term Var(b | y), given theta and beta, shape (n_levels, r, r).

        ``with_fixed``: of the prediction error, to which the estimation of beta adds.
        """
    def linear_predictor(self, rows: Rows, use_terms: list[bool]) -> _Array:
        """X beta + Z b over the rows used, with some of the random terms; without the offset.  Shape (n,)."""
    def prediction_variance(self, x: _Array, terms: list[tuple[_Array, NDArray[np.uint32]] | None]) -> _Array:
        """Variance of x'beta + z'b as a prediction, theta given: beta and b jointly; an unseen level
        (code 0xFFFFFFFF) has its whole variance.  x: (m, n_fixed); per term z (m, r) and codes (m,), None to leave
        the term out.  Shape (m,)."""
    def prediction_slopes(
        self, x: _Array, terms: list[tuple[_Array, NDArray[np.uint32]] | None], residual: _Array | None
    ) -> _Array:
        """How that variance, or that of new rows whose `residual` variances are so many times sigma^2, moves with the
        parameters of ``satterthwaite``.  Shape (parameters, m)."""
    def simulate(self, rows: Rows, n: int, seed: int) -> _Array:
        """New responses from the fitted model, shape (n_obs, n)."""
    def simulate_new(
        self, rows: NewRows, shares: _Array, n: int, seed: int, residuals: NewResidualArguments | None = None
    ) -> _Array:
        """Responses of new rows, shape (n_rows, n); `shares`: their residual variances over that at weight one.

        Where residuals have parameters, `residuals` says what these are, with groups that the new rows have.
        """
    def adapt(self, model: Model) -> Fit:
        """The modes of the rows of another model in this fit's basis, at the parameters of this fit."""
    def refit(self, rows: Rows, y: _Array) -> Fit:
        """The same model for another response in the rows used, from this optimum."""
    def state(self) -> tuple[str, dict[str, _Array]]:
        """All that a fit is, without rows: JSON and arrays.  Inverse of from_state."""
    def check_encoding(self, encoding: Encoding) -> None:
        """Raise a DataError unless the encoding is that of the rows of this fit."""
    @staticmethod
    def from_state(meta: str, arrays: dict[str, _Array]) -> Fit:
        """Raises DataError where the state is not one of a fit."""

def two_sided_p(statistic: float, df: float) -> float:
    """Return P(|T| > |statistic|) of Student's t; infinite degrees of freedom are the normal distribution."""

def two_sided_ps(statistics: ArrayLike, df: ArrayLike) -> _Array:
    """Return the same for many statistics, each with its own degrees of freedom, or all with one."""

def two_sided_quantile(level: float, df: float) -> float:
    """Return the t with P(|T| <= t) = level."""

def two_sided_quantiles(level: float, df: ArrayLike) -> _Array:
    """Return the same for many degrees of freedom."""

def f_tail(statistic: float, num_df: float, den_df: float) -> float:
    """Return P(F > statistic); infinite denominator degrees of freedom are chi-square."""

def f_quantile(probability: float, num_df: float, den_df: float) -> float:
    """Return the value that F exceeds with `probability`."""

def noncentral_f_tail(statistic: float, num_df: float, den_df: float, noncentrality: float) -> float:
    """Return P(F > statistic), where the numerator's normals have means whose squares sum to the noncentrality."""

def noncentral_t_tail(t: float, df: float, noncentrality: float) -> float:
    """Return P(T > t) of (Z + noncentrality) / sqrt(chi-square / df)."""

def chi_square_tail(statistic: float, df: float) -> float:
    """Return P(X > statistic); no degrees of freedom are a point at zero."""

def studentized_range_tail(q: float, n_means: int, df: float) -> float:
    """Return P(range of `n_means` independent normals / s > q), good to 1e-10 absolutely."""

def studentized_range_quantile(probability: float, n_means: int, df: float) -> float:
    """Return the q that the studentized range exceeds with `probability`."""

def largest_statistic_tail(t: float, df: float, rank: float, reach: _Array, share: _Array) -> float:
    """Return the mean of P(F(rank, df) > t^2 / (rank reach^2)), weighted by the shares."""

def largest_statistic_quantile(probability: float, df: float, rank: float, reach: _Array, share: _Array) -> float:
    """Return the t at which that is `probability`."""

class SatterthwaiteParts(TypedDict):
    """How Var(beta) depends on the variance parameters: theta in the core's basis, then log sigma^2.

    ``derivatives`` (m, p, p) of Var(beta); ``covariance`` (m, m) of the parameters; ``component_slopes`` (m, c) of the
    variance components: the covariances (r, r) of all random terms, flattened one after the other, then sigma^2;
    ``n_negative``: directions in which the criterion bends downwards.
    """

    derivatives: _Array
    covariance: _Array
    component_slopes: _Array
    n_negative: int

class KenwardRogerParts(TypedDict):
    """The adjusted covariance (p, p); Phi P Phi (m, p, p) of every variance parameter and the covariance (m, m) of the
    parameters, both relative to sigma^2."""

    adjusted: _Array
    sandwiches: _Array
    covariance: _Array

def satterthwaite(fit: Fit) -> SatterthwaiteParts: ...
def kenward_roger(fit: Fit, information: str | None, second_order: bool) -> KenwardRogerParts:
    """Adjust by Kenward and Roger; DesignError where the adjustment is not defined.

    `information`: "expected", "observed", or None for the one that suits the model.
    """

def cluster_contributions(
    fit: Fit, rows: Rows, codes: NDArray[np.uint32], n_clusters: int, adjustment: str
) -> dict[str, _Array]:
    """Return what clusters contribute to a sandwich covariance by "CR0", "CR2" or "CR3".

    contributions (J, p), whose products sum to the covariance; leverages G (J, p, p) and variances V (J, p, p): under
    the model Cov(l'c_j, m'c_k) = [j = k] l'V_j m - (G_j l)'(G_k m).  DesignError where groups cross clusters.
    """

def row_contributions(fit: Fit, rows: Rows) -> _Array:
    """Return what rows contribute to the fixed effects, shape (n, p): sandwiches sum them over clusters."""

LARGEST_INVERSE: int
"""Crossed random effects whose inverse is formed."""

class InfluenceMeasures(TypedDict):
    """Measures of n sets of rows left out, and the estimates without them; NaN without an estimate.

    ``method`` says how each was found, "" where there is no estimate.  ``values`` (n, k) of the parameters,
    ``std_errors`` (n, p) of the fixed effects.
    """

    method: list[str]
    cooks_distance: _Array
    mdffits: _Array
    covratio: _Array
    displacement: _Array
    values: _Array
    std_errors: _Array

def influence_of(
    fit: Fit,
    rows: Rows,
    ptr: NDArray[np.int64],
    members: NDArray[np.uint32],
    parameters: list[Parameter],
    method: str,
    n_threads: int,
    progress: Callable[[int], None] | None,
) -> InfluenceMeasures:
    """Estimate without sets of rows: set k has the rows ``members[ptr[k]:ptr[k + 1]]``; parameters as for ``profile``.

    method: "fixed-theta", "one-step" or "refit".
    """

def leverage(fit: Fit, rows: Rows, n_threads: int) -> dict[str, _Array]:
    """Return ``conditional`` and ``fixed`` leverage of every row, and ``marginal_variance`` of y - Xb over sigma²."""

class GroupRegressions(TypedDict):
    """Per random term of a grouping factor coefficients (n_levels, r); residual sum of squares and degrees of freedom
    of every level."""

    coefficients: list[_Array]
    rss: _Array
    df: _Array

def group_regressions(fit: Fit, rows: Rows, group: int, n_threads: int) -> GroupRegressions:
    """Regress every group's rows by themselves; NaN where they do not determine an estimate.

    Coefficients are least squares of y - Xb on z; ``rss`` and ``df`` of the regression on all that varies within the
    group.
    """

def serial_correlation(
    fit: Fit, rows: Rows, ptr: NDArray[np.int64], members: NDArray[np.uint32], n_threads: int
) -> tuple[float, float, int]:
    """Return the autocorrelation of residuals that follow each other by one step from zero, z, and pairs."""

def added_columns(fit: Fit, rows: Rows, columns: _Array) -> dict[str, _Array]:
    """Return ``information`` (c, c) and ``score`` (c,), for sigma of 1, of columns (n, c) that might be added to X."""

def is_nested(rows: Rows, codes: NDArray[np.uint32]) -> bool:
    """Tell whether every group of every grouping factor lies within one cluster."""

@final
class Structure:
    """A covariance structure that formulas may name."""

    @property
    def name(self) -> str: ...
    @property
    def unrestricted(self) -> bool:
        """It is any covariance."""
    @property
    def independent(self) -> bool:
        """Its effects are independent, each with a variance of its own."""
    @property
    def correlated(self) -> bool: ...
    @property
    def contains(self) -> list[str]:
        """Names of the structures that are special cases of it over the same columns."""

    @property
    def is_placed(self) -> bool:
        """Its effects lie at places, and correlations fall with their distance."""
    @property
    def has_rank(self) -> bool:
        """Its rank is given."""
    def reported(self, columns: list[str], group: str) -> list[tuple[str, int, int, str]]:
        """Return the name of every parameter that users read, with row and column of a place in the covariance where it
        stands, of a standard deviation on the diagonal, and its kind: "sd", "correlation" or "distance"."""
    def of_correlation(self, correlation: float, distance: float) -> tuple[float, float]:
        """Return a range or rate, from the correlation of two effects at a distance, and its slope in it."""

def structures() -> list[Structure]:
    """Return the covariance structures there are."""

@final
class Parameter:
    """A parameter of a fit, as users read it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["fixed", "sd", "correlation", "distance", "sigma"]: ...

def profile(
    fit: Fit, parameters: list[Parameter], limit: float, n_threads: int
) -> list[tuple[float, float, float, _Array]]:
    """Profile the likelihood of parameters to where |zeta| is `limit`.

    Returns per parameter the estimate, the bounds, and points (value, zeta), shape (m, 2).
    """

def posterior_slots(fit: Fit | GeneralizedFit, terms: list[tuple[str, list[str]]]) -> list[tuple[str, str, int, int]]:
    """Return the variance parameters with priors of their own: name, kind, random term and column, or -1."""

class PosteriorSource(TypedDict, total=False):
    """How draws came about: of direct ones how heavy the tail of their weights is (``k``), how many independent draws
    they are worth, and how many points and rounds it took; of chains their number and divergences; nothing of draws
    that were given.  ``gave_up`` has k and worth of direct draws that were given up."""

    method: Required[str]
    k: float
    effective: float
    points: int
    rounds: int
    divergences: int
    chains: int
    gave_up: Required[tuple[float, float] | None]
    log_marginal: Required[tuple[float, float] | None]

@final
class Posterior:
    """Draws of the parameters of a model from their posterior."""

    def __init__(
        self,
        fit: Fit | GeneralizedFit,
        request: str,
        n_threads: int,
        progress: Callable[[int], object] | None,
    ) -> None: ...
    @staticmethod
    def of_points(fit: Fit | GeneralizedFit, request: str, points: _Array, n_threads: int) -> Posterior:
        """Return draws that were made before, from their coordinates (draws x coordinates)."""
    @property
    def source(self) -> PosteriorSource:
        """How the draws came about: method, k and effective draws, or divergences."""
    @property
    def points(self) -> _Array:
        """The coordinates of every draw (draws x coordinates), standard deviations in the user's units."""
    def log_density(self, points: _Array) -> list[float]:
        """Return log p(y, parameters) of points (points x coordinates)."""
    def values(self, parameters: list[Parameter]) -> _Array:
        """Return the parameters of every draw (draws x parameters)."""
    def effects(self, terms: list[int]) -> list[_Array]:
        """Return the effects of random terms, each draws x levels x columns."""
    def residuals(self, places: list[int], seed: int) -> _Array:
        """Return new residuals of the rows used, of draws at some places (rows x places)."""
    def leave_out(
        self, rows: Rows, ptr: NDArray[np.int64] | None = None, members: NDArray[np.uint32] | None = None
    ) -> LeftOut:
        """Leave every row out, or sets of rows."""

class LeftOut(TypedDict):
    """By row or set of rows: the log density without it (NaN where it alone determines a coefficient), its Monte Carlo
    standard error, how heavy the tail of its weights is, the log of its mean density over all draws."""

    elpd: _Array
    error: _Array
    k: _Array
    log_mean: _Array
    n_draws: int

def leave_out_by_importance(log_densities: _Array, n_threads: int) -> LeftOut:
    """Leave rows out by importance weights, from their log densities at draws (rows x draws)."""

def bootstrap(
    fit: Fit,
    rows: Rows,
    parameters: list[Parameter],
    kind: str,
    clusters: list[int],
    n: int,
    seed: int,
    n_threads: int,
    progress: Callable[[int], None] | None,
) -> _Array:
    """Draw replicates of parameters (as for ``profile``), shape (n, n_parameters); NaN where one has no optimum.

    kind: "parametric", "residual", or "case", which draws levels of the grouping factors `clusters`.
    """

def jackknife(fit: Fit, rows: Rows, parameters: list[Parameter], clusters: list[int], n_threads: int) -> _Array:
    """Return the parameters with every level of grouping factors left out in turn, factor by factor, shape (n_levels,
    n_parameters)."""

def null_statistics(
    full: Fit,
    rows: Rows,
    null: tuple[Fit, Rows] | None,
    n: int,
    seed: int,
    n_threads: int,
    progress: Callable[[int], None] | None,
) -> _Array:
    """Draw the fall of the criterion from a smaller model (None: the one without random effects) to `full`, shape (n,).

    Responses come from the smaller model; both are fitted to each.
    """

def exact_null(fit: Fit, n: int, seed: int, n_threads: int) -> _Array:
    """Draw from the exact null distribution of the likelihood ratio of the only variance component, shape (n,)."""

def criterion_without_random_effects(fit: Fit) -> float:
    """Return the criterion of the same model without its random effects."""

class ModeSlopes(TypedDict):
    """Per theta, in the core's basis, the slope of beta (p,) and per random term those of b (n_levels, r); the
    covariance (k, k) of theta."""

    beta: list[_Array]
    modes: list[list[_Array]]
    covariance: _Array

def mode_slopes(fit: Fit) -> ModeSlopes:
    """Return how predictions move with theta."""

@final
class Statistics:
    """Sums over rows that grow batch by batch, and the levels that they belong to; holds no row.

    ``spec`` and ``options`` are JSON.  ``columns`` teach names, levels of fixed variables and transforms; their rows
    are not counted.  ``learned`` is what transforms learned from other rows: `Learner.learned`.
    """

    def __new__(cls, spec: str, columns: Columns, options: str, learned: str) -> Statistics: ...
    @staticmethod
    def of_fit(
        fit: Fit,
        encoding: Encoding,
        options: str,
        n_rows_input: int,
        dropped: dict[str, int],
        counts: list[list[int]],
        moments: list[list[float]],
    ) -> Statistics:
        """Return what a fit kept of its rows, in its own basis; `counts` are the rows of every level by grouping
        factor, `moments` are there if rows are weighted."""
    def update(self, columns: Columns) -> None:
        """Add the complete rows of a batch."""
    def merge(self, other: Statistics) -> None:
        """Add the statistics of other rows; ``DesignError`` if they are of another model."""
    def copy(self) -> Statistics: ...
    def empty(self) -> Statistics:
        """Return statistics of the same model without rows."""
    @property
    def unseen_levels(self) -> dict[str, list[str]]:
        """By column whose levels do not grow, those that no row has had."""
    @property
    def n_rows(self) -> int:
        """Complete rows so far."""
    @property
    def n_rows_input(self) -> int: ...
    @property
    def n_bytes(self) -> int:
        """Memory of the sums."""
    def finish(self) -> FinishedStatistics:
        """Put levels and factors in order; ``DataError`` without rows, ``DesignError`` where nothing varies."""
    def take_finished(self) -> FinishedStatistics:
        """Do the same without a copy: these statistics are empty afterwards."""
    def state(self) -> tuple[str, dict[str, _Array]]:
        """JSON and arrays.  Inverse of from_state."""
    @staticmethod
    def from_state(meta: str, arrays: dict[str, _Array]) -> Statistics: ...

@final
class Learner:
    """What transforms learn from rows that come in batches: one pass after the other.

    ``spec`` and ``options`` are those of ``Rows``; ``update`` adds a batch, ``finish`` ends a pass.
    """

    def __new__(cls, spec: str, options: str) -> Learner: ...
    @property
    def needs_rows(self) -> bool: ...
    def update(self, columns: Columns) -> None: ...
    def merge(self, other: Learner) -> None:
        """Add what another learner has read in the same pass."""
    def empty(self) -> Learner:
        """Return the same pass without rows."""
    def finish(self) -> None: ...
    @property
    def learned(self) -> str:
        """By call, as JSON."""
    def to_json(self) -> str: ...
    @staticmethod
    def from_json(text: str) -> Learner: ...

@final
class LevelScan:
    """Levels of some columns, read batch by batch."""

    def __new__(cls, names: list[str]) -> LevelScan: ...
    def update(self, columns: Columns) -> None: ...
    @property
    def levels(self) -> dict[str, list[str]]:
        """By column, the levels that rows have, in their order."""

@final
class FinishedStatistics:
    """Statistics in their final order: what a fit is made from."""

    def model(self, reml: bool, sigma: float | None = None) -> Model: ...
    def layout(self) -> DesignLayout: ...
    def group_levels(self, group: int) -> list[str]: ...
    def moments(self, term: int) -> _Array:
        """Return the mean of zz' over the rows, shape (r, r)."""
    def group_rows(self, group: int) -> NDArray[np.int64]:
        """Return the rows of each level of a grouping factor."""
    def encoding(self) -> Encoding: ...

def strata_model(
    strata: Sequence[Statistics],
    scale: _Array,
    names: list[str],
    offset: list[float],
    reml: bool,
    sigma: float | None,
) -> tuple[FinishedStatistics, Model]:
    """Return the statistics of all rows and the model of strata, in each of which residuals have one variance.

    `scale` has columns of the log standard deviation, named by `names`, a row for each; `offset` may be empty.
    """

class PartRecord(TypedDict):
    """The coefficients of a part of a generalized model, among those of all parts."""

    name: str
    kept: list[int]
    n_columns: int
    first: int
    n: int
    terms: tuple[int, int]

@final
class GeneralizedModel:
    """A generalized linear mixed model of rows; ``family`` is JSON.

    ``parts`` are designs by name, those of an intercept alone left out.
    """

    def __new__(
        cls,
        parts: list[tuple[str, Rows]],
        response: str,
        y: _Array,
        trials: _Array | None,
        weights: _Array | None,
        family: str,
        approximation: str,
        n_threads: int = 0,
        in_unit: bool = True,
        prior: list[tuple[int, float, float]] = ...,
        covariance_exponent: float | None = None,
    ) -> GeneralizedModel: ...
    @property
    def separation(self) -> tuple[list[float], list[int]] | None:
        """A direction of the coefficients in which the likelihood rises without end, and the rows separated."""
    @property
    def kept(self) -> list[int]: ...
    @property
    def n_obs(self) -> int: ...
    @property
    def n_random(self) -> int: ...
    @property
    def n_theta(self) -> int: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def structure(self) -> list[BlockRecord]: ...
    def parts(self) -> list[PartRecord]: ...

@final
class GeneralizedFit:
    """A generalized model, fitted by Laplace's approximation; ``control`` is JSON."""

    def __new__(cls, model: GeneralizedModel, control: str) -> GeneralizedFit: ...
    def state(self) -> tuple[str, dict[str, _Array]]:
        """JSON and arrays of what the rows do not tell.  Inverse of from_state."""
    @staticmethod
    def from_state(model: GeneralizedModel, meta: str, arrays: dict[str, _Array]) -> GeneralizedFit: ...
    @property
    def model(self) -> GeneralizedModel: ...
    @property
    def criterion(self) -> float: ...
    @property
    def n_params(self) -> int: ...
    @property
    def theta(self) -> _Array: ...
    @property
    def coefficients(self) -> _Array:
        """Coefficients of all parts, in the user's columns."""
    def covariance(self) -> _Array: ...
    @property
    def verdict(self) -> VerdictRecord: ...
    @property
    def without_end(self) -> list[int]:
        """Coefficients, among all, that can grow without end at no cost."""
    @property
    def log_prior(self) -> float | None:
        """Log-density of the priors, if there are any; the criterion is without it."""
    @property
    def uncertain(self) -> str | None:
        """Why the standard errors could not be computed."""
    @property
    def iterations(self) -> int:
        """Newton iterations for the modes."""
    def joint_covariance(self) -> _Array:
        """Return the covariance of all coordinates of the search; NaN where it could not be computed."""
    def moved(self, step: _Array) -> tuple[_Array, list[_Array]]:
        """Return coefficients, and the covariance of every term, a step in these coordinates from the estimates."""
    def linear_predictors(self) -> list[_Array]:
        """Return the linear predictors of the rows, by predictor of the family."""
    def covariances(self) -> list[_Array]: ...
    def modes(self) -> list[_Array]: ...
    def mode_covariances(self) -> list[_Array]: ...
    def parameters(self, coef_names: list[str], terms: list[tuple[str, list[str]]]) -> list[Parameter]:
        """Return all parameters; `terms`: the grouping factor and the columns of each random term of all parts."""
    def values(self, parameters: list[Parameter]) -> _Array:
        """Return the parameters' values."""
    def profile_intervals(
        self, parameters: list[Parameter], limit: float, n_threads: int = 0
    ) -> list[tuple[float, float]]:
        """Return intervals; NaN for ends that were not found."""
    def laplace_error(self) -> tuple[float, _Array, list[_Array]]:
        """Return the error of Laplace's log-likelihood; coefficients and covariances corrected by one step."""
    def slope(self) -> _Array:
        """Return the gradient at the optimum, in the coordinates of the search."""

@final
class EquationsFit:
    """Estimating equations of the mean of a model, solved; clusters are those of the rows' first grouping factor."""

    def __new__(
        cls,
        model: GeneralizedModel,
        rows: Rows,
        waves: NDArray[np.uint32] | None,
        correlation: str,
        scale: float | None,
        size: float | None,
        max_iterations: int,
        n_threads: int = 0,
    ) -> EquationsFit: ...
    @property
    def coefficients(self) -> _Array: ...
    @property
    def scale(self) -> float: ...
    @property
    def size(self) -> float:
        """The size of nbinom2, infinite for counts that vary no more than Poisson's; else NaN."""
    @property
    def correlation_parameters(self) -> _Array: ...
    @property
    def n_waves(self) -> int: ...
    @property
    def iterations(self) -> int: ...
    @property
    def converged(self) -> bool: ...
    @property
    def shrinkage(self) -> float:
        """What moments of no correlation matrix were multiplied by to be of one; else one."""
    @property
    def quasi_likelihood(self) -> float:
        """The weighted quasi-likelihood of scale one, without what the response alone determines."""
    def cluster_sizes(self) -> NDArray[np.int64]: ...
    def pearson(self) -> _Array:
        """Return residuals over standard deviations of weight and scale one; NaN for rows without weight."""
    def correlation_matrix(self, n: int) -> _Array: ...
    def covariance(self, kind: str) -> _Array:
        """Return a covariance of the coefficients: naive, robust, kauermann-carroll or mancl-derouen."""
    def deletions(self) -> tuple[NDArray[np.uint32], _Array]:
        """Return the codes of the groups, and how much the coefficients fall by one step without each."""
    def cic(self) -> float: ...

def generalized_refits(
    fit: GeneralizedFit,
    parameters: list[Parameter],
    responses: _Array,
    n_threads: int,
    progress: Callable[[int], object] | None,
) -> _Array:
    """Return the parameters of the fits to responses, a column each; NaN where there is no optimum."""

def generalized_case_bootstrap(
    fit: GeneralizedFit,
    parameters: list[Parameter],
    clusters: list[int],
    n: int,
    seed: int,
    n_threads: int,
    progress: Callable[[int], object] | None,
) -> _Array:
    """Return the parameters of the fits to levels of grouping factors, drawn with replacement."""

def generalized_jackknife(
    fit: GeneralizedFit,
    parameters: list[Parameter],
    clusters: list[int],
    n_threads: int,
    progress: Callable[[int], object] | None,
) -> _Array:
    """Return the parameters without each level of the grouping factors in turn, factor by factor."""

def generalized_contributions(
    fit: GeneralizedFit, clusters: NDArray[np.uint32], n_clusters: int, n_threads: int
) -> _Array:
    """Return what clusters, within which all groups lie, contribute to the coefficients of all parts."""

class DeletedRows(TypedDict):
    """By set: how it was left out, the rise of the criterion, parameters, the covariance of all coefficients."""

    method: list[str]
    displacement: _Array
    values: _Array
    covariances: _Array

def generalized_influence(
    fit: GeneralizedFit,
    ptr: NDArray[np.int64],
    members: NDArray[np.uint32],
    parameters: list[Parameter],
    by_steps: bool,
    n_threads: int,
    progress: Callable[[int], object] | None,
) -> DeletedRows:
    """Estimate without sets of rows: set k has the rows ``members[ptr[k]:ptr[k + 1]]``; by one step, or refits."""

def family_means(family: str, predictors: list[_Array], conditional: bool) -> tuple[_Array, _Array]:
    """Return the means of a family, of the response or its conditional part, and their slopes in the predictors."""

def family_predictors(family: str) -> list[str]:
    """Return what the linear predictors of a family are."""

def threshold_slopes(family: str) -> _Array:
    """Return the slopes of every threshold of an ordered response in every parameter of theirs."""

def family_log_densities(family: str, predictors: list[_Array], y: _Array, trials: _Array | None = None) -> _Array:
    """Return the log densities of responses; of successes among trials, or of one each."""

def family_variances(family: str, predictors: list[_Array], trials: _Array | None = None) -> _Array:
    """Return the variances of the response, of weight one; of proportions times the trials."""
