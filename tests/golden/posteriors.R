# Posteriors by Stan through brms: Rscript posteriors.R [model ...] writes posteriors/<model>.json beside this file.
#
# Random effects are sampled, non-centred, and not integrated out.  Hsb82 is written in Stan itself, with the squares of
# residuals from each school's cross-products, for speed: posterior_hsb82.stan.  Priors are those in `priors`, by the names that
# hlmrs has; that of the intercept is at the means of the columns (brms's class Intercept), which is the same for a flat one.
suppressMessages({library(brms); library(posterior); library(jsonlite)})

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
read <- function(name) {
  file <- file.path(here, "../../python/hlmrs/datasets/data", paste0(name, ".csv"))
  data <- read.csv(if (file.exists(file)) file else gzfile(paste0(file, ".gz")), stringsAsFactors = TRUE)
  for (column in intersect(c("Subject", "Batch", "plate", "sample", "school", "herd", "period"), names(data)))
    data[[column]] <- factor(data[[column]])
  data
}

flat <- function() list(kind = "flat")
normal <- function(mean, sd) list(kind = "normal", mean = mean, sd = sd)
half_t <- function(scale, df = 3) list(kind = "half_student_t", df = df, scale = scale)
lkj <- function(eta) list(kind = "lkj", eta = eta)
text <- function(p) switch(p$kind,
  flat = "", normal = sprintf("normal(%s, %s)", p$mean, p$sd), lkj = sprintf("lkj(%s)", p$eta),
  half_student_t = sprintf("student_t(%s, 0, %s)", p$df, p$scale))
stans <- function(prior, class, ...) set_prior(text(prior), class = class, ...)

models <- list(
  sleepstudy = list(
    dataset = "sleepstudy", formula = "Reaction ~ Days + (Days | Subject)", draws = 8000,
    priors = list("(Intercept)" = flat(), Days = flat(), "sd((Intercept) | Subject)" = half_t(50),
                  "sd(Days | Subject)" = half_t(20), "cor(Subject)" = lkj(1), sigma = half_t(50))),
  sleepstudy_informative = list(
    dataset = "sleepstudy", formula = "Reaction ~ Days + (Days | Subject)", draws = 8000,
    priors = list("(Intercept)" = normal(280, 10), Days = normal(5, 2), "sd((Intercept) | Subject)" = half_t(15),
                  "sd(Days | Subject)" = half_t(3), "cor(Subject)" = lkj(4), sigma = half_t(20))),
  dyestuff2 = list(
    dataset = "Dyestuff2", formula = "Yield ~ 1 + (1 | Batch)", draws = 10000,
    priors = list("(Intercept)" = normal(5, 10), "sd((Intercept) | Batch)" = half_t(4), sigma = half_t(4))),
  penicillin = list(
    dataset = "Penicillin", formula = "diameter ~ 1 + (1 | plate) + (1 | sample)", draws = 8000,
    priors = list("(Intercept)" = normal(23, 5), "sd((Intercept) | plate)" = half_t(2),
                  "sd((Intercept) | sample)" = half_t(2), sigma = half_t(2))),
  cbpp = list(
    dataset = "cbpp", formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)", family = "binomial",
    brms = "incidence | trials(size) ~ period + (1 | herd)", draws = 8000,
    priors = list("(Intercept)" = flat(), period2 = normal(0, 2.5), period3 = normal(0, 2.5), period4 = normal(0, 2.5),
                  "sd((Intercept) | herd)" = half_t(2.5))),
  hsb82 = list(
    dataset = "Hsb82", formula = "mAch ~ cses * sector + (cses | school)", draws = 8000, delta = 0.95,
    stan = "posterior_hsb82.stan",
    names = c("(Intercept)", "cses", "sectorCatholic", "cses:sectorCatholic", "sd((Intercept) | school)",
              "sd(cses | school)", "sigma", "cor((Intercept), cses | school)"),
    priors = list("(Intercept)" = flat(), cses = normal(0, 5), sectorCatholic = normal(0, 10),
                  "cses:sectorCatholic" = normal(0, 5), "sd((Intercept) | school)" = half_t(7),
                  "sd(cses | school)" = half_t(7), "cor(school)" = lkj(1), sigma = half_t(7))))

