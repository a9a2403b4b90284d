"""Classes on every interpreter: programs/objects.py makes a known number of objects of many types."""

import json
import unittest

from target import PythonTest, every_interpreter

COUNT = 100_000
NEAR = 3


@every_interpreter(globals())
class Types(PythonTest):
    def check(self, *arguments, near=NEAR, flags=(), **setting):
        outcome, recording = self.record_unchanged(self.python("objects.py", *arguments, flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        wrong = {}
        for function, (name, expected) in json.loads(outcome.stdout).items():
            sums = recording.types_under(function).get(name, {"instances": {"peak_blocks": 0, "end_blocks": 0}})["instances"]
            found = [sums["peak_blocks"], sums["end_blocks"]]
            allowed = near if near > NEAR or not name.startswith("__main__") else 0  # free lists have none of our classes
            if max(abs(expected - one) for one in found) > allowed:
                wrong[function] = {"expected": expected, "found": found}
        self.assertEqual({}, wrong)
        return recording

    def test_default(self):
        recording = self.check(COUNT)
        entry = recording.types_under("make_subclass")["__main__.Subclass"]
        self.assertEqual("__main__.Plain", entry["base"])
        self.assertTrue(entry["defined"]["file"].endswith("objects.py"), entry)

    def test_threads(self):
        """Many threads hand the interpreter's lock to each other in the midst of making objects."""
        self.check(COUNT // 5, "threads", near=COUNT // 5 // 100 if self.interpreter.free_threaded else NEAR + 20)

    def test_debug_allocator(self):
        self.check(COUNT // 10, PYTHONMALLOC="debug")


if __name__ == "__main__":
    unittest.main()
