# Makes formula_bars.json: the random terms that lme4 finds in formulas.
# Run in this directory: Rscript formula_bars.R

suppressMessages(library(lme4))
library(jsonlite)

formulas <- c(
  "y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ (1 + x | g)", "y ~ (0 + x | g)", "y ~ (x - 1 | g)", "y ~ (-1 + x | g)",
  "y ~ (x + 0 | g)", "y ~ (x * z | g)", "y ~ (x:z | g)", "y ~ (a * x - a | g)", "y ~ (b:a + a | g)", "y ~ (log(x) | g)",
  "y ~ (poly(x, 2) | g)", "y ~ ((x | g))", "y ~ (x || g)", "y ~ (1 + x + z || g)", "y ~ (0 + x || g)", "y ~ (x - 1 || g)",
  "y ~ (x * f || g)", "y ~ (x:z || g)", "y ~ (I(x) + log(z) || g)", "y ~ (x + x || g)", "y ~ (1 | g/h)",
  "y ~ (1 | g/h/k)", "y ~ (1 | g/h/k/l)", "y ~ (x | g/h)", "y ~ (x * f || g/h)", "y ~ (1 | g:h)", "y ~ (1 | h:g)",
  "y ~ (1 | g:h:k)", "y ~ (1 | g) + (1 | h)", "y ~ (1 | g) + (0 + x | g)", "y ~ (1 | g) + x * z + (x | h)",
  "y ~ (x | g) + (z | g)", "y ~ (0 + f | g)", "y ~ x + (1 | g) + offset(o) + (z || h)", "y ~ ((x | g) + (z | h)) + x"
)

# a:(b:c), a factor for every combination of three, is their set: lme4 writes nested ones inside out
read <- function(text) {
  effects <- function(bar) terms(as.formula(call("~", bar[[2]])))
  list(formula = text, random = lapply(findbars(as.formula(text)), function(bar) list(
    intercept = attr(effects(bar), "intercept") == 1,
    terms = as.list(attr(effects(bar), "term.labels")),
    group = as.list(sort(all.vars(bar[[3]])))
  )))
}

write_json(
  list(
    source = paste0("lme4 ", packageVersion("lme4"), ", ", R.version.string), date = format(Sys.Date()),
    script = "golden/formula_bars.R", tolerance = "exact", because = "the grammar is lme4's", formulas = lapply(formulas, read)
  ),
  "formula_bars.json", auto_unbox = TRUE
)
