"""Exact stacks on every interpreter: programs/stacks.py prints the stack that Python itself sees at each of its probes,
and the trace must have the same functions, files and lines."""

import json
import unittest

from target import PROGRAMS, PythonTest, every_interpreter


@every_interpreter(globals())
class Stacks(PythonTest):
    def check(self, flags=(), **setting):
        outcome, recording = self.record_unchanged(self.python("stacks.py", flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        expected = {int(size): [tuple(frame) for frame in stack] for size, stack in json.loads(outcome.stdout).items()}
        found = {}
        for block in recording.only_process().select("--function", "probe", "--account", "python_object"):
            if block.size in expected:
                found.setdefault(block.size, []).append(block.stack)
        self.assertGreater(len(expected), 30)
        for size, stack in sorted(expected.items()):
            self.assertEqual([stack], found.get(size), f"the block of {size} bytes")

    def test_default(self):
        self.check()

    def test_malloc(self):
        self.check(PYTHONMALLOC=None if self.interpreter.free_threaded else "malloc")

    def test_development_mode(self):
        self.check(flags=["-X", "dev"])

    def test_just_in_time_compiler(self):
        if self.interpreter.minor < (3, 14):
            self.skipTest("before 3.14 there is none")
        self.check(PYTHON_JIT="1")

    def test_start_up_and_end_have_stacks_or_none_but_no_wrong_ones(self):
        _, recording = self.record(self.python("library_json.py"))
        self.assertEqual("verified", recording.only_process().stacks)
        length = len((PROGRAMS / "library_json.py").read_text(encoding="utf-8").splitlines())
        places = [(function, line) for function, file, line in recording.places() if file.endswith("library_json.py")]
        self.assertGreater(len(places), 5)
        first = {"<module>": 0}  # from 3.11 on a module begins on line 0, and CPython itself says so
        self.assertEqual([], [place for place in places if not first.get(place[0], 1) <= place[1] <= length])


if __name__ == "__main__":
    unittest.main()
