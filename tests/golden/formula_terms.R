# Makes formula_terms.json: what R's terms() and update() read in formulas, written by hand and drawn at random.
# Run in this directory: Rscript formula_terms.R

library(jsonlite)

by_hand <- c(
  # products, nesting, powers
  "y ~ a * b", "y ~ a:b", "y ~ a * b * c", "y ~ a * b + b * a", "y ~ a:a", "y ~ a * a", "y ~ a %in% b",
  "y ~ a + b %in% a", "y ~ b %in% a + b:a", "y ~ a %in% (b + c)", "y ~ (a + b) %in% c", "y ~ a %in% b %in% c",
  "y ~ a %in% b + b %in% a", "y ~ c * (a %in% b)", "y ~ a:b %in% c", "y ~ a %in% b:c", "y ~ a * b %in% c",
  "y ~ a/b", "y ~ a/(b + c)", "y ~ (a + b)/c", "y ~ a/b/c", "y ~ a/(b/c)", "y ~ (a/b) * c", "y ~ a/(b * c)",
  "y ~ (a + b)^2", "y ~ (a + b)**2", "y ~ (a + b + c)^2", "y ~ (a + b + c + d)^3", "y ~ (a * b + c)^2",
  "y ~ x^2", "y ~ (1 + a + b)^2", "y ~ (a + b):(a + c)", "y ~ a:(b + c) + (b + c):a",
  # what a minus removes
  "y ~ (a + b + c)^2 - a:b", "y ~ a * b * c - a:b:c", "y ~ (a + b + c + d)^3 - a:b:c", "y ~ a * b - a",
  "y ~ a/b - a", "y ~ x - z", "y ~ a - (b - c)", "y ~ (a + b + c) - (b - c)", "y ~ x:z:w - z:x:w", "y ~ -x + x",
  "y ~ b - a:b + a", "y ~ a %in% b - a:b", "y ~ a:b - a %in% b", "y ~ b %in% a - a",
  # order of the factors in a term
  "y ~ b:a + a", "y ~ a + b + b:a", "y ~ c - a + b:a", "y ~ b:a", "y ~ c:b:a + b:c + a",
  # the intercept
  "y ~ 1", "y ~ 0", "y ~ -1", "y ~ 0 + x", "y ~ x + 0", "y ~ x - 1", "y ~ -1 + x", "y ~ x + -1", "y ~ +1 + x",
  "y ~ x + (z - 1)", "y ~ x - (-1)", "y ~ 0 + x + 1", "y ~ 1 + x + 0", "y ~ x - 0", "y ~ x - 1 + 1", "y ~ 1 - 1",
  "y ~ 0 - 0", "y ~ z - (x + 1)", "y ~ (0 + a) * b", "y ~ x + (0) + 1", "y ~ 1 + 1 + x",
  # names
  "y ~ I(x^2) + I(x**2) + I( x ^ 2 )", "y ~ log(x+1)+poly(x,degree=2,raw=TRUE)", "y ~ poly(x,2,raw=T)",
  "y ~ I(x/2) + I(x*2) + I(-x) + I(- x^2) + I((x+1)/2)", "y ~ I(x+-1) + I(x - -1) + I(x^-1) + I(-(x+1)) + I(+x)",
  "y ~ I(x^2^3) + I((x^2)^3) + I( (x) ) + I(x*-1) + I(x/z/w) + I(x-z-w)",
  "y ~ I(100000*x) + I(x*1e-5) + I(x*0.1) + I(x*123456) + I(x*1e15) + I(x*0.0001) + I(x*1234567.891)",
  "y ~ I(2L*x) + I(x*.5) + I(x*5.) + I(x*1E3) + I(x*1.50) + I(x*1e-300) + I(x*0.001) + I(x*3.14159265358979)",
  "y ~ C(f,'sum') + C(f, contr.treatment, base=2) + C( f , contr.treatment(base = 'b') )",
  "y ~ `my col`*a", "y ~ `T` + T", "y ~ meas.1 * .x + `2nd` + `if`", "y ~ scale(x,center=TRUE,scale=FALSE)",
  "y ~ log(x, base=2) + log(x,2) + log2(x) + sqrt(abs(x))", "y ~ factor(a):x + as.factor(a)", "y ~ `a`:b + b:a",
  "y ~ bs(x,df=5) + ns( x,knots=c(1,2.5) )", "y ~ x*I(x^2)", "y ~ größe + 年", "y ~ exp(-x/2)", "y ~ ((x + z))"
)

