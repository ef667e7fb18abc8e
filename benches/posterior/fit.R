# One model by rstanarm or brms: seconds of compilation and of sampling, and the bulk effective size of every parameter.
# Rscript fit.R package data.csv formula family
arguments <- commandArgs(TRUE)
package <- arguments[1]; formula <- as.formula(arguments[3]); binomial_model <- arguments[4] == "binomial"
data <- read.csv(arguments[2], stringsAsFactors = TRUE)
suppressMessages({library(package, character.only = TRUE); library(posterior)})
chains <- 4; iterations <- 2000
compilation <- 0
if (package == "rstanarm") {
  fit <- if (binomial_model) function() stan_glmer(formula, data, family = binomial(), chains = chains, iter = iterations, cores = 1, refresh = 0, seed = 1)
         else function() stan_lmer(formula, data, chains = chains, iter = iterations, cores = 1, refresh = 0, seed = 1)
} else {
  family <- if (binomial_model) bernoulli() else gaussian()
  compilation <- system.time(model <- brm(formula, data, family = family, chains = 0))[["elapsed"]]
  fit <- function() update(model, newdata = data, recompile = FALSE, chains = chains, iter = iterations, cores = 1, refresh = 0, seed = 1)
}
seconds <- system.time(result <- suppressWarnings(fit()))[["elapsed"]]
draws <- as_draws_array(if (package == "rstanarm") as.array(result) else result)
names <- grep("^(b\\[|r_|lp__|lprior|mean_PPD|log-posterior|z_|L_)", variables(draws), invert = TRUE, value = TRUE)
sizes <- summarise_draws(subset_draws(draws, variable = names), "ess_bulk")$ess_bulk
cat(sprintf('{"compilation": %.3f, "seconds": %.3f, "effective": %.1f}', compilation, seconds, min(sizes)))
