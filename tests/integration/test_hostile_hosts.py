"""Programs that do to a recorder what it fears most: signal handlers in the midst of everything, operators of new from
elsewhere, threads that allocate when they are nearly gone. Blocks of 6001 bytes count."""

import json
import signal
import unittest

from recording import Recording
from target import BINARIES, SHIM, TOOL, TargetTest, library

JEMALLOC, LIBUNWIND = library("libjemalloc.so.2"), library("libunwind.so.8")


def count(recording, size=6001):
    return sum(block.size == size for process in recording.processes for block in process.select("--account", "native"))


def missing_records(recording):
    """What the report says of holes in the order: of a child, they would be stamps of its parent."""
    return [one for one in json.loads(recording.read("report", "--json"))["warnings"] if "missing" in one["text"]]


class HostileHosts(TargetTest):
    def sound(self, *command, **options):
        outcome, recording = self.record_unchanged([BINARIES / command[0], *command[1:]], **options)
        self.assertEqual(0, outcome.status)
        return recording

    def test_handlers_that_map_memory(self):
        recording = self.sound("interrupts", "map")
        self.assertEqual(0, recording.only_process().lost_events)
        self.assertEqual(0, recording.only_process().unknown_frees)

    def check_children(self, how, number):
        """Each has a trace of its own with 1000 blocks that count."""
        recording = self.sound("interrupts", how)
        children = [process for process in recording.processes if process.forked_from]
        self.assertEqual(number, len(children))
        self.assertEqual(1000 * number, count(recording))
        self.assertEqual([], missing_records(recording))

    def test_handlers_that_fork(self):
        self.check_children("fork", 200)

    def test_children_of_handlers_that_fork_again(self):
        self.check_children("again", 400)

    def test_children_of_handlers_that_nobody_waits_for(self):
        """Parent and child both go on with what was interrupted, which may be the growth of the parent's trace."""
        recording = self.sound("interrupts", "apart")
        (parent,) = [process for process in recording.processes if not process.forked_from]
        report = json.loads(recording.read("report", "--json", "--pid", str(parent.pid)))
        self.assertEqual([], [one for one in report["warnings"] if one["pid"] in (0, parent.pid)])
        self.assertLessEqual(5_000_000, report["totals"]["allocations"])
        self.assertLessEqual(report["totals"]["allocations"], 5_000_100)  # and what libc asks for itself
        self.assertEqual([], missing_records(recording))

    def test_a_library_with_operators_of_its_own(self):
        recording = self.sound("host", BINARIES / "private_operators.so")
        self.assert_sound(recording)
        self.assertEqual(300, count(recording, 6016))

    def test_an_allocator_with_only_half_of_the_operators(self):
        outcome = self.bare([BINARIES / "operators"], setting={"LD_PRELOAD": BINARIES / "half_allocator.so"})
        both = f"{SHIM}:{BINARIES / 'half_allocator.so'}"
        shim = self.bare([BINARIES / "operators"], setting={"LD_PRELOAD": both, "HEAPLEDGER_OUT": self.folder / "raw"})
        self.assertEqual(outcome, shim)

    @unittest.skipUnless(LIBUNWIND, "libunwind.so.8 is not on this machine")
    def test_an_unwinder_in_the_place_of_libgccs(self):
        raw = self.folder / "raw"
        outcome = self.bare([BINARIES / "operators"], setting={"LD_PRELOAD": LIBUNWIND})
        shim = self.bare([BINARIES / "operators"], setting={"LD_PRELOAD": f"{SHIM}:{LIBUNWIND}", "HEAPLEDGER_OUT": raw})
        self.assertEqual(outcome, shim)  # it unwinds exceptions of operator new through the shim, and allocates itself
        recording = Recording(TOOL, raw)
        self.assertEqual((1, 1), (count(recording, 60001), count(recording, 70007)))

    @unittest.skipUnless(JEMALLOC, "libjemalloc is not on this machine")
    def test_an_allocator_that_maps_in_its_first_call(self):
        for setting in ({}, {"HEAPLEDGER_OUT": self.folder / "raw"}):
            outcome = self.bare(["/bin/echo", "well"], setting={"LD_PRELOAD": f"{SHIM}:{JEMALLOC}", **setting})
            self.assertEqual(("well\n", "", 0), (outcome.stdout, outcome.stderr, outcome.status))

    def test_threads_that_free_behind_their_last_destructor(self):
        recording = self.sound("late_frees", 3000)
        process = recording.only_process()
        self.assert_sound(recording)
        self.assertEqual(3000, count(recording))
        self.assertLess(process.raw_bytes, 4 << 20)

    def test_signals_that_the_program_has_blocked(self):
        """Also those that an instruction raises; they are sent here."""
        for number in (signal.SIGSEGV, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS, signal.SIGUSR1):
            with self.subTest(number):
                recording = self.sound("blocked_signal", int(number))
                self.assertEqual(300_000, count(recording))

    def test_a_sandbox_that_answers_system_calls(self):
        recording = self.sound("sandboxed")
        self.assertLess(0, count(recording))

    def test_writes_to_a_closed_descriptor(self):
        recording = self.sound("closed_output")
        self.assert_sound(recording)


if __name__ == "__main__":
    unittest.main()
