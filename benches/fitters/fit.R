# Measures lme4, nlme or glmmTMB on one workload: Rscript fit.R job.json result.json
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "measure.R"))

fit_lme4 <- function(job, data) {
  lean <- lme4::lmerControl(calc.derivs = FALSE)
  if (is.null(job$responses)) return(lme4::lmer(as.formula(job$formula), data, REML = job$reml, control = lean))
  names <- head(grep(paste0("^", job$responses), names(data), value = TRUE), job$count)
  first <- lme4::lmer(as.formula(paste(names[1], job$formula)), data, REML = job$reml, control = lean)
  c(list(first), lapply(names[-1], function(name) lme4::refit(first, data[[name]], control = lean)))
}

fit_nlme <- function(job, data) {
  effects <- setNames(lapply(job$terms, function(term) as.formula(paste("~", term[1]))), sapply(job$terms, `[`, 2))
  outer_first <- if (length(job$nesting)) unlist(job$nesting) else names(effects)
  nlme::lme(as.formula(job$fixed), data, random = lapply(effects[outer_first], nlme::pdSymm), method = if (job$reml) "REML" else "ML")
}

fit_glmmTMB <- function(job, data) {
  # the report of standard deviations is not part of the fit elsewhere either
  control <- glmmTMB::glmmTMBControl(parallel = job$threads)
  glmmTMB::glmmTMB(as.formula(job$formula), data, REML = job$reml, se = FALSE, control = control)
}

reached <- function(job, fitted) {
  if (!is.null(job$responses))
    return(list(criterion = -2 * sum(sapply(head(fitted, job$compared), function(fit) as.numeric(logLik(fit))))))
  evaluations <- switch(job$peer,
    lme4 = fitted@optinfo$feval,
    glmmTMB = fitted$fit$evaluations[["function"]],
    NULL)
  list(criterion = -2 * as.numeric(logLik(fitted)), evaluations = evaluations)
}

run_job(load_frame, get(paste0("fit_", job$peer)), reached)
