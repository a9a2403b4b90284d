"""Advice on every interpreter: what slots are said to save is what a run with slots saves; what grows is found."""

import json
import pathlib
import subprocess
import unittest

from target import PROGRAMS, TOOL, Outcome, PythonTest, TargetTest, every_interpreter, line_with, run

COUNT = 1_000_000


@every_interpreter(globals())
class Advice(PythonTest):
    def test_what_slots_save(self):
        outcome, plain = self.record(self.python("million.py", COUNT))
        self.assertEqual(0, outcome.status, outcome.stderr)
        advice = {one["type"]: one for one in json.loads(plain.read("advise", "--json"))["slots"]}
        self.assertEqual({"number", "title", "price", "stock", "sold"}, set(advice["__main__.Book"]["attributes"]))
        self.assertEqual(["__main__:Item", "__main__:Book"], advice["__main__.Book"]["classes"])
        predicted = sum(advice[name]["saved_bytes"] for name in ("__main__.Book", "__main__.Item"))
        saved = plain.only_process().peak_bytes - self.slotted_peak(plain)
        self.assertGreater(saved, 8 * COUNT)
        self.assertLessEqual(abs(predicted - saved), 0.05 * saved, (predicted, saved))

    def slotted_peak(self, plain):
        """Peak of a run with slots, with names learnt from the plain one; in a chroot, where `heapledger record` cannot
        follow, with listed names."""
        if self.root != "/":
            names = "__main__:Item=number+title,__main__:Book=price+stock+sold"
            outcome, recording = self.record(self.python("million.py", COUNT), setting={"HEAPLEDGER_SLOTS": names})
            self.assertEqual(0, outcome.status, outcome.stderr)
            return recording.only_process().peak_bytes
        ledger = self.folder / "slotted.hl"
        command = (TOOL, "record", "-q", "-o", ledger, "--slots-from", plain.path(), "--slots", "__main__:Item,__main__:Book",
                   "--", *self.python("million.py", COUNT))
        self.assertEqual(Outcome("", "", 0), run(command))
        return self.peak_of(ledger)

    def test_what_grows(self):
        outcome, recording = self.record(self.python("hoarder.py"))
        self.assertEqual(0, outcome.status, outcome.stderr)
        growth = json.loads(recording.read("advise", "--json"))["growth"]
        here = [one for one in growth["lines"] if one["file"].endswith("hoarder.py")]
        for name in ("str", "__main__.Page"):
            self.assertTrue(any(one["type"] == name and one["steady"] for one in here), here)
        tables = [one for one in here if one["line"] == line_with("hoarder.py", "# at: table") and one["table_growths"] >= 3]
        self.assertEqual(1, len(tables), here)
        self.check_commands(recording)
        start = line_with("hoarder.py", "# at: from the start")
        self.assertEqual([], [one for one in here if one["line"] == start and one["steady"]])

    def check_commands(self, recording):
        """Those that the section names show what it says."""
        section = recording.read("advise").decode().partition("Caches and leaks")[2]
        commands = [line.partition("verify: ")[2] for line in section.splitlines() if "verify: " in line]
        for wanted in ("--from", "hoarder.py:", "--type __main__.Page"):
            self.assertTrue(any(wanted in command for command in commands), section)
        for command in commands:
            self.assertTrue(command.startswith("heapledger "), command)
            shown = subprocess.run(command.replace("heapledger", str(TOOL), 1), shell=True, capture_output=True, check=False,
                                   encoding="utf-8", cwd=self.folder)
            self.assertEqual(("", 0), (shown.stderr, shown.returncode), command)
            if f"hoarder.py:{line_with('hoarder.py', '# at: table')} " in command:
                # Row, size and end of the last four buffers: one ends when the next has begun.
                buffers = [[int(line.split()[column]) for column in (1, 4, 5)] for line in shown.stdout.splitlines()[-4:]]
                self.assertEqual(4, len(buffers), shown.stdout)
                for one, following in zip(buffers, buffers[1:]):
                    self.assertIn(one[2] - following[0], (0, 1), shown.stdout)
            elif "grep" not in command:
                self.assertIn("hoarder.py", shown.stdout, command)

    def test_tables(self):
        """Only those that grew and were neither emptied nor made anew."""
        outcome, recording = self.record_unchanged(self.python("tables.py"))
        self.assertEqual(0, outcome.status, outcome.stderr)
        lines = json.loads(recording.read("advise", "--json"))["growth"]["lines"]
        found = {one["line"] for one in lines if one["file"].endswith("tables.py") and one["table_growths"] >= 3}
        self.assertEqual({line_with("tables.py", f"# at: {what}") for what in ("grown dict", "grown list")}, found, lines)

    def test_class_of_a_thread_that_has_ended(self):
        if self.interpreter.free_threaded:
            self.skipTest("names are read there while the process has one thread")
        for leaving in ([], ["exit"]):
            with self.subTest(leaving):
                outcome, recording = self.record_unchanged(self.python("class_of_thread.py", *leaving))
                self.assertEqual(("20000\n", 0), (outcome.stdout, outcome.status), outcome.stderr)
                self.assert_sound(recording)
                advice = json.loads(recording.read("advise", "--json"))["slots"]
                advice = next(one for one in advice if one["type"] == "__main__.Book")
                self.assertEqual((["isbn", "title"], None), (sorted(advice["attributes"]), advice["refusal"]))

    def test_odd_instances(self):
        """Right, or refused with the reason: then names are not learnt either, where not all are known."""
        for kind in ("Bag", "Weight", "Derived", "Counter", "Partly", "Many", "Scattered", "Shrinking"):
            with self.subTest(kind=kind):
                self.check_odd(kind)

    def check_odd(self, kind):
        command = self.python("odd_instances.py", kind)
        outcome, plain = self.record(command)
        self.assertEqual(("20000\n", 0), (outcome.stdout, outcome.status), outcome.stderr)
        all_advice = json.loads(plain.read("advise", "--json"))["slots"]
        advice = next(one for one in all_advice if one["type"] == f"__main__.{kind}")
        if advice["refusal"] is None:
            names = f"__main__:{kind}={'+'.join(advice['attributes'])}"
            outcome, slotted = self.record(command, setting={"HEAPLEDGER_SLOTS": names})
            self.assertEqual(("20000\n", 0), (outcome.stdout, outcome.status), outcome.stderr)
            saved = plain.only_process().peak_bytes - slotted.only_process().peak_bytes
            self.assertLessEqual(abs(advice["saved_bytes"] - saved), 0.05 * saved, (advice, saved))
            return
        self.assertNotIn(kind, () if self.before(11) else ("Shrinking",), advice)
        self.assertNotIn(kind, ("Bag", "Weight", "Derived", "Counter"), advice)
        if kind in ("Many", "Scattered"):
            refused = run((TOOL, "record", "-q", "-o", self.folder / "slotted.hl", "--slots-from", plain.path(),
                           "--slots", f"__main__:{kind}", "--", "true"))
            self.assertEqual(2, refused.status, refused)
            self.assertIn(f"__main__:{kind}=NAME+NAME", refused.stderr)

    def before(self, minor):
        return self.interpreter.minor < (3, minor)

    def test_where_classes_are_defined(self):
        """The class statement, whatever metaclass or function made the class; none of them is left out."""
        outcome, recording = self.record(self.python("class_makers.py"))
        self.assertEqual(0, outcome.status, outcome.stderr)
        types = {one["qualname"]: one for one in json.loads(recording.read("report", "--json"))["types"]
                 if one["module"] == "__main__"}
        found = {name: (pathlib.Path(one["defined"]["file"]).name, one["defined"]["line"]) for name, one in types.items()
                 if one["defined"]}
        lines = (PROGRAMS / "class_makers.py").read_text(encoding="utf-8").splitlines()
        expected = {line.split("# at: ")[1]: ("class_makers.py", number) for number, line in enumerate(lines, 1)
                    if "# at: " in line}
        self.assertEqual(expected, {name: place for name, place in found.items() if name in expected})
        advised = {one["type"].removeprefix("__main__.") for one in json.loads(recording.read("advise", "--json"))["slots"]}
        self.assertEqual({"Abstract", "Made", "Protocolled", "Called", "make.<locals>.Local"} - advised, set())

    def test_several_processes(self):
        """Advice for each process; slots for the classes of both, with what either knows of a class that both have."""
        command = self.python("relatives.py", 20_000)
        outcome, plain = self.record_unchanged(command)
        self.assertEqual((0, "20000 0\n"), (outcome.status, outcome.stdout), outcome.stderr)
        self.assertEqual({"Shared": {"number"}, "OfParent": {"left", "right"}}, self.own_classes(plain, 1))
        self.assertEqual({"Shared": {"number", "further"}, "OfChild": {"only"}}, self.own_classes(plain, 2))
        if self.root != "/":
            return
        ledger = self.folder / "slotted.hl"
        classes = "__main__:Shared,__main__:OfParent,__main__:OfChild"
        slotted = run((TOOL, "record", "-q", "-o", ledger, "--slots-from", plain.path(), "--slots", classes, "--", *command))
        self.assertEqual(Outcome("20000 0\n", "", 0), slotted)
        self.assertLess(self.peak_of(ledger), self.peak_of(plain.path()) - 4 * 20_000 * 8)  # each of 80,000 is smaller

    def own_classes(self, recording, process):
        """Names of attributes, by class of the program."""
        advice = json.loads(recording.read("advise", "--json", "--pid", str(process)))["slots"]
        own = [one for one in advice if one["type"].startswith("__main__.")]
        return {one["type"].removeprefix("__main__."): set(one["attributes"]) for one in own}

    def peak_of(self, ledger):
        return json.loads(run((TOOL, "report", "--json", ledger)).stdout)["totals"]["peak_bytes"]


