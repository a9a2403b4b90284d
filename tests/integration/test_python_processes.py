"""multiprocessing with each of its start methods, on every interpreter: same results, and a trace for each process."""

import unittest

from target import PythonTest, every_interpreter


@every_interpreter(globals())
class Processes(PythonTest):
    def check(self, method):
        outcome, recording = self.record_unchanged(self.python("library_multiprocessing.py", method))
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        self.assert_sound(recording)
        # Three workers of the pool and three processes; spawn and forkserver start helpers besides.
        self.assertGreaterEqual(len(recording.processes), 7)
        self.assertEqual({"verified"}, {process.stacks for process in recording.processes if process.python_version})
        kept = [block for process in recording.processes[1:] for block in process.select("--function", "child")]
        self.assertGreaterEqual(sum(block.size == (1049 if self.interpreter.free_threaded else 1033) for block in kept), 100)

    def test_fork(self):
        self.check("fork")

    def test_spawn(self):
        self.check("spawn")

    def test_forkserver(self):
        self.check("forkserver")


if __name__ == "__main__":
    unittest.main()
