"""Claim 3: an instance with __slots__ is 40 % smaller than one with a __dict__ (30 to 40 % in the summary).

    plain-asked   as listed: instances of a class with three numbers and a list, each asked for its __dict__, because
                  the document adds sys.getsizeof() of the instance and of its __dict__
    plain         as meant: the same instances, left alone
    slotted       the twin with __slots__

One object is too small to be seen from outside, so each arm makes 100,000 and holds them; sys.getsizeof() is printed
of one, as in the document.

The traps: sys.getsizeof() knows nothing of the collector's header in front of the object, nor of attribute values that
lie outside of it, and counts key tables that are shared as if each instance had its own. And from CPython 3.11 on an
instance has no __dict__ before somebody asks: the measurement makes what it measures.
"""

import sys

import inside

INSTANCES = 100_000


class Plain:
    def __init__(self, first, second, third):
        self.first = first
        self.second = second
        self.third = third
        self.items = []


class Slotted:
    __slots__ = ("first", "second", "third", "items")

    def __init__(self, first, second, third):
        self.first = first
        self.second = second
        self.third = third
        self.items = []


def made(kind, scale):
    return [kind(1, 2, 3) for _ in range(inside.scaled(INSTANCES, scale))]


def plain_asked(scale):
    instances = made(Plain, scale)
    for instance in instances:
        instance.__dict__
    inside.mark(scale)
    return {"sizes": {"instance": sys.getsizeof(instances[0]), "dict": sys.getsizeof(instances[0].__dict__)}}


def plain(scale):
    instances = made(Plain, scale)
    inside.mark(scale)
    return {"sizes": {"instance": sys.getsizeof(instances[0]), "dict": 0}}


def slotted(scale):
    instances = made(Slotted, scale)
    inside.mark(scale)
    return {"sizes": {"instance": sys.getsizeof(instances[0]), "dict": 0}}


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0], {"plain": plain, "plain-asked": plain_asked, "slotted": slotted})
