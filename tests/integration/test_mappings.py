"""The mmap family: what is mapped at the end, in the right account, to the byte. The truth is the code of
programs/mappings.c, case by case."""

import unittest

from target import BINARIES, TargetTest

PAGE, MIB, GIB = 4096, 1 << 20, 1 << 30


class Mappings(TargetTest):
    def live(self, case, *arguments):
        outcome, recording = self.record_unchanged([BINARIES / "mappings", case, *arguments])
        self.assertEqual(0, outcome.status, "the program itself could not do what it should")
        self.assert_sound(recording)
        self.process = recording.only_process()
        live = {}
        for block in self.process.blocks:
            if block.alive:
                live[block.account] = live.get(block.account, 0) + block.size
        return live

    def test_kept(self):
        self.assertEqual({"mapping": 107 * PAGE}, self.live("kept"))

    def test_partial_unmaps(self):
        self.assertEqual({"mapping": 38 * PAGE}, self.live("partial"))
        self.assertEqual(50 * PAGE, self.process.peak_bytes)
        self.assertEqual(1, self.process.allocations)

    def test_an_unmap_over_several_mappings_and_holes(self):
        self.assertEqual({"mapping": 6 * PAGE, "reserved": 2 * PAGE}, self.live("spanning"))

    def test_fixed_over_itself_counts_once(self):
        self.assertEqual({"mapping": 10 * MIB}, self.live("fixed_over_itself"))
        self.assertEqual(10 * MIB, self.process.peak_bytes)

    def test_a_reservation_is_no_use(self):
        self.assertEqual({"mapping": MIB, "reserved": 64 * GIB - MIB}, self.live("reservation"))
        self.assertEqual(2 * MIB, self.process.peak_bytes)

    def test_mremap_grows(self):
        self.assertEqual({"mapping": 40 * MIB + PAGE}, self.live("remap_grow"))

    def test_mremap_shrinks(self):
        self.assertEqual({}, self.live("remap_shrink"))
        self.assertEqual(40 * MIB, self.process.peak_bytes)

    def test_mremap_onto_another_mapping(self):
        self.assertEqual({"mapping": 20 * PAGE}, self.live("remap_over"))

    def test_mremap_of_a_part(self):
        self.assertEqual({"mapping": 75 * PAGE}, self.live("remap_part"))

    def test_failures_change_nothing(self):
        self.assertEqual({"mapping": 3 * PAGE}, self.live("remap_fails"))

    def test_files_are_apart(self):
        self.assertEqual({"file": 513 * MIB}, self.live("files", self.folder / "file"))
        self.assertEqual(0, self.process.peak_bytes)

    def test_the_break(self):
        self.assertEqual({"mapping": 6 * MIB}, self.live("break_moves"))

    def test_thread_stacks(self):
        live = self.live("thread_stack")
        self.assertEqual(64 * MIB, live.get("stack"))

    def test_memory_that_was_never_touched_is_still_asked_for(self):
        self.assertEqual({"native": 320 * MIB}, self.live("given_back"))


if __name__ == "__main__":
    unittest.main()
