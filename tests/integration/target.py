"""Starts programs with and without the shim, in the same surroundings, and compares what can be seen from outside."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import chroot
import interpreters
from recording import Recording

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("HEAPLEDGER_TEST_BUILD", SOURCE / "build")).resolve()
SHIM = BUILD / "preload" / "libheapledger_preload.so"
TOOL = BUILD / "analyzer" / "heapledger"
PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
BINARIES = BUILD / "tests" / "integration"
TIME_LIMIT = 240  # seconds for one program: a hang is a failure, slowness is not


def library(name):
    """Path of a shared library of this system; None: it is not installed."""
    return next(iter(sorted(pathlib.Path("/usr/lib").glob(f"*/{name}"))), None)


def line_with(program, text):
    """Number of the first line of a program that has this text."""
    lines = (PROGRAMS / program).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a program showed to the world."""

    stdout: str
    stderr: str
    status: int  # negative: the signal that ended it


def environment(**more):
    """The environment of every program: small, and with fixed hashes."""
    fixed = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0",
             "PYTHONDONTWRITEBYTECODE": "1"}
    return {**fixed, **{name: str(value) for name, value in more.items() if value is not None}}


def run(command, *, root="/", shared=(), setting=None, before=None, cwd=None):
    """Runs to the end. `root`: a folder to chroot into; `shared`: folders to see in there; `before`: called in the child."""
    def prepare():
        if root != "/":
            chroot.enter(root, (SOURCE, BUILD, *shared))
        if before:
            before()

    # Files and not pipes: a daemon that outlives the program must not keep the test waiting.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
                              env=environment(**(setting or {})), preexec_fn=prepare, timeout=TIME_LIMIT, check=False)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "backslashreplace"))
    return Outcome(*texts, done.returncode)


def shim_setting(folder):
    return {"LD_PRELOAD": SHIM, "HEAPLEDGER_OUT": folder}


class TargetTest(unittest.TestCase):
    """A folder of its own for each test, and programs run in it."""

    maxDiff = 4000
    root = "/"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heapledger-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._runs = 0

    def bare(self, command, **options):
        return self._run(command, {}, options)

    def _run(self, command, shim, options):
        setting = {**shim, **options.pop("setting", {})}
        return run(command, root=self.root, shared=(self.folder,), setting=setting, **options)

    def record(self, command, **options):
        """Runs with the shim. Returns (outcome, recording)."""
        self._runs += 1
        folder = options.pop("out", self.folder / f"raw-{self._runs}")
        outcome = self._run(command, shim_setting(folder), options)
        return outcome, Recording(TOOL, self.folder / folder)

    def record_unchanged(self, command, **options):
        """Runs bare and with the shim; both must look the same. Returns (outcome, recording)."""
        bare = self.bare(command, **options)
        outcome, recording = self.record(command, **options)
        self.assertEqual(bare, outcome, f"with the shim, {command} behaves differently (first: without)")
        return outcome, recording

    def assert_sound(self, recording):
        """Nothing is lost and nothing is unexplained, in any process."""
        self.assertTrue(recording.processes, "no process was recorded")
        for process in recording.processes:
            self.assertEqual(0, process.lost_events, process)
            self.assertEqual(0, process.unknown_frees, process)
            self.assertEqual([], [text for text in process.warnings if "incomplete" in text or "lost" in text])


class PythonTest(TargetTest):
    """A test of an interpreter. Subclasses are multiplied by every_interpreter()."""

    interpreter = None

    def setUp(self):
        if isinstance(self.interpreter, str):
            self.skipTest(f"CPython {self.interpreter} is not on this machine")
        super().setUp()

    @property
    def root(self):
        return self.interpreter.root

    def python(self, program, *arguments, flags=()):
        return [self.interpreter.path, *flags, PROGRAMS / program, *arguments]


def every_interpreter(names):
    """Class decorator: in the module with globals `names`, one class for each interpreter of this machine, and one of
    skipped tests for each version that is absent."""
    def multiply(template):
        for interpreter in interpreters.all_found():
            name = f"{template.__name__}_{interpreter.name}"
            names[name] = type(name, (template,), {"interpreter": interpreter, "__module__": template.__module__})
        for version in interpreters.absent():
            name = f"{template.__name__}_cpython_{version.replace('.', '_')}"
            names[name] = type(name, (template,), {"interpreter": version, "__module__": template.__module__})
        return None  # the template itself is no test
    return multiply
