# Model matrices by R, for the encoder: Rscript model_matrix.R > model_matrix.json
# Every column of X with its name, for formulas that try each rule of coding and naming.

n <- 24
set.seed(20261122)
data <- data.frame(
  x = round(rnorm(n), 3),
  z = round(runif(n, 1, 9), 3),
  year = rep(c(1996, 1998, 2003, 2010), length.out = n),
  k = rep(c(2, 10, 1), length.out = n),
  a = factor(rep(c("lo", "mid", "hi"), each = 8), levels = c("lo", "mid", "hi")),
  b = factor(rep(c("p", "q"), length.out = n), levels = c("p", "q")),
  d = factor(rep(c("w4", "w1", "w3", "w2"), each = 2, length.out = n), levels = c("w1", "w2", "w3", "w4")),
  o = rep(c(TRUE, FALSE, FALSE), length.out = n)
)

plain <- c(
  "1", "0", "x", "0 + x", "x + z", "x:z", "x * z",
  "a", "0 + a", "a + b", "0 + a + b", "0 + x + b + a", "a * b", "0 + a * b", "a:b", "0 + a:b",
  "a + a:b", "b + a:b", "0 + b + a:b", "a:b:d", "a * b * d", "a + b:d", "a + b + d + a:d",
  "x:a", "0 + x:a", "x + x:a", "a + x:a", "x * a", "a * x", "0 + x * a", "a:x:b", "x:a + z:b",
  "a:b + x:a", "x:z:a", "0 + x:z + a:x",
  "o", "0 + o", "o:x", "o * a",
  "factor(k)", "0 + factor(k)", "factor(k):x", "factor(k) * b",
  "I(x^2)", "x + I(x^2)", "log(z)", "log(z, base = 2)", "log2(z)", "log10(z + 1)", "log1p(z)", "exp(x)", "sqrt(z)", "abs(x)",
  "I(x * z - 1)", "I(-x/(z + 2))", "I(z^0.5)", "scale(x)", "scale(z, scale = FALSE)", "scale(z, center = FALSE)",
  "a:log(z)", "scale(x):b",
  "poly(x, 1)", "poly(x, 2)", "poly(z, 5)", "poly(year, 3)", "poly(x, 3, raw = TRUE)", "poly(log(z), 2)",
  "poly(x, 2):a", "a:poly(x, 2)", "a * poly(x, 2)", "poly(x, 2):poly(z, 2)", "poly(x, 2):z:b", "0 + b:poly(x, 2)"
)

custom <- matrix(c(-1, 0, 1, 1, -2, 1) / 2, 3, dimnames = list(NULL, c(".lin", ".quad")))
chosen <- list(
  list(formula = "a", contrasts = list(a = "sum")),
  list(formula = "d", contrasts = list(d = "helmert")),
  list(formula = "d", contrasts = list(d = "poly")),
  list(formula = "a * d", contrasts = list(a = "poly", d = "sum")),
  list(formula = "0 + a + d", contrasts = list(a = "sum", d = "helmert")),
  list(formula = "x * d", contrasts = list(d = "poly")),
  list(formula = "a:d", contrasts = list(a = "sum", d = "sum")),
  list(formula = "a + a:x", contrasts = list(a = "helmert")),
  list(formula = "a * b", contrasts = list(a = custom)),
  list(formula = "factor(year)", contrasts = list("factor(year)" = "poly")),
  list(formula = "o + b", contrasts = list(o = "sum")),
  list(formula = "C(a, sum)", contrasts = list()),
  list(formula = "C(a, helmert) * x", contrasts = list()),
  list(formula = "C(d, treatment, base = 3)", contrasts = list())
)

# A variable as the encoder reads it: a tree of columns, numbers and calls.
tree <- function(e) {
  if (is.name(e)) return(list(kind = "column", name = as.character(e)))
  if (is.numeric(e) || is.logical(e)) return(list(kind = "number", value = as.numeric(e)))
  name <- as.character(e[[1]])
  args <- as.list(e)[-1]
  if (name == "(") return(tree(args[[1]]))
  if (name == "-" && length(args) == 1) name <- "neg"
  if (name == "poly") names(args)[2] <- "degree"
  keys <- if (is.null(names(args))) rep("", length(args)) else ifelse(is.na(names(args)), "", names(args))
  parts <- lapply(args, tree)
  if (name == "C") parts[[2]] <- list(kind = "text", value = as.character(args[[2]]))
  call <- list(kind = "call", name = name, args = unname(parts[keys == ""]))
  if (any(keys != "")) call$named <- parts[keys != ""]
  call
}

build <- function(formula, contrasts = list()) {
  given <- lapply(contrasts, function(kind) if (is.matrix(kind)) kind else paste0("contr.", kind))
  model <- as.formula(paste("~", formula))
  X <- model.matrix(model, data, contrasts.arg = if (length(given)) given)
  terms <- terms(model)
  # R numbers the columns of C() with a base; the encoder keeps the levels' names.
  if (formula == "C(d, treatment, base = 3)") colnames(X)[-1] <- paste0(formula, levels(data$d)[-3])
  variables <- rownames(attr(terms, "factors"))
  list(
    formula = formula,
    intercept = attr(terms, "intercept") == 1,
    terms = lapply(attr(terms, "term.labels"), function(label)
      list(name = label, factors = lapply(variables[attr(terms, "factors")[, label] > 0], function(variable)
        list(name = variable, expr = tree(str2lang(variable)))))),
    contrasts = lapply(contrasts, function(kind)
      if (is.matrix(kind)) list(matrix = unname(asplit(unname(kind), 1)), names = colnames(kind)) else kind),
    names = as.list(colnames(X)),
    columns = unname(lapply(seq_len(ncol(X)), function(j) unname(X[, j])))
  )
}

# JSON by hand: base R has no writer, and doubles need all 17 digits.
json <- function(v) {
  if (is.list(v)) {
    parts <- vapply(v, json, "")
    if (is.null(names(v))) return(paste0("[", paste(parts, collapse = ","), "]"))
    return(paste0("{", paste0(quoted(names(v)), ":", parts, collapse = ","), "}"))
  }
  if (is.factor(v)) v <- as.character(v)
  one <- if (is.character(v)) quoted(v) else if (is.logical(v)) tolower(v) else sprintf("%.17g", v)
  if (length(v) == 1) one else paste0("[", paste(one, collapse = ","), "]")
}
quoted <- function(s) paste0("\"", gsub("\"", "\\\\\"", s), "\"")

empty_names_as_object <- function(case) {
  if (length(case$contrasts) == 0) case$contrasts <- NULL
  case
}
cases <- lapply(c(lapply(plain, build), lapply(chosen, function(c) build(c$formula, c$contrasts))), empty_names_as_object)
cat("{\n", sprintf("\"source\": \"stats::model.matrix, R %s.%s\",\n", R.version$major, R.version$minor), sep = "")
cat("\"script\": \"tests/golden/model_matrix.R\",\n")
cat("\"data\": ", json(as.list(data)), ",\n", sep = "")
cat("\"levels\": ", json(lapply(Filter(is.factor, data), function(f) as.list(levels(f)))), ",\n\"cases\": [\n", sep = "")
cat(vapply(cases, json, ""), sep = ",\n")
cat("\n]}\n")
