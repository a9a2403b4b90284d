"""Threads that trade blocks: the order of events is right if and only if no block is lost and none is left over.

MALLOC_ARENA_MAX=1 makes all threads share their addresses. The program counts for itself and prints the truth."""

import unittest

from target import BINARIES, TargetTest


class AddressReuse(TargetTest):
    def check(self, mode, threads, rounds, arenas):
        outcome, recording = self.record([BINARIES / "address_reuse", mode, threads, rounds],
                                         setting={"MALLOC_ARENA_MAX": arenas})
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        blocks = [block for block in recording.only_process().blocks if block.size <= 256 and block.heap]
        alive = [block for block in blocks if block.alive]
        found = [len(blocks), sum(block.size for block in blocks), len(alive), sum(block.size for block in alive)]
        self.assertEqual([int(word) for word in outcome.stdout.split()], found)

    def test_realloc_on_shared_addresses(self):
        self.check("realloc", 8, 40_000, 1)

    def test_trade_on_shared_addresses(self):
        self.check("trade", 8, 40_000, 1)

    def test_chain_on_shared_addresses(self):
        self.check("chain", 8, 40_000, 1)

    def test_trade_with_arenas_a_thread(self):
        self.check("trade", 4, 40_000, None)

    def test_realloc_with_more_threads_than_arenas(self):
        self.check("realloc", 64, 4_000, 2)


if __name__ == "__main__":
    unittest.main()
