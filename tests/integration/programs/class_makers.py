"""Instances of classes that were made in different ways. A mark names the class that is defined in its line."""

import abc
import collections
import enum
import typing


class Meta(type):
    def __new__(mcs, name, bases, names):
        return build(mcs, name, bases, names)


def build(mcs, name, bases, names):
    return type.__new__(mcs, name, bases, names)


class Abstract(abc.ABC):                         # at: Abstract
    pass


class Made(metaclass=Meta):                      # at: Made
    pass


class Tupled(typing.NamedTuple):                 # at: Tupled
    number: int


class Counted(enum.Enum):                        # at: Counted
    one = 1
    two = 2


class Described(typing.Protocol):
    pass


class Protocolled(Described):                    # at: Protocolled
    pass


def make():
    class Local(abc.ABC):                        # at: make.<locals>.Local
        pass

    return Local, type("Called", (), {})         # at: Called


Pair = collections.namedtuple("Pair", "a b")     # at: Pair
Local, Called = make()
kept = [[made() for _ in range(1000)] for made in (Abstract, Made, Protocolled, Local, Called)]
kept += [[Tupled(number) for number in range(1000)], [Pair(number, 0) for number in range(1000)], list(Counted)]
