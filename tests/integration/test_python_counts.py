"""Exact counts on every interpreter, in every mode of its allocator: programs/exact_counts.py prints how many blocks of
which size each of its lines allocates, and the trace must say the same, to the last block and byte."""

import json
import re
import unittest

from target import PROGRAMS, PythonTest, every_interpreter

PROGRAM = "exact_counts.py"
LINES = {mark[1]: number for number, line in enumerate((PROGRAMS / PROGRAM).read_text(encoding="utf-8").splitlines(), 1)
         if (mark := re.search(r"# at: (.*)", line))}


@every_interpreter(globals())
class Counts(PythonTest):
    def check(self, flags=(), threads=(), **setting):
        outcome, recording = self.record_unchanged(self.python(PROGRAM, *threads, flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        process = recording.only_process()
        expected = {name: {int(size): counts for size, counts in sizes.items()}
                    for name, sizes in json.loads(outcome.stdout).items()}
        here = {}
        for block in process.select("--function", "work", "--account", "python_object", "--account", "python_buffer"):
            if block.file.endswith(PROGRAM):
                here.setdefault((block.line, block.size), []).append(block)
        found = {name: {size: [len(here.get((LINES[name], size), ())),
                               sum(block.alive for block in here.get((LINES[name], size), ()))] for size in sizes}
                 for name, sizes in expected.items()}
        self.assertEqual(expected, found)
        return process

    def test_default(self):
        process = self.check()
        self.assertEqual("verified", process.stacks)

    def test_nothing_is_counted_twice(self):
        """A block beyond 512 bytes comes from malloc: it must not stand in the native account as well."""
        _, recording = self.record(self.python(PROGRAM))
        native = [block for block in recording.only_process().select("--file", PROGRAM, "--account", "native")
                  if block.file.endswith(PROGRAM) and block.line in LINES.values()]
        self.assertEqual([], native)

    def test_threads(self):
        self.check(threads=[4])

    def test_malloc(self):
        self.check(PYTHONMALLOC=None if self.interpreter.free_threaded else "malloc")

    def test_pymalloc(self):
        self.check(PYTHONMALLOC=None if self.interpreter.free_threaded else "pymalloc")

    def test_debug(self):
        self.check(PYTHONMALLOC="debug")

    def test_malloc_debug(self):
        self.check(PYTHONMALLOC=None if self.interpreter.free_threaded else "malloc_debug")

    def test_development_mode(self):
        self.check(flags=["-X", "dev"])

    def test_tracemalloc(self):
        self.check(flags=["-X", "tracemalloc"])

    def test_development_mode_and_tracemalloc(self):
        self.check(flags=["-X", "dev", "-X", "tracemalloc=5"])

    def test_isolated(self):
        self.check(flags=["-I"])

    def test_without_environment_and_site(self):
        self.check(flags=["-E", "-S"])


if __name__ == "__main__":
    unittest.main()
