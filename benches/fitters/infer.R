# Measures lmerTest, pbkrtest, lme4::profile or bootMer on a fitted model: Rscript infer.R job.json result.json
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "measure.R"))

fitted_model <- function(job)
  lme4::lmer(as.formula(job$formula), load_frame(job), REML = job$reml, control = lme4::lmerControl(calc.derivs = FALSE))

satterthwaite <- function(model) coef(summary(lmerTest::as_lmerModLmerTest(model)))[, "df"]

kenward_roger <- function(model) {
  plain <- vcov(model)
  adjusted <- pbkrtest::vcovAdj(model)
  sapply(seq_len(nrow(plain)), function(k) pbkrtest::Lb_ddf(as.numeric(seq_len(nrow(plain)) == k), plain, adjusted))
}

profile_intervals <- function(model) {
  bounds <- confint(profile(model, parallel = "multicore", ncpus = job$threads))
  as.vector(t(bounds[names(lme4::fixef(model)), , drop = FALSE]))
}

bootstrap <- function(model, draws) {
  parameters <- function(fit) c(lme4::fixef(fit), lme4::getME(fit, "theta"), sigma(fit))
  done <- lme4::bootMer(model, parameters, nsim = draws, seed = 1, parallel = "multicore", ncpus = job$threads)
  apply(done$t[, seq_along(lme4::fixef(model)), drop = FALSE], 2, sd, na.rm = TRUE)
}

infer <- function(job, model) {
  switch(job$method,
    satterthwaite = satterthwaite(model),
    "kenward-roger" = kenward_roger(model),
    profile = profile_intervals(model),
    bootstrap = bootstrap(model, job$draws))
}

run_job(fitted_model, infer, function(job, inferred) list(inferred = as.numeric(inferred)))
