"""Lives of blocks are as long as the kernel's coarse clock says, wherever that is found."""

import json
import unittest

from target import BINARIES, TargetTest

ROUNDING = 1000   # microseconds: times in a ledger are whole milliseconds


class Clock(TargetTest):
    def check(self, *before):
        outcome, recording = self.record([*before, BINARIES / "lives"])
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        expected = [tuple(int(word) for word in line.split()) for line in outcome.stdout.splitlines()]
        blocks = (json.loads(line) for line in recording.read("dump", "--json").splitlines())
        lives = {}
        for block in blocks:
            if block["size"] == 6001:
                lives.setdefault(block["pid"], []).append(block["end_time_us"] - block["time_us"])
        parent, child = lives.values()   # in the order of their starts
        self.assertEqual(len(expected), len(parent) + len(child))
        for (shortest, longest), life in zip(expected, child + parent):
            self.assertLessEqual(shortest - ROUNDING, life)
            self.assertLessEqual(life, longest + ROUNDING)

    def test_as_usual(self):
        self.check()

    def test_in_another_time_namespace(self):
        """There, the kernel keeps offsets where it keeps the time otherwise."""
        before = ["unshare", "--time", "--monotonic", "1000000", "--fork"]
        if self.bare([*before, "true"]).status != 0:
            self.skipTest("this user cannot make a time namespace")
        self.check(*before)


if __name__ == "__main__":
    unittest.main()
