"""Worst case: nothing but short-lived blocks, at the Python depth given as argument."""

import sys


def churn(depth):
    if depth:
        return churn(depth - 1)
    for i in range(10_000_000):
        pair = [i]
        pair = (i, pair)
    return None


sys.setrecursionlimit(10_000)
churn(int(sys.argv[1]) - 2)
