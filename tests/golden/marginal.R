# Marginal means, contrasts, trends and F tests by emmeans and lmerTest on unbalanced data, robust covariances by
# clubSandwich: Rscript marginal.R > marginal.json
# Every case drops rows (numbered from 1) of a data set of the package.  The optimizer runs to 1e-9 in theta.
suppressMessages({library(lmerTest); library(pbkrtest); library(emmeans); library(clubSandwich); library(jsonlite)})
emm_options(lmerTest.limit = 1e5, pbkrtest.limit = 1e4, msg.interaction = FALSE, msg.nesting = FALSE)

folder <- "../../python/hlmrs/datasets/data"
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5))
read <- function(name, drop) {
  file <- file.path(folder, paste0(name, ".csv"))
  data <- read.csv(if (file.exists(file)) file else gzfile(paste0(file, ".gz")), stringsAsFactors = TRUE)
  for (column in intersect(c("Subject", "Worker", "Batch", "replicate", "temperature", "school"), names(data)))
    data[[column]] <- factor(data[[column]])
  if (length(drop)) data[-drop, ] else data
}
fit <- function(formula, data) suppressMessages(suppressWarnings(lmer(as.formula(formula), data, control = control)))
numbers <- function(table, columns) {
  table <- as.data.frame(table)
  setNames(lapply(columns, function(name) table[[name]]), columns)
}

unbalanced <- seq(1, 270, by = 7)
cake <- read("cake", unbalanced)
m <- fit("angle ~ recipe * temp + (1 | recipe:replicate)", cake)
factors <- fit("angle ~ recipe + temperature + (1 | recipe:replicate)", cake)
means <- lapply(c("equal", "proportional", "outer", "cells"), function(w)
  c(list(weights = w), numbers(emmeans(factors, "recipe", weights = w, lmer.df = "satterthwaite"),
    c("recipe", "emmean", "SE", "df", "lower.CL", "upper.CL"))))
at <- numbers(emmeans(m, c("recipe", "temp"), at = list(temp = c(180, 220)), lmer.df = "kenward-roger"),
  c("recipe", "temp", "emmean", "SE", "df"))
grid <- emmeans(factors, "temperature", lmer.df = "satterthwaite")
methods <- lapply(c("pairwise", "trt.vs.ctrl", "consec", "poly", "eff"), function(method)
  c(list(method = method), numbers(contrast(grid, method, adjust = "none"), c("estimate", "SE", "df", "p.value"))))
adjusts <- lapply(c("tukey", "holm", "sidak", "bonferroni", "scheffe", "fdr", "BY", "hochberg", "mvt"), function(adjust) {
  set.seed(1)
  table <- suppressWarnings(summary(contrast(emmeans(m, "recipe", lmer.df = "satterthwaite"), "pairwise",
    adjust = adjust), infer = TRUE))
  c(list(adjust = adjust), numbers(table, c("p.value", "lower.CL", "upper.CL")))
})
both <- fit("angle ~ recipe * temperature + (1 | recipe:replicate)", cake)
interaction <- numbers(contrast(emmeans(both, c("recipe", "temperature"), lmer.df = "satterthwaite"),
  interaction = c("pairwise", "consec"), adjust = "none"), c("estimate", "SE", "df"))
trends <- numbers(emtrends(m, "recipe", var = "temp", lmer.df = "satterthwaite"), c("temp.trend", "SE", "df"))
trend_pairs <- numbers(pairs(emtrends(m, "recipe", var = "temp", lmer.df = "satterthwaite"), adjust = "none"),
  c("estimate", "SE", "df", "p.value"))

tests <- function(m) lapply(1:3, function(type) {
  table <- suppressMessages(anova(m, type = type))
  list(type = type, term = rownames(table), num_df = table$NumDF, den_df = table$DenDF, statistic = table$`F value`)
})
whole <- read("cake", integer(0))
holes <- sort(union(unbalanced, which(whole$recipe == "C" & whole$temperature == "225")))
empty <- fit("angle ~ recipe * temperature + (1 | recipe:replicate)", whole[-holes, ])
anovas <- list(
  list(formula = "angle ~ recipe * temperature + (1 | recipe:replicate)", drop = unbalanced, tables = tests(both)),
  list(formula = "angle ~ recipe * temp + (1 | recipe:replicate)", drop = unbalanced, tables = tests(m)),
  list(formula = "angle ~ recipe * temperature + (1 | recipe:replicate)", drop = holes, tables = tests(empty))
)

school <- read("egsingle", integer(0))
robust <- lapply(list(
  list(formula = "math ~ year * lowinc + (year | childid) + (1 | schoolid)", cluster = "schoolid"),
  list(formula = "math ~ year * lowinc + (1 | schoolid)", cluster = "schoolid")
), function(case) {
  m <- fit(case$formula, school)
  by <- school[[case$cluster]]
  c(case, list(names = names(fixef(m))), list(types = lapply(c("CR0", "CR1", "CR1S", "CR2", "CR3"), function(type) {
    v <- vcovCR(m, cluster = by, type = type)
    wald <- Wald_test(m, constraints = constrain_zero(2:4), vcov = v, test = "HTZ")
    list(type = type, std_error = unname(sqrt(diag(v))), df = coef_test(m, v)$df,
         statistic = wald$Fstat, den_df = wald$df_denom)
  })))
})
software <- paste0("R ", getRversion(), ", ", paste(sapply(c("lme4", "lmerTest", "pbkrtest", "emmeans", "clubSandwich"),
  function(p) paste(p, packageVersion(p))), collapse = ", "))
cat(toJSON(list(software = software, cake_drop = unbalanced, means = means, at = at, methods = methods,
  adjusts = adjusts, interaction = interaction, trends = trends, trend_pairs = trend_pairs, anovas = anovas,
  robust = robust), digits = 14, auto_unbox = TRUE, pretty = TRUE), "\n")
