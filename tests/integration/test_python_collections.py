"""Garbage collections on every interpreter: their number is that of gc.get_stats(), and what they freed is known."""

import json
import unittest

from target import PythonTest, every_interpreter, line_with

LINE = line_with("garbage.py", "# the line of the garbage")


@every_interpreter(globals())
class Collections(PythonTest):
    def check(self, flags=(), **setting):
        outcome, recording = self.record(self.python("garbage.py", flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        gc = recording.gc()
        self.assertTrue(gc["watched"])
        self.assert_all_counted(gc, outcome)
        self.assertLess(sum(one["missed"] for one in gc["generations"]), 20)
        oldest = gc["generations"][2]
        self.assertGreaterEqual(oldest["freed_bytes"], 60 * 70001)
        self.assertGreaterEqual(oldest["longest_pause_ns"], 1000)
        self.assertGreaterEqual(oldest["pause_ns"], oldest["longest_pause_ns"])
        self.assertEqual(60, recording.collected_at("garbage.py", LINE) // 70001)

    def assert_all_counted(self, gc, outcome):
        """Each generation was collected as often as gc.get_stats() says."""
        seen = [one["collections"] + one["missed"] for one in gc["generations"]]
        stats = json.loads(outcome.stdout)
        self.assertEqual(stats, seen[:len(stats)])

    def test_default(self):
        self.check()

    def test_without_stacks(self):
        outcome, recording = self.record(self.python("garbage.py"), setting={"HEAPLEDGER_STACKS": "none"})
        self.assert_all_counted(recording.gc(), outcome)

    def test_development_mode(self):
        self.check(flags=["-X", "dev"])


if __name__ == "__main__":
    unittest.main()
