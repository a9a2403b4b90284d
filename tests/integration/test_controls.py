"""Programs that run as if they had been edited: the collector off, set or frozen, and slots on classes.

The truth about slots is the same program with the slots written into its text."""

import json
import os
import unittest

import test_record
from target import PROGRAMS, TOOL, PythonTest, every_interpreter, run

SLOTTED = {
    "Base": "number", "Derived": "text", "Outer.Inner": "value", "local.<locals>.Local": "value", "Registered": "value",
    "OfRegistered": "more", "Box": "content", "Abstract": "value", "Plain": "x+y", "Private": "__hidden"}
REFUSED = {
    "Point": ("x+y", "'x' is also an attribute of the class"), "HasDefault": ("value", "'value' is also"),
    "HasSlots": ("value", "__slots__ already"), "Number": ("a", "objects of its base int vary in size"),
    "Failure": ("a", "its base Exception have a __dict__"), "OnDict": ("a", "its base __main__:NotListed have a __dict__"),
    "Prepared": ("a", "its metaclass __main__:Ordered makes the namespace"), "Refusing": ("a", "no slots, please")}
MISSING = {"__main__:Nowhere": "a", "elsewhere:Base": "a", "__main__:Local": "a"}
LINE = ("import gc\nclass Book:\n    def __init__(self): self.title = 1\n"
        "print(gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 1000, getattr(Book, '__slots__', None))\n")


def slots_value():
    words = [f"__main__:{name}={names}" for name, names in SLOTTED.items()]
    words += [f"__main__:{name}={names}" for name, (names, _) in REFUSED.items()]
    return ",".join(words + [f"{subject}={names}" for subject, names in MISSING.items()])


