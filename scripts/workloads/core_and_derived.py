"""Claim 6: derived data in a weak dict disappears by itself (1,000 -> 100 -> 0), core data in a strong dict stays.

A container with __slots__ holds 100 strings in a dict and 1,000 derived dicts in a weak-value dict, and counts hits and
misses. A list keeps 100 of the derived ones; it is dropped, then everything unused is collected.

    listed-PHASE   as listed: derived data are plain dicts
    meant-PHASE    as meant: derived data are of a subclass of dict, which can be weakly referenced; core data are of a
                   subclass of str, so that they can be told from the interpreter's own strings from outside

PHASE says where the mark is set at which living objects are counted from outside (inside.mark): `filled`, `kept` (100
are in the list) or `dropped`.

The trap: a dict cannot be weakly referenced. As listed, the program ends with a TypeError at the first derived entry.
"""

import gc
import weakref

import inside

CORE, DERIVED, KEPT = 100, 1_000, 100
PHASES = ("filled", "kept", "dropped")


class Derived(dict):
    """Instances of subclasses written in Python can be weakly referenced."""


class Core(str):
    pass


class Container:
    __slots__ = ("core", "derived", "hits", "misses")

    def __init__(self):
        self.core = {}
        self.derived = weakref.WeakValueDictionary()
        self.hits = 0
        self.misses = 0

    def get(self, key, make):
        """The derived entry of a key, made when it is not there."""
        found = self.derived.get(key)
        if found is None:
            self.misses += 1
            found = make(key)
            self.derived[key] = found
        else:
            self.hits += 1
        return found


def watched(core_kind, derived_kind, marked_phase, scale):
    counts = {"derived": [], "core": []}

    def end_of(phase):
        counts["derived"].append(len(container.derived))
        counts["core"].append(len(container.core))
        if phase == marked_phase:
            inside.mark(scale)

    def make(key):
        return derived_kind(key=key, text=container.core[key % len(container.core)])

    container = Container()
    for key in range(CORE):
        container.core[key] = core_kind(f"core data {key}")
    in_use = [container.get(key, make) for key in range(DERIVED)]
    end_of("filled")
    del in_use[KEPT:]
    end_of("kept")
    for key in range(KEPT):  # these are still there
        container.get(key, make)
    del in_use
    gc.collect()
    end_of("dropped")
    return {"counts": counts, "hits": container.hits, "misses": container.misses}


def listed(phase, scale):
    return watched(str, dict, phase, scale)


def meant(phase, scale):
    return watched(Core, Derived, phase, scale)


def arm(way, phase):
    return lambda scale: way(phase, scale)


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0],
               {f"{way.__name__}-{phase}": arm(way, phase) for way in (meant, listed) for phase in PHASES})
