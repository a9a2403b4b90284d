"""The reproduction of a document's claims: its workloads on every interpreter, its rules, its resuming, its command line."""

import itertools
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from target import SOURCE, TOOL, PythonTest, TargetTest, every_interpreter, run

sys.path.insert(0, str(SOURCE / "scripts"))
from reproduction import intervals, verdict  # noqa: E402
from reproduction.claims import CLAIMS  # noqa: E402
from reproduction.interpreters import Interpreter  # noqa: E402
from reproduction.outcome import of_values  # noqa: E402
from reproduction.raw import UNCOUNTED, Raw  # noqa: E402

PYTHON = "/usr/bin/python3"
REPRODUCE = SOURCE / "scripts" / "reproduction"
VERDICTS = {"holds", "holds in direction", "does not hold", "cannot run as listed", "not comparable"}
COUNTS = {"weak": [10, 5, 0], "strong": [10, 10, 10]}


def claim(number):
    return next(one for one in CLAIMS if one.number == number)


def reproduce(*words, folder, **options):
    return run((PYTHON, REPRODUCE, "--tool", TOOL, "--output", folder, *words), **options)


@every_interpreter(globals())
class Workloads(PythonTest):
    """Every arm of every claim, small: each prints the same line everywhere, and ends as the document's program does."""

    SCALE = "0.001"

    def line(self, workload, arm):
        command = (self.interpreter.path, SOURCE / "scripts" / "workloads" / workload, arm, "--scale", self.SCALE)
        outcome = self.bare(command)
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        line = json.loads(outcome.stdout)
        self.assertEqual((arm, float(self.SCALE)), (line.pop("arm"), line.pop("scale")))
        return line

    def test_spans(self):
        together = {1: ["gc-on", "gc-off"], 4: ["plain", "slotted"], 7: ["plain", "tuned", "slotted-users"]}
        for number in (1, 2, 4, 7):
            for arm in claim(number).timed.arms:
                line = self.line(claim(number).workload, arm)
                self.assertEqual(["spans"], list(line))
                self.assertEqual(together[number] if arm == "in-one-process" else [arm], list(line["spans"]))
                for span in line["spans"].values():
                    self.assertEqual(["seconds", "grown_bytes", "faults"], list(span))

    def test_sizes(self):
        for arm in claim(3).recorded.arms:
            sizes = self.line("one_object.py", arm)["sizes"]
            self.assertGreater(sizes["instance"], 16)
            self.assertEqual(arm == "plain-asked", sizes["dict"] > 0)

    def test_caches(self):
        for arm in claim(5).recorded.arms:
            way = arm.partition("-")[0]
            # In the same process, the strong cache keeps what the weak one has.
            truth = {"weak": [10, 10, 10], "strong": [10, 10, 10]} if way == "both" else {way: COUNTS[way]}
            self.assertEqual({"counts": truth}, self.line("weak_cache.py", arm))

    def test_core_and_derived(self):
        truth = {"counts": {"derived": [1000, 100, 0], "core": [100, 100, 100]}, "hits": 100, "misses": 1000}
        for phase in ("filled", "kept", "dropped"):
            self.assertEqual(truth, self.line("core_and_derived.py", f"meant-{phase}"))
        outcome = self.bare((self.interpreter.path, SOURCE / "scripts" / "workloads" / "core_and_derived.py", "listed-kept"))
        self.assertEqual((1, ""), (outcome.status, outcome.stdout))
        self.assertEqual("TypeError: cannot create weak reference to 'dict' object", outcome.stderr.splitlines()[-1])


class Intervals(unittest.TestCase):
    def test_what_the_interval_leaves_out_is_what_the_exact_test_rejects(self):
        values = [0.31, -0.12, 0.57, 0.83, 0.214, 0.49, 1.03, 0.05]
        for pairs in range(1, len(values) + 1):
            differences = values[:pairs]
            _, low, high = intervals.shift(differences)
            self.assertEqual(pairs < intervals.FEWEST, low is None)
            if low is None:
                continue
            for shift, inside in ((low - 1e-6, False), (low + 1e-6, True), (high - 1e-6, True), (high + 1e-6, False)):
                self.assertEqual(inside, self.exact_p([d - shift for d in differences]) > 0.05, (pairs, shift))

    def exact_p(self, values):
        """Two-sided, by trying all signs."""
        ranks = [1 + sorted(map(abs, values)).index(abs(value)) for value in values]
        seen = sum(rank for rank, value in zip(ranks, values) if value > 0)
        totals = [sum(chosen) for chosen in itertools.product(*((0, rank) for rank in ranks))]
        return 2 * min(sum(t >= seen for t in totals), sum(t <= seen for t in totals)) / len(totals)

    def test_the_estimate_is_the_middle_of_symmetric_values(self):
        estimate, low, high = intervals.shift([4, 5, 6, 3, 7, 5])
        self.assertEqual((5, 3, 7), (estimate, low, high))


