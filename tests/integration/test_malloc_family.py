"""Every function of the malloc family and every operator new and delete: recorded once, with its size, and unchanged
for the program. The truth is in programs/malloc_family.c, cfree.c, operators.cc and replaced_operators.cc."""

import unittest

from target import BINARIES, TargetTest


class MallocFamily(TargetTest):
    def assert_blocks(self, recording, expected):
        """expected: {size: (allocations, alive at the end, name of the function or None)}."""
        blocks = recording.only_process().blocks
        found = {}
        for size, (_, _, api) in expected.items():
            mine = [block for block in blocks if block.size == size]
            apis = {block.api for block in mine} if api else {None}
            found[size] = (len(mine), sum(block.alive for block in mine), *apis)
        self.assertEqual(expected, found)

    def test_each_function_is_recorded_once(self):
        outcome, recording = self.record_unchanged([BINARIES / "malloc_family"])
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        stays = {10001: "malloc", 10003: "calloc", 10007: "realloc", 10021: "realloc", 10009: "memalign",
                 10112: "memalign", 10037: "memalign", 10039: "memalign", 10061: "memalign", 10067: "memalign",
                 10069: "malloc", 0: "malloc", 30001: "malloc"}
        goes = {20001: "malloc", 20003: "calloc", 20007: "malloc", 20011: "realloc", 150000: "realloc",
                20021: "realloc", 20023: "malloc", 20029: "malloc", 20032: "memalign", 40001: "malloc",
                40003: "realloc", 40007: "calloc", 40009: "realloc", 40013: "memalign", 40031: "memalign"}
        self.assert_blocks(recording, {size: (1, 1, api) for size, api in stays.items()}
                           | {size: (1, 0, api) for size, api in goes.items()})

    def test_nothing_else_is_recorded(self):
        _, recording = self.record([BINARIES / "malloc_family"])
        process = recording.only_process()
        heap = [block for block in process.blocks if block.heap]
        self.assertEqual([], [block for block in heap if not 10000 <= block.size <= 150000 and block.size != 0])
        self.assertEqual((process.allocations, process.live_blocks, process.live_bytes, process.allocated_bytes),
                         (len(heap), sum(b.alive for b in heap), sum(b.size for b in heap if b.alive),
                          sum(b.size for b in heap)))

    def test_sizes_and_alignments_are_the_allocators(self):
        outcome, _ = self.record_unchanged([BINARIES / "malloc_family", "usable"])
        self.assertIn("misaligned: 0", outcome.stdout)

    @unittest.skipUnless((BINARIES / "cfree").exists(), "cfree is a symbol of x86-64's oldest ABI")
    def test_temporary_blocks_of_a_thread_do_not_depend_on_the_others(self):
        counts = []
        for pairs in (0, 50_000):
            outcome, recording = self.record_unchanged([BINARIES / "temporaries", pairs])
            self.assertEqual(0, outcome.status)
            counts.append(recording.only_process().temporary_allocations)
        self.assertEqual(4 * 50_000, counts[1] - counts[0])
        self.assertLess(counts[0], 4 * 1000 + 100, "one of each two that are held together")

    def test_cfree(self):
        outcome, recording = self.record_unchanged([BINARIES / "cfree"])
        self.assertEqual(0, outcome.status)
        self.assert_blocks(recording, {50001: (1, 0, "malloc"), 50003: (1, 1, "malloc")})

    def test_operators_count_once(self):
        """libstdc++ asks malloc for what it needs; the aligned forms round the size up to the alignment, 256 here."""
        outcome, recording = self.record_unchanged([BINARIES / "operators"])
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        goes = {size: (1, 0, None) for size in (60001, 60003, 60007, 60009, 60023, 60027)}
        stays = {size: (1, 1, None) for size in (70001, 70003, 70007)}
        self.assert_blocks(recording, goes | stays | {60160: (6, 0, None), 70144: (2, 2, None)})

    def test_a_program_with_operators_of_its_own_counts_once(self):
        _, recording = self.record_unchanged([BINARIES / "replaced_operators"])
        self.assert_blocks(recording, {80021: (10, 5, None)})


if __name__ == "__main__":
    unittest.main()
