"""Makes and drops objects in fill_*, then makes and keeps as many in keep_*: those lie in blocks that CPython kept of the
dropped ones, as far as it keeps any. Prints {function: [type, how many of its objects live at the end]} as JSON and leaves
by _exit at its peak.

Usage: reused.py COUNT [threads|tracer|tracemalloc|fork|in_turns]
"""

import ctypes
import gc
import json
import os
import sys
import threading
import types

COUNT, HOW = int(sys.argv[1]), "".join(sys.argv[2:])
NUMBERS = list(range(COUNT))
EMPTY = ()
kept = []

MAKERS = {
    "float": lambda i: i + 0.25,
    "tuple of 01": lambda i: (i,),
    "tuple of 03": lambda i: (i, i, i),
    "tuple of 19": lambda i: (i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i),
    "list": lambda i: [],
    "dict": lambda i: {},
    "int": lambda i: i + 1_000_000,
    "slice": lambda i: slice(i),
    "complex": lambda i: i + 1j,
    "range": lambda i: range(i),
    "tuple_iterator": lambda i: iter(EMPTY),
    "method": lambda i: types.MethodType(print, i),
}


def make_all(make, numbers):
    made = [None] * len(numbers)
    for place, i in enumerate(numbers):
        made[place] = make(i)
    return made


def named(name):
    """make_all under another name, by which its blocks are found."""
    qualified = {"co_qualname": name} if sys.version_info >= (3, 11) else {}
    return types.FunctionType(make_all.__code__.replace(co_name=name, **qualified), globals())


JOBS = [(make, named("fill_" + name.replace(" ", "_")), named("keep_" + name.replace(" ", "_")))
        for name, make in MAKERS.items()]


def work():
    for make, fill, keep in JOBS:
        fill(make, NUMBERS)
        kept.append(keep(make, NUMBERS))


def take_tracer():
    """A tracer of references that does nothing: any function of C that takes an integer and looks at no memory."""
    take = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p)
    ctypes.pythonapi.PyRefTracer_SetTracer(take, None)
    ctypes.pythonapi.PyRefTracer_GetTracer.restype = ctypes.c_void_p
    return lambda: ctypes.pythonapi.PyRefTracer_GetTracer(None) == take.value


def main():
    times, is_mine = 1, bool
    if HOW == "tracer":
        is_mine = take_tracer()
    if HOW == "tracemalloc":
        import tracemalloc
        tracemalloc.start()
    if HOW == "fork":
        child = os.fork()
        if child:
            return os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        gc.collect()   # gives back what the parent had in its lists
    if HOW == "threads":
        times = 4
        threads = [threading.Thread(target=work) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        times = 30 if HOW == "in_turns" else 1   # the lists are filled and used up again and again
        for _ in range(times):
            work()
    kept.append(bytes(1 << 20))   # the peak
    truth = {}
    for name, (_, fill, keep) in zip(MAKERS, JOBS):
        truth[fill.__name__] = [name.split()[0], 0]
        truth[keep.__name__] = [name.split()[0], times * (COUNT + (name == "list"))]   # `made` is a list too
    print(json.dumps([truth, is_mine()]))
    sys.stdout.flush()
    os._exit(0)


main()
