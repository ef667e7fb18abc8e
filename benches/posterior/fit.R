# Draws from one posterior by rstanarm or brms, on one core: Rscript fit.R job.json result.json
# Of every parameter the result has the mean, its Monte Carlo error and the bulk effective size.
suppressMessages({library(jsonlite); library(posterior)})
paths <- commandArgs(TRUE)
job <- fromJSON(paths[1])
suppressMessages(library(job$package, character.only = TRUE))
# Debian has the headers of Boost where all headers are, and not in the R package that rstan looks into
if (!file.exists(rstan::rstan_options("boost_lib"))) rstan::rstan_options(boost_lib = "/usr/include")

data <- read.csv(job$data)
for (column in names(job$levels)) data[[column]] <- factor(data[[column]], job$levels[[column]])
formula <- as.formula(job$formula)
half_t <- function() sprintf("student_t(3, 0, %s)", job$scale)

timed <- function(call) {
  value <- NULL
  spent <- system.time(value <- suppressWarnings(call()))
  list(value = value, seconds = c(spent[["elapsed"]], sum(spent[-3])))  # of compilers too
}

# flat coefficients and a half t of sigma as elsewhere; covariances have no prior that others have
by_rstanarm <- function(...) {
  if (job$family == "binomial") return(list(sampling = timed(function() stan_glmer(formula, data, family = binomial(), ...))))
  sigma <- student_t(3, 0, job$scale, autoscale = FALSE)
  list(sampling = timed(function() stan_lmer(formula, data, prior = NULL, prior_intercept = NULL, prior_aux = sigma, ...)))
}

by_brms <- function(...) {
  linear <- job$family == "gaussian"
  priors <- if (linear) c(set_prior("", class = "Intercept"), set_prior(half_t(), class = "sd"), set_prior(half_t(), class = "sigma"))
  family <- if (linear) gaussian() else bernoulli()
  compilation <- timed(function() brm(formula, data, family = family, prior = priors, chains = 0, silent = 2))
  list(compilation = compilation, sampling = timed(function() update(compilation$value, recompile = FALSE, silent = 2, ...)))
}

# rstanarm's elements of covariances as standard deviations and correlations, under their names
scaled <- function(draws) {
  elements <- grep("^Sigma\\[", variables(draws), value = TRUE)
  parts <- regmatches(elements, regexec("^(Sigma\\[.+?:)(.+),(.+)\\]$", elements, perl = TRUE))
  sd_of <- function(start, column) sqrt(draws[, , sprintf("%s%s,%s]", start, column, column)])
  result <- draws
  for (part in parts) {
    one <- sd_of(part[2], part[3])
    result[, , part[1]] <- if (part[3] == part[4]) one else draws[, , part[1]] / (one * sd_of(part[2], part[4]))
  }
  result
}

run <- switch(job$package, rstanarm = by_rstanarm, brms = by_brms)
found <- run(chains = job$chains, iter = job$warmup + job$draws, warmup = job$warmup, cores = 1, refresh = 0, seed = 1)
result <- found$sampling$value
draws <- if (job$package == "rstanarm") scaled(as_draws_array(as.array(result))) else as_draws_array(result)
names <- grep("^(b\\[|r_|lp__|lprior|mean_PPD|log-posterior|z_|L_)", variables(draws), invert = TRUE, value = TRUE)
table <- summarise_draws(subset_draws(draws, variable = names), "mean", "mcse_mean", "ess_bulk")
parameters <- lapply(seq_along(names), function(i) as.numeric(table[i, -1]))
compilation <- if (is.null(found$compilation)) c(0, 0) else found$compilation$seconds
write_json(
  list(version = paste(job$package, packageVersion(job$package)), compilation = compilation,
       sampling = found$sampling$seconds, parameters = setNames(parameters, table$variable)),
  paths[2], auto_unbox = TRUE, digits = NA)
