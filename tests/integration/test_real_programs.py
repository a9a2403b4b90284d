"""Real programs do their work as without the shim, and their traces add up: git, gcc, redis, numpy, and a program whose
allocator is jemalloc."""

import shutil
import socket
import subprocess
import time
import unittest

from recording import Recording
from target import BINARIES, PROGRAMS, SHIM, SOURCE, TOOL, TargetTest, environment, library, shim_setting

REDIS = shutil.which("redis-server") or shutil.which("redis-check-rdb")  # one file; its name says what it is
JEMALLOC = library("libjemalloc.so.2")


class RealPrograms(TargetTest):
    def assert_live_within_allocated(self, recording):
        self.assert_sound(recording)
        for process in recording.processes:
            self.assertLessEqual(process.live_bytes, process.peak_bytes)
            self.assertLessEqual(process.peak_bytes, process.allocated_bytes)
            self.assertEqual(process.live_blocks, process.allocations - process.frees)

    def test_git(self):
        repository = self.folder / "repository"
        author = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                  for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2020-01-01T00:00:00Z"))}
        shutil.copytree(PROGRAMS, repository)
        self.assertEqual(0, self.bare(["git", "init", "-q", "-b", "main", repository]).status)
        for command in (["add", "."], ["commit", "-q", "-m", "all"], ["log", "--stat"], ["grep", "-n", "malloc"],
                        ["gc", "-q"], ["fsck", "--full"]):
            outcome, recording = self.record(["git", "-C", repository, *command], setting=author)
            self.assertEqual((0, ""), (outcome.status, outcome.stderr), command)
            self.assert_live_within_allocated(recording)
        self.assertIn("all", self.bare(["git", "-C", repository, "log"]).stdout)

    def test_gcc(self):
        source = PROGRAMS / "surroundings.c"
        objects = [self.folder / "bare.o", self.folder / "recorded.o"]
        self.assertEqual(0, self.bare(["gcc", "-O1", "-c", source, "-o", objects[0]]).status)
        outcome, recording = self.record(["gcc", "-O1", "-c", source, "-o", objects[1]])
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        self.assertEqual(objects[0].read_bytes(), objects[1].read_bytes())
        self.assertGreaterEqual(len(recording.processes), 3)  # the driver, the compiler, the assembler
        self.assert_live_within_allocated(recording)

    @unittest.skipUnless(REDIS, "redis is not installed")
    def test_redis(self):
        address, raw = self.folder / "socket", self.folder / "raw"
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", address, "--save", "", "--dir", self.folder],
            executable=REDIS, env=environment(**shim_setting(raw)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + 60
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(address))
            client.settimeout(60)
            file = client.makefile("rwb")

            def ask(*words):
                file.write(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)]))
                file.flush()
                return file.readline().strip()

            for i in range(2000):
                self.assertEqual(b"+OK", ask(b"SET", b"key %d" % i, b"v" * (i % 900)))
            self.assertEqual(b":2000", ask(b"DBSIZE"))
            self.assertEqual(b":1", ask(b"DEL", b"key 7"))
            self.assertEqual(b"+Background append only file rewriting started", ask(b"BGREWRITEAOF"))
            file.write(b"*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n")
            file.flush()
        log, _ = server.communicate(timeout=60)
        self.assertEqual(0, server.returncode, log.decode())
        recording = Recording(TOOL, raw)
        self.assert_sound(recording)
        self.assertGreater(recording.processes[0].allocations, 4000)

    def test_bytes_at_the_peak_of_a_python_service_have_a_line(self):
        _, recording = self.record(["/usr/bin/python3", SOURCE / "scripts" / "workloads" / "bookshop.py"])
        self.assert_sound(recording)
        at_peak = recording.bytes_at_peak_by_origin()
        without = sum(size for origin, size in at_peak.items() if origin not in ("python", "start_up"))
        self.assertGreater(at_peak["python"], 10_000_000)
        self.assertLess(without, sum(at_peak.values()) / 100)

    def test_numpy(self):
        program = self.folder / "arrays.py"
        program.write_text("import numpy\nkept = [numpy.full((300, 1001), i, dtype='f8') for i in range(20)]\n"
                           "print(sum(a.sum() for a in kept), numpy.linalg.det(numpy.eye(50) * 2))\n"
                           "import os, sys; sys.stdout.flush(); os._exit(0)\n", encoding="utf-8")
        command = ["/usr/bin/python3", program]
        if self.bare(["/usr/bin/python3", "-c", "import numpy"]).status != 0:
            self.skipTest("numpy is not installed for /usr/bin/python3")
        outcome, recording = self.record_unchanged(command, setting={"OPENBLAS_NUM_THREADS": "2"})
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        arrays = [block for block in recording.only_process().select("--file", "arrays.py", "--account", "native")
                  if block.size == 300 * 1001 * 8 and (str(program), 2) in [place[1:] for place in block.stack]]
        self.assertEqual((20, 20), (len(arrays), sum(block.alive for block in arrays)))

    @unittest.skipUnless(JEMALLOC, "jemalloc is not installed")
    def test_jemalloc_behind_the_shim(self):
        bare = self.bare([BINARIES / "malloc_family", "usable"], setting={"LD_PRELOAD": JEMALLOC})
        glibc = self.bare([BINARIES / "malloc_family", "usable"])
        self.assertNotEqual(glibc, bare, "jemalloc was not used at all")
        both = {"LD_PRELOAD": f"{SHIM}:{JEMALLOC}"}
        outcome, recording = self.record([BINARIES / "malloc_family", "usable"], setting=both)
        self.assertEqual(bare, outcome)
        self.assert_sound(recording)
        outcome, recording = self.record([BINARIES / "address_reuse", "trade", 8, 20000], setting=both)
        self.assertEqual(0, outcome.status)
        self.assert_sound(recording)
        blocks = [block for block in recording.only_process().blocks if block.size <= 256 and block.account == "native"]
        self.assertEqual(outcome.stdout.split()[0], str(len(blocks)))
        mapped = [block for block in recording.only_process().blocks if block.account == "mapping"]
        self.assertEqual([], mapped, "jemalloc's own mappings are backing")


if __name__ == "__main__":
    unittest.main()
