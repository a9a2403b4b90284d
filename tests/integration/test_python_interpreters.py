"""Interpreters beside the main one: all their collections, all their classes, and controls that hold in each of them.

The truth is what every interpreter says of itself (programs/interpreters.py)."""

import json
import unittest

from target import PythonTest, every_interpreter

ALIVE, ENDING, MANY = 5, 50, 2000
NEAR = 3
EARLY = 3   # collections of a new interpreter before it can import anything
OFF = "the program switched the collector off"


@every_interpreter(globals())
class Interpreters(PythonTest):
    def setUp(self):
        super().setUp()
        self.said = self.folder / "said"
        self.said.mkdir()

    def kinds(self):
        """The kinds of interpreters that can be made here."""
        kinds = json.loads(self.bare(self.python("interpreters.py", "ways")).stdout)
        if not kinds:
            self.skipTest("no module of this interpreter makes interpreters")
        return kinds

    def of_kind(self, kind):
        if kind not in self.kinds():
            self.skipTest(f"this interpreter makes none with {'a lock of their own' if kind == 'own' else 'a shared lock'}")
        return kind

    def clear(self):
        for file in self.said.iterdir():
            file.unlink()

    def run_many(self, what, kind, count, many=MANY, sound=True, **setting):
        command = self.python("interpreters.py", self.said, what, kind, count, many)
        bare = self.bare(command)
        self.assertEqual((0, f"done {what} {kind} {count}\n", ""), (bare.status, bare.stdout, bare.stderr))
        self.clear()
        outcome, recording = self.record(command, setting=setting)
        self.assertEqual(bare, outcome)
        if sound:
            self.assert_sound(recording)
        return recording

    def starts(self):
        """{interpreter: how its collector was when its first line ran}"""
        return {file.stem: json.loads(file.read_text()) for file in self.said.glob("*.json")}

    def collections(self):
        """By generation, of all interpreters. Up to 3.8 they have one collector, of which each says the same."""
        sums = [0, 0, 0]
        for file in self.said.glob("main.gc" if self.interpreter.minor < (3, 9) else "*.gc"):
            first, *later = file.read_text().splitlines()
            for generation, number in enumerate(json.loads(first)):
                sums[generation] += number
            for generation in later:
                sums[int(generation)] += 1
        return sums

    def check_collections(self, recording, count, quiet=0):
        """`quiet`: collections that gc tells nobody of."""
        gc = recording.gc()
        seen = [one["collections"] + one["missed"] for one in gc["generations"]]
        truth = self.collections()
        truth[2] -= quiet
        self.assertEqual(truth, seen)
        if self.interpreter.minor >= (3, 9):
            self.assertGreaterEqual(truth[2], count + 1)   # each made one on purpose
        self.assertLess(sum(one["missed"] for one in gc["generations"]), 20 + EARLY * count)
        self.assertEqual([], recording.only_process().warnings)

    def check_classes(self, recording, count, figure, many, in_main):
        found = recording.types_under("make_kept")
        wrong = {}
        for name, expected in [("Kept", in_main), *((f"Kept{number}", many) for number in range(count))]:
            instances = found.get(f"__main__.{name}", {"instances": {figure: 0}})["instances"][figure]
            if abs(instances - expected) > NEAR:
                wrong[name] = instances
        self.assertEqual({}, wrong)

    def check_alive(self, what, kind, many=MANY, in_main=MANY):
        recording = self.run_many(what, self.of_kind(kind), ALIVE, many)
        self.check_collections(recording, ALIVE)
        self.check_classes(recording, ALIVE, "end_blocks", many, in_main)

    def check_ending(self, kind):
        recording = self.run_many("ending", self.of_kind(kind), ENDING, 100)
        # Up to 3.8, gc.get_stats() of the others counts the two collections in the end of each.
        self.check_collections(recording, ENDING, 2 * ENDING if self.interpreter.minor < (3, 9) else 0)
        self.check_classes(recording, ENDING, "allocations", 100, 100)

    def test_alive_with_a_shared_lock(self):
        self.check_alive("alive", "shared")

    def test_alive_with_locks_of_their_own(self):
        self.check_alive("alive", "own")

    def test_threads_with_a_shared_lock(self):
        self.check_alive("threads", "shared")

    def test_threads_with_locks_of_their_own(self):
        self.check_alive("threads", "own")

    def test_threads_that_switch_with_a_shared_lock(self):
        self.check_alive("switching", "shared", 5 * MANY, (ALIVE + 1) * 5 * MANY)

    def test_threads_that_switch_with_locks_of_their_own(self):
        self.check_alive("switching", "own", 5 * MANY, (ALIVE + 1) * 5 * MANY)

    def test_one_after_the_other_with_a_shared_lock(self):
        self.check_ending("shared")

    def test_one_after_the_other_with_locks_of_their_own(self):
        self.check_ending("own")

    def test_without_stacks(self):
        for kind in self.kinds():
            with self.subTest(kind):
                recording = self.run_many("threads", kind, ALIVE, HEAPLEDGER_STACKS="none")
                self.check_collections(recording, ALIVE)

    def check_control(self, control, check):
        """`check`(kind, starts without the control, starts with it), on every kind, recorded and not."""
        for kind in self.kinds():
            self.bare(self.python("interpreters.py", self.said, "threads", kind, ALIVE, MANY))
            before = self.starts()
            for events in ("all", "none"):
                with self.subTest(f"{kind}, events {events}"):
                    recording = self.run_many("threads", kind, ALIVE, HEAPLEDGER_GC=control, HEAPLEDGER_EVENTS=events)
                    self.assertEqual(ALIVE + 1, len(self.starts()))
                    told = recording.controls()[f"gc {control}"]
                    if events == "none" and self.interpreter.free_threaded and self.interpreter.minor >= (3, 15):
                        self.assertIn("interpreter beside the main one", told["refused"])   # its mimalloc is out of sight
                        continue
                    check(before, self.starts())
                    if control.startswith("threshold"):  # the program switches its collectors off at last
                        self.assertEqual(OFF, told.pop("undone", OFF))
                    self.assertEqual({"applied": ""}, told)

    def test_collector_off(self):
        def check(_before, starts):
            for name, start in starts.items():
                self.assertFalse(start["enabled"], name)
            self.assertEqual([0, 0, 0], self.collections())
        self.check_control("off", check)

    def test_collector_off_where_allocations_are_out_of_sight(self):
        """mimalloc serves them all, and the domains are not hooked: late is told, where it may be."""
        if self.interpreter.minor < (3, 15):
            self.skipTest("before CPython 3.15 libc's malloc sees an interpreter begin")
        recording = self.run_many("threads", self.kinds()[0], ALIVE, HEAPLEDGER_GC="off", HEAPLEDGER_EVENTS="none",
                                  PYTHONMALLOC="mimalloc")
        self.assertIn("interpreter beside the main one", recording.controls()["gc off"]["refused"])

    def test_collector_that_is_enabled_again(self):
        """It stays so, however often threads come and go; and that is told when the interpreter ends."""
        for kind in self.kinds():
            for events in ("all", "none"):
                with self.subTest(f"{kind}, events {events}"):
                    recording = self.run_many("enabling", kind, 1, 10, sound=False, HEAPLEDGER_GC="off", HEAPLEDGER_EVENTS=events)
                    told = recording.controls()["gc off"]
                    if self.interpreter.minor < (3, 9) and events == "none":   # the only collector there is, switched off in the end
                        self.assertEqual({"applied": ""}, told)
                        continue
                    late = events == "none" and self.interpreter.free_threaded and self.interpreter.minor >= (3, 15)
                    if not late:
                        self.assertEqual({"applied": "", "undone": "enabled by the program"}, told)

    def test_made_in_one_thread_and_ended_in_another(self):
        """The end of such a one is not the main interpreter's: what the program sets there stays, and it makes classes."""
        controls = {"HEAPLEDGER_GC": "off"}, {"HEAPLEDGER_GC": "threshold=4321"}, {"HEAPLEDGER_SLOTS": "__main__:Late=number"}
        for kind in self.kinds():
            for events in ("all", "none"):
                for control in controls:
                    with self.subTest(f"{kind}, events {events}, {control}"):
                        self.run_many("handed", kind, 3, 10, sound=False, HEAPLEDGER_EVENTS=events, **control)

    def test_thresholds(self):
        def check(_before, starts):
            for name, start in starts.items():
                self.assertEqual([4321, 7, 6], start["thresholds"], name)
        self.check_control("threshold=4321,7,6", check)

    def test_freeze(self):
        def check(before, starts):
            for name, start in starts.items():
                self.assertGreater(start["frozen"], before[name]["frozen"] + 1000, name)
        self.check_control("freeze", check)

    def test_slots(self):
        """They are of the main interpreter, and said to be."""
        for kind in self.kinds():
            for events in ("all", "none"):
                with self.subTest(f"{kind}, events {events}"):
                    recording = self.run_many("alive", kind, 1, 10, HEAPLEDGER_SLOTS="__main__:Kept=number",
                                              HEAPLEDGER_EVENTS=events)
                    told = recording.controls()["slots __main__:Kept"]
                    self.assertEqual("", told["applied"])
                    self.assertIn("interpreters beside the main one", told["refused"])


if __name__ == "__main__":
    unittest.main()
