"""Objects from CPython's free lists have the line that made them, on every interpreter that tells of them (3.13 and later);
programs/reused.py fills the lists at one place and takes from them at another."""

import ctypes
import json
import os
import unittest

from target import SHIM, TOOL, PythonTest, every_interpreter, run

COUNT = 200   # more than most lists hold: some objects come from them, some from the allocator
ON = {"HEAPLEDGER_REUSE": "on"}
OFF = {"HEAPLEDGER_REUSE": "off"}
AS_LONG = {"HEAPLEDGER_REUSE": "yes"}   # what is no value is the default
SMALL_INTS = 1024   # the last int that no CPython makes anew (3.15; 256 in earlier ones)


def fix_addresses():
    """The order of some sets depends on where objects lie, and with it what lives at the end."""
    no_randomisation = 0x0040000
    ctypes.CDLL(None).personality(no_randomisation)


def use_up_small_process_numbers():
    """The system gives them out again when it has come to the end of all numbers."""
    for _ in range(SMALL_INTS):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)


@every_interpreter(globals())
class Bound(PythonTest):
    def test_no_more_lines_are_wrong_than_the_report_says(self):
        """Also where lists that hold a hundred are filled and used up again and again."""
        outcome, recording = self.record_unchanged(self.python("reused.py", COUNT, "in_turns"), setting=OFF)
        self.assertEqual(0, outcome.status, outcome.stderr)
        truth, _ = json.loads(outcome.stdout)
        wrong = {}
        for function, (name, expected) in truth.items():
            found = recording.instances_under(function, name)["end_blocks"]
            wrong[name] = wrong.get(name, 0) + max(0, expected - found)
        self.assertGreater(wrong["float"], 1000, "the program uses what it dropped")
        bounds = recording.free_lists()
        self.assertEqual({}, {name: (count, bounds.get(name)) for name, count in wrong.items() if count > bounds.get(name, 0)})


@every_interpreter(globals())
class Reuse(PythonTest):
    def setUp(self):
        super().setUp()
        if self.interpreter.minor < (3, 13):
            self.skipTest("before CPython 3.13 nobody tells of objects from free lists")

    def run_program(self, *arguments, flags=(), setting=None, before=None):
        outcome, recording = self.record_unchanged(self.python("reused.py", COUNT, *arguments, flags=flags),
                                                   setting=ON if setting is None else setting, before=before)
        self.assertEqual(0, outcome.status, outcome.stderr)
        self.assert_sound(recording)
        return json.loads(outcome.stdout), recording

    def wrong_places(self, truth, recording, number=0):
        """What the report has otherwise: {function: objects at the end}; and where the peak has other blocks of a function than
        the end, at which all is alive that was kept."""
        wrong = {}
        at_peak = recording.blocks_at_peak_under(truth, recording.processes[number].pid)
        for function, (name, expected) in truth.items():
            found = recording.instances_under(function, name)["end_blocks"]
            all_blocks = recording.end_blocks_under(function)
            same = at_peak[function] == all_blocks or self.interpreter.free_threaded   # there, what threads leave goes later
            if found != expected or not same:
                wrong[function] = {"expected": expected, "found": found, "peak": at_peak[function], "end": all_blocks}
        return wrong

    def check(self, *arguments, flags=(), number=0, **setting):
        (truth, _), recording = self.run_program(*arguments, flags=flags, setting={**ON, **setting})
        self.assertEqual({}, self.wrong_places(truth, recording, number))
        reuse = recording.reuse(number)
        self.assertEqual("followed", reuse["state"])
        self.assertGreater(reuse["objects"], 100)
        return recording

    def test_default(self):
        recording = self.check()
        self.assertLessEqual(set(recording.free_lists()), {"dict table", "MemoryError", "FutureIter"}, "what nobody sees is left")
        self.assertIn(b"Free lists  followed", recording.read("report"))

    def test_without(self):
        """The test can fail: nobody follows, and blocks are where their first objects were."""
        (truth, _), recording = self.run_program(setting=OFF)
        self.assertIn("keep_float", self.wrong_places(truth, recording))
        self.assertEqual("switched_off", recording.reuse(0)["state"])
        self.assertIn("float", recording.free_lists())

    def test_option_of_record(self):
        if self.root != "/":
            self.skipTest("record runs on this system, the interpreter in a folder")
        ledger = self.folder / "r.hl"
        for option, state in (("on", "followed"), ("off", "switched_off")):
            outcome = run([TOOL, "record", "-q", "-f", "-o", ledger, "--reuse", option, "--",
                           *self.python("reused.py", COUNT)], setting={"HEAPLEDGER_PRELOAD": SHIM})
            self.assertEqual(0, outcome.status, outcome.stderr)
            report = json.loads(run([TOOL, "report", "--json", ledger]).stdout)
            self.assertEqual(state, report["processes"][0]["reuse"]["state"])

    def test_totals_are_those_without(self):
        """What allocators do is the same, whether somebody looks at reuses or not. Both variables take as much room, and libc's
        heap lies where it lies: arenas of CPython's own would come to lie elsewhere when a longer trace grows between them,
        and what a set of types or functions does goes by addresses."""
        if self.interpreter.free_threaded:
            self.skipTest("free-threaded CPython collects by resident memory, which a recording changes")
        figures = []
        for setting in (OFF, AS_LONG):
            process = self.process_of_ordinary_number({**setting, "PYTHONMALLOC": "malloc"})
            blocks = [block for block in process.blocks if block.heap and not block.continuation]
            # Not the frees: what the end of an interpreter leaves behind goes by the order of addresses, and a longer trace
            # moves those of later arenas.
            figures.append([process.allocations, process.allocated_bytes, process.temporary_allocations, len(blocks)])
        self.assertEqual(*figures)

    def process_of_ordinary_number(self, setting):
        """threading keeps the number of the main thread, the process's: a small one is an int that needs no block."""
        while True:
            process = self.run_program(setting=setting, before=fix_addresses)[1].only_process()
            if process.pid > SMALL_INTS:
                return process
            use_up_small_process_numbers()

    def test_debug_allocator(self):
        self.check(PYTHONMALLOC="debug")

    def test_development_mode(self):
        self.check(flags=("-X", "dev"))

    def test_threads(self):
        self.check("threads")

    def test_forked_child(self):
        self.check("fork", number=1)

    def test_a_tracer_of_the_program_stays(self):
        (_, is_mine), recording = self.run_program("tracer")
        self.assertTrue(is_mine)
        self.assertEqual("lost", recording.reuse(0)["state"])
        self.assertIn(b"until the program set a tracer", recording.read("report"))
        self.assertIn("float", recording.free_lists())

    def test_tracemalloc_takes_the_tracer(self):
        _, recording = self.run_program("tracemalloc")
        self.assertEqual("lost", recording.reuse(0)["state"])

    def test_tracemalloc_from_the_start(self):
        _, recording = self.run_program(flags=("-X", "tracemalloc"))
        self.assertEqual("taken", recording.reuse(0)["state"])


if __name__ == "__main__":
    unittest.main()
