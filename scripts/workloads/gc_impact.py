"""Claim 1: switching the garbage collector off makes the creation of a million dicts 16 % faster (2.5 s -> 2.1 s).

    gc-on            as listed: collector on, a list of 1,000,000 dicts, each with its index, a list of 100 zeros and
                     a nested dict
    gc-off           as listed: the same after gc.disable()
    in-one-process   the document's own way: both, one after the other, in one process

The trap: in one process the second list is made of memory that the first one has left behind, already faulted in. What
the document ascribes to the collector is partly the work of the kernel. `faults` of the two spans shows it.
"""

import gc

import inside

RECORDS = 1_000_000


def records(count):
    made = []
    for index in range(count):
        made.append({"id": index, "data": [0] * 100, "nested": {"value": index}})
    return made


def measured(count, with_collector):
    if with_collector:
        gc.enable()
    else:
        gc.disable()
    with inside.Span() as span:
        made = records(count)
    gc.enable()
    del made
    return span.figures()


def gc_on(scale):
    return {"spans": {"gc-on": measured(inside.scaled(RECORDS, scale), True)}}


def gc_off(scale):
    return {"spans": {"gc-off": measured(inside.scaled(RECORDS, scale), False)}}


def in_one_process(scale):
    count = inside.scaled(RECORDS, scale)
    return {"spans": {"gc-on": measured(count, True), "gc-off": measured(count, False)}}


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0], {"gc-on": gc_on, "gc-off": gc_off, "in-one-process": in_one_process})
