"""Random effects that can stand for every row: the residual variance goes to zero, the likelihood to a limit."""

import numpy as np
import pytest

import hlmrs


@pytest.mark.filterwarnings("ignore::hlmrs.errors.SingularFitWarning")
@pytest.mark.parametrize("reml", [True, False])
def test_effects_that_can_stand_for_every_row_leave_no_residual_variance(reml):
    """The likelihood is then that of the same structure of residuals alone, which gls fits."""
    rng = np.random.default_rng(3)
    times, groups = np.tile(np.arange(5), 8), np.repeat(np.arange(8), 5)
    data = {"t": [str(t) for t in times], "time": times, "g": [f"g{g}" for g in groups]}
    root = np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(range(5), range(5))))
    n_without = 0
    for _ in range(12):
        data["y"] = 2 * (rng.normal(size=(8, 5)) @ root.T).ravel()
        fit = hlmrs.lmer("y ~ 1 + ar1(0 + t | g)", data, reml=reml)
        alone = hlmrs.gls("y ~ 1", data, residual="ar1(time | g)", reml=reml)
        assert fit.verdict.converged
        assert fit.loglik > alone.loglik - 1e-4
        if fit.verdict.limits == ("sigma",):
            n_without += 1
            assert fit.verdict.status == "boundary"
            assert fit.loglik < alone.loglik + 1e-4
            assert "the random effects can stand for every row" in fit.verdict.explain().replace("\n", " ")
        else:
            assert fit.sigma > 0.05
    assert n_without >= 3
