"""Classes on every interpreter: programs/objects.py makes a known number of objects of many types."""

import json
import unittest

from target import PythonTest, every_interpreter

COUNT = 100_000
NEAR = 3

# Attributes of the instances of each class that a function makes. 3.11 and 3.12 give values to all of them; before, blocks
# can be attributed when a constructor sets the first attribute.
PLAIN = {"make_plain": {"Plain": 2}, "make_subclass": {"Subclass": 2}, "make_holds_first": {"HoldsFirst": 2, "Plain": 2},
         "make_holds_last": {"HoldsLast": 2, "Plain": 2}, "make_holds_bare": {"HoldsBare": 2, "Bare": 0},
         "make_longer": {"Longer": 3}, "make_longer_first": {"LongerFirst": 3}, "make_created": {"Created": 1},
         "make_with_meta": {"WithMeta": 0}}
UNCLEAR = {"make_late": {"Late": 1, "Bare": 0}, "make_doubtful": {"Doubtful": 1, "Late": 1}}
IN_C = {"make_listed": {"Listed": 1}}   # 3.11 and 3.12 make a dict of its own for them, later
WITHOUT = {"make_slotted": {"Slotted": 0}, "make_number": {"Number": 0}, "make_failure": {"Failure": 0}}


def parts_of(minor, attributes, kind):
    """Sizes of the blocks that an instance has beside its own, as far as they can be told; None: any."""
    if kind is WITHOUT or minor >= (3, 13):
        return []
    if minor >= (3, 11):
        entries = attributes + 1
        return [] if kind is IN_C else [(entries + 2 + 7) // 8 * 8 + 8 * entries]
    return [40, 64] if attributes != 0 and kind is not UNCLEAR else []


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
        """Up to 3.10 a dict may be an old one that Python had kept; a collection leaves one behind."""
        if collects and self.interpreter.minor < (3, 11):
            near = max(near, count // 100)
        wrong = {}
        for kind in (PLAIN, UNCLEAR, IN_C, WITHOUT):
            for function, classes in kind.items():
                under = recording.types_under(function)
                for name, attributes in classes.items():
                    sizes = parts_of(self.interpreter.minor, attributes, kind)
                    parts = under.get(f"__main__.{name}", {"parts": {"end_blocks": 0, "end_bytes": 0}})["parts"]
                    blocks, size = parts["end_blocks"], parts["end_bytes"]
                    good = abs(blocks - count * len(sizes)) <= near * len(sizes) and size * len(sizes) == blocks * sum(sizes)
                    if not good:
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


if __name__ == "__main__":
    unittest.main()
