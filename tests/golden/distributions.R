# Tails and quantiles by R: Rscript distributions.R > distributions.json
# Against 40-digit arithmetic at these points R's own relative errors are at most 3e-13.  R's qt has few digits near zero,
# where it works with the tail: levels begin at 0.1; and far out with half a degree of freedom: quantiles are kept where
# pt returns their level.
library(jsonlite)
df <- c(0.5, 1, 2.7, 17.3, 119, 2970, 73000.5, 1e6, 1e9)
t <- expand.grid(df = df, statistic = c(1e-3, 0.3, 1, 1.96, 3.3, 6, 9.5, 20, 37, 1e3, 1e8))
t$p <- 2 * pt(-t$statistic, t$df)
q <- expand.grid(df = df, level = c(0.1, 0.499999999, 0.5, 0.500000001, 0.95, 0.999, 0.999999999999))
q$quantile <- qt((1 - q$level) / 2, q$df, lower.tail = FALSE)
returned <- 2 * pt(-q$quantile, q$df)
q <- q[abs(returned / (1 - q$level) - 1) < 1e-13, ]
f <- expand.grid(num_df = c(1, 3.5, 12, 60), den_df = df, statistic = c(1e-6, 0.5, 1, 4.1, 15, 700))
f$p <- pf(f$statistic, f$num_df, f$den_df, lower.tail = FALSE)
x <- expand.grid(df = c(0.5, 1, 3, 7.5, 300, 5000), statistic = c(1e-8, 0.7, 3.84, 100, 600, 1300, 6000))
x$p <- pchisq(x$statistic, x$df, lower.tail = FALSE)
z <- data.frame(statistic = c(1e-10, 0.01, 0.5, 1, 2, 5, 10, 20, 37.4))
z$p <- 2 * pnorm(-z$statistic)
shown <- function(table) table[table[[ncol(table)]] > 1e-307, ]
cases <- lapply(list(student = t, quantile = q, f = f, chi_square = x, normal = z), shown)
cat(toJSON(c(list(software = paste0("R ", getRversion())), cases), digits = NA, auto_unbox = TRUE, dataframe = "values"), "\n")