def timed(**seconds):
    """What heapledger writes of rounds, with these elapsed times of arms, by hand."""
    arms = [name.replace("_", "-") for name in seconds]
    rounds = [{"order": arms, "runs": {arm: {"wall": wall, "cpu": wall, "peak_rss": 50e6} for arm, wall in zip(arms, one)}}
              for one in zip(*seconds.values())]
    return {"arms": [{"name": arm, "failure": None, "evidence": None, "recordings": []} for arm in arms], "rounds": rounds}


def recorded(counts, failures=()):
    """What heapledger writes of recordings: metric values by arm, and the last words of arms that failed."""
    arms = [{"name": arm, "failure": None, "evidence": None, "recordings": [values, values]} for arm, values in counts.items()]
    arms += [{"name": arm, "evidence": None, "recordings": [], "failure": {"what": "exit status 1", "evidence": words}}
             for arm, words in failures]
    return {"arms": arms, "rounds": []}


def answers(number, recorded_json, timed_json=None):
    raw = Raw((recorded_json, {}), (timed_json, {}) if timed_json else None)
    return of_values(claim(number), Interpreter("/nowhere", "3.99.0", 0), raw).answers


def living(kind, **steps):
    """Recordings of arms WAY-PHASE with so many instances alive."""
    return {f"{way}-{phase}": {f"class_instances:__main__.{kind}": float(alive), "peak_bytes": 1.0}
            for way, counts in steps.items() for phase, alive in zip(("filled", "kept", "dropped"), counts)}


