# Leverage, refits without groups or rows, and residuals' studentization by lme4: Rscript influence.R > influence.json
# hatvalues, cooks.distance, dfbetas and influence are lme4's own; every refit of influence() runs to 1e-9 in theta.
# VIFs are those of car, from the covariance of the fixed effects.
suppressMessages({library(lme4); library(car); library(jsonlite)})

folder <- "../../python/hlmrs/datasets/data"
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = FALSE)
read <- function(name, where = folder) {
  file <- file.path(where, paste0(name, ".csv"))
  data <- read.csv(if (file.exists(file)) file else gzfile(paste0(file, ".gz")), stringsAsFactors = TRUE)
  for (column in intersect(c("Subject", "Worker", "Batch", "plate", "sample", "batch", "cask", "school"), names(data)))
    data[[column]] <- factor(data[[column]])
  data
}
fit <- function(formula, data, ...) suppressMessages(suppressWarnings(lmer(as.formula(formula), data, control = control, ...)))
without <- function(m, data, group, again) {
  refits <- lapply(unique(as.character(data[[group]])), function(level) {
    n <- again(data[as.character(data[[group]]) != level, ])
    v <- as.data.frame(VarCorr(n))
    list(level = level, beta = unname(fixef(n)), std_error = sqrt(diag(as.matrix(vcov(n)))), sd = v$sdcor,
         dfbetas = unname((fixef(m) - fixef(n)) / sqrt(diag(as.matrix(vcov(n))))),
         cooks_distance = as.numeric((fixef(m) - fixef(n)) %*% solve(as.matrix(vcov(m))) %*% (fixef(m) - fixef(n))) / length(fixef(m)),
         mdffits = as.numeric((fixef(m) - fixef(n)) %*% solve(as.matrix(vcov(n))) %*% (fixef(m) - fixef(n))) / length(fixef(m)),
         covratio = det(as.matrix(vcov(n))) / det(as.matrix(vcov(m))))
  })
  refits
}
case <- function(dataset, formula, groups, where = folder, reml = TRUE, weighted = FALSE) {
  data <- read(dataset, where)
  again <- function(d) {
    if (!weighted) return(fit(formula, d, REML = reml))
    suppressWarnings(lmer(as.formula(formula, env = environment()), d, REML = reml, weights = w, offset = off, control = control))
  }
  m <- again(data)
  list(dataset = dataset, formula = formula, reml = reml, weighted = weighted, groups = groups,
       hat = unname(hatvalues(m)), rows_cooks_distance = unname(cooks.distance(m)),
       pearson = unname(residuals(m, "pearson", scaled = TRUE)), varcorr = as.data.frame(VarCorr(m))[, 1:3],
       deleted = setNames(lapply(groups, function(g) without(m, data, g, again)), groups))
}
cases <- list(
  case("sleepstudy", "Reaction ~ Days + (Days | Subject)", "Subject"),
  case("sleepstudy", "Reaction ~ Days + (Days | Subject)", "Days", reml = FALSE),
  case("sleepstudy_w", "Reaction ~ Days + (Days || Subject)", "Subject", where = "data", weighted = TRUE),
  case("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", c("plate", "sample")),
  case("Pastes", "strength ~ 1 + (1 | batch) + (1 | batch:cask)", "batch"))
hsb <- read("Hsb82")
collinear <- fit("mAch ~ meanses * cses + sector + minrty + (1 | school)", hsb)
oats <- read("Oats")
split <- fit("yield ~ Variety * nitro + (1 | Block)", oats)
v <- vif(split)
cat(toJSON(list(
  software = paste("R", getRversion(), "lme4", packageVersion("lme4"), "car", packageVersion("car")),
  cases = cases, vif = as.list(vif(collinear)),
  gvif = list(term = rownames(v), gvif = unname(v[, 1]), df = unname(v[, 2]))), auto_unbox = TRUE, digits = NA, pretty = TRUE))