class Commands(TargetTest):
    def test_printed_commands_mean_what_was_run(self):
        """Words with line ends and escapes, through a shell."""
        words = ["-c", "print(1)\n\tprint('\\x1b')", "a b", "\x1b[31m", "it's \\ \x7f"]
        ledger = self.folder / "words.hl"
        outcome = run((TOOL, "record", "-q", "-o", ledger, "--", "/usr/bin/python3", "-c", PRINTS_WORDS, *words))
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        header = run((TOOL, "advise", ledger)).stdout.split("\n", 1)[0]
        command = header[:header.rindex(": process ")]
        self.assertEqual(outcome, run(("/bin/bash", "-c", command)))

    def test_what_no_ledger_knows_is_said(self):
        ledger = self.folder / "plain.hl"
        million = PROGRAMS / "million.py"
        self.assertEqual(0, run((TOOL, "record", "-q", "-o", ledger, "--", "/usr/bin/python3", million, "20000")).status)
        text = run((TOOL, "advise", ledger)).stdout
        self.assertLess(text.index("has a value of its own for one of the attributes"), text.index("--slots-from"))


PRINTS_WORDS = """import sys
print(sys.argv)
"""


class BadInput(unittest.TestCase):
    def refused(self, status, says, *command):
        outcome = run((TOOL, *command))
        self.assertEqual((status, ""), (outcome.status, outcome.stdout))
        self.assertIn(says, outcome.stderr)

    def test_no_such_file(self):
        self.refused(2, "no-such.hl", "advise", "/nowhere/no-such.hl")
        self.refused(2, "no-such.hl", "record", "--slots-from", "/nowhere/no-such.hl", "--slots", "m:C", "--", "true")

    def test_names_without_a_class(self):
        self.refused(2, "--slots names no class", "record", "--slots-from", "/nowhere/no-such.hl", "--", "true")


if __name__ == "__main__":
    unittest.main()
