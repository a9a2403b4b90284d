"""Makes COUNT instances of each of several classes whose attributes lie in dicts of their own, at some time or other.

Prints what the interpreter itself says of the size of their dicts, by the function that made them. With "end" they are kept, and the process
leaves without tearing the interpreter down. With "gone" nothing is ever collected, and they are gone at the end. With "forked"
a child of the process makes one more and leaves.
"""

import gc
import json
import os
import sys
import types

COUNT = int(sys.argv[1])
NAMES = ["name%d" % i for i in range(40)]
kept = []


class Bag(list):
    def __init__(self, number):
        self.owner = number


class Weight(float):
    def __init__(self, number):
        self.unit = number


class Amount(int):
    def __init__(self, number):
        self.unit = number


class Pair(tuple):
    def __new__(cls, number):
        self = super().__new__(cls, (number, number))
        self.unit = number
        return self


class Told(Exception):
    def __init__(self, number):
        super().__init__(number)
        self.number = number


class Many:
    def __init__(self, number):
        for name in NAMES:
            setattr(self, name, number)


class Plain:
    def __init__(self, number):
        self.number = number


class Grown(Exception):
    pass


def keep(make):
    made = [None] * COUNT
    for i in range(COUNT):
        made[i] = make(i)
    return made


def make_grown(_):
    made = keep(Grown)
    for one in made:
        for name in NAMES:
            setattr(one, name, one)
    return made


def make_asked(_):
    made = keep(Plain)
    for one in made:
        one.__dict__["table"] = "of its own"
        for name in NAMES:
            one.__dict__[name] = one
    return made


def make_module(_):
    made = keep(lambda i: types.ModuleType("module%d" % i))
    for one in made:
        for name in NAMES:
            setattr(one, name, one)
    return made


def make_class(_):
    return keep(lambda i: type("Made", (), {"table": "of its own"}))


def make_bag(make):
    return keep(make)


def named(name):
    names = {"co_name": name}
    if sys.version_info >= (3, 11):
        names["co_qualname"] = name
    return types.FunctionType(make_bag.__code__.replace(**names), globals())


def dict_of(one):
    """Of a class, the one behind its proxy."""
    if not isinstance(one, type):
        return one.__dict__
    return next(d for d in gc.get_referents(one) if type(d) is dict and d.get("table") is one.table)


def size_beside(one):
    """A class has a table of the names that its instances share, too."""
    shared = type.__sizeof__(one) - type.__basicsize__ if isinstance(one, type) else 0
    return sys.getsizeof(dict_of(one)) + shared


MAKERS = {"make_told": Told, "make_many": Many, "make_bag": Bag, "make_weight": Weight, "make_amount": Amount, "make_pair": Pair}
LATE = {"make_grown": make_grown, "make_asked": make_asked, "make_module": make_module, "make_class": make_class}

if sys.argv[2] == "gone":
    gc.disable()
    LATE = {}
    del MAKERS["make_many"]
drained = [{"number": i} for i in range(200)]
sizes = {}
for function, make in {**MAKERS, **LATE}.items():
    made = LATE[function](None) if function in LATE else named(function)(make)
    sizes[function] = [type(made[0]).__name__, sum(map(size_beside, made))]
    kept.append(made)
print(json.dumps(sizes))
sys.stdout.flush()
if sys.argv[2] == "forked":
    child = os.fork()
    if child == 0:
        kept.append(Told(0))
        os._exit(0)
    os.waitpid(child, 0)
if sys.argv[2] != "gone":
    os._exit(0)
del made
kept.clear()
