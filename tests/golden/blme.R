# Penalized estimates by blme, with its default priors of covariances: Rscript blme.R > blme.json
# They are wishart(df = effects + 2.5, scale = Inf) of the covariance relative to sigma's variance: its determinant to the
# power 0.75, which is gamma(shape = 2.5, rate = 0) of the standard deviation of one effect; both are improper.
# gamma(shape = 2, rate = 0) is the boundary-avoiding prior of Chung et al. (2013).  `objective` is deviance or REML
# criterion plus `penalty`, -2 log of the prior without constants.  Each optimizer goes on from where it stopped twelve times:
# once alone ends up to 100 too high.
suppressMessages({library(blme); library(jsonlite)})

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) {
  file <- file.path(here, "../../python/hlmrs/datasets/data", paste0(name, ".csv"))
  data <- read.csv(if (file.exists(file)) file else gzfile(paste0(file, ".gz")), stringsAsFactors = TRUE)
  for (column in intersect(c("Subject", "Batch", "plate", "sample", "school", "herd", "period"), names(data)))
    data[[column]] <- factor(data[[column]])
  data
}
linear <- function(optimizer, ...)
  lmerControl(optimizer = optimizer, calc.derivs = FALSE,
              optCtrl = if (optimizer == "bobyqa") list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5)
                        else list(xtol_abs = 1e-12, ftol_abs = 1e-12, maxeval = 1e5))
estimates <- function(m) {
  v <- as.data.frame(VarCorr(m))
  list(theta = unname(getME(m, "theta")), beta = as.list(fixef(m)), std_error = unname(sqrt(diag(as.matrix(vcov(m))))),
       sigma = sigma(m), varcorr = v[, c("grp", "var1", "var2", "vcov", "sdcor")], loglik = as.numeric(logLik(m)))
}
printed <- function(m) trimws(sub("^(Cov prior)? *:", "", grep("(wishart|gamma)\\(", capture.output(print(summary(m)))[1:8], value = TRUE)))
case <- function(dataset, formula, reml, prior = "default") {
  data <- read(dataset)
  fit <- function(optimizer, start = NULL) {
    arguments <- list(as.formula(formula), data, REML = reml, control = linear(optimizer), start = start)
    if (prior != "default") arguments$cov.prior <- prior
    do.call(blmer, arguments)
  }
  again <- function(optimizer) {
    m <- fit(optimizer)
    for (k in 1:12) m <- fit(optimizer, getME(m, "theta"))
    m
  }
  fits <- suppressWarnings(lapply(c("bobyqa", "nloptwrap"), again))
  values <- vapply(fits, function(m) sum(m@devcomp$cmp[c(if (reml) "REML" else "dev", "penalty")]), 0)
  best <- fits[[which.min(values)]]
  list(dataset = dataset, formula = formula, reml = reml, prior = prior, objective = min(values), penalty = best@devcomp$cmp[["penalty"]],
       optimizers = list(values = values, theta_apart = max(abs(getME(fits[[1]], "theta") - getME(fits[[2]], "theta")))),
       printed = printed(best), estimates = estimates(best))
}
linear_models <- list(
  c("sleepstudy", "Reaction ~ Days + (Days | Subject)"), c("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
  c("Dyestuff", "Yield ~ 1 + (1 | Batch)"), c("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
  c("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"), c("Hsb82", "mAch ~ cses * sector + (cses | school)"))
cases <- c(
  lapply(linear_models, function(m) case(m[1], m[2], TRUE)),
  lapply(linear_models, function(m) case(m[1], m[2], FALSE)),
  lapply(linear_models[c(2, 4, 5)], function(m) case(m[1], m[2], TRUE, "gamma(shape = 2, rate = 0)")))
versions <- lapply(setNames(nm = c("blme", "lme4")), function(p) as.character(packageVersion(p)))
cat(toJSON(list(software = c(list(R = as.character(getRversion())), versions), cases = cases),
           auto_unbox = TRUE, digits = I(15), pretty = TRUE))