@every_interpreter(globals())
class Controls(PythonTest):
    def run_with(self, *arguments, flags=(), **setting):
        """(what controlled.py said, its controls)"""
        outcome, recording = self.record(self.python("controlled.py", *arguments, flags=flags), setting=setting)
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        self.assert_sound(recording)
        return json.loads(outcome.stdout), recording.controls(), recording

    def said_bare(self):
        """What controlled.py says by itself."""
        return json.loads(self.bare(self.python("controlled.py")).stdout)

    def assert_as_bare(self, said):
        bare = self.said_bare()
        for key in ("kept", "same", "gc"):
            self.assertEqual(bare[key], said[key])

    def edited(self):
        """What controlled.py says when somebody has written the slots into it."""
        text = (PROGRAMS / "controlled.py").read_text(encoding="utf-8")
        path = self.folder / "controlled.py"
        path.write_text(text.replace("# __slots__ =", "__slots__ ="), encoding="utf-8")
        outcome = self.bare([self.interpreter.path, path])
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        return json.loads(outcome.stdout)

    def assert_slots(self, said, controls):
        truth = self.edited()
        self.assertEqual(truth["kept"], said["kept"])
        self.assertEqual(truth["same"], said["same"])
        for name in SLOTTED:
            self.assertEqual({"applied": ""}, controls.pop(f"slots __main__:{name}"), name)
        for name, (_, why) in REFUSED.items():
            self.assertIn(why, controls.pop(f"slots __main__:{name}")["refused"], name)
        for subject in MISSING:
            self.assertEqual(["missing"], list(controls.pop(f"slots {subject}")), subject)

    def test_variables_that_mean_nothing(self):
        said, _, recording = self.run_with(HEAPLEDGER_EVENTS="nonw")
        self.assert_as_bare(said)
        self.assertIn(b"variable HEAPLEDGER_EVENTS (not done: its value is none of all|none, so it was taken for all)",
                      recording.read("report"))

    def test_slots_are_those_of_an_edited_program(self):
        said, controls, _ = self.run_with(HEAPLEDGER_SLOTS=slots_value())
        self.assert_slots(said, controls)
        self.assertEqual({}, controls)

    def test_without_slots_nothing_is_changed(self):
        """The function in the place of __build_class__ is not to be told from the original."""
        said, _, _ = self.run_with(HEAPLEDGER_SLOTS="elsewhere:Nothing=a")
        self.assert_as_bare(said)

    def test_metaclasses_that_go_their_own_way(self):
        reasons = {"Private=__hidden": "'_Private__hidden' is also an attribute",
                   "Cleaned=x": "did not take the __slots__ over", "Built=x": "did not take the __slots__ over"}
        _, recording = self.record_unchanged(
            self.python("stubborn.py"), setting={"HEAPLEDGER_SLOTS": ",".join(f"__main__:{one}" for one in reasons)})
        controls = recording.controls()
        for one, why in reasons.items():
            self.assertIn(why, controls.pop(f"slots __main__:{one.split('=')[0]}")["refused"], one)
        self.assertEqual({}, controls)

    def test_collector_off(self):
        said, controls, _ = self.run_with(HEAPLEDGER_GC="off")
        self.assertFalse(said["gc"]["enabled"])
        self.assertEqual([0] * len(said["collections"]), said["collections"])
        self.assertEqual({"gc off": {"applied": ""}}, controls)

    def test_collector_off_and_enabled_by_the_program(self):
        for arguments in (["enable"], ["enable", "exit"], ["enable", "back"], ["enable", "back", "exit"]):
            with self.subTest(arguments):
                said, controls, _ = self.run_with(*arguments, HEAPLEDGER_GC="off")
                self.assertFalse(said["gc"]["enabled"])
                self.assertGreater(sum(said["collections"]), 0)
                self.assertEqual({"gc off": {"applied": "", "undone": "enabled by the program"}}, controls)

    def test_thresholds(self):
        for word, wanted in (("threshold=5000", [5000]), ("threshold=321,7,6", [321, 7, 6]), ("threshold=0", [0])):
            with self.subTest(word):
                said, controls, _ = self.run_with(HEAPLEDGER_GC=word)
                self.assertEqual(wanted, said["gc"]["thresholds"][:len(wanted)])
                self.assertEqual({f"gc {word}": {"applied": ""}}, controls)

    def test_thresholds_changed_by_the_program(self):
        for arguments in ([], ["exit"], ["back"], ["back", "exit"]):
            with self.subTest(arguments):
                _, controls, _ = self.run_with("thresholds", *arguments, HEAPLEDGER_GC="threshold=5000")
                self.assertEqual({"applied": "", "undone": "the program set other thresholds"}, controls["gc threshold=5000"])

    def test_collector_with_thresholds_switched_off_by_the_program(self):
        for arguments in ([], ["exit"]):
            with self.subTest(arguments):
                _, controls, _ = self.run_with("disable", *arguments, HEAPLEDGER_GC="threshold=5000")
                self.assertEqual("the program switched the collector off", controls["gc threshold=5000"]["undone"])

    def test_unfrozen_by_the_program(self):
        if self.interpreter.free_threaded and self.interpreter.minor == (3, 13):
            self.skipTest("free-threaded 3.13 does not tell whether something is frozen")
        for arguments in ([], ["exit"], ["back"], ["back", "exit"]):
            with self.subTest(arguments):
                _, controls, _ = self.run_with("unfreeze", *arguments, HEAPLEDGER_GC="freeze")
                self.assertEqual({"applied": "", "undone": "the program called gc.unfreeze()"}, controls["gc freeze"])

    def test_freeze(self):
        said, controls, _ = self.run_with(HEAPLEDGER_GC="freeze")
        self.assertGreater(said["gc"]["frozen"], self.said_bare()["gc"]["frozen"] + 1000)
        self.assertEqual({"gc freeze": {"applied": ""}}, controls)

    def test_controls_only(self):
        said, controls, recording = self.run_with(HEAPLEDGER_GC="off", HEAPLEDGER_SLOTS=slots_value(), HEAPLEDGER_EVENTS="none")
        self.assertEqual([0] * len(said["collections"]), said["collections"])
        self.assertEqual({"applied": ""}, controls.pop("gc off"))
        self.assertEqual({"applied": ""}, controls.pop("events none"))
        self.assert_slots(said, controls)
        self.assertEqual((0, 0), (recording.only_process().allocations, len(recording.only_process().blocks)))

    def test_controls_only_looks_like_the_bare_program(self):
        thresholds = ",".join(str(one) for one in self.said_bare()["gc"]["thresholds"])
        said, _, _ = self.run_with(HEAPLEDGER_EVENTS="none", HEAPLEDGER_GC=f"threshold={thresholds}")
        self.assert_as_bare(said)

    def from_stdin(self, path):
        def before():
            os.dup2(os.open(path, os.O_RDONLY), 0)
        return before

    def ways(self):
        """(name, arguments, options) of every way to run LINE."""
        (self.folder / "line.py").write_text(LINE, encoding="utf-8")
        (self.folder / "package").mkdir()
        (self.folder / "package" / "__main__.py").write_text(LINE, encoding="utf-8")
        script = self.folder / "line.py"
        for flags in ([], ["-I"], ["-S"], ["-I", "-S"], ["-X", "dev"]):
            yield f"{flags} script", [*flags, script], {}
            yield f"{flags} -c", [*flags, "-c", LINE], {}
            yield f"{flags} stdin", [*flags, "-"], {"before": self.from_stdin(script)}
            yield f"{flags} folder", [*flags, self.folder / "package"], {}
            if "-I" not in flags:
                yield f"{flags} -m", [*flags, "-m", "line"], {"setting": {"PYTHONPATH": self.folder}}

    def test_every_way_to_run(self):
        for name, arguments, options in self.ways():
            command = [self.interpreter.path, *arguments]
            bare = self.bare(command, **options)
            default = bare.stdout.split()[1]
            for word, wanted in (("off", "False {0} False"), ("threshold=4321", "True 4321 False"), ("freeze", "True {0} True")):
                with self.subTest(f"{name}, {word}"):
                    setting = {**options.get("setting", {}), "HEAPLEDGER_GC": word, "HEAPLEDGER_SLOTS": "__main__:Book=title"}
                    outcome, recording = self.record(command, **{**options, "setting": setting})
                    self.assertEqual((0, bare.stderr), (outcome.status, outcome.stderr))
                    self.assertEqual(wanted.format(default) + " ('title', '__weakref__')\n", outcome.stdout)
                    self.assertEqual({f"gc {word}": {"applied": ""}, "slots __main__:Book": {"applied": ""}},
                                     recording.controls())

    def test_children(self):
        """Forked ones inherit, the others begin anew; each has its record."""
        for events in ("all", "none"):
            with self.subTest(events):
                outcome, recording = self.record(
                    self.python("controlled_children.py"), setting={
                        "HEAPLEDGER_GC": "off", "HEAPLEDGER_SLOTS": "__main__:Book=title", "HEAPLEDGER_EVENTS": events})
                self.assertEqual(0, outcome.status, outcome.stderr)
                slots = "('title', '__weakref__')"
                self.assertEqual(
                    [f"parent False {slots}", f"forked False {slots}", "started False None", f"fork False {slots}",
                     f"spawn False {slots}"], outcome.stdout.splitlines())
                count = len(recording.processes)
                self.assertGreaterEqual(count, 5)
                for number in range(count):
                    controls = recording.controls(number)
                    self.assertEqual({"applied": ""}, controls["gc off"], number)
                    allowed = (["applied"], ["missing"])
                    if not recording.processes[number].clean_end:  # multiprocessing's tracker outlives the program
                        allowed += (["asked"],)
                    self.assertIn(list(controls["slots __main__:Book"]), allowed)

    def test_attributes_beyond_the_slots_fail(self):
        text = "class Book:\n    pass\nBook().title = 1\nBook().colour = 2\n"
        outcome, recording = self.record([self.interpreter.path, "-c", text], setting={"HEAPLEDGER_SLOTS": "__main__:Book=title"})
        self.assertEqual(1, outcome.status)
        self.assertIn("AttributeError: 'Book' object has no attribute 'colour'", outcome.stderr)
        self.assertEqual({"slots __main__:Book": {"applied": ""}}, recording.controls())

    def own_tests(self, module):
        """(command, file) of a run of the interpreter's own tests that writes {test: outcome} into the file."""
        file = self.folder / "outcomes.json"
        return [self.interpreter.path, PROGRAMS / "unittest_outcomes.py", file, f"test.{module}"], file

    def outcomes(self, outcome, file):
        self.assertEqual(0, outcome.status, outcome.stderr[-3000:])
        return json.loads(file.read_text(encoding="utf-8"))

    def test_own_tests_of_classes(self):
        """Classes that share their name with a listed one go another way, and come out the same."""
        if not self.interpreter.has_tests:
            self.skipTest("this interpreter comes without its test modules")
        names = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)] + ["Foo", "Base", "Meta", "Child", "Test"]
        setting = {"HEAPLEDGER_SLOTS": ",".join(f"elsewhere:{name}=a" for name in names), "HEAPLEDGER_EVENTS": "none"}
        for module in ("test_metaclass", "test_super", "test_subclassinit", "test_types", "test_descr", "test_dataclasses"):
            with self.subTest(module):
                command, file = self.own_tests(module)
                bare = self.outcomes(self.bare(command, cwd=self.folder), file)
                outcome, _ = self.record(command, cwd=self.folder, setting=setting)
                self.assertEqual(bare, self.outcomes(outcome, file))

    def test_values_that_are_not_understood(self):
        """Without `record`, which refuses them."""
        _, controls, _ = self.run_with(HEAPLEDGER_GC="of", HEAPLEDGER_SLOTS="Book,__main__:Base,:=+,x")
        self.assertEqual(["refused"], list(controls.pop("gc of")))
        self.assertEqual(4, len(controls))
        for told in controls.values():
            self.assertEqual(["refused"], list(told))


