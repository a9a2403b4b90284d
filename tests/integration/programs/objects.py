"""Makes COUNT objects of each of many types and keeps them all; prints which function made which type.

Free lists are drained first, so that every object asks the allocator. Ends without tearing the interpreter down: what is kept
is alive at the end. With "threads" every function runs in a thread of its own, all at once. With "still" nothing is collected,
and the free list of dicts is drained anew before each function.
"""

import datetime
import gc
import json
import os
import sys
import threading
import types

COUNT = int(sys.argv[1])
kept = []


class Plain:
    def __init__(self, i):
        self.number = i
        self.double = 2 * i


class HoldsFirst:
    def __init__(self, i):
        self.other = Plain(i)
        self.number = i


class HoldsLast:
    def __init__(self, i):
        self.number = i
        self.other = Plain(i)


class HoldsBare:
    def __init__(self, i):
        self.bare = Bare()
        self.number = i


class Longer(Plain):
    def __init__(self, i):
        super().__init__(i)
        self.third = 3 * i


class LongerFirst(Plain):
    def __init__(self, i):
        self.third = 3 * i
        super().__init__(i)


class Created:
    def __new__(cls, i):
        self = super().__new__(cls)
        self.number = i
        return self


class Listed(list):
    def __init__(self, i):
        super().__init__([i])
        self.number = i


class Bare:
    pass


class Late:
    pass


def late(i):
    """Two instances at once: whose attribute is set first cannot be seen from outside."""
    one, two = Late(), Bare()
    one.number = i
    return one, two


class Doubtful:
    """Its first attribute is one of another instance."""

    def __init__(self, i):
        other = Late()
        other.number = i
        self.other = other


class Slotted:
    __slots__ = ("number", "double")

    def __init__(self, i):
        self.number = i
        self.double = 2 * i


class BeyondSlots(Slotted):
    def __init__(self, i):
        super().__init__(i)
        self.third = 3 * i


class Subclass(Plain):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


class MetaOfMeta(type):
    pass


class OfMeta(type, metaclass=MetaOfMeta):
    pass


class AboveOfMeta(type, metaclass=OfMeta):
    pass


class WithManyMetas(metaclass=AboveOfMeta):
    pass


class Number(int):
    pass


class Word(str):
    """Up to 3.12 its text has a block of its own."""


class Failure(Exception):
    pass


class Told(Failure):
    def __init__(self, i):
        super().__init__(i)
        self.number = i


class Asked(Plain):
    def __init__(self, i):
        super().__init__(i)
        vars(self)


def endless():
    yield 1


def keep(make, count):
    made = [None] * count
    for i in range(count):
        made[i] = make(i)
    kept.append(made)


MAKERS = {
    "make_plain": ("__main__.Plain", Plain), "make_slotted": ("__main__.Slotted", Slotted),
    "make_holds_first": ("__main__.HoldsFirst", HoldsFirst), "make_holds_last": ("__main__.HoldsLast", HoldsLast),
    "make_holds_bare": ("__main__.HoldsBare", HoldsBare), "make_longer": ("__main__.Longer", Longer),
    "make_longer_first": ("__main__.LongerFirst", LongerFirst), "make_created": ("__main__.Created", Created),
    "make_listed": ("__main__.Listed", Listed), "make_beyond_slots": ("__main__.BeyondSlots", BeyondSlots),
    "make_late": ("__main__.Late", late),
    "make_doubtful": ("__main__.Doubtful", Doubtful),
    "make_subclass": ("__main__.Subclass", Subclass), "make_with_meta": ("__main__.WithMeta", lambda i: WithMeta()),
    "make_with_many_metas": ("__main__.WithManyMetas", lambda i: WithManyMetas()),
    "make_word": ("__main__.Word", Word), "make_long_word": ("__main__.Word", lambda i: Word("%0100d" % i)),
    "make_time": ("datetime.time", lambda i: datetime.time(1, 2, i % 60)),
    "make_datetime": ("datetime.datetime", lambda i: datetime.datetime(2020, 1, 2, 3, 4, i % 60)),
    "make_aware": ("datetime.datetime", lambda i: datetime.datetime(2020, 1, 2, 3, 4, i % 60, 0, datetime.timezone.utc)),
    "make_number": ("__main__.Number", Number), "make_failure": ("__main__.Failure", lambda i: Failure()),
    "make_told": ("__main__.Told", Told), "make_asked": ("__main__.Asked", Asked),
    "make_dict": ("dict", lambda i: {}), "make_filled_dict": ("dict", lambda i: {"number": i, "double": i}),
    "make_list": ("list", lambda i: [i]), "make_tuple": ("tuple", lambda i: (i, i)),
    "make_str": ("str", lambda i: "%d." % (i + 1000)), "make_bytes": ("bytes", lambda i: b"%d." % (i + 1000)),
    "make_float": ("float", lambda i: i + 0.5), "make_set": ("set", lambda i: {i}),
    "make_function": ("function", lambda i: lambda: None), "make_generator": ("generator", lambda i: endless())}


def named(name):
    """`keep` under another name, by which its blocks are found."""
    names = {"co_name": name}
    if sys.version_info >= (3, 11):
        names["co_qualname"] = name
    return types.FunctionType(keep.__code__.replace(**names), globals())


for _, make in MAKERS.values():   # takes what free lists hold: at most 2,000 blocks of a kind
    keep(make, 3000)
if sys.argv[2:] == ["still"]:
    gc.disable()
jobs = [(named(name), make) for name, (_, make) in MAKERS.items()]
if sys.argv[2:] == ["threads"]:
    threads = [threading.Thread(target=job, args=(make, COUNT)) for job, make in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
else:
    for job, make in jobs:
        if sys.argv[2:] == ["still"]:
            kept.append([{} for _ in range(100)])
        job(make, COUNT)
print(json.dumps({name: [type_name, COUNT] for name, (type_name, _) in MAKERS.items()}))
sys.stdout.flush()
os._exit(0)
