"""The expected information against dense algebra, against fits, and against closed forms of balanced designs."""

import numpy as np
import pytest

import hlmrs
from dense_information import dense_information, satterthwaite
from hlmrs import _core


def power_by_t(effect: float, std_error: float, df: float, alpha: float = 0.05) -> float:
    critical = _core.two_sided_quantile(1 - alpha, df)
    delta = effect / std_error
    return _core.noncentral_t_tail(critical, df, delta) + _core.noncentral_t_tail(critical, df, -delta)


def agrees(found: hlmrs.Power, effect: float, variance: float, df: float) -> None:
    assert found.std_error == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert found.df == pytest.approx(df, rel=1e-8)
    assert found.power == pytest.approx(power_by_t(effect, np.sqrt(variance), df), abs=1e-8)


@pytest.mark.parametrize(
    ("n_clusters", "size", "icc", "between", "within"),
    [
        (8, 5, 0.05, 0.0, 0.0),
        (20, 25, 0.2, 0.0, 0.0),
        (40, 12, 0.3, 0.5, 0.4),
    ],
)
def test_two_level_trials_have_their_closed_form(n_clusters, size, icc, between, within):
    """PowerUpR's cra2: variance 4 (rho (1 - R2b) + (1 - rho)(1 - R2w) / n) / J on J - 2 degrees of freedom."""
    design = hlmrs.Design.cluster_randomized(school=n_clusters, pupil=size)
    found = hlmrs.power(design, effects={"treat": 0.3}, icc=icc, r2={"school": between, "pupil": within})
    agrees(found, 0.3, 4 * (icc * (1 - between) + (1 - icc) * (1 - within) / size) / n_clusters, n_clusters - 2)


def test_a_covariate_of_the_level_takes_a_degree_of_freedom():
    design = hlmrs.Design.cluster_randomized(school=20, pupil=10)
    found = hlmrs.power(design, effects={"treat": 0.3}, icc=0.2, r2={"school": 0.4}, covariates=1)
    agrees(found, 0.3, 4 * (0.2 * 0.6 + 0.8 / 10) / 20, 17)


def test_shares_of_treatment_have_their_closed_form():
    design = hlmrs.Design.cluster_randomized(share=0.25, school=40, pupil=10)
    found = hlmrs.power(design, effects={"treat": 0.3}, icc=0.2)
    agrees(found, 0.3, (0.2 + 0.8 / 10) / (40 * 0.25 * 0.75), 38)


@pytest.mark.parametrize(("n_schools", "n_classes", "size"), [(10, 2, 6), (24, 3, 15)])
def test_three_level_trials_have_their_closed_form(n_schools, n_classes, size):
    """PowerUpR's cra3: treatment of schools, K - 2 degrees of freedom."""
    design = hlmrs.Design.cluster_randomized(school=n_schools, classroom=n_classes, pupil=size)
    found = hlmrs.power(design, effects={"treat": 0.4}, icc={"school": 0.12, "classroom": 0.08})
    variance = 4 * (0.12 + 0.08 / n_classes + 0.8 / (n_classes * size)) / n_schools
    agrees(found, 0.4, variance, n_schools - 2)


@pytest.mark.parametrize(("n_sites", "size", "correlation"), [(8, 10, 0.0), (30, 24, 0.4)])
def test_multisite_trials_have_their_closed_form(n_sites, size, correlation):
    """PowerUpR's bira2: variance (omega + 4 sigma2 / n) / J on J - 1 degrees of freedom."""
    design = hlmrs.Design.multisite(site=n_sites, pupil=size)
    found = hlmrs.power(
        design,
        effects={"treat": 0.25},
        sd={"site": {"(Intercept)": 0.5, "treat": 0.3}},
        correlation={"site": correlation},
        sigma=0.8,
    )
    agrees(found, 0.25, (0.09 + 4 * 0.64 / size) / n_sites, n_sites - 1)


def test_growth_has_its_closed_form():
    """Slopes of balanced growth: variance of a difference between halves on J - 2 degrees of freedom."""
    design = hlmrs.Design("person * wave", {"person": 40, "wave": 5}, {"time": ("wave", "index"), "treat": "person"})
    found = hlmrs.power(
        "y ~ time * treat + (time | person)",
        design,
        effects={"time:treat": 0.2},
        sd={"person": {"(Intercept)": 1.0, "time": 0.3}},
        correlation={"person": -0.2},
        sigma=0.9,
    )
    agrees(found, 0.2, 4 * (0.09 + 0.81 / 10) / 40, 38)


def test_a_joint_test_of_balanced_arms_has_its_closed_form():
    design = hlmrs.Design("school/pupil", {"school": 30, "pupil": 10}, {"arm": ("school", {"a": 1, "b": 1, "c": 1})})
    effects = {"armb": 0.3, "armc": 0.5}
    found = hlmrs.power("y ~ arm + (1 | school)", design, effects=effects, icc=0.2, test="arm")
    means = np.array([0.0, 0.3, 0.5])
    noncentrality = 10 * ((means - means.mean()) ** 2).sum() / (0.2 + 0.8 / 10)
    critical = _core.f_quantile(0.05, 2, 27)
    assert found.df == pytest.approx(27, rel=1e-8)
    assert found.power == pytest.approx(_core.noncentral_f_tail(critical, 2, 27, noncentrality), abs=1e-8)


