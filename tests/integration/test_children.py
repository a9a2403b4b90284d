"""Processes that make processes: each gets a trace of its own, none is mixed into another, and all behave as without
the shim. Sizes in programs/children.c: 5001 the parent's, 5003 freed by a child, 5007 a child's."""

import time
import unittest

from target import BINARIES, TargetTest


def count(process, size):
    mine = [block for block in process.blocks if block.size == size]
    return len(mine), sum(block.alive for block in mine)


class Children(TargetTest):
    def tree(self, *arguments, processes):
        outcome, recording = self.record_unchanged([BINARIES / "children", *arguments])
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        self.assertEqual(processes, len(recording.processes))
        return recording.processes

    def test_fork(self):
        parent, child = self.tree("forked", processes=2)
        self.assertEqual(((5, 5), (2, 2), (0, 0)), (count(parent, 5001), count(parent, 5003), count(parent, 5007)))
        self.assertEqual(((0, 0), (0, 0), (3, 3)), (count(child, 5001), count(child, 5003), count(child, 5007)))
        self.assertEqual((parent.pid, parent.pid), (child.parent_pid, child.forked_from))
        self.assertEqual((0, 2), (parent.inherited_frees, child.inherited_frees))

    def test_grandchildren(self):
        parent, child, grandchild = self.tree("grandchildren", processes=3)
        self.assertEqual((parent.pid, child.pid), (child.forked_from, grandchild.forked_from))
        self.assertEqual([(0, 0), (1, 1), (2, 2)], [count(one, 5007) for one in (parent, child, grandchild)])

    def test_fork_from_a_threaded_process(self):
        parent, *children = self.tree("forked_from_threads", 50, processes=51)
        self.assertEqual({(3, 3)}, {count(child, 5007) for child in children})
        self.assertEqual({parent.pid}, {child.forked_from for child in children})
        self.assertEqual((0, 0), count(parent, 5007))

    def test_a_storm_of_forks(self):
        _, *children = self.tree("storm", 25, processes=201)
        self.assertEqual({(3, 3)}, {count(child, 5007) for child in children})

    def test_vfork_and_exec(self):
        parent, child = self.tree("vforked", processes=2)
        self.assertEqual(((10, 10), (0, 0)), (count(parent, 5001), count(parent, 5007)))
        self.assertEqual(((0, 0), (3, 3), 0), (count(child, 5001), count(child, 5007), child.forked_from))

    def test_vfork_and_exit(self):
        parent, = self.tree("vforked_and_left", processes=1)
        self.assertEqual((10, 10), count(parent, 5001))
        self.assertTrue(parent.clean_end)

    def test_posix_spawn_and_system(self):
        parent, *others = self.tree("spawned", processes=4)  # a leaf, system's shell, and its leaf
        self.assertEqual((10, 10), count(parent, 5001))
        self.assertEqual([(0, 0), (3, 3), (3, 3)], sorted(count(other, 5007) for other in others))

    def test_a_chain_of_execs(self):
        links = self.tree("exec_chain", 3, processes=4)
        self.assertEqual([(1, 1)] * 4, [count(link, 5001) for link in links])
        self.assertEqual(1, len({link.pid for link in links}))

    def test_an_exec_that_fails(self):
        process, = self.tree("failed_exec", processes=1)
        self.assertEqual((2, 2), count(process, 5001))

    def test_daemon(self):
        file = self.folder / "file"
        outcome, recording = self.record([BINARIES / "children", "daemonized", file])
        self.assertEqual(0, outcome.status)
        deadline = time.monotonic() + 60
        while not (file.exists() and file.stat().st_size == 4) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(b"done", file.read_bytes())
        parent, child = recording.processes
        self.assertEqual(((1, 1), (3, 3)), (count(parent, 5001), count(child, 5007)))


if __name__ == "__main__":
    unittest.main()
