"""Classes on every interpreter: programs/objects.py makes a known number of objects of many types."""

import json
import unittest

from target import PythonTest, every_interpreter

COUNT = 100_000
NEAR = 3

# Attributes of the instances of each class that a function makes. UNCLEAR: up to 3.10, which of two instances they are set of
# is in the instances alone. IN_C: object does not make them. ASKED: something asks for their __dict__.
PLAIN = {"make_plain": {"Plain": 2}, "make_subclass": {"Subclass": 2}, "make_holds_first": {"HoldsFirst": 2, "Plain": 2},
         "make_holds_last": {"HoldsLast": 2, "Plain": 2}, "make_holds_bare": {"HoldsBare": 2, "Bare": 0},
         "make_longer": {"Longer": 3}, "make_longer_first": {"LongerFirst": 3}, "make_created": {"Created": 1},
         "make_with_meta": {"WithMeta": 0}}
UNCLEAR = {"make_late": {"Late": 1, "Bare": 0}, "make_doubtful": {"Doubtful": 1, "Late": 1}}
IN_C = {"make_listed": {"Listed": 1}}
BEYOND_SLOTS = {"make_beyond_slots": {"BeyondSlots": 1}}
FAILURES = {"make_told": {"Told": 1}}
ASKED = {"make_asked": {"Asked": 2}}
SHARING = ("make_bag", "make_weight", "make_amount", "make_pair")
INSIDE = ("make_bag", "make_weight")   # 3.14 and later: whose size does not vary
WITHOUT = {"make_slotted": {"Slotted": 0}, "make_number": {"Number": 0}, "make_failure": {"Failure": 0}}


def values_of(minor, entries):
    """Size of the block that 3.11 and later keep so many values in."""
    return (entries + (4 if minor >= (3, 13) else 2) + 7) // 8 * 8 + 8 * entries


def parts_of(minor, attributes, kind):
    """Sizes of the blocks that an instance has beside its own."""
    dict_size, full = 64, 30   # entries of values that a whole table of names is for
    if kind is WITHOUT:
        return []
    if minor < (3, 11):
        return [40, dict_size] if attributes != 0 else []
    if kind is FAILURES:
        return [120, dict_size]   # a table for 5 names
    if kind is IN_C or (kind is BEYOND_SLOTS and minor >= (3, 13)):
        return [values_of(minor, full), dict_size] if minor < (3, 14) else []
    values = [values_of(minor, attributes + 1)] if minor < (3, 13) else []
    return values + [dict_size] if kind is ASKED else values


