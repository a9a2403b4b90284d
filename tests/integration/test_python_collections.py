"""Garbage collections on every interpreter: their number is that of gc.get_stats(), and what they freed is known."""

import json
import unittest

from target import PROGRAMS, PythonTest, every_interpreter


@every_interpreter(globals())
class Collections(PythonTest):
    def check(self, flags=(), **setting):
        outcome, recording = self.record(self.python("garbage.py", flags=flags), setting=setting)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        gc = recording.gc()
        self.assertTrue(gc["watched"])
        seen = [one["collections"] + one["missed"] for one in gc["generations"]]
        stats = json.loads(outcome.stdout)
        self.assertEqual(stats, seen[:len(stats)])
        self.assertLess(sum(one["missed"] for one in gc["generations"]), 20)
        oldest = gc["generations"][2]
        self.assertGreaterEqual(oldest["freed_bytes"], 60 * 70001)
        self.assertGreaterEqual(oldest["longest_pause_ns"], 1000)
        self.assertGreaterEqual(oldest["pause_ns"], oldest["longest_pause_ns"])
        self.assertEqual(60 * 70001 // 70001, recording.collected_at("garbage.py", self.line()) // 70001)

    @staticmethod
    def line():
        lines = (PROGRAMS / "garbage.py").read_text(encoding="utf-8").splitlines()
        return next(number for number, text in enumerate(lines, 1) if "bytearray" in text)

    def test_default(self):
        self.check()

    def test_without_stacks(self):
        outcome, recording = self.record(self.python("garbage.py"), setting={"HEAPLEDGER_STACKS": "none"})
        seen = [one["collections"] + one["missed"] for one in recording.gc()["generations"]]
        stats = json.loads(outcome.stdout)
        self.assertEqual(stats, seen[:len(stats)])

    def test_development_mode(self):
        self.check(flags=["-X", "dev"])


if __name__ == "__main__":
    unittest.main()