as_brms <- function(name, prior) {
  if (name == "(Intercept)") return(stans(prior, "Intercept"))
  if (name == "sigma") return(stans(prior, "sigma"))
  if (grepl("^cor", name)) return(stans(prior, "cor"))
  if (grepl("^sd", name)) {
    parts <- regmatches(name, regexec("^sd\\((.*) \\| (.*)\\)$", name))[[1]]
    return(stans(prior, "sd", coef = gsub("[()]", "", parts[2]), group = parts[3]))
  }
  stans(prior, "b", coef = name)
}
as_hlmrs <- function(variable) {
  variable <- gsub("Intercept", "(Intercept)", variable)
  if (grepl("^b_", variable)) return(sub("^b_", "", variable))
  if (grepl("^sd_", variable)) return(sub("^sd_(.*)__(.*)$", "sd(\\2 | \\1)", variable))
  sub("^cor_(.*)__(.*)__(.*)$", "cor(\\2, \\3 | \\1)", variable)
}
by_school <- function(data) {
  schools <- split(data, data$school)
  W <- lapply(schools, function(own) cbind(1, own$cses))
  list(J = length(schools), N = nrow(data), catholic = vapply(schools, function(own) as.numeric(own$sector[1] == "Catholic"), 0),
       WW = lapply(W, crossprod), Wy = Map(function(w, own) drop(crossprod(w, own$mAch)), W, schools),
       yy = sum(data$mAch^2))
}
fitted <- function(m) {
  how <- list(chains = 4, iter = m$draws + 1000, warmup = 1000, seed = 20261130, refresh = 1000,
              control = list(adapt_delta = delta(m), max_treedepth = 12))
  if (!is.null(m$stan))
    return(do.call(rstan::stan, c(list(file.path(here, m$stan), data = by_school(read(m$dataset)),
                                       pars = c("b", "tau", "sigma", "rho")), how)))
  formula <- as.formula(if (is.null(m$brms)) m$formula else m$brms)
  priors <- Reduce(`+`, Map(as_brms, names(m$priors), m$priors))
  family <- if (is.null(m$family)) gaussian() else m$family
  do.call(brm, c(list(formula, read(m$dataset), family = family, prior = priors, backend = "rstan"), how))
}
delta <- function(m) if (is.null(m$delta)) 0.995 else m$delta
described <- function(fit, m) {
  draws <- as_draws_array(fit)
  draws <- if (is.null(m$names)) subset_draws(draws, "^(b|sd|cor)_|^sigma$", regex = TRUE)
           else subset_draws(draws, setdiff(variables(draws), "lp__"))
  one <- function(x) list(
    mean = mean(x), sd = sd(x), q5 = quantile2(x, 0.05)[[1]], q50 = quantile2(x, 0.5)[[1]], q95 = quantile2(x, 0.95)[[1]],
    mcse = list(mean = mcse_mean(x), sd = mcse_sd(x), q5 = mcse_quantile(x, 0.05)[[1]],
                q50 = mcse_quantile(x, 0.5)[[1]], q95 = mcse_quantile(x, 0.95)[[1]]),
    rhat = rhat(x), ess_bulk = ess_bulk(x), ess_tail = ess_tail(x))
  values <- lapply(setNames(nm = variables(draws)), function(v) one(extract_variable_matrix(draws, v)))
  setNames(values, if (is.null(m$names)) vapply(names(values), as_hlmrs, "") else m$names)
}
versions <- function(...) lapply(setNames(nm = c(...)), function(p) as.character(packageVersion(p)))
written <- function(name) {
  m <- models[[name]]
  fit <- fitted(m)
  params <- nuts_params(fit)
  result <- list(
    dataset = m$dataset, formula = m$formula, family = if (is.null(m$family)) "gaussian" else m$family,
    software = c(list(R = as.character(getRversion())), versions("brms", "rstan", "posterior")),
    sampler = list(chains = 4, warmup = 1000, draws = 4 * m$draws, adapt_delta = delta(m), seed = 20261130,
                   divergences = sum(params$Value[params$Parameter == "divergent__"])),
    intercept = "at the means of the columns", priors = m$priors, posterior = described(fit, m))
  folder <- file.path(here, "posteriors")
  dir.create(folder, showWarnings = FALSE)
  write(toJSON(result, auto_unbox = TRUE, digits = 10, pretty = TRUE), file.path(folder, paste0(name, ".json")))
}
asked <- commandArgs(trailingOnly = TRUE)
for (name in if (length(asked)) asked else names(models)) written(name)
