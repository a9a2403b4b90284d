"""Programs in trouble, or that make trouble for a recorder: closed files, small stacks, signals, limits, full disks. They
behave as without the shim, and what is lost is said. Blocks of 6001 bytes count (programs/surroundings.c)."""

import ctypes
import os
import pathlib
import unittest

import chroot
from recording import Recording
from target import BINARIES, SHIM, TOOL, TargetTest, shim_setting

PROGRAM = BINARIES / "surroundings"


def count(recording, size=6001):
    mine = [block for block in recording.only_process().blocks if block.size == size]
    return len(mine), sum(block.alive for block in mine)


class Surroundings(TargetTest):
    def sound(self, *arguments, **options):
        outcome, recording = self.record_unchanged([PROGRAM, *arguments], **options)
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        return recording

    def test_files_of_a_program_that_closed_all_it_inherited(self):
        recording = self.sound("closed_files", self.folder / "file")
        self.assertEqual(b"mine", (self.folder / "file").read_bytes())
        self.assertEqual((20, 20), count(recording))

    def test_all_descriptors_in_use(self):
        outcome, recording = self.record_unchanged([PROGRAM, "no_descriptors_left"])
        self.assertEqual(0, outcome.status)
        process = recording.only_process()
        self.assertTrue(count(recording) == (20, 20) or process.lost_events > 0 and process.warnings,
                        "blocks are missing, and nothing says so")

    def test_handlers_on_a_signal_stack_of_8_kib(self):
        self.assertEqual((1000, 0), count(self.sound("small_signal_stack")))

    def test_handlers_in_the_middle_of_recording(self):
        outcome, recording = self.record_unchanged([PROGRAM, "interrupted"])
        self.assertEqual(0, outcome.status)
        process = recording.only_process()
        self.assertEqual(0, process.unknown_frees)
        self.assertEqual(0, sum(block.alive for block in process.blocks if block.heap))
        self.assertTrue(count(recording)[0] >= 1000 or process.warnings, "blocks are missing, and nothing says so")

    def test_threads_with_the_smallest_stacks(self):
        self.assertEqual((20, 20), count(self.sound("small_stacks")))

    def test_ten_thousand_short_threads(self):
        recording = self.sound("many_threads", 10_000)
        self.assertEqual((10_000, 10_000), count(recording))
        self.assertLess(recording.only_process().raw_bytes, 64 << 20)

    def test_allocations_of_a_thread_that_is_nearly_gone(self):
        self.assertEqual((400, 400), count(self.sound("thread_end")))

    def test_address_space_limit(self):
        self.sound("address_space_limit")

    def test_file_size_limit(self):
        outcome, recording = self.record_unchanged([PROGRAM, "file_size_limit", self.folder / "file"])
        self.assertEqual(0, outcome.status)
        process = recording.only_process()
        self.assertTrue(process.lost_events > 0 and process.warnings, "the loss is not told")

    def test_a_program_that_changes_its_folder(self):
        recording = self.sound("moves", "/")
        self.assertEqual((10, 10), count(recording))

    def test_a_relative_folder_of_traces(self):
        outcome, recording = self.record([PROGRAM, "moves", "/"], out=pathlib.Path("relative"), cwd=self.folder)
        self.assertEqual(0, outcome.status)
        self.assertEqual((10, 10), count(recording))

    def test_an_unusable_folder_of_traces(self):
        (self.folder / "file").touch()
        expected = self.bare([PROGRAM, "much"])
        for unusable in ("file/below", "file", "/proc/nothing/here", ""):
            with self.subTest(folder=unusable):
                folder = self.folder / unusable if unusable.startswith("file") else unusable
                self.assertEqual(expected, self.bare([PROGRAM, "much"], setting=shim_setting(folder)))

    @unittest.skipIf(chroot.why_not(), "a small disk needs root or user namespaces")
    def test_full_disk(self):
        """The trace lies on a file system of 1 MiB that only the program sees; afterwards a copy tells the tale."""
        small, copy = self.folder / "small", self.folder / "copy"
        small.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)

        def mount_small():
            chroot.enter("/", ())
            if libc.mount(b"none", os.fsencode(small), b"tmpfs", 0, b"size=1m") != 0:
                os._exit(90)

        outcome = self.bare(["/bin/sh", "-c", f"""
            LD_PRELOAD='{SHIM}' HEAPLEDGER_OUT='{small}/raw' '{PROGRAM}' much; status=$?
            cp -r '{small}/raw' '{copy}'; exit $status"""], before=mount_small)
        self.assertEqual(("done\n", "", 0), (outcome.stdout, outcome.stderr, outcome.status))
        process = Recording(TOOL, copy).only_process()
        self.assertGreater(process.lost_events, 0)
        self.assertTrue(process.warnings)

    def test_libraries_that_come_and_go(self):
        plugins = [BINARIES / f"plugin_{size}.so" for size in (70001, 70003)]
        recording = self.sound("reloads", *plugins)
        self.assertEqual([(3, 3), (3, 3)], [count(recording, size) for size in (70001, 70003)])

    def test_malloc_by_pointer(self):
        self.assertEqual((10, 10), count(self.sound("by_pointer")))


if __name__ == "__main__":
    unittest.main()
