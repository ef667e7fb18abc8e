# Measures a call: time, processor time, peak memory, as measure.py does; sourced by fit.R and infer.R (needs jsonlite).
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
  list(seconds = spent[["elapsed"]], cpu = sum(spent[-3]), fitted = value)  # of children too
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

run_job <- function(prepare, call, reached) {
  result <- tryCatch({
    done <- suppressMessages(suppressWarnings({
      call(job$warmup, prepare(job$warmup))  # loads what the package loads late
      start <- prepare(job)
      measure(job, function() call(job, start))
    }))
    c(done$measured, reached(job, done$fitted))
  }, error = function(e) list(failure = substr(paste("error:", conditionMessage(e)), 1, 300)))
  write(toJSON(result, auto_unbox = TRUE, digits = NA, null = "null"), arguments[2])
}
