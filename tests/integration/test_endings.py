"""However a program ends, its trace has everything up to the last whole record. SIGKILL comes at random instants; the
program counts its own events in a shared file, so that the truth is known at any of them."""

import random
import signal
import struct
import subprocess
import time
import unittest

from recording import Recording
from target import BINARIES, TOOL, TargetTest, environment, shim_setting

KILLS = 25


class Endings(TargetTest):
    def check(self, way, clean):
        outcome, recording = self.record_unchanged([BINARIES / "endings", way])
        self.assert_sound(recording)
        process = recording.processes[0]
        kept = [block for block in process.blocks if block.size == 4001]
        dropped = [block for block in process.blocks if block.size == 4003]
        self.assertEqual((10, 10, 1, 0), (len(kept), sum(block.alive for block in kept),
                                          len(dropped), sum(block.alive for block in dropped)))
        self.assertEqual(clean, process.clean_end)
        return outcome, recording

    def test_return_from_main(self):
        self.check("return", True)

    def test_exit(self):
        self.check("exit", True)

    def test_underscore_exit(self):
        self.check("_exit", True)

    def test_capital_exit(self):
        self.check("_Exit", True)

    def test_quick_exit(self):
        self.check("quick_exit", True)

    def test_direct_system_call(self):
        self.check("exit_group", False)

    def test_abort(self):
        self.check("abort", False)

    def test_segmentation_fault(self):
        self.check("segv", False)

    def test_terminated(self):
        self.check("term", False)

    def test_killed(self):
        self.check("kill", False)

    def test_replaced_by_exec(self):
        outcome, recording = self.record_unchanged([BINARIES / "endings", "exec"])
        self.assertEqual(7, outcome.status)
        self.assertEqual(2, len(recording.processes))
        self.assertEqual(1, len({process.pid for process in recording.processes}))
        self.assertEqual(10, sum(block.size == 4001 and block.alive for block in recording.processes[0].blocks))


def has_begun(out):
    """Whether a trace has its first bytes, which are written last when one is begun."""
    for file in out.glob("*.raw"):
        with file.open("rb") as opened:
            if opened.read(1) not in (b"", b"\0"):
                return True
    return False


class Killed(TargetTest):
    def kill(self, number, threads, seconds):
        """(recorded allocations and frees, the same by the program's count)."""
        counters, out = self.folder / f"counters-{number}", self.folder / f"killed-{number}"
        child = subprocess.Popen([BINARIES / "killed", counters, str(threads)],
                                 env=environment(**shim_setting(out)))
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        self.assertEqual(-signal.SIGKILL, child.wait())
        counts = [0, 0]
        if counters.exists() and counters.stat().st_size:
            words = struct.unpack("64Q", counters.read_bytes())
            counts = [sum(words[0::8]), sum(words[1::8])]
        if not has_begun(out):
            return [0, 0], counts
        process = Recording(TOOL, out).only_process()
        self.assertEqual((0, 0), (process.lost_events, process.unknown_frees))
        return [process.allocations, process.frees], counts

    def check(self, threads):
        rng = random.Random(threads)
        for number in range(KILLS):
            recorded, counted = self.kill(number, threads, rng.uniform(0.0, 0.12))
            told = f"recorded {recorded}, the program counted {counted}"
            for found, truth, others in zip(recorded, counted, (threads - 1, 0)):  # a thread costs a block of libc's
                self.assertLessEqual(truth, found, told)
                self.assertLessEqual(found, truth + threads + others, told)

    def test_one_thread_at_random_instants(self):
        self.check(1)

    def test_four_threads_at_random_instants(self):
        self.check(4)


if __name__ == "__main__":
    unittest.main()
