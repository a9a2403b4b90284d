"""Allocations with a size of their own at the end of many kinds of calls, and the stack that Python itself sees there.

Prints JSON: {size: [[function, file, line], ...]}, innermost first. A probe allocates and asks for the stack on one line.
"""

import asyncio
import contextlib
import functools
import json
import os
import sys
import threading

truth = {}
kept = []
sizes = iter(range(70001, 79999, 2))


def stack():
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    return frames


def probe():
    size = next(sizes)
    block, seen = bytes(size), stack()
    kept.append(block)
    truth[sys.getsizeof(block)] = seen


def deep(n):
    if n == 0:
        probe()
    else:
        deep(n - 1)


def generator():
    probe()
    yield 1
    probe()
    yield from inner_generator()


def inner_generator():
    probe()
    yield 2


def endless():
    while True:
        probe()
        yield


def resumes(generators):
    for one in generators:
        next(one)


def resumes_elsewhere(generators):
    probe()
    resumes(generators)
    for one in generators:
        next(one)


class Added:
    """From 3.12 on an entry from C lies on the C stack: the same one with another caller."""

    def __add__(self, other):
        probe()
        return self

    def __sub__(self, other):
        probe()
        return self + other if other else self


async def coroutine(depth):
    if depth:
        await coroutine(depth - 1)
    else:
        probe()
        await asyncio.sleep(0)
        probe()


class Thing:
    probe()

    def __init__(self):
        probe()

    @property
    def value(self):
        probe()
        return 1

    def __lt__(self, other):
        probe()
        return id(self) < id(other)

    def __del__(self):
        probe()

    @classmethod
    def made(cls):
        return cls()


def decorator(function):
    @functools.wraps(function)
    def wrapped(*arguments, **named):
        probe()
        return function(*arguments, **named)
    return wrapped


@decorator
def decorated(*, word):
    probe()
    return word


@contextlib.contextmanager
def context():
    probe()
    yield
    probe()


def falls():
    try:
        raise ValueError("x")
    except ValueError:
        probe()
    finally:
        probe()


def spread_over_lines():
    return max(
        1,
        (lambda: probe() or 2)(),
        *[
            probe() or 3
            for _ in range(2)
        ],
    )


def übergröße_日本():
    probe()


def everything():
    probe()
    deep(50)
    deep(250)
    list(generator())
    outer = endless()
    generators = [outer, endless(), (next(outer) for _ in range(9))]
    for _ in range(2):
        resumes(generators)
        resumes_elsewhere(generators)
    Added() + 1 - 1
    Added() - 0 + 1 - 1
    asyncio.run(coroutine(5))
    things = [Thing(), Thing.made()]
    assert things[0].value == 1
    sorted(things)
    decorated(word=1)
    with context():
        probe()
    falls()
    spread_over_lines()
    übergröße_日本()
    del things
    exec(compile("\n" * 90000 + "probe()", "<far down>", "exec"), globals())
    exec(compile("probe()", sys.intern("<module>"), "exec"), globals())  # file and function are one and the same str
    eval("probe()")
    functools.reduce(lambda a, b: probe(), [1, 2, 3])
    list(map(lambda _: probe(), [1]))
    threads = [threading.Thread(target=deep, args=(5,)) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()


everything()
sys.stdout.write(json.dumps(truth) + "\n")
sys.stdout.flush()
os._exit(0)
