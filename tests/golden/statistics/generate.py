#!/usr/bin/env python3
# Writes statistics.json: what R and scipy say about samples with and without ties and zeros.
# Usage: generate.py (Python with numpy and scipy; Rscript with the packages coin and exactRankTests).
#
# Each figure comes from a program that defines it as we do; where two do, they must agree here:
# - p of the signed-rank test: coin::wilcoxsign_test, exact, zeros by Pratt's rule, for all samples. Without ties and
#   zeros also stats::wilcox.test and scipy's method='exact'. With ties, exactRankTests::wilcox.exact, when nothing is
#   zero (it and wilcox.test leave zeros out before they rank, by Wilcoxon's rule, which is another test); and scipy's
#   PermutationMethod over all sign patterns of up to 13 pairs. scipy's method='exact' is not asked when there are ties
#   or zeros: it then looks up the statistic in the distribution without them.
# - estimate and interval: stats::wilcox.test(conf.int = TRUE, exact = TRUE) without ties and zeros. With them it would
#   approximate, so generate.R takes the same order statistics of the Walsh averages with qsignrank.
import json
import pathlib
import subprocess

import numpy
import scipy
from scipy.stats import PermutationMethod, binomtest, wilcoxon

FOLDER = pathlib.Path(__file__).parent
ALPHAS = [0.1, 0.05, 0.05 / 3, 0.01]


def samples(random):
    """Name and differences; those with ties are multiples of 1/8, so that equal sums are equal in every program."""
    for n in [*range(4, 31), 40, 49, 60]:
        yield f"continuous {n}", numpy.round(random.normal(0.4, 1, n), 6)
        yield f"heavy tails {n}", numpy.round(random.standard_t(1.5, n) + 0.5, 6)
    for n in [*range(4, 31), 60]:
        yield f"ties {n}", nonzero(random, n, 6) / 8
        yield f"ties and zeros {n}", random.integers(-2, 5, n) / 8
    for n in [5, 8, 12, 20, 30]:
        zeros = numpy.where(random.random(n) < 0.3, 0, numpy.round(random.normal(0.3, 1, n), 6))
        yield f"zeros {n}", numpy.append(zeros[:-1], 0.5)
        yield f"all higher {n}", numpy.round(random.uniform(1, 2, n), 6)
        yield f"all lower and tied {n}", -random.integers(1, 4, n) / 8
        yield f"huge {n}", numpy.round(random.normal(1e9, 4e9, n))
        yield f"tiny {n}", numpy.round(random.normal(1e-9, 2e-9, n), 15)


def nonzero(random, n, limit):
    return random.integers(1, limit + 1, n) * random.choice([-1, 1, 1], n)


def ask_r(cases, families):
    lines = [" ".join(["alphas", *map(repr, ALPHAS)])]
    lines += [" ".join(["sample", *(repr(float(v)) for v in values)]) for _, values in cases]
    lines += [" ".join(["family", *map(repr, family)]) for family in families]
    answer = subprocess.run(["Rscript", FOLDER / "generate.R"], input="\n".join(lines) + "\n", text=True,
                            check=True, stdout=subprocess.PIPE).stdout
    rows = [line.split() for line in answer.splitlines()]
    return rows.pop(0), [[None if field == "NA" else float(field) for field in row] for row in rows]


def check_by_scipy(name, values, p):
    absolute = numpy.abs(values)
    plain = len(numpy.unique(absolute)) == len(values) and 0 not in absolute
    if not plain and len(values) > 13:
        return False
    method = "exact" if plain else PermutationMethod(n_resamples=1 << 14)
    for side, expected in zip(["two-sided", "greater", "less"], p):
        found = wilcoxon(values, zero_method="pratt", alternative=side, method=method).pvalue
        assert abs(found - expected) < 1e-12, (name, side, found, expected)
    return True


def main():
    random = numpy.random.default_rng(20240607)
    cases = [case for case in samples(random) if numpy.any(case[1] != 0)]
    families = [[float(v) for v in numpy.round(random.uniform(0, scale, size), 5)]
                for size in [1, 2, 3, 5, 8, 20] for scale in [0.02, 0.2, 1]]
    families += [[0.01, 0.01, 0.03, 0.03, 0.01], [1.0, 1.0], [0.0, 0.5], [0.02, 0.04, 0.01, 0.9]]
    versions, rows = ask_r(cases, families)
    result = {"made by": versions + [f"scipy-{scipy.__version__}"], "alphas": ALPHAS, "samples": [], "families": []}
    scipy_agreed = 0
    for (name, values), row in zip(cases, rows):
        scipy_agreed += check_by_scipy(name, values, row[:3])
        higher, lower = int(numpy.sum(values > 0)), int(numpy.sum(values < 0))
        assert abs(binomtest(higher, higher + lower).pvalue - row[3]) < 1e-12, name
        intervals = [row[5 + 3 * i:8 + 3 * i] for i in range(len(ALPHAS))]
        result["samples"].append({"name": name, "differences": [float(v) for v in values],
                                  "p": row[:3], "sign": row[3], "estimate": row[4], "intervals": intervals})
    for family, row in zip(families, rows[len(cases):]):
        result["families"].append({"p": family, "holm": row})
    quantiles = rows[len(cases) + len(families):]
    result["quantiles of t"] = quantiles[:-1]
    result["quantiles of normal"] = quantiles[-1]
    text = ",\n".join(f"{json.dumps(key)}: {lines(value)}" for key, value in result.items())
    (FOLDER / "statistics.json").write_text("{\n" + text + "\n}\n")
    print(f"{len(cases)} samples, {scipy_agreed} of them also by scipy; {len(families)} families")


def lines(value):
    if not isinstance(value[0], (dict, list)):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "]"


if __name__ == "__main__":
    main()