updates <- list(
  c("y ~ a * b", ". ~ . - a:b"), c("y ~ x", "log(.) ~ ."), c("y ~ x", "~ . + z"), c("y ~ x", "w ~ ."),
  c("y ~ x + z", ". ~ .:w"), c("y ~ x + z", ". ~ .^2"), c("y ~ x", ". ~ . - 1"), c("y ~ 0 + x", ". ~ . + 1"),
  c("y ~ x + z", "sqrt(.) ~ . * w"), c("y ~ x", "y2 ~ . - w"), c("y ~ x - 1", "~ ."), c("y ~ x", ". ~ 1"),
  c("y ~ x", ". + w ~ ."), c("y ~ a + b + a:b", ". ~ . - b:a"), c("y ~ x + z", ". ~ a * (. - z)"),
  c("y ~ 1", ". ~ . + x"), c("y ~ 0 + x", ". ~ . + z"), c("y ~ x", ". ~ 0 + ."), c("y ~ 1", ". ~ 0 + ."),
  c("log(y) ~ x", ". ~ . + z"), c("a/b ~ x", ".^2 ~ ."), c("a + b ~ x", "log(.) ~ . + z"), c("y ~ a * b * c", ". ~ . - a:b:c")
)

set.seed(20)
factors <- c("a", "b", "c", "d", "x", "log(x)", "I(x^2)")
draw <- function(depth) {
  if (depth == 0 || runif(1) < 0.2) return(sample(factors, 1))
  part <- function() draw(depth - 1)
  switch(sample(8, 1),
    paste(part(), "+", part()),
    paste0("(", part(), " + ", part(), ")"),
    paste0("(", part(), "):(", part(), ")"),
    paste0("(", part(), ") * (", part(), ")"),
    paste0(part(), "/", sample(factors, 1)),
    paste0("(", part(), " + ", part(), ")^", sample(2:3, 1)),
    paste0("(", part(), ") %in% ", sample(factors, 1)),
    paste0("((", part(), ") * e - e)")
  )
}
tail_of <- function() {
  sample(c("", "", " - 1", " + 0", " - a", " - a:b", " - (b + a:x)", " + b:a - 1", " - a * b"), 1)
}
at_random <- replicate(400, paste0("y ~ ", draw(3), " + ", draw(2), tail_of()))

read <- function(text) {
  t <- terms(as.formula(text))
  list(formula = text, terms = as.list(attr(t, "term.labels")), intercept = attr(t, "intercept") == 1)
}
change <- function(pair) {
  new <- update(as.formula(pair[1]), as.formula(pair[2]))
  c(list(old = pair[1], change = pair[2], response = deparse(new[[2]])), read(paste(deparse(new), collapse = ""))[-1])
}
read_all <- function(texts) lapply(texts, read)

data <- data.frame(y = 1, x = 1, z = 1, a = 1, b = 1)
with_dot <- c("y ~ .", "log(y) ~ .", "y ~ x + .", "y ~ . + x", "y ~ . - x", "y ~ .^2", "y ~ .:x", "y ~ . + I(x^2)",
              "y ~ b * .", "y ~ . * b", "y ~ . - b", "y ~ (. - a)^2 - x:z", "log(y) + a ~ .")
read_dot <- function(text) {
  t <- terms(as.formula(text), data = data)
  list(formula = text, terms = as.list(attr(t, "term.labels")), intercept = attr(t, "intercept") == 1)
}

write_json(
  list(
    source = R.version.string, date = format(Sys.Date()), script = "golden/formula_terms.R",
    tolerance = "exact", because = "names and orders of terms are R's",
    by_hand = read_all(by_hand), at_random = read_all(at_random),
    columns = names(data), with_dot = lapply(with_dot, read_dot), updates = lapply(updates, change)
  ),
  "formula_terms.json", auto_unbox = TRUE, pretty = FALSE
)
