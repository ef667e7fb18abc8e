"""What a posterior answers: tables in the caller's library, priors by name, refusals in words."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import ArgumentError, DataError, DesignError, FitStateError, FormulaError, OptionError

FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def post():
    return hlmrs.bayes(FORMULA, hlmrs.datasets.load("sleepstudy", "pandas"), draws=500)


def test_the_summary_is_that_of_the_draws(post):
    table, draws = post.summary(), post.draws
    assert list(table["parameter"]) == list(draws.columns)
    assert np.array(table["mean"]) == pytest.approx(draws.mean().to_numpy())
    assert np.array(table["sd"]) == pytest.approx(draws.std().to_numpy())
    assert np.array(table["conf_high"]) == pytest.approx(draws.quantile(0.975).to_numpy())
    assert np.array(table["mcse"]) == pytest.approx(np.array(table["sd"]) / np.sqrt(np.array(table["ess"])))
    assert max(map(len, str(table).splitlines())) <= 80
    assert "independent draws by importance" in str(table)


def test_chains_say_whether_they_agree():
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=402, method="nuts")
    table = post.summary()
    assert len(post.draws) == 402
    assert {"rhat", "ess_bulk", "ess_tail"} <= set(table.columns)
    assert post.verdict.rhat == pytest.approx(max(table["rhat"]))
    assert "4 chains (NUTS)" in post.verdict.explain()
    assert "402 draws of 4 chains" in repr(post)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_tables_come_back_in_the_library_of_the_data(kind):
    data = hlmrs.datasets.load("Dyestuff", kind)
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, draws=100)
    for table in (post.draws, post.ranef(), post.predict(), post.predict(data), post.summary().to_frame()):
        assert type(table) is type(data)


def test_priors_are_shown_with_where_they_are_from():
    fit = hlmrs.lmer(FORMULA, hlmrs.datasets.load("sleepstudy", "polars"))
    post = fit.posterior({"sd(Days | Subject)": hlmrs.HalfNormal(7), "cor": hlmrs.LKJ(2)}, draws=100)
    shown = {row["parameter"]: (row["prior"], row["source"]) for row in post.priors().to_dicts()}
    assert shown["sd(Days | Subject)"] == ("HalfNormal(7)", "given")
    assert shown["cor(Subject)"] == ("LKJ(2)", "given")
    assert shown["Days"][1] == "default"
    assert "where all columns have their means" in " ".join(post.priors().notes)


def test_priors_of_brms_are_those_of_its_table():
    fit = hlmrs.lmer(FORMULA, hlmrs.datasets.load("sleepstudy", "polars"))
    post = fit.posterior("brms", draws=100)
    shown = {row["parameter"]: row["prior"] for row in post.priors().to_dicts()}
    assert shown["(Intercept)"] == "StudentT(3, 288.7, 59.3)"
    assert shown["Days"] == "Flat()"
    assert shown["sigma"] == "HalfStudentT(3, 59.3)"
    assert "where all columns have their means" in " ".join(post.priors().notes)


@pytest.mark.parametrize(
    ("priors", "error", "message"),
    [
        ({"Dyas": hlmrs.Normal(0, 1)}, OptionError, "did you mean 'Days'"),
        ({"sigma": hlmrs.Normal(0, 1)}, OptionError, "not negative"),
        ({"Days": hlmrs.Uniform(0, 1)}, OptionError, r"hlmrs\.Normal, StudentT, Horseshoe or Flat"),
        ({"cor": hlmrs.Normal(0, 1)}, OptionError, "LKJ"),
        ([hlmrs.Normal(0, 1)], ArgumentError, "by name"),
        ("stan", OptionError, "'brms'"),
    ],
)
def test_priors_that_mean_nothing_are_refused(priors, error, message):
    fit = hlmrs.lmer(FORMULA, hlmrs.datasets.load("sleepstudy", "polars"))
    with pytest.raises(error, match=message):
        fit.posterior(priors, draws=100)


def test_options_that_mean_nothing_are_refused():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    with pytest.raises(OptionError, match="method='gibbs'"):
        fit.posterior(method="gibbs")
    with pytest.raises(OptionError, match="draws=0"):
        fit.posterior(draws=0)
    with pytest.raises(OptionError, match="seed=-1"):
        fit.posterior(seed=-1)
    with pytest.raises(OptionError, match="family='poison'"):
        hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), family="poison")


def test_a_fit_without_its_rows_says_so():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data.lazy(), rows="stream")
    with pytest.raises(FitStateError, match="rows"):
        fit.posterior(draws=100)


def test_a_singular_fit_has_a_posterior_without_a_warning(recwarn):
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars"), draws=500)
    assert not recwarn.list
    assert post.verdict.trusted
    assert 0.3 < post.draws["sd((Intercept) | Batch)"].median() < 1.5


def test_hypotheses_are_shares_of_the_draws(post):
    draws = post.draws
    sd, slope, cor = draws["sd(Days | Subject)"], draws["Days"], draws["cor((Intercept), Days | Subject)"]
    texts = [
        "Days > 10",
        "2 * Days - sd(Days | Subject) >= 14",
        "sd(Days | Subject) < 6",
        "0 < cor((Intercept), Days | Subject) < 0.5",
        "Days / sd(Days | Subject) > 1.5",
        "sd(Days | Subject)^2 < 36",
    ]
    expected = [
        slope > 10,
        2 * slope - sd >= 14,
        sd < 6,
        (cor > 0) & (cor < 0.5),
        slope / sd > 1.5,
        sd < 6,
    ]
    table = post.hypothesis(texts)
    assert list(table["probability"]) == pytest.approx([own.mean() for own in expected])
    assert list(table["hypothesis"]) == texts
    assert table["difference"][0] == pytest.approx((slope - 10).mean())
    assert table["odds"][2] == pytest.approx((sd < 6).mean() / (sd >= 6).mean())
    p = table["probability"][0]
    assert table["mcse"][0] == pytest.approx(np.sqrt(p * (1 - p) / post.verdict.effective), rel=0.01)
    assert max(map(len, str(table).splitlines())) <= 80


@pytest.mark.parametrize("text", ["Days = 10", "Days", "Days >", "Dyas > 10", "Days > 10 )"])
def test_what_is_no_inequality_is_refused(post, text):
    with pytest.raises(FormulaError):
        post.hypothesis(text)


def test_ranks_are_those_of_the_draws(post):
    effects = post._draws.effects([0])[0][:, :, 0]
    ranks = effects.argsort(axis=1).argsort(axis=1) + 1
    table = post.ranks("Subject").to_frame()
    levels = list(post._estimate.layout.groups[0].levels)
    at = [levels.index(str(name)) for name in table["Subject"]]
    assert np.array(table["expected_rank"]) == pytest.approx(ranks.mean(axis=0)[at])
    assert np.array(table["highest"]) == pytest.approx((ranks == 18).mean(axis=0)[at])
    assert table["expected_rank"].is_monotonic_increasing
    assert table["highest"].sum() == pytest.approx(1)
    assert set(post.ranks(effect="Days")["effect"]) == {"Days"}
    with pytest.raises(OptionError, match="Subject"):
        post.ranks("Person")


def test_predictions_of_known_groups_are_those_of_their_effects(post):
    fit_rows = post.predict(include_noise=False)
    draws = post._draws
    effects, data = draws.effects([0])[0], hlmrs.datasets.load("sleepstudy", "pandas")
    levels = list(post._estimate.layout.groups[0].levels)
    for row in (0, 77):
        b = effects[:, levels.index(str(data["Subject"][row]))]
        own = draws.beta[:, 0] + b[:, 0] + data["Days"][row] * (draws.beta[:, 1] + b[:, 1])
        assert fit_rows["prediction"][row] == pytest.approx(own.mean())
        assert fit_rows["sd"][row] == pytest.approx(own.std(ddof=1))
        assert fit_rows["conf_low"][row] == pytest.approx(np.quantile(own, 0.025))
    same = post.predict(data, include_noise=False)
    assert same["prediction"].to_numpy() == pytest.approx(fit_rows["prediction"].to_numpy())


def test_predictions_of_new_groups_have_the_variance_between_groups(post):
    new = {"Days": [0.0, 9.0], "Subject": ["new", "newer"]}
    table = post.predict(new, level=0.8)
    draws, x = post._draws, np.array([[1, 0], [1, 9]])
    mean = draws.beta @ x.T
    between = np.einsum("ri,dij,rj->dr", x, draws.covariances[0], x)
    assert table["prediction"] == pytest.approx(mean.mean(axis=0), abs=4 * np.sqrt(between.mean() / 500))
    sd = np.sqrt(mean.var(axis=0) + between.mean(axis=0) + (draws.sigma**2).mean())
    assert table["sd"] == pytest.approx(sd, rel=0.12)
    assert (table["conf_high"] - table["conf_low"]) == pytest.approx(2 * 1.28 * sd, rel=0.15)


def test_replicated_responses_are_like_the_data(post):
    data = hlmrs.datasets.load("sleepstudy", "pandas")["Reaction"].to_numpy()
    again = post.predictive(draws=100)
    assert again.shape == (180, 100)
    assert again.mean() == pytest.approx(data.mean(), abs=3)
    assert again.std() == pytest.approx(data.std(), rel=0.1)
    assert np.array_equal(again, post.predictive(draws=100))


def test_missing_values_have_no_prediction(post):
    table = post.predict({"Days": [1.0, None], "Subject": ["308", "308"]})
    assert np.isfinite(table["prediction"][0])
    assert np.isnan(table["prediction"][1])


def test_eight_schools_with_known_standard_errors():
    y = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
    se = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    data = {"y": y, "school": list("ABCDEFGH"), "w": 1 / se**2}
    flat = {"(Intercept)": hlmrs.Flat(), "sd": hlmrs.Flat()}
    post = hlmrs.bayes("y ~ 1 + (1 | school)", data, weights="w", sigma=1, priors=flat, draws=4000)
    assert list(post.draws) == ["(Intercept)", "sd((Intercept) | school)"]
    mean, tau = (post.draws[name] for name in post.draws)
    # quadrature over tau: p(tau | y) of flat priors, and of mu given it
    grid = (np.arange(40_000) + 0.5) * 0.005
    v = se**2 + grid[:, None] ** 2
    precision = (1 / v).sum(axis=1)
    mu = (y / v).sum(axis=1) / precision
    log = -0.5 * np.log(precision) - 0.5 * (np.log(v) + (y - mu[:, None]) ** 2 / v).sum(axis=1)
    p = np.exp(log - log.max())
    p /= p.sum()
    assert np.mean(mean) == pytest.approx(p @ mu, abs=0.4)
    assert np.median(tau) == pytest.approx(grid[np.searchsorted(p.cumsum(), 0.5)], abs=0.4)
    assert np.quantile(tau, 0.9) == pytest.approx(grid[np.searchsorted(p.cumsum(), 0.9)], rel=0.08)
    effects = post.ranef()
    theta_a = p @ (mu + (y[0] - mu) * grid**2 / (grid**2 + se[0] ** 2))
    assert effects["mean"][0] + np.mean(mean) == pytest.approx(theta_a, abs=0.6)


@pytest.mark.parametrize(
    ("formula", "residual", "names"),
    [
        ("Reaction ~ Days", "ar1(Days | Subject)", {"sigma"}),
        ("Reaction ~ Days + (1 | Subject)", "car1(Days | Subject)", {"sigma", "sd((Intercept) | Subject)"}),
    ],
)
def test_correlated_residuals_have_posteriors(formula, residual, names):
    data = hlmrs.datasets.load("sleepstudy", "polars")
    make = hlmrs.lmer if "|" in formula else hlmrs.gls
    post = make(formula, data, residual=residual).posterior(draws=200)
    assert names < set(post.draws.columns)
    assert np.isfinite(post.draws.to_numpy()).all()
    assert post.priors()["prior"].to_list()
    with pytest.raises(DesignError, match="new rows with noise"):
        post.predict(data)
    assert (post.predict()["sd"].to_numpy() > post.predict(include_noise=False)["sd"].to_numpy()).all()


@pytest.mark.parametrize("term", ["cs(0 + Machine | Worker)", "ar1(0 + Machine | Worker)"])
def test_structured_terms_have_posteriors(term):
    data = hlmrs.datasets.load("Machines", "polars")
    post = hlmrs.lmer(f"score ~ Machine + {term}", data).posterior(draws=50, method="direct")
    assert np.isfinite(post.draws.to_numpy()).all()
    assert np.isfinite(post.predict()["prediction"].to_numpy()).all()


def test_terms_of_one_factor_apart_have_priors_of_their_own():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    post = hlmrs.lmer("Reaction ~ Days + (Days || Subject)", data).posterior({"sd": hlmrs.HalfNormal(9)}, draws=50)
    shown = {row["parameter"]: row["source"] for row in post.priors().to_dicts()}
    assert shown["sd((Intercept) | Subject)"] == shown["sd(Days | Subject)"] == "given"
    assert not any(name.startswith("cor") for name in shown)


@pytest.mark.parametrize("hypotheses", [None, 5, [], ["Days > 0", 5]])
def test_hypotheses_are_texts(post, hypotheses):
    with pytest.raises(ArgumentError, match=r"give a text such as 'x > 0'"):
        post.hypothesis(hypotheses)


def test_odds_of_what_holds_in_all_draws_are_bounded_from_below(post):
    assert "holds in all 500 draws, so that the odds are > 499" in " ".join(post.hypothesis("sigma > 0").notes)
    assert not post.hypothesis("Days > 10").notes


@pytest.mark.parametrize("draws", [1, 2, 5, 9])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_chains_of_few_draws_say_that_they_are_too_few(draws):
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=draws, method="nuts")
    assert len(post.draws) == draws
    assert np.isnan(np.array(post.summary()["rhat"])).all()
    assert not post.verdict.trusted
    assert "too few for R-hat" in post.verdict.explain()
    assert "nan" not in post.verdict.explain()


def test_predictions_name_their_own_arguments(post):
    with pytest.raises(OptionError, match=r"level=90: .* such as 0\.9"):
        post.predict(level=90)
    with pytest.raises(DataError, match=r"no column 'Subject', by which .* stands for a new group"):
        post.predict({"Days": [1.0]})


def test_shares_of_groups_are_of_models_with_groups():
    data = hlmrs.datasets.load("sleepstudy")
    post = hlmrs.gls("Reaction ~ Days", data, residual="ar1(1 | Subject)").posterior(draws=50)
    with pytest.raises(DesignError, match="no random effects"):
        post.icc()


@pytest.fixture(params=["saved", "stream"])
def without_rows(request, tmp_path):
    data = hlmrs.datasets.load("sleepstudy", "polars")
    if request.param == "stream":
        return hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data.lazy(), rows="stream")
    hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data).save(tmp_path / "fit")
    return hlmrs.load(tmp_path / "fit")


def test_a_fit_without_its_rows_takes_priors_if_all_are_given(without_rows):
    own = {"fixed": hlmrs.Normal(0, 50), "sd": hlmrs.HalfNormal(50), "sigma": hlmrs.HalfNormal(50)}
    given = {"(Intercept)": hlmrs.Flat(), **own}
    kept = hlmrs.bayes("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"), priors=given, seed=1)
    found = without_rows.posterior(given, seed=1)
    assert np.array(found.summary()["mean"]) == pytest.approx(np.array(kept.summary()["mean"]), rel=0.05)
    with pytest.raises(FitStateError, match=r"give those of '\(Intercept\)' too"):
        without_rows.posterior(own)
    with pytest.raises(FitStateError, match="columns have their means, which are gone"):
        without_rows.posterior({**own, "(Intercept)": hlmrs.Normal(300, 100)})
    with pytest.raises(FitStateError, match="priors that are not given"):
        without_rows.posterior("brms")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"prior": {"sd": hlmrs.HalfNormal(1)}}, TypeError, r"bayes\(\) has no argument 'prior'; .* are priors="),
        ({"prior": hlmrs.Normal(0, 1), "family": "poisson"}, TypeError, r"no argument 'prior'"),
        ({"chains": 4}, TypeError, r"bayes\(\) has no argument 'chains'; .*how many is draws="),
        ({"draw": 10}, TypeError, r"bayes\(\) has no argument 'draw'; did you mean 'draws'"),
        ({"thing": 1}, TypeError, r"its options are priors, draws, seed, method, family, .*zero_inflation"),
        ({"nagq": 5}, OptionError, r"nagq=5 is of generalized models"),
        ({"nagq": 5, "family": "gaussian"}, OptionError, r"nagq=5 is of generalized models"),
        ({"link": "log"}, OptionError, r"link='log' is of generalized models"),
        ({"family": "poisson", "residual": "ar1(Days | Subject)"}, OptionError, r"residual=.* is of linear models"),
    ],
)
def test_arguments_without_an_effect_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        hlmrs.bayes("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"), draws=10, **options)


def test_a_gaussian_family_has_other_links_by_glmer():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    formula = "Reaction ~ Days + (1 | Subject)"
    post = hlmrs.bayes(formula, data, family="gaussian", link="log", draws=200)
    assert post.draws["Days"].mean() == pytest.approx(np.log(1 + 10.5 / 298), rel=0.2)
    same = hlmrs.bayes(formula, data, family="gaussian", link="identity", draws=50)
    assert same.draws.equals(hlmrs.bayes(formula, data, draws=50).draws)


def test_priors_of_brms_are_refused_where_brms_has_them_of_other_numbers():
    data, formula = hlmrs.datasets.load("sleepstudy", "polars"), "Reaction ~ Days + (1 | Subject)"
    with pytest.raises(OptionError, match=r"of 'dispersion:Days' brms has flat priors"):
        hlmrs.bayes(formula, data, dispersion="~ Days", priors="brms", draws=20)
    with pytest.raises(OptionError, match=r"'dispersion:\(Intercept\)', 'shape:\(Intercept\)' brms has"):
        hlmrs.bayes(formula, data, family="student", priors="brms", draws=20)


def test_names_of_priors_may_be_spaced_otherwise():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    fit = hlmrs.lmer(FORMULA, data)
    post = fit.posterior({"sd((Intercept)|Subject)": hlmrs.HalfNormal(40)}, draws=20)
    assert post._draws.priors.of("sd((Intercept) | Subject)") == hlmrs.HalfNormal(40)
    with pytest.raises(OptionError, match="twice, in two spellings"):
        fit.posterior({"sd(Days|Subject)": hlmrs.HalfNormal(1), "sd(Days | Subject)": hlmrs.HalfNormal(2)})
    with pytest.raises(OptionError, match=r"did you mean 'sd\(\(Intercept\) \| Subject\)'"):
        fit.posterior({"sd((Intercept)|Sub)": hlmrs.HalfNormal(1)})


@pytest.mark.parametrize("text", ["log(Days) > 2 +", "Days / sigma < Dyas", "2 < Days^2 < oops"])
def test_errors_have_the_hypothesis_as_it_was_written(post, text):
    with pytest.raises(FormulaError) as caught:
        post.hypothesis(text)
    assert caught.value.formula == text


def test_hypotheses_name_parameters_in_any_spacing_and_in_backticks():
    data = hlmrs.datasets.load("sleepstudy", "polars").rename({"Days": "my days"})
    post = hlmrs.bayes("Reaction ~ `my days` + (`my days` | Subject)", data, draws=100)
    sd, cor = post.draws["sd(`my days` | Subject)"], post.draws["cor((Intercept), `my days` | Subject)"]
    texts = [
        "`my days` > 10",
        "my days > 10",
        "sd(`my days`|Subject) < 6",
        "`sd(my days | Subject)`<6",
        "3<sd(my days | Subject)^2",
    ]
    slope = post.draws["`my days`"]
    expected = [(slope > 10).mean(), (slope > 10).mean(), (sd < 6).mean(), (sd < 6).mean(), (sd**2 > 3).mean()]
    assert list(post.hypothesis(texts)["probability"]) == pytest.approx(expected)
    assert post.hypothesis("cor((Intercept),`my days`|Subject) > 0")["probability"][0] == (cor > 0).mean()


def test_the_verdict_says_why_chains_were_drawn():
    rng = np.random.default_rng(3)
    x, g = rng.normal(size=(200, 11)), np.repeat(np.arange(20), 10)
    y = rng.poisson(np.exp(0.5 + 0.3 * x[:, 0] + 0.3 * rng.normal(size=20)[g])).astype(float)
    data = {"y": y, "g": g.astype(str), **{f"x{k}": x[:, k] for k in range(11)}}
    few, many = (
        hlmrs.bayes(f"y ~ {' + '.join(f'x{k}' for k in range(n))} + (1 | g)", data, family="poisson", draws=40)
        for n in (10, 11)
    )
    assert few._draws.core.points.shape[1] == 12
    assert few.verdict.method == "direct"
    assert many.verdict.method == "nuts"
    assert "there are 13 coefficients and variance parameters to draw" in many.verdict.explain()
    asked = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=40, method="nuts")
    assert "Chains were drawn" not in asked.verdict.explain()


@pytest.mark.parametrize("n", [18, 20, 37])
def test_tenths_are_counted_in_the_draws(n):
    rng = np.random.default_rng(6)
    g, between = np.repeat(np.arange(n), 4), rng.normal(size=n)
    data = {"y": rng.normal(size=4 * n) + between[g], "g": [f"g{k:02}" for k in g], "h": np.tile(list("ab"), 2 * n)}
    post = hlmrs.bayes("y ~ 1 + (1 | h) + (1 | g)", data, draws=200)
    layout, table = post._estimate.layout, post.ranks("g")
    place = next(k for k, term in enumerate(layout.random) if layout.groups[term.group].name == "g")
    effects = post._draws.effects([place])[0][:, :, 0]
    levels = layout.groups[layout.random[place].group].levels
    tenth = max(1, n // 10)
    for name, own in zip(table["g"], table["top_tenth"], strict=True):
        k = list(levels).index(name)
        counted = [sum(other > row[k] for other in row) < tenth for row in effects]
        assert own == pytest.approx(np.mean(counted)), name
    assert sum(table["top_tenth"]) == pytest.approx(tenth)
    assert sum(table["bottom_tenth"]) == pytest.approx(tenth)
    assert ("top_tenth" in str(table)) == (tenth > 1)


def test_intervals_are_of_the_level_asked_for(post):
    for table in (
        post.summary(level=0.8),
        post.emmeans("Days", level=0.8),
        post.slopes("Days", level=0.8),
        post.icc(level=0.8),
        post.r2(level=0.8),
        post.variance_decomposition(level=0.8),
        post.hypothesis("Days > 10", level=0.8),
        post.ranks(level=0.8),
    ):
        low, high = ("rank_low", "rank_high") if "rank_low" in table.columns else ("conf_low", "conf_high")
        assert {low, high} <= set(table.columns)
    draws = post.draws["sigma"]
    row = post.summary(level=0.8).to_dicts()[-1]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(list(draws.quantile([0.1, 0.9])))
    assert "10%" in str(post.summary(level=0.8))
    assert list(post.ranef(level=0.5)["conf_low"]) > list(post.ranef()["conf_low"])
    with pytest.raises(OptionError, match=r"level=95: .* such as 0\.95"):
        post.summary(level=95)
    with pytest.raises(TypeError, match="the probability of the interval is level="):
        post.predict(interval=0.9)


def test_summaries_say_family_rows_and_groups(post):
    assert repr(post).startswith("Posterior: Reaction ~ Days + (Days | Subject), gaussian (identity), 180 rows,")
    assert "18 groups by Subject, 500 independent draws" in repr(post).replace("\n ", "")
    text = str(post.summary())
    assert "Family  gaussian (identity)" in text
    assert "Groups  Subject: 18 groups of 10 rows" in text
    assert max(map(len, repr(post).splitlines())) <= 80


def test_summaries_say_the_scale_of_further_parts():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    formula = "Reaction ~ Days + (1 | Subject)"
    post = hlmrs.bayes(formula, data, dispersion="~ Days", draws=20)
    assert "dispersion: coefficients of the logarithm of the residual standard deviation." in post.summary().notes
    post = hlmrs.bayes(formula, data, family="student", draws=20)
    assert "shape: coefficients of the logarithm of the degrees of freedom." in post.summary().notes
    assert not any("coefficients of" in note for note in hlmrs.bayes(formula, data, draws=20).summary().notes)


def test_only_names_without_room_are_replaced():
    data = hlmrs.datasets.load("sleepstudy", "polars").rename({"Days": "my days"})
    text = str(hlmrs.bayes("Reaction ~ `my days` + (`my days` | Subject)", data, draws=50).summary())
    lines = [line.split("  ")[1] for line in text.splitlines() if line.startswith("  ")]
    assert {"(Intercept)", "`my days`", "sd((Intercept) | Subject)", "sigma", "p5"} <= set(lines)
    assert "p5  cor((Intercept), `my days` | Subject)" in text
    assert max(map(len, text.splitlines())) <= 80


def test_draws_of_predictions_are_linear_predictors_with_noise(post):
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    new = data.iloc[[0, 77]]
    means = post.predict_draws(new, include_noise=False)
    assert list(means.columns) == ["row", "draw", "prediction"]
    draws, effects = post._draws, post._draws.effects([0])[0]
    levels = list(post._estimate.layout.groups[0].levels)
    for k, (_, row) in enumerate(new.iterrows()):
        b = effects[:, levels.index(str(row["Subject"]))]
        own = means[means["row"] == k].sort_values("draw")["prediction"].to_numpy()
        assert own == pytest.approx(draws.beta[:, 0] + b[:, 0] + row["Days"] * (draws.beta[:, 1] + b[:, 1]))
    noisy = post.predict_draws(new)
    z = (noisy["prediction"] - means["prediction"]).to_numpy().reshape(2, -1) / draws.sigma
    assert np.abs(z.mean()) < 4 / np.sqrt(z.size)
    assert z.var() == pytest.approx(1, abs=4 * np.sqrt(2 / z.size))


def test_predictions_summarize_their_draws(post):
    new = hlmrs.datasets.load("sleepstudy", "pandas").head(3)
    for noise in (False, True):
        table = post.predict(new, include_noise=noise, level=0.8)
        drawn = post.predict_draws(new, include_noise=noise)["prediction"].to_numpy().reshape(3, -1)
        assert table["conf_low"].to_numpy() == pytest.approx(np.quantile(drawn, 0.1, axis=1))
        assert table["conf_high"].to_numpy() == pytest.approx(np.quantile(drawn, 0.9, axis=1))
    few = post.predict_draws(draws=7, include_noise=False)
    assert len(few) == 180 * 7
    assert sorted(set(few["draw"])) == [1, 2, 3, 4, 5, 6, 7]


def test_draws_of_new_groups_have_the_variance_between_groups(post):
    drawn = post.predict_draws({"Days": [9.0], "Subject": ["new"]}, include_noise=False)["prediction"]
    draws, x = post._draws, np.array([1.0, 9.0])
    between = np.einsum("i,dij,j->d", x, draws.covariances[0], x)
    z = (np.asarray(drawn) - draws.beta @ x) / np.sqrt(between)
    assert np.abs(z.mean()) < 4 / np.sqrt(len(z))
    assert z.var() == pytest.approx(1, abs=4 * np.sqrt(2 / len(z)))


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_draws_of_predictions_come_back_in_the_library_of_the_new_data(post, kind):
    new = hlmrs.datasets.load("sleepstudy", kind)[:2]
    assert type(post.predict_draws(new, draws=5)) is type(new)
