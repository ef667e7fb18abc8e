# Times lme4 on the formulas that benches/fits.py hands over; prints one JSON object a line.
# usage: Rscript lme4_fits.R jobs.json     (needs lme4 and jsonlite)
suppressMessages({library(lme4); library(jsonlite)})
jobs <- fromJSON(commandArgs(TRUE)[1], simplifyVector = FALSE)
for (job in jobs) {
  data <- read.csv(job$file)
  for (column in names(job$levels)) data[[column]] <- factor(as.character(data[[column]]), levels = unlist(job$levels[[column]]))
  fit <- function() suppressMessages(suppressWarnings(
    lmer(as.formula(job$formula), data, REML = job$reml, control = lmerControl(calc.derivs = FALSE))))
  model <- fit()
  seconds <- replicate(job$runs, system.time(fit())[["elapsed"]])
  cat(toJSON(list(seconds = median(seconds), criterion = -2 * as.numeric(logLik(model))), auto_unbox = TRUE, digits = NA), "\n")
}
