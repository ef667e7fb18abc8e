# Profile likelihood intervals by lme4: Rscript profiles.R > profiles.json
# Bounds by confint(profile()) on a fine grid, so that its spline leaves about 1e-6 of an interval's width.
suppressMessages({library(lme4); library(jsonlite)})
folder <- "../../python/hlmrs/datasets/data"
models <- list(
  c("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
  c("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
  c("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
  c("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
  c("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
  c("Pastes", "strength ~ 1 + (1 | batch/cask)"),
  c("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
  c("Machines", "score ~ Machine + (1 | Worker/Machine)"),
  c("Orthodont", "distance ~ age * Sex + (1 | Subject)")
)
result <- lapply(models, function(model) {
  data <- read.csv(file.path(folder, paste0(model[1], ".csv")), stringsAsFactors = TRUE)
  for (name in intersect(c("Subject", "Worker", "Batch"), names(data))) data[[name]] <- factor(data[[name]])
  if ("Sex" %in% names(data)) data$Sex <- factor(data$Sex, levels = c("Male", "Female"))
  fit <- suppressMessages(lmer(as.formula(model[2]), data, control = lmerControl(optimizer = "bobyqa")))
  bounds <- suppressMessages(confint(profile(fit, signames = FALSE, delta = 0.1, maxpts = 400), level = 0.95))
  list(dataset = model[1], formula = model[2], names = rownames(bounds), low = unname(bounds[, 1]), high = unname(bounds[, 2]))
})
software <- paste0("R ", getRversion(), ", lme4 ", packageVersion("lme4"))
cat(toJSON(list(software = software, cases = result), digits = 12, auto_unbox = TRUE, pretty = TRUE), "\n")
