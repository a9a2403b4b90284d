"""Claim 2: a batch job is 16 % faster with the collector off around it.

    plain       100,000 items; each becomes a dict with the item, its double, a dict with a timestamp, and a list of
                100 references to the item
    tuned       as listed: collect, collector off, the same loop, collector on, collect
    off-only    as meant: collector off, the same loop, the results dropped, collector on

The trap: the tuned way has two full collections inside the time that is measured. The second one walks over
everything that the batch has made, which is the very work that was to be saved. It would come anyway: the collector,
switched on while the results are there, begins with all of them at the next object that it knows. So as meant it is
switched on when they are gone.
"""

import gc
import time

import inside

ITEMS = 100_000


def process(count):
    results = []
    for item in range(count):
        results.append({"item": item, "double": item * 2, "meta": {"at": time.time()}, "references": [item] * 100})
    return results


def plain(scale):
    with inside.Span() as span:
        results = process(inside.scaled(ITEMS, scale))
    del results
    return {"spans": {"plain": span.figures()}}


def tuned(scale):
    with inside.Span() as span:
        gc.collect()
        gc.disable()
        results = process(inside.scaled(ITEMS, scale))
        gc.enable()
        gc.collect()
    del results
    return {"spans": {"tuned": span.figures()}}


def off_only(scale):
    with inside.Span() as span:
        gc.disable()
        results = process(inside.scaled(ITEMS, scale))
    del results
    gc.enable()
    return {"spans": {"off-only": span.figures()}}


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0], {"plain": plain, "tuned": tuned, "off-only": off_only})
