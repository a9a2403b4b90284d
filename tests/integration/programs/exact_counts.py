"""Allocations whose number and size are known to the last byte. The lines that count end in "# at: NAME".

Prints the truth as JSON: {NAME: {size: [allocations, alive at the end]}}, sizes as sys.getsizeof gives them. Blocks of
other sizes on such a line (argument tuples, integers) are nobody's business. Ends without tearing the interpreter down, so
that what is kept is alive at the end. The same code runs in COUNT threads at once when a number is given.
"""

import json
import os
import sys
import sysconfig
import threading

COUNT = 500
LIST_HEADER = 8 if sysconfig.get_config_var("Py_GIL_DISABLED") else 0  # free-threaded: the capacity, unknown to getsizeof
truth = {}
kept = []
lock = threading.Lock()


def expect(name, size, made, alive):
    with lock:
        sizes = truth.setdefault(name, {})
        before = sizes.get(size, [0, 0])
        sizes[size] = [before[0] + made, before[1] + alive]


class Slotted:
    __slots__ = ("a", "b", "c", "d", "e")


def fixed_sizes(store):
    for i in range(COUNT):
        store[i] = bytes(1000)  # at: bytes kept
    expect("bytes kept", sys.getsizeof(bytes(1000)), COUNT, COUNT)
    for _ in range(COUNT):
        bytes(300)  # at: bytes dropped
    expect("bytes dropped", sys.getsizeof(bytes(300)), COUNT, 0)
    letter = "x"
    for i in range(COUNT):
        store[COUNT + i] = letter * 5000  # at: strings beyond pymalloc
    expect("strings beyond pymalloc", sys.getsizeof(letter * 5000), COUNT, COUNT)
    for i in range(COUNT):
        store[2 * COUNT + i] = Slotted()  # at: slotted instances
    expect("slotted instances", sys.getsizeof(Slotted()), COUNT, COUNT)
    nothing = [None] * 30
    for i in range(COUNT):
        store[3 * COUNT + i] = tuple(nothing)  # at: tuples longer than the free lists keep
    expect("tuples longer than the free lists keep", sys.getsizeof(tuple(nothing)), COUNT, COUNT)


def small_objects(store):
    for i in range(5 * COUNT):
        store[i] = object()  # at: objects
    expect("objects", sys.getsizeof(object()), 5 * COUNT, 0)
    for i in range(5 * COUNT):
        store[i] = None


def list_growth():
    items = []
    empty, size = sys.getsizeof([]), sys.getsizeof([])
    last = None
    for _ in range(5 * COUNT):
        items.append(None)  # at: list growth
        grown = sys.getsizeof(items)
        if grown != size:
            size = grown
            if last is not None:
                expect("list growth", last, 0, -1)
            last = size - empty + LIST_HEADER
            expect("list growth", last, 1, 1)
    return items


def dict_growth():
    table = {}
    empty, size = sys.getsizeof({}), sys.getsizeof({})
    last = None
    for key in range(COUNT):
        table[key] = None  # at: dict growth
        grown = sys.getsizeof(table)
        if grown != size:
            size = grown
            if last is not None and last > 2000:
                expect("dict growth", last, 0, -1)
            last = size - empty
            if last > 2000:  # smaller ones may come from a free list
                expect("dict growth", last, 1, 1)
    return table


def work():
    store = [None] * (5 * COUNT)
    small_objects(store)
    fixed_sizes(store)
    kept.append((store, list_growth(), dict_growth()))


threads = [threading.Thread(target=work) for _ in range(int(sys.argv[1]))] if len(sys.argv) > 1 else []
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if not threads:
    work()
sys.stdout.write(json.dumps({name: dict(sorted(sizes.items())) for name, sizes in sorted(truth.items())}) + "\n")
sys.stdout.flush()
os._exit(0)