def test_unbalanced_crossed_slopes_are_those_of_dense_algebra():
    rng = np.random.default_rng(5)
    n = 140
    data = {"x": rng.normal(size=n), "s": rng.integers(0, 9, n), "i": rng.integers(0, 7, n), "y": np.zeros(n)}
    sds = {"s": {"(Intercept)": 0.7, "x": 0.4}, "i": {"(Intercept)": 0.3, "x": 0.2}}
    found = hlmrs.power(
        "y ~ x + (x | s) + (x | i)", data, effects={"x": 0.3}, sd=sds, correlation={"s": 0.3, "i": -0.5}, sigma=1.3
    )
    x = np.stack([np.ones(n), data["x"]], axis=1)
    covariances = [
        np.array([[0.49, 0.3 * 0.28], [0.3 * 0.28, 0.16]]),
        np.array([[0.09, -0.5 * 0.06], [-0.5 * 0.06, 0.04]]),
    ]
    parts = dense_information(x, [(x, data["s"]), (x, data["i"])], covariances, 1.3)
    row = np.array([0.0, 1.0])
    assert found.std_error == pytest.approx(np.sqrt(parts[0][1, 1]), rel=1e-10)
    assert found.df == pytest.approx(satterthwaite(row, *parts), rel=1e-8)


def test_unbalanced_nested_parts_are_those_of_dense_algebra():
    design = hlmrs.Design(
        "school/classroom/pupil",
        {"school": 7, "classroom": [1, 3, 2], "pupil": (6, 3)},
        {"treat": "school", "ses": ("pupil", "normal")},
    )
    formula = "y ~ treat * ses + (1 | school) + (ses || classroom)"
    sds = {"school": 0.4, "classroom": {"(Intercept)": 0.3, "ses": 0.25}}
    found = hlmrs.power(formula, design, effects={"treat:ses": 0.3}, sd=sds, sigma=0.8)
    columns = design.columns()
    treat, ses, one = columns["treat"], columns["ses"], np.ones(design.n_rows)
    x = np.stack([one, treat, ses, treat * ses], axis=1)
    terms = [
        (one[:, None], columns["school"]),
        (one[:, None], columns["classroom"]),
        (ses[:, None], columns["classroom"]),
    ]
    parts = dense_information(x, terms, [np.array([[s**2]]) for s in (0.4, 0.3, 0.25)], 0.8)
    row = np.array([0.0, 0.0, 0.0, 1.0])
    assert found.std_error == pytest.approx(np.sqrt(parts[0][3, 3]), rel=1e-10)
    assert found.df == pytest.approx(satterthwaite(row, *parts), rel=1e-8)


def test_standard_errors_are_those_of_a_fit_with_these_variances():
    data = hlmrs.datasets.load("sleepstudy", "dict")
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
    table = fit.varcorr()
    first, second, correlation = table["sd"][0], table["sd"][1], table["corr"][2]
    found = hlmrs.power(
        "Reaction ~ Days + (Days | Subject)",
        data,
        effects={"Days": 10.0},
        sd={"Subject": {"(Intercept)": first, "Days": second}},
        correlation={"Subject": correlation},
        sigma=fit.sigma,
    )
    assert found.std_error == pytest.approx(np.sqrt(fit.vcov()[1, 1]), rel=1e-8)
    assert found.df == pytest.approx(17, rel=1e-8)


def test_parts_of_one_kind_are_as_many_parts():
    """Labels and the order of rows change nothing."""
    design = hlmrs.Design("school/pupil", {"school": 10, "pupil": (8, 3)}, {"treat": "pupil"})
    columns = design.columns()
    order = np.random.default_rng(1).permutation(design.n_rows)
    shuffled = {name: values[order] for name, values in columns.items()}
    given = {"effects": {"treat": 0.3}, "sd": {"school": {"(Intercept)": 0.5, "treat": 0.2}}, "sigma": 1.0}
    one = hlmrs.power("y ~ treat + (treat | school)", design, **given)
    other = hlmrs.power("y ~ treat + (treat | school)", shuffled, **given)
    assert one.power == pytest.approx(other.power, rel=1e-10)
    assert one.df == pytest.approx(other.df, rel=1e-8)


def test_a_stepped_wedge_has_the_variance_of_hussey_and_hughes():
    clusters, periods, size, tau2, sigma2 = 12, 5, 10, 0.05, 0.95
    design = hlmrs.Design.stepped_wedge(cluster=clusters, period=periods, person=size)
    found = hlmrs.power(design, effects={"treat": 0.2}, icc=0.05)
    steps = np.arange(clusters) % (periods - 1)
    x = (np.arange(periods) > steps[:, None]).astype(float)
    u, w, v = x.sum(), (x.sum(axis=0) ** 2).sum(), (x.sum(axis=1) ** 2).sum()
    s2 = sigma2 / size
    numerator = clusters * s2 * (s2 + periods * tau2)
    denominator = (clusters * u - w) * s2 + (u**2 + clusters * periods * u - periods * w - clusters * v) * tau2
    assert found.std_error == pytest.approx(np.sqrt(numerator / denominator), rel=1e-10)