@every_interpreter(globals())
class Types(PythonTest):
    def check(self, *arguments, near=NEAR, flags=(), **setting):
        outcome, recording = self.record_unchanged(self.python("objects.py", *arguments, flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        wrong = {}
        for function, (name, expected) in json.loads(outcome.stdout).items():
            # The stack of a free-threaded collection is a buffer of whoever it interrupts, and may be the function's peak.
            filters = ("--account", "python_object") if self.interpreter.free_threaded else ()
            sums = recording.instances_under(function, name, *filters)
            found = [sums["peak_blocks"], sums["end_blocks"]]
            exact = near == NEAR and name.startswith("__main__")   # free lists have none of our classes
            if max(abs(expected - one) for one in found) > near or (exact and found[1] != expected):
                wrong[function] = {"expected": expected, "found": found}
        self.assertEqual({}, wrong)
        return recording

    def check_parts(self, recording, count, near=NEAR, collects=True):
        """Up to 3.10 a dict may be an old one that Python had kept; a collection leaves one behind. Tables are kept, too."""
        kept_tables = 80
        if collects and self.interpreter.minor < (3, 11):
            near = max(near, count // 100)
        wrong = {}
        for kind in (PLAIN, UNCLEAR, IN_C, BEYOND_SLOTS, FAILURES, ASKED, WITHOUT):
            for function, classes in kind.items():
                under = recording.types_under(function)
                for name, attributes in classes.items():
                    sizes = parts_of(self.interpreter.minor, attributes, kind)
                    parts = under.get(f"__main__.{name}", {"parts": {"end_blocks": 0, "end_bytes": 0}})["parts"]
                    blocks, size = parts["end_blocks"], parts["end_bytes"]
                    missing = count * len(sizes) - blocks
                    most = near * len(sizes) + (kept_tables if kind is FAILURES else 0)
                    if abs(missing) > most or abs(count * sum(sizes) - size) > abs(missing) * max(sizes, default=0):
                        wrong[function, name] = {"expected": sizes, "blocks": blocks, "bytes": size}
        self.assertEqual({}, wrong)

    def test_default(self):
        recording = self.check(COUNT)
        self.check_parts(recording, COUNT)
        entry = recording.types_under("make_subclass")["__main__.Subclass"]
        self.assertEqual("__main__.Plain", entry["base"])
        self.assertTrue(entry["defined"]["file"].endswith("objects.py"), entry)

    def test_parts(self):
        self.check_parts(self.check(COUNT // 4, "still"), COUNT // 4, collects=False)

    def test_names_that_are_none(self):
        _, recording = self.record_unchanged(self.python("odd_names.py"))
        found = {}
        for name, entry in recording.types_under("make").items():
            local = name.rsplit(".", 1)[-1]
            found[local] = found.get(local, 0) + entry["instances"]["end_blocks"]
        self.assertEqual([40] * 4, [found.get(name) for name in ("Function", "Property", "Key", "Long")], found)

    def test_threads(self):
        """Many threads hand the interpreter's lock to each other in the midst of making objects."""
        near = COUNT // 5 // 100 if self.interpreter.free_threaded else NEAR + 20
        self.check_parts(self.check(COUNT // 5, "threads", near=near), COUNT // 5, near)

    def test_debug_allocator(self):
        self.check_parts(self.check(COUNT // 10, PYTHONMALLOC="debug"), COUNT // 10)

    def carried(self, count, how):
        """By function: bytes as the interpreter counts them, and the class as the ledger has it."""
        outcome, recording = self.record_unchanged(self.python("carried.py", count, how))
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        for function, (name, size) in json.loads(outcome.stdout).items():
            under = recording.types_under(function)
            yield function, size, next(entry for full, entry in under.items() if full.rsplit(".", 1)[-1] == name)

    def test_what_instances_carry(self):
        """The interpreter does not count bytes for the order of values. Of a few blocks, another function had asked for them."""
        count, kept, order = 2000, 80 * (64 + 120), 40
        wrong = {}
        for function, size, entry in self.carried(count, "end"):
            if function in INSIDE and self.interpreter.minor >= (3, 14):
                continue
            surplus = entry["parts"]["end_bytes"] - size
            if not -kept <= surplus <= 64 + order * count * (function in SHARING):
                wrong[function] = {"expected": size / count, "surplus": surplus / count}
        self.assertEqual({}, wrong)

    def test_what_instances_carried_that_are_gone(self):
        """Nothing is collected, so that only the instances that were made last are not told."""
        if self.interpreter.free_threaded:
            self.skipTest("only collections tell there")
        count, last, kept = 2000, 64, 80
        for function, _, entry in self.carried(count, "gone"):
            with self.subTest(function):
                apart = self.interpreter.minor < (3, 14) or function not in INSIDE
                self.assertAlmostEqual(2 * count * apart, entry["parts"]["peak_blocks"], delta=2 * last + kept)

    def test_a_forked_child_does_not_tell_what_its_parent_has(self):
        outcome, recording = self.record_unchanged(self.python("carried.py", 2000, "forked"))
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        parent, child = sorted(recording.processes, key=lambda process: process.forked_from)
        self.assertLess(child.raw_bytes, parent.raw_bytes / 10)


if __name__ == "__main__":
    unittest.main()
