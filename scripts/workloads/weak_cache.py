"""Claim 5: of ten objects a weak cache keeps only those in use (10 -> 5 -> 0); a strong one keeps all ten.

Ten objects, each with a list of 100,000 zeros ("400 KB"), go into a cache; five stay in a list besides; the list is
dropped, then everything unused is collected.

    both-PHASE     as listed: a weak and a strong cache in one process, with the same objects
    weak-PHASE     as meant: the weak cache alone
    strong-PHASE   as meant: the strong cache alone

PHASE says where the mark is set at which living objects are counted from outside (inside.mark): `filled`, `kept` (five
are in the list) or `dropped`. The program is the same in all three.

The traps: as listed, the strong cache holds every object that the weak one is meant to let go. And 100,000 references
take 800 KB on a 64-bit machine, not 400.
"""

import gc
import weakref

import inside

OBJECTS, KEPT, ZEROS = 10, 5, 100_000
PHASES = ("filled", "kept", "dropped")


class Picture:
    def __init__(self, name, zeros):
        self.name = name
        self.pixels = [0] * zeros


def watched(caches, marked_phase, scale):
    """Fills the caches and lets go, step by step; lengths of the caches after each."""
    counts = {name: [] for name in caches}

    def end_of(phase):
        for name, cache in caches.items():
            counts[name].append(len(cache))
        if phase == marked_phase:
            inside.mark(scale)

    # Without a variable of a loop: it would hold the last object, and the weak cache would keep one more.
    in_use = [Picture(f"picture {i}", inside.scaled(ZEROS, scale)) for i in range(OBJECTS)]
    for cache in caches.values():
        cache.update((picture.name, picture) for picture in in_use)
    end_of("filled")
    del in_use[KEPT:]
    end_of("kept")
    del in_use
    gc.collect()
    end_of("dropped")
    return {"counts": counts}


def both(phase, scale):
    return watched({"weak": weakref.WeakValueDictionary(), "strong": {}}, phase, scale)


def weak(phase, scale):
    return watched({"weak": weakref.WeakValueDictionary()}, phase, scale)


def strong(phase, scale):
    return watched({"strong": {}}, phase, scale)


def arm(way, phase):
    return lambda scale: way(phase, scale)


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0],
               {f"{way.__name__}-{phase}": arm(way, phase) for way in (both, weak, strong) for phase in PHASES})
