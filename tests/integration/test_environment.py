"""A program sees the environment that it would see without the shim, and what it starts is recorded whatever environment it
gets. The oracle is the same program without the shim: it prints all that it sees (programs/environment.c)."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from recording import Recording
from target import BINARIES, SHIM, TOOL, PythonTest, TargetTest, every_interpreter

PROGRAM = BINARIES / "environment"
WAYS = ["execve", "execve_own", "execve_nothing", "execve_libc", "execve_no_library", "execve_large", "execv", "execvp", "execvpe",
        "execl", "execlp", "execle", "fexecve", "execveat", "execv_without", "vfork", "posix_spawn", "posix_spawnp"]
CONTROLS = {"HEAPLEDGER_GC": "threshold=1000", "HEAPLEDGER_STACKS": "none"}


class Starting(TargetTest):
    """Every function that starts a program: what that one sees, and that it has a trace."""

    def started(self, way, *arguments, setting=None):
        # The variables are the shim's: without it the program does not get them.
        bare = self.bare([PROGRAM, way, *arguments], setting={"A": "1", "LATER": "2"})
        outcome, recording = self.record([PROGRAM, way, *arguments],
                                         setting={"A": "1", **CONTROLS, "LATER": "2", **(setting or {})})
        self.assertEqual(bare, outcome)
        self.assertIn("HEAPLEDGER_OUT is not set", outcome.stdout)
        self.assert_sound(recording)
        return [pathlib.Path(process.arguments[0]).name for process in recording.processes]

    def test_each_way(self):
        for way in WAYS:
            with self.subTest(way):
                self.assertEqual(["environment"] * 2, self.started(way))

    def test_through_libc_itself(self):
        for way in ("system", "system_without", "system_with_library", "popen"):
            with self.subTest(way):
                names = self.started(way)
                self.assertEqual(["environment"] * 2, [name for name in names if name == "environment"])
                self.assertIn("sh", names)

    def test_words(self):
        self.assertIn("environment", self.started("wordexp")[1:])

    def test_errors(self):
        for way in ("execve_missing", "execve_unreadable"):
            with self.subTest(way):
                bare = self.bare([PROGRAM, way])
                outcome, recording = self.record([PROGRAM, way])
                self.assertEqual(bare, outcome)
                self.assertEqual(1, len(recording.processes))


class WhileAShellRuns(TargetTest):
    """system() shows our variables to the shell by way of the whole process's environment."""

    def test_what_other_threads_change(self):
        for case in ("changed", "enlarged", "nested", "forked", "cancelled", "handled"):
            with self.subTest(case):
                outcome, recording = self.record_unchanged([PROGRAM, case, self.folder], setting={"A": "1"})
                self.assertEqual(0, outcome.status)
                self.assert_sound(recording)

    def test_contended(self):
        outcome, recording = self.record_unchanged([PROGRAM, "contended"], setting={"A": "1"})
        self.assertNotIn("another status", outcome.stdout)
        self.assertEqual(1 + 4 * 40, len(recording.processes))


class Lists(TargetTest):
    """LD_PRELOAD of which the shim is a part."""

    LIBRARY = "libm.so.6"

    def seen(self, value, bare=None):
        setting = {"LD_PRELOAD": bare} if bare is not None else {}
        expected = self.bare([PROGRAM, "execv"], setting=setting)
        outcome, recording = self.record([PROGRAM, "execv"], setting={"LD_PRELOAD": value})
        self.assertEqual(expected, outcome)
        self.assertEqual(2, len(recording.processes))

    def test_of_several_libraries(self):
        self.seen(f"{SHIM}:{self.LIBRARY}", self.LIBRARY)
        self.seen(f"{SHIM} {self.LIBRARY}", self.LIBRARY)
        self.seen(f"{self.LIBRARY}:{SHIM}", self.LIBRARY)
        self.seen(f"{self.LIBRARY}:{SHIM}:libc.so.6", f"{self.LIBRARY}:libc.so.6")

    def test_functions_of_a_library_in_front(self):
        """Calls do not come to the shim then: what it took away would be missing in children."""
        outcome, recording = self.record([PROGRAM, "execv"], setting={"LD_PRELOAD": f"libc.so.6:{SHIM}"})
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        self.assertEqual(2, len(recording.processes))

    def test_an_empty_rest(self):
        self.seen(f"{SHIM}:", "")

    def test_a_relative_path(self):
        """The loader would look for it in the folder of each process, and complain where it is not."""
        code = f"cd /; exec '{PROGRAM}' execve_own"
        setting = {"LD_PRELOAD": f"./{SHIM.name}", "HEAPLEDGER_OUT": os.path.relpath(self.folder / "raw", SHIM.parent)}
        done = subprocess.run(["/bin/sh", "-c", code], cwd=SHIM.parent, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=setting)
        self.assertEqual(b"", done.stderr)
        self.assertEqual(3, len(Recording(TOOL, self.folder / "raw").processes))


class Leaving(TargetTest):
    def test_a_program_that_is_left_out(self):
        code = "import os; os.execve('/usr/bin/env', ['env'], {'HEAPLEDGER_OUT': '', 'A': '1'})"
        outcome, recording = self.record([sys.executable, "-S", "-c", code])
        self.assertEqual(("A=1\n", "", 0), (outcome.stdout, outcome.stderr, outcome.status))
        self.assertEqual(1, len(recording.processes))

    @unittest.skipIf(os.geteuid() != 0, "chroot(2) needs root")
    def test_another_root(self):
        """Where the shim cannot be loaded nothing is added: the loader would say so on stderr."""
        root = self.folder / "root"
        libraries = subprocess.run(["ldd", PROGRAM], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        for file in [str(PROGRAM), *(word for word in libraries if word.startswith("/"))]:
            (root / file[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, root / file[1:])
        (root / "proc").mkdir()
        code = f"import os; os.chroot({str(root)!r}); os.execve({str(PROGRAM)!r}, ['environment', 'show'], {{'A': '1'}})"
        outcome, recording = self.record_unchanged([sys.executable, "-S", "-c", code])
        self.assertEqual("", outcome.stderr)
        self.assertEqual(1, len(recording.processes))


@every_interpreter(globals())
class PythonEnvironment(PythonTest):
    def test_is_what_it_would_be(self):
        setting = {"A": "1", "LATER": "2"}
        bare = self.bare(self.python("environment.py"), setting=setting)
        outcome, recording = self.record(self.python("environment.py"), setting={**CONTROLS, **setting})
        self.assertEqual(bare, outcome)
        self.assertIn("('LATER', '2')", outcome.stdout)
        self.assertGreaterEqual(len([p for p in recording.processes if "child" in p.arguments]), 7)

    def test_of_a_program_that_is_only_controlled(self):
        bare = self.bare(self.python("environment.py"))
        outcome, _ = self.record(self.python("environment.py"), setting={"HEAPLEDGER_EVENTS": "none", "HEAPLEDGER_GC": "off"})
        self.assertEqual(bare, outcome)


if __name__ == "__main__":
    unittest.main()