class Rules(unittest.TestCase):
    """Verdicts on values made by hand: the document says 16 % of time."""

    NOISE = (0.99, 1.00, 1.01, 0.995, 1.005, 1.002, 0.998)

    def time_verdict(self, ratios):
        off = [ratio * 10 for ratio in ratios]
        (answer,) = answers(1, recorded({}), timed(gc_on=[10] * len(off), gc_off=off))
        return answer

    def test_holds(self):
        answer = self.time_verdict([0.84 * n for n in self.NOISE])
        self.assertEqual(("holds", "we measure what the document says"), (answer.verdict, answer.why))
        self.assertAlmostEqual(0.16, answer.measured.estimate, 2)
        answer = self.time_verdict([0.5 * n for n in self.NOISE])
        self.assertEqual(("holds", "the effect is greater than the document says"), (answer.verdict, answer.why))

    def test_holds_in_direction(self):
        self.assertEqual("holds in direction", self.time_verdict([0.92 * n for n in self.NOISE]).verdict)

    def test_does_not_hold(self):
        self.assertEqual("does not hold", self.time_verdict(self.NOISE).verdict)
        # 2 % are shown, and too little to matter.
        self.assertEqual("does not hold", self.time_verdict([0.98 * n for n in (0.999, 1, 1.001, 0.9995, 1.0005, 1)]).verdict)
        answer = self.time_verdict([1.2 * n for n in self.NOISE])
        self.assertEqual(("does not hold", "it goes the other way"), (answer.verdict, answer.why))

    def test_not_comparable(self):
        answer = self.time_verdict([0.6, 1.3, 0.8, 1.2, 0.9, 1.1])
        self.assertEqual("not comparable", answer.verdict)
        self.assertIn("vary", answer.why)
        self.assertEqual("not comparable", self.time_verdict([0.84] * 5).verdict, "too few rounds")
        walls = timed(gc_on=[10] * 6, gc_off=[5] * 6)
        killed = recorded({}, [("gc-on", "")])
        killed["arms"][0]["failure"]["what"] = "exit status 137, as after signal 9 (Killed) in recorded run 1"
        for machine_too_small in (killed, recorded({}, [("gc-on", "Traceback\nMemoryError")])):
            self.assertEqual("not comparable", answers(1, machine_too_small, walls)[0].verdict)
        self.assertEqual("cannot run as listed", answers(1, recorded({}, [("gc-on", "ValueError")]), walls)[0].verdict)
        whole = {name: [1.0] * 6 for name in ("nothing", "plain", "tuned", "dict_users", "slotted_users")}
        for answer in answers(7, recorded({}), timed(**whole)):
            self.assertEqual("not comparable", answer.verdict)

    def test_cannot_run_as_listed(self):
        words = 'Traceback\n  File "/lib/weakref.py", line 5, in set\nTypeError: no weak reference to a dict'
        counts = living("Derived", meant=(1000, 100, 0))
        for values in counts.values():
            values["class_instances:__main__.Core"] = 100.0
        listed, meant = answers(6, recorded(counts, [(f"listed-{phase}", words) for phase in ("filled", "kept", "dropped")]))
        self.assertEqual("cannot run as listed", listed.verdict)
        self.assertEqual("TypeError: no weak reference to a dict", listed.measured.failure)
        self.assertEqual("holds", meant.verdict)
        failing = recorded(living("Picture", both=(10, 10, 10), strong=(10, 10, 10)), [("weak-filled", words)])
        self.assertEqual("not comparable", answers(5, failing)[1].verdict)

    def test_counts(self):
        for weak, wanted in (((10, 5, 0), "holds"), ((10, 9, 3), "holds in direction"), ((10, 10, 10), "does not hold"),
                             ((5, 5, 10), "does not hold")):
            listed, meant = answers(5, recorded(living("Picture", both=(10, 10, 10), weak=weak, strong=(10, 10, 10))))
            self.assertEqual(("does not hold", wanted), (listed.verdict, meant.verdict), weak)
        leaking = recorded(living("Picture", both=(10, 5, 0), weak=(10, 5, 0), strong=(10, 5, 5)))
        self.assertEqual("does not hold", answers(5, leaking)[1].verdict)

    def test_exact_bytes(self):
        def instances(plain, slotted):
            return recorded({"plain": {"class_bytes:__main__.Plain": plain, "class_instances:__main__.Plain": 10.0,
                                       "peak_bytes": 5000.0},
                             "plain-asked": {"peak_bytes": 5640.0},
                             "slotted": {"class_bytes:__main__.Slotted": slotted, "class_instances:__main__.Slotted": 10.0}})
        listed, meant = answers(3, instances(1000.0, 640.0))
        self.assertEqual(("holds", "holds"), (listed.verdict, meant.verdict))
        self.assertTrue(math.isclose(1 - 64 / 164, listed.measured.estimate) and math.isclose(0.36, meant.measured.estimate))
        self.assertEqual("holds in direction", answers(3, instances(1000.0, 800.0))[1].verdict)
        self.assertEqual("does not hold", answers(3, instances(1000.0, 1000.0))[1].verdict)

    def test_counts_that_differ_from_run_to_run(self):
        counts = recorded(living("Picture", both=(10, 10, 10), weak=(10, 5, 0), strong=(10, 10, 10)))
        self.assertEqual("holds", answers(5, counts)[1].verdict)
        weak_kept = next(arm for arm in counts["arms"] if arm["name"] == "weak-kept")
        weak_kept["recordings"] = [dict(weak_kept["recordings"][0], **{"class_instances:__main__.Picture": float(alive)})
                                   for alive in (5, 6)]
        answer = answers(5, counts)[1]
        self.assertEqual(("not comparable", UNCOUNTED), (answer.verdict, answer.measured.failure))
        weak_kept["recordings"].append(weak_kept["recordings"][0])
        self.assertEqual("holds", answers(5, counts)[1].verdict)

    def test_every_rule_names_one_of_five_verdicts(self):
        self.assertEqual(VERDICTS, {rule.verdict for rule in verdict.RULES})


