# Degrees of freedom by lmerTest and pbkrtest on unbalanced data: Rscript degrees_of_freedom.R > degrees_of_freedom.json
# Every case drops rows (numbered from 1) of a data set of the package; F tests are of all coefficients but the intercept.
# Their rows are given to lmerTest uncorrelated by least squares: its degrees of freedom depend on the rows that it is given
# for a hypothesis (on units and on reference levels), and these rows depend on nothing.
# The optimizer runs to 1e-9 in theta; lmerTest's Hessian, by differences, leaves about 1e-6 in the df.
suppressMessages({library(lmerTest); library(pbkrtest); library(jsonlite)})

folder <- "../../python/hlmrs/datasets/data"
cases <- list(
  list("sleepstudy", "Reaction ~ Days + (Days | Subject)", c(1, 2, 3, 17, 40:45, 90, 101, 102, 151:156)),
  list("sleepstudy", "Reaction ~ Days + (Days || Subject)", c(1, 2, 3, 17, 40:45, 90, 101, 102, 151:156)),
  list("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", c(1, 5, 9, 30:36, 77, 120, 121)),
  list("Machines", "score ~ Machine + (1 | Worker/Machine)", c(2, 3, 6, 10, 27, 28, 44, 50:52)),
  list("Machines", "score ~ Machine + (Machine | Worker)", c(2, 3, 6, 10, 27, 28, 44, 50:52)),
  list("Oats", "yield ~ Variety * nitro + (1 | Block/Variety)", c(1, 7, 20:22, 60)),
  list("Dyestuff2", "Yield ~ 1 + (1 | Batch)", integer(0))
)
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5))
result <- lapply(cases, function(case) {
  data <- read.csv(file.path(folder, paste0(case[[1]], ".csv")), stringsAsFactors = TRUE)
  if (length(case[[3]])) data <- data[-case[[3]], ]
  for (name in intersect(c("Subject", "Worker", "Batch"), names(data))) data[[name]] <- factor(data[[name]])
  fit <- suppressMessages(lmer(as.formula(case[[2]]), data, control = control))
  p <- length(fixef(fit))
  joint <- function(ddf) {
    if (p < 2) return(NULL)
    rows <- cbind(0, diag(p - 1))
    rows <- solve(t(chol(rows %*% solve(crossprod(getME(fit, "X"))) %*% t(rows))), rows)
    as.list(unlist(contest(fit, rows, ddf = ddf)[c("NumDF", "DenDF", "F value")]))
  }
  one <- function(ddf) {
    table <- summary(fit, ddf = ddf)$coefficients
    list(std_error = unname(table[, 2]), df = unname(table[, 3]), joint = joint(ddf))
  }
  list(dataset = case[[1]], formula = case[[2]], drop = case[[3]], names = names(fixef(fit)),
       satterthwaite = one("Satterthwaite"), "kenward-roger" = one("Kenward-Roger"))
})
software <- paste0("R ", getRversion(), ", ", paste(sapply(c("lme4", "lmerTest", "pbkrtest"),
  function(p) paste(p, packageVersion(p))), collapse = ", "))
cat(toJSON(list(software = software, cases = result), digits = 14, auto_unbox = TRUE, pretty = TRUE), "\n")
