"""Instances of a class that keeps its attributes elsewhere than plain classes do; prints how many."""

import sys


class Bag(list):
    def __init__(self, number):
        self.owner = number


class Weight(float):
    def __new__(cls, number):
        self = super().__new__(cls, number)
        self.unit = "kg"
        return self


class Slotted:
    __slots__ = ("number",)


class Derived(Slotted):
    def __init__(self, number):
        self.number = number
        self.further = number


class Counter(dict):  # its own table is not the one of its attributes
    def __init__(self, number):
        super().__init__(number=number)
        self.total = number
        self.last = None


class Partly(set):
    def __init__(self, number):
        if number % 3 == 0:
            self.owner = number


class Many:
    def __init__(self, number):
        for name in range(35):
            setattr(self, "name%d" % name, number)


class Scattered:
    def __init__(self, number):
        setattr(self, "left%d" % (number % 97), number)
        setattr(self, "right%d" % (number % 89), number)


class Shrinking:
    def __init__(self, number):
        self.first = self.second = self.third = number
        del self.first


made = globals()[sys.argv[1]]
kept = [made(number) for number in range(20_000)]
print(len(kept))
