# Measures lme4, nlme or glmmTMB on one workload: Rscript fit.R job.json result.json     (needs jsonlite)
# The columns are read from the binary files that benches/workloads/binary.py writes beside the Parquet.
suppressMessages(library(jsonlite))
arguments <- commandArgs(TRUE)
job <- fromJSON(arguments[1], simplifyVector = TRUE, simplifyMatrix = FALSE)

read_column <- function(job, column) {
  path <- file.path(job$binary, column$file)
  if (column$kind == "f64") return(readBin(path, "double", column$rows))
  codes <- readBin(path, "integer", column$rows)
  if (is.null(column$levels)) return(codes)
  structure(codes + 1L, levels = as.character(column$levels), class = "factor")
}

load_frame <- function(job) {
  columns <- fromJSON(file.path(job$binary, "columns.json"), simplifyDataFrame = FALSE)
  frame <- lapply(columns[unlist(job$columns)], function(column) read_column(job, column))
  structure(frame, class = "data.frame", row.names = c(NA_integer_, -columns[[1]]$rows))
}

kilobytes <- function(field) {
  if (!file.exists("/proc/self/status")) return(0)
  line <- grep(paste0("^", field), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line))
}

reset_peak <- function() {
  gc()
  cleared <- tryCatch({ cat("5", file = "/proc/self/clear_refs"); TRUE }, error = function(e) FALSE, warning = function(w) FALSE)
  kilobytes(if (cleared) "VmRSS" else "VmHWM")
}

timed <- function(fit) {
  value <- NULL
  spent <- system.time(value <- fit(), gcFirst = FALSE)
  list(seconds = spent[["elapsed"]], cpu = spent[["user.self"]] + spent[["sys.self"]], fitted = value)
}

measure <- function(job, fit) {
  before <- reset_peak()
  first <- timed(fit)
  peak <- kilobytes("VmHWM") - before
  runs <- list(first)
  warm <- first$seconds < job$budget / 2
  if (warm) {
    runs <- list()
    spent <- 0
    while ((length(runs) < job$repeats || (spent < 0.5 && length(runs) < 200)) && spent + first$seconds < job$budget) {
      runs[[length(runs) + 1]] <- timed(fit)
      spent <- spent + runs[[length(runs)]]$seconds
    }
  }
  seconds <- sapply(runs, `[[`, "seconds")
  middle <- order(seconds)[length(seconds) %/% 2 + 1]
  list(measured = list(seconds = seconds[middle], cpu = runs[[middle]]$cpu, fastest = min(seconds), first = first$seconds,
                       runs = length(runs), warm = warm, peak_bytes = 1024 * peak),
       fitted = runs[[length(runs)]]$fitted)
}

fit_lme4 <- function(job, data) {
  lean <- lme4::lmerControl(calc.derivs = FALSE)
  if (is.null(job$responses)) return(lme4::lmer(as.formula(job$formula), data, REML = job$reml, control = lean))
  names <- head(grep(paste0("^", job$responses), names(data), value = TRUE), job$count)
  first <- lme4::lmer(as.formula(paste(names[1], job$formula)), data, REML = job$reml, control = lean)
  c(list(first), lapply(names[-1], function(name) lme4::refit(first, data[[name]], control = lean)))
}

fit_nlme <- function(job, data) {
  effects <- setNames(lapply(job$terms, function(term) as.formula(paste("~", term[1]))), sapply(job$terms, `[`, 2))
  outer_first <- if (length(job$nesting)) unlist(job$nesting) else names(effects)
  nlme::lme(as.formula(job$fixed), data, random = lapply(effects[outer_first], nlme::pdSymm), method = if (job$reml) "REML" else "ML")
}

fit_glmmTMB <- function(job, data) {
  # the report of standard deviations is not part of the fit elsewhere either
  control <- glmmTMB::glmmTMBControl(parallel = job$threads)
  glmmTMB::glmmTMB(as.formula(job$formula), data, REML = job$reml, se = FALSE, control = control)
}

reached <- function(job, fitted) {
  if (!is.null(job$responses))
    return(list(criterion = -2 * sum(sapply(head(fitted, job$compared), function(fit) as.numeric(logLik(fit))))))
  evaluations <- switch(job$peer,
    lme4 = fitted@optinfo$feval,
    glmmTMB = fitted$fit$evaluations[["function"]],
    NULL)
  list(criterion = -2 * as.numeric(logLik(fitted)), evaluations = evaluations)
}

result <- tryCatch({
  fit <- get(paste0("fit_", job$peer))
  done <- suppressMessages(suppressWarnings({
    fit(job$warmup, load_frame(job$warmup))  # loads what the package loads late
    data <- load_frame(job)
    measure(job, function() fit(job, data))
  }))
  c(done$measured, reached(job, done$fitted))
}, error = function(e) list(failure = substr(paste("error:", conditionMessage(e)), 1, 300)))
write(toJSON(result, auto_unbox = TRUE, digits = NA, null = "null"), arguments[2])