class Reproduction(TargetTest):
    """The whole, small, on the interpreter of this system."""

    def test_all_claims(self):
        outcome = reproduce("--python", PYTHON, "--scale", "0.005", "--rounds", "6", "--quick", folder=self.folder)
        self.assertEqual(0, outcome.status, outcome.stderr)
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual("heapledger-reproduction/1", report["schema"])
        found = {one["claim"]: one for one in report["outcomes"]}
        self.assertEqual({1, 2, 3, 4, 5, 6, 7}, set(found))
        verdicts = {number: [answer["verdict"] for answer in one["answers"]] for number, one in found.items()}
        self.assertEqual(["does not hold", "holds"], verdicts[5])
        self.assertEqual(["cannot run as listed", "holds"], verdicts[6])
        self.assertEqual(["not comparable"] * 3, verdicts[7])
        self.assertEqual(VERDICTS, VERDICTS.union(*verdicts.values()))
        self.assertIn("TypeError", found[6]["answers"][0]["failure"])
        # An instance with slots has no parts: what it says of itself is its block.
        truth = run((PYTHON, "-c", "import sys; print(sys.getsizeof(type('S', (), {'__slots__': list('abcd')})()))"))
        for number in (3, 4):
            self.assertAlmostEqual(float(truth.stdout), found[number]["answers"][1]["after"])
        text = (self.folder / "report.md").read_text()
        for shown in (outcome.stdout, text):
            self.assertIn("cannot run as listed", shown)
            self.assertIn("the strong cache holds what the weak one lets go", " ".join(shown.split()))

    def test_interrupted_and_resumed(self):
        folder, calls = self.folder / "results", self.folder / "calls"
        tool = self.folder / "tool"
        tool.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexec {TOOL} "$@"\n')
        tool.chmod(0o755)
        words = [PYTHON, str(REPRODUCE), "--tool", str(tool), "--python", PYTHON, "--claim", "2", "--scale", "0.001",
                 "--rounds", "60", "--output", str(folder), "--resume"]
        with open(self.folder / "messages", "wb") as messages:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)
            before = self.rounds_before_interrupt(child, folder)
            self.assertEqual(128 + signal.SIGINT, child.wait(60), (self.folder / "messages").read_text())
        (experiment,) = folder.glob("*/*")
        self.assertFalse((experiment / "timed.json").exists())
        self.assertIn("not run", (folder / "report.md").read_text())
        recorded_at = os.stat(experiment / "recorded.json").st_mtime_ns

        self.assertEqual(0, run(words).status)
        rounds = json.loads((experiment / "timed.json").read_text())["rounds"]
        self.assertEqual(60, len(rounds))
        self.assertEqual(before, rounds[:len(before)], "finished rounds were run again")
        self.assertEqual(recorded_at, os.stat(experiment / "recorded.json").st_mtime_ns)
        printed = [json.loads(line)["arm"] for line in (experiment / "timed.inside.jsonl").read_text().splitlines()]
        self.assertEqual([60, 60, 60], [printed.count(arm) for arm in ("plain", "tuned", "off-only")])
        def experiments():
            return [call for call in calls.read_text().splitlines() if call.startswith("experiment ")]
        self.assertEqual(3, len(experiments()))  # recorded, timed, and the rest of timed
        self.assertEqual(0, run(words).status)
        self.assertEqual(3, len(experiments()), "what was finished was run again")
        self.assertNotIn("not run", (folder / "report.md").read_text())

    def test_killed(self):
        folder = self.folder / "results"
        child = subprocess.Popen([PYTHON, str(REPRODUCE), "--tool", str(TOOL), "--python", PYTHON, "--claim", "2", "--rounds", "60",
                                  "--scale", "0.001", "--output", str(folder)], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.rounds_before_interrupt(child, folder, signal.SIGKILL)
        end = time.monotonic() + 60
        while self.is_running(str(folder)):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        (part,) = folder.glob("*/*/timed.part.json")
        self.assertLess(len(json.loads(part.read_text())["rounds"]), 60, "the experiment went on alone")

    @staticmethod
    def is_running(word):
        """Whether a command line has it."""
        for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if word.encode() in file.read_bytes():
                    return True
            except OSError:  # it has just ended
                continue
        return False

    def rounds_before_interrupt(self, child, folder, number=signal.SIGINT):
        """Interrupts when three rounds are on disk; all that are there in the end."""
        def rounds():
            parts = list(folder.glob("*/*/timed.part.json"))
            return json.loads(parts[0].read_text())["rounds"] if parts else []
        end = time.monotonic() + 60
        while len(rounds()) < 3:
            self.assertIsNone(child.poll(), "it ended before it could be interrupted")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        child.send_signal(number)
        child.wait(60)
        return rounds()

    def test_bad_options(self):
        (self.folder / "file").touch()
        for words, says in ((("--claim", "8"), "invalid choice: 8"), (("--rounds", "5"), "from 6"),
                            (("--rounds", "x"), "invalid"),
                            (("--scale", "0"), "above 0"), (("--scale", "nan"), "above 0"),
                            (("--python", "/bin/true"), "no CPython"), (("--python", "/nowhere"), "no CPython"),
                            (("--output", self.folder / "file"), "no folder"), (("--tool", "/nowhere"), "no such file"),
                            (("--unknown",), "unrecognized")):
            outcome = reproduce(*words, folder=self.folder)  # of an option that comes twice, the second one counts
            self.assertEqual((2, ""), (outcome.status, outcome.stdout), words)
            self.assertIn(says, outcome.stderr, words)


if __name__ == "__main__":
    unittest.main()
