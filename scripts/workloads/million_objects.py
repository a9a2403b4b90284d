"""Claim 4: __slots__ save 36.7 % of the memory of a million objects (120.5 MB -> 76.3 MB of resident memory).

    nothing          the program without a single instance: what resident memory starts from
    plain            as listed: 1,000,000 instances with i, i + 1, i + 2 and a fresh empty list each
    slotted          as listed: the same with __slots__
    in-one-process   the document's own way: plain, then slotted, in one process

The traps: growth of resident memory counts the integers and the million empty lists as well, which slots do not touch,
so the share that is saved of the instances themselves is another one (as meant: the bytes of the class alone). And in
one process the second million lies in memory that the first one has left behind, so it hardly grows.
"""

import inside

INSTANCES = 1_000_000


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


def measured(kind, scale):
    with inside.Span() as span:
        instances = [kind(i, i + 1, i + 2) for i in range(inside.scaled(INSTANCES, scale))]
    del instances
    return span.figures()


def nothing(scale):
    with inside.Span() as span:
        pass
    return {"spans": {"nothing": span.figures()}}


def plain(scale):
    return {"spans": {"plain": measured(Plain, scale)}}


def slotted(scale):
    return {"spans": {"slotted": measured(Slotted, scale)}}


def in_one_process(scale):
    return {"spans": {"plain": measured(Plain, scale), "slotted": measured(Slotted, scale)}}


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0],
               {"nothing": nothing, "plain": plain, "slotted": slotted, "in-one-process": in_one_process})
