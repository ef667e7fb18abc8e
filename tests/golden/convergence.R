# R-hat, effective sizes and Monte Carlo errors by the R package posterior: Rscript convergence.R > convergence.json
# arviz-stats 0.8.0 has the same numbers to rounding, but where autocorrelations last as long as a chain of an odd number of
# draws, of which it takes two more, and for the error of the standard deviation, where it takes the
# effective number of draws of the mean and not of the squares.
suppressMessages({library(posterior); library(jsonlite)})
set.seed(20261130)

walk <- function(r, chains, n) {
  x <- matrix(rnorm(n * chains), n)
  for (t in 2:n) x[t, ] <- r * x[t - 1, ] + x[t, ]
  x
}
draws <- list(
  slow = walk(0.8, 4, 100), antithetic = walk(-0.6, 4, 200), independent = walk(0, 2, 100),
  shifted_odd = sweep(walk(0.3, 4, 101), 2, c(0, 0, 0, 1), `+`), spread = sweep(walk(0.2, 3, 90), 2, c(1, 1, 3), `*`),
  heavy_tails = matrix(rcauchy(400), 100), ties = round(walk(0.5, 2, 100)), random_walk = walk(1, 2, 60),
  one_chain = walk(0.5, 1, 200))
case <- function(x) {
  x <- round(x, 4)
  list(draws = t(x), rhat = rhat(x), ess_bulk = ess_bulk(x), ess_tail = ess_tail(x), ess_mean = ess_mean(x),
       ess_median = ess_median(x), mcse_mean = mcse_mean(x), mcse_sd = mcse_sd(x),
       mcse_quantile = unname(mcse_quantile(x, c(0.05, 0.5, 0.9))))
}
versions <- list(R = as.character(getRversion()), posterior = as.character(packageVersion("posterior")))
cat(toJSON(list(software = versions, cases = lapply(draws, case)), auto_unbox = TRUE, digits = I(16)))
