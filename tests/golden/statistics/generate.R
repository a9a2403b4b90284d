# The part of generate.py that R does: reads samples and families from standard input, writes one line of figures each.
suppressPackageStartupMessages({library(coin); library(exactRankTests)})
sides <- c("two.sided", "greater", "less")

agree <- function(a, b, what) if (max(abs(a - b)) > 1e-9 * max(1, abs(b))) stop(what, ": ", a, " and ", b)

p_values <- function(d) {
  p <- sapply(sides, function(side) {
    as.numeric(pvalue(wilcoxsign_test(d ~ rep(0, length(d)), distribution = "exact", zero.method = "Pratt", alternative = side)))
  })
  plain <- !any(d == 0) && !any(duplicated(abs(d)))
  if (plain) agree(p, sapply(sides, function(s) wilcox.test(d, exact = TRUE, alternative = s)$p.value), "wilcox.test")
  if (!any(d == 0)) agree(p, sapply(sides, function(s) suppressWarnings(wilcox.exact(d, exact = TRUE, alternative = s)$p.value)), "wilcox.exact")
  p
}

# Order statistics of the Walsh averages as in the source of wilcox.test; NA when n is too small for the level.
interval <- function(d, alpha) {
  n <- length(d)
  walsh <- outer(d, d, "+") / 2
  walsh <- sort(walsh[!lower.tri(walsh)])
  out <- qsignrank(alpha / 2, n)
  if (out == 0) return(c(NA, NA, NA))
  found <- c(walsh[out], walsh[n * (n + 1) / 2 - out + 1])
  if (!any(d == 0) && !any(duplicated(abs(d)))) {
    r <- wilcox.test(d, exact = TRUE, conf.int = TRUE, conf.level = 1 - alpha)
    agree(found / max(abs(d)), as.numeric(r$conf.int) / max(abs(d)), "interval")
    agree(median(walsh) / max(abs(d)), as.numeric(r$estimate) / max(abs(d)), "estimate")
  }
  c(found, 1 - 2 * psignrank(out - 1, n))
}

estimate <- function(d) {
  walsh <- outer(d, d, "+") / 2
  median(walsh[!lower.tri(walsh)])
}

show <- function(numbers) cat(ifelse(is.na(numbers), "NA", sprintf("%.17g", numbers)), "\n")

cat(gsub(" ", "-", R.version.string), paste0("coin-", packageVersion("coin")),
    paste0("exactRankTests-", packageVersion("exactRankTests")), "\n")
for (line in readLines(file("stdin"))) {
  fields <- strsplit(line, " ")[[1]]
  numbers <- as.numeric(fields[-1])
  if (fields[1] == "alphas") alphas <- numbers
  if (fields[1] == "sample")
    show(c(p_values(numbers), binom.test(sum(numbers > 0), sum(numbers != 0))$p.value, estimate(numbers),
           sapply(alphas, function(alpha) interval(numbers, alpha))))
  if (fields[1] == "family") show(p.adjust(numbers, "holm"))
}
for (freedom in c(1, 2, 3, 4, 5, 9, 10, 29, 59, 299))
  show(c(freedom, qt(c(0.5, 0.8, 0.95, 0.975, 0.995, 0.9999), freedom)))
show(qnorm(c(0.0001, 0.025, 0.5, 0.8, 0.975, 0.99999)))