class Record(test_record.RecordTest):
    """heapledger record with controls: messages and exit statuses."""

    def refused(self, *words, says, setting=None):
        status, out, err = self.record("-o", "x.hl", *words, "--", "sh", "-c", "echo ran", setting=setting)
        self.assertEqual((2, ""), (status, out), err)
        self.assertEqual(1, len(err.splitlines()), err)
        self.assertIn(says, err)
        self.assertEqual([], self.files())

    def test_bad_input(self):
        for word in ("", "on", "of", "OFF", "threshold", "threshold=", "threshold=a", "threshold=-1", "threshold=1,",
                     "threshold=1,2,3,4", "threshold=2147483648", "threshold= 1", "off,freeze"):
            self.refused("--gc", word, says="--gc")
        for word in ("", "Book", ":Book=a", "m:=a", "m:B", "m:B=a,", "m:B=1a", "m:B=a+", "m:B=a b", "m:B=a+a", "m.:B=a",
                     "m:B.=a", "m:B=a,m:B=b", "m:B=a,x", "<locals>:B=a", "m:f.<local>.B=a", "m:B=" + "a" * 3100):
            self.refused("--slots", word, says="--slots")
        self.refused("--slots", "m:B", says="m:B has no names")
        self.refused("--controls-only", says="--controls-only")
        self.refused("--gc", "off", "--gc", "off", says="twice")
        self.refused("--gc", "off", says="HEAPLEDGER_GC", setting={"HEAPLEDGER_GC": "freeze"})
        self.refused(says="'of'", setting={"HEAPLEDGER_GC": "of"})
        self.refused("--gc", "off", says="HEAPLEDGER_EVENTS", setting={"HEAPLEDGER_EVENTS": "some"})

    def test_a_class_without_attributes_of_its_own(self):
        status, out, err = self.controlled("--slots", "__main__:Book=", text="Book()\n")
        self.assertIn("('__weakref__',)", out)
        self.assertIn("slots on __main__:Book", err)
        self.assertEqual(1, status, err)   # the program sets an attribute that now has no place, and says so itself
        self.assertIn("AttributeError", err)

    def controlled(self, *words, text="", **options):
        return self.record("-f", "-o", "x.hl", *words, "--", *self.python(LINE + text), **options)

    def test_applied(self):
        status, out, err = self.controlled("--gc", "off", "--slots", "__main__:Book=title")
        self.assertEqual(0, status, err)
        self.assertEqual("False 700 False ('title', '__weakref__')\n", out)
        self.assertIn("the program ran with controls: gc off; slots on __main__:Book\n", err)
        report = run([TOOL, "report", "x.hl"], cwd=self.folder)
        self.assertEqual((0, ""), (report.status, report.stderr))
        self.assertRegex(report.stdout, r"(?m)^Controls +gc off; slots on __main__:Book$")

    def test_variables_are_options(self):
        status, out, err = self.controlled(setting={"HEAPLEDGER_GC": "off", "HEAPLEDGER_EVENTS": "none"})
        self.assertEqual((0, "False 700 False None\n"), (status, out), err)
        self.assertIn("controls and resident memory of 1 process", err)

    def test_undone_is_said_and_is_no_failure(self):
        status, _, err = self.controlled("--gc", "off", text="gc.enable()")
        self.assertEqual(0, status)
        self.assertIn("gc off (undone: enabled by the program)", err)

    def test_not_possible(self):
        status, _, err = self.controlled("--slots", "__main__:Book=gc,__main__:Cook=title", "-q")
        self.assertEqual(3, status)
        self.assertEqual(["heapledger: error: slots on __main__:Cook (not done: no class of this name was created); correct --slots "
                          "or leave this class out of it"], err.splitlines())
        for status in (0, 7):
            got, _, err = self.record("-f", "-o", "x.hl", "--gc", "off", "--", "sh", "-c", f"exit {status}")
            self.assertEqual(status or 3, got)
            self.assertIn("error: gc off (not done: no process of this run is CPython 3.8 or later)", err)

    def test_failure_of_the_program_is_explained(self):
        status, _, err = self.controlled("--slots", "__main__:Book=title", "--controls-only", text="Book().colour = 1")
        self.assertEqual(1, status)
        self.assertIn("'Book' object has no attribute 'colour'", err)
        self.assertIn("note: it failed, and slots may be why", err)


if __name__ == "__main__":
    unittest.main()
