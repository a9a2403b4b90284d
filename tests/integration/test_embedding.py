"""A program that embeds the interpreter and uses it twice: Py_Initialize, Py_Finalize, and the same again."""

import itertools
import json
import os
import pathlib
import subprocess

from chroot import enter
from target import BINARIES, PythonTest, every_interpreter

EMBEDDER = BINARIES / "embedder"
WHERE = "import json, sys, sysconfig as c; print(json.dumps([c.get_config_vars('LIBDIR', 'INSTSONAME'), sys.base_prefix]))"
PROGRAM = """
import gc
class Book:
    def __init__(self): self.title = 'a' * 1000
books = [Book() for _ in range(3000)]
cycle = [[]]
cycle[0].append(cycle)
print(gc.isenabled(), gc.get_threshold()[0], hasattr(books[0], '__dict__'), len(books))
"""
KEEP = """
def drop(): [float(i) + 0.5 for i in range(50)]
def keep():
    base = 1000.0
    return [base + i for i in range(50)]
drop()
kept = keep()
peak = bytes(1 << 22)
"""
SOURCE = pathlib.Path(__file__).resolve().parent / "programs" / "linked_embedder.c"


@every_interpreter(globals())
class Embedding(PythonTest):
    def setUp(self):
        super().setUp()
        before = (lambda: enter(self.root, ())) if self.root != "/" else None
        said = subprocess.run([self.interpreter.path, "-c", WHERE], capture_output=True, check=True, preexec_fn=before)
        (folder, name), home = json.loads(said.stdout)
        self.library = os.path.join(folder, name)
        if ".so" not in name or not os.path.exists(self.root + self.library):
            self.skipTest(f"CPython {self.interpreter.version} has no shared library here")
        self.home = {"PYTHONHOME": home}

    def twice(self, run, library="stay", **setting):
        return run([EMBEDDER, self.library, library, PROGRAM, PROGRAM], setting={**self.home, **setting})

    def test_nothing_changes(self):
        for library in ("stay", "go"):
            with self.subTest(library):
                outcome, recording = self.twice(self.record_unchanged, library)
                self.assertEqual(0, outcome.status, outcome.stderr)
                self.assert_sound(recording)
                (books,) = json.loads(recording.read("report", "--json", "--type", "__main__.Book"))["types"]
                self.assertEqual((3000, 2 * 3000), (books["instances"]["peak_blocks"], books["instances"]["allocations"]))

    def test_a_program_that_has_variables_of_the_library(self):
        """Stacks, classes and objects from free lists are told from variables, which lie in such a program."""
        if self.root != "/" or self.interpreter.free_threaded:
            self.skipTest("linked on this system, and for objects as they lie in builds with the lock")
        program = self.folder / "linked"
        subprocess.run(["cc", SOURCE, self.library, "-o", program, f"-Wl,-rpath,{os.path.dirname(self.library)}"], check=True)
        outcome, recording = self.record_unchanged([program, PROGRAM + KEEP], setting=self.home)
        self.assertEqual(0, outcome.status, outcome.stderr)
        (books,) = json.loads(recording.read("report", "--json", "--type", "__main__.Book"))["types"]
        self.assertEqual(3000, books["instances"]["peak_blocks"])
        if self.interpreter.minor >= (3, 13):
            kept = recording.instances_under("keep", "float")
            self.assertEqual(50, kept["peak_blocks"], "made from those that drop() left")

    def assert_controlled(self, wanted, **setting):
        """Both interpreters say what is wanted: collector, first threshold, whether a Book has a dict."""
        for events, library in itertools.product(("all", "none"), ("stay", "go")):
            with self.subTest(events=events, library=library):
                outcome, recording = self.twice(self.record, library, HEAPLEDGER_EVENTS=events, **setting)
                self.assertEqual((f"{wanted} 3000\n" * 2, "", 0), (outcome.stdout, outcome.stderr, outcome.status))
                controls = recording.controls()
                controls.pop("events none", None)
                self.assertEqual([{"applied": ""}], list(controls.values()))

    def bare_words(self):
        outcome = self.twice(self.bare)
        self.assertEqual(0, outcome.status, outcome.stderr)
        return outcome.stdout.split()[:3]

    def test_collector_off(self):
        _, threshold, has_dict = self.bare_words()
        self.assert_controlled(f"False {threshold} {has_dict}", HEAPLEDGER_GC="off")

    def test_thresholds(self):
        enabled, _, has_dict = self.bare_words()
        self.assert_controlled(f"{enabled} 4321 {has_dict}", HEAPLEDGER_GC="threshold=4321")

    def test_slots(self):
        enabled, threshold, _ = self.bare_words()
        self.assert_controlled(f"{enabled} {threshold} False", HEAPLEDGER_SLOTS="__main__:Book=title")
