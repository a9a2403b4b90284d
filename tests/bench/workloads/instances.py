"""Allocation-heavy: a million instances of a plain class, each with a fresh list."""


class Point:
    def __init__(self, a, b, c):
        self.a = a
        self.b = b
        self.c = c


points = [Point(i, i + 1, []) for i in range(1_000_000)]
