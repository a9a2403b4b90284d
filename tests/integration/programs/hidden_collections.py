"""Collections that the recorder's callback is not told of, wholly or in part; prints gc's own count of each generation.

    hidden_collections.py HOW [exit]     exit: leaves by _exit, else by the interpreter's end
"""

import gc
import json
import os
import sys
import threading


class Knot:
    def __init__(self):
        self.self = self
        self.weight = bytearray(70001)  # the line of the garbage


class Last:
    """Garbage whose end calls a function, within the collection."""

    def __init__(self, call):
        self.self = self
        self.call = call

    def __del__(self):
        self.call()


def collect(count):
    for number in range(count):
        Knot()
        gc.collect(number % 3)


def taken():
    gc.callbacks.clear()
    collect(9)


def taken_for_a_while():
    saved = gc.callbacks[:]
    gc.callbacks.clear()
    collect(9)
    gc.callbacks.extend(saved)
    collect(1)


def taken_at_the_end():
    collect(3)
    gc.callbacks.clear()


def taken_within():
    Last(gc.callbacks.clear)
    gc.collect()
    for _ in range(50):
        bytearray(70001)  # reference counts free these


def left_within():
    def leave():
        say()
        os._exit(0)

    Last(leave)
    gc.collect()


def interpreters():
    try:
        import _interpreters
    except ImportError:
        import _xxsubinterpreters as _interpreters
    other = _interpreters.create()
    run = getattr(_interpreters, "run_string", None) or _interpreters.exec
    for _ in range(10):
        Knot()
        Last(lambda: run(other, "import gc; gc.collect()"))
        gc.collect()


def others():
    """Another thread frees by reference counts while this one collects."""
    goes, done = threading.Event(), threading.Event()

    def free():
        kept = [bytearray(50001) for _ in range(100)]  # the line of the other thread
        goes.wait()
        kept.clear()
        done.set()

    thread = threading.Thread(target=free)
    thread.start()
    Last(lambda: (goes.set(), done.wait()))
    for _ in range(20):
        Knot()
    gc.collect()
    thread.join()


def say():
    print(json.dumps([generation["collections"] for generation in gc.get_stats()]))
    sys.stdout.flush()


gc.collect()
gc.disable()
globals()[sys.argv[1]]()
say()
if sys.argv[2:] == ["exit"]:
    os._exit(0)
