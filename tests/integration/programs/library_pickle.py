"""Pickles graphs of objects by every protocol, in C and in Python; prints digests."""

import collections
import copy
import datetime
import decimal
import fractions
import hashlib
import io
import pickle


Point = collections.namedtuple("Point", "x y")


class Node:
    def __init__(self, name, children):
        self.name, self.children, self.parent = name, children, None
        for child in children:
            child.parent = self

    def __reduce__(self):
        return Node, (self.name, self.children)

    def count(self):
        return 1 + sum(child.count() for child in self.children)


class Slotted:
    __slots__ = ("a", "b")

    def __getstate__(self):
        return (self.a, self.b)

    def __setstate__(self, state):
        self.a, self.b = state


def tree(depth):
    return Node(f"depth {depth}", [tree(depth - 1) for _ in range(3)] if depth else [])


slotted = Slotted()
slotted.a, slotted.b = [1, 2, 3], {"x": slotted}
data = [tree(6), slotted, Point(1, 2), datetime.date(2020, 2, 3), decimal.Decimal("1.5"), fractions.Fraction(1, 3),
        {i: str(i) * 10 for i in range(3000)}, {1, 2, 3}, frozenset([4]), b"x" * 100000, bytearray(b"y" * 1000), 2**5000,
        collections.OrderedDict(a=1), collections.deque(range(100)), 1.5, complex(1, 2), None, ...]
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    text = pickle.dumps(data, protocol)
    again = pickle.loads(text)
    print(protocol, hashlib.sha256(text).hexdigest() if protocol else len(text), again[0].count(), again[1].a, again[6] == data[6])
buffer = io.BytesIO()
pickle._Pickler(buffer, 4).dump(data)
print(pickle._loads(buffer.getvalue())[0].count(), copy.deepcopy(data)[0].count())
try:
    pickle.loads(pickle.dumps(data)[:-100])
except (EOFError, pickle.UnpicklingError) as problem:
    print(type(problem).__name__)
