"""Worst case of HEAPLEDGER_REUSE: nothing but floats, which CPython makes from dead ones."""


def run(n):
    x = 0.5
    for _ in range(n):
        y = x * 1.5 + 2.5
        x = (y - x) / 3.0
    return x


run(8_000_000)
