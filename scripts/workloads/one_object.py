"""Claim 3: an instance with __slots__ is 40 % smaller than one with a __dict__ (30 to 40 % in the summary).

    plain-asked   as listed: instances of a class with three numbers and a list, each asked for its __dict__, because
                  the document adds sys.getsizeof() of the instance and of its __dict__
    plain         as meant: the same instances, left alone
    slotted       the twin with __slots__

One object is too small to be seen from outside, so each arm makes 100,000 and holds them; sys.getsizeof() is printed
of the first one, before there are others, as in the document.

The traps: sys.getsizeof() adds up what objects say of themselves, which is not what was allocated for them: on CPython
3.12 a __dict__ of four attributes says 296 bytes. And from CPython 3.11 on an instance has no __dict__ before somebody
asks: the measurement makes what it measures.
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


def measured(kind, scale, asks_for_dict):
    first = kind(1, 2, 3)
    sizes = {"instance": sys.getsizeof(first), "dict": sys.getsizeof(first.__dict__) if asks_for_dict else 0}
    instances = [first]
    instances += [kind(1, 2, 3) for _ in range(inside.scaled(INSTANCES, scale) - 1)]
    if asks_for_dict:
        for instance in instances:
            instance.__dict__
    inside.mark(scale)
    return {"sizes": sizes}


def plain_asked(scale):
    return measured(Plain, scale, True)


def plain(scale):
    return measured(Plain, scale, False)


def slotted(scale):
    return measured(Slotted, scale, False)


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0], {"plain": plain, "plain-asked": plain_asked, "slotted": slotted})
