"""A crossed design in which few levels meet is factored by sparse Cholesky; its numbers are those of dense algebra."""

import numpy as np
import polars as pl
import pytest

import hlmrs


@pytest.fixture(scope="module")
def pupils():
    """Nine hundred teachers of sixty schools; some pupils have teachers of two schools."""
    rng = np.random.default_rng(8)
    pupil = np.repeat(np.arange(1_500), 3)
    moved = (pupil % 30 == 0) & (np.arange(4_500) % 3 > 0)
    school = (pupil + moved) % 60
    teacher = school * 15 + rng.integers(15, size=4_500)
    x = rng.standard_normal(4_500)
    y = 1 + 0.5 * x + rng.standard_normal(4_500)
    for codes, sd in ((pupil, 0.8), (teacher, 0.6), (school, 0.4)):
        y += sd * rng.standard_normal(codes.max() + 1)[codes]
    return pl.DataFrame({"y": y, "x": x, "pupil": pupil, "teacher": teacher, "school": school}).with_columns(
        pl.col("pupil", "teacher", "school").cast(pl.String)
    )


@pytest.fixture(scope="module")
def fit(pupils):
    return hlmrs.lmer("y ~ x + (1 | pupil) + (1 | teacher) + (1 | school)", pupils, reml=False)


def dense(fit, pupils):
    """Return M = Λ'Z'ZΛ + I with its levels, the criterion and the modes at the fit's theta, all whole."""
    columns, levels = [], []
    for (name, codes), theta in zip(
        pupils.select("pupil", "teacher", "school").to_dict().items(), fit.theta, strict=True
    ):
        known, place = np.unique(codes.to_numpy(), return_inverse=True)
        z = np.zeros((len(place), len(known)))
        z[np.arange(len(place)), place] = theta
        columns.append(z)
        levels += [(name, level, theta) for level in known]
    z, y = np.hstack(columns), pupils["y"].to_numpy()
    x = np.column_stack([np.ones(len(y)), pupils["x"].to_numpy()])
    m = z.T @ z + np.eye(z.shape[1])
    solved = np.linalg.solve(m, z.T @ np.column_stack([x, y]))
    weighed = np.column_stack([x, y]) - z @ solved
    beta = np.linalg.solve(x.T @ weighed[:, :2], x.T @ weighed[:, 2])
    modes = solved[:, 2] - solved[:, :2] @ beta
    n, pwrss = len(y), y @ (weighed[:, 2] - weighed[:, :2] @ beta)
    criterion = np.linalg.slogdet(m)[1] + n * (1 + np.log(2 * np.pi * pwrss / n))
    return m, levels, beta, modes, criterion


def test_the_plan_names_the_sparse_kind(fit, pupils):
    cost = hlmrs.model("y ~ x + (1 | pupil) + (1 | teacher) + (1 | school)", pupils, reml=False).cost
    assert dict(cost.blocks.select("block", "kind").iter_rows()) == {
        "pupil": "diagonal",
        "teacher": "sparse",
        "school": "sparse",
    }
    assert cost.blocks.filter(kind="sparse")["fill"].max() < 0.2
    assert cost.blocks.equals(fit.blocks)
    assert "sparse" in str(cost)


def test_a_thin_design_has_the_numbers_of_dense_algebra(fit, pupils):
    m, levels, beta, modes, criterion = dense(fit, pupils)
    assert fit.verdict.std_error == 0
    assert fit.criterion == pytest.approx(criterion, rel=1e-10)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-8)
    inverse = np.linalg.inv(m)
    table = {(row["group"], row["level"]): row for row in fit.ranef().to_dicts()}
    for k in range(0, len(levels), 7):
        group, level, theta = levels[k]
        row = table[group, level]
        assert row["estimate"] == pytest.approx(theta * modes[k], abs=1e-8)
        assert row["std_error"] == pytest.approx(theta * fit.sigma * np.sqrt(inverse[k, k]), rel=1e-6)
