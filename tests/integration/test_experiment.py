"""heapledger experiment from outside: arms that differ in known ways, arms that fail, interruption and resumption."""

import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import interpreters
from target import PROGRAMS, TIME_LIMIT, TOOL, environment, every_interpreter, line_with

PYTHON = "/usr/bin/python3"
ARMS = PROGRAMS / "arms.py"
COUNTS = ("allocations", "peak_bytes", "collections", "class_instances:Thing", "class_bytes:Thing")


class ExperimentTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heapledger-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *words, **setting):
        return subprocess.Popen([TOOL, "experiment", *map(str, words)], cwd=self.folder, env=environment(**setting),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_experiment(self, *words, status=0, **setting):
        """(standard output, standard error)"""
        process = self.start(*words, **setting)
        out, err = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual(status, process.returncode, (out, err))
        return out, err

    def results(self, *words, status=0, **setting):
        out, _ = self.run_experiment(*words, "--json", status=status, **setting) if "--" not in words else \
            self.run_experiment(*words[:words.index("--")], "--json", *words[words.index("--"):], status=status, **setting)
        return json.loads(out)

    def finding(self, results, metric, arm):
        found = [f for f in results["findings"] if (f["metric"], f["arm"]) == (metric, arm)]
        self.assertEqual(1, len(found), results["findings"])
        return found[0]

    def failure(self, results, arm):
        return next(a for a in results["arms"] if a["name"] == arm)["failure"]


def metrics(*names):
    return [word for name in names for word in ("--metric", name)]


@every_interpreter(globals())
class Counts(ExperimentTest):
    """Recorded runs and controls, on every interpreter that shares this system's libraries."""

    interpreter = None

    def setUp(self):
        if isinstance(self.interpreter, str):
            self.skipTest(f"CPython {self.interpreter} is not on this machine")
        if self.interpreter.root != "/":
            self.skipTest(f"CPython {self.interpreter.version} lives in a folder of its own, where heapledger does not run")
        super().setUp()

    def test_counts_are_exact(self):
        results = self.results(*metrics(*COUNTS), "--arm", f"few={PYTHON} {ARMS} things 1000", "--arm",
                               f"many={PYTHON} {ARMS} things 4000", "--baseline", "few",
                               "--arm", f"same=python={self.interpreter.path} -- {PYTHON} {ARMS} things 4000")
        things = self.finding(results, "class_instances:Thing", "many")
        self.assertEqual(("exact", 1000, 4000, "changed"),
                         (things["basis"], things["baseline"]["median"], things["value"]["median"], things["verdict"]))
        self.assertEqual(4000, self.finding(results, "class_instances:Thing", "same")["value"]["median"])
        allocations = self.finding(results, "allocations", "many")
        self.assertEqual("exact", allocations["basis"])
        self.assertGreaterEqual(allocations["value"]["median"] - allocations["baseline"]["median"], 3000)
        self.assertEqual(self.interpreter.version, results["arms"][2]["python"].rstrip("+"))
        line = line_with("arms.py", "Thing(number) for number")
        evidence = results["arms"][1]["evidence"]
        self.assertIn((str(ARMS), line), [(d.get("file"), d.get("line")) for d in evidence["lines_by_count"]])
        self.assertIn("__main__.Thing", [d["name"] for d in evidence["classes_at_peak"]])

    def test_controls(self):
        results = self.results(*metrics("collections", "class_bytes:Thing", "minor_faults"), "--rounds", 2, "--arm",
                               f"plain=python={self.interpreter.path}", "--arm", f"off=python={self.interpreter.path} gc=off",
                               "--arm", f"slotted=python={self.interpreter.path} slots=__main__:Thing=number+text",
                               "--", PYTHON, ARMS, "things", 3000)
        self.assertEqual([None] * 3, [arm["failure"] for arm in results["arms"]])
        collections = self.finding(results, "collections", "off")
        self.assertEqual((2, "exact"), (collections["value"]["median"], collections["basis"]))  # the two that it asks for
        self.assertGreater(collections["baseline"]["median"], 2)
        slotted = self.finding(results, "class_bytes:Thing", "slotted")
        self.assertEqual(("exact", "changed"), (slotted["basis"], slotted["verdict"]))
        self.assertLess(slotted["value"]["median"], slotted["baseline"]["median"] - 3000 * 8)


class Rounds(ExperimentTest):
    def runs(self):
        path = self.folder / "runs"
        return len(path.read_text(encoding="ascii").splitlines()) if path.exists() else 0

    def test_surroundings_are_the_same(self):
        for kind in ("wall", "allocations"):  # runs without and with recording
            with self.subTest(kind):
                results = self.results("--same-output", *metrics(kind), "--rounds", 2, "--arm", "short=A=1",
                                       "--arm", "long=A_MUCH_LONGER_NAME=and_a_longer_value B=2",
                                       "--arm", "listed=slots=__main__:Thing=number+text",
                                       "--arm", "hashed=PYTHONHASHSEED=1", "--", PYTHON, ARMS, "surroundings", status=3)
                self.assertIn("printed something else", self.failure(results, "hashed")["what"])
                if not results["addresses_varied"]:
                    self.assertEqual([None] * 3, [self.failure(results, arm) for arm in ("short", "long", "listed")])

    def test_order_and_values(self):
        out, _ = self.run_experiment("-o", "x.json", "--csv", "x.csv", "--markdown", "x.md", "--rounds", 6, "--seed", 3,
                                     *metrics("wall", "peak_rss", "allocations"), "--arm", "a", "--arm", "b", "--arm", "c",
                                     "--", PYTHON, ARMS, "things", 10)
        results = json.loads((self.folder / "x.json").read_text(encoding="utf-8"))
        orders = [tuple(r["order"]) for r in results["rounds"]]
        self.assertEqual(6, len(orders))
        for half in (orders[:3], orders[3:]):  # each arm once at each place
            self.assertEqual([{"a", "b", "c"}] * 3, [set(place) for place in zip(*half)])
        for arm in ("b", "c"):
            self.assertEqual(["any", "equal"], self.last_words(out, arm, "allocations"))
        with open(self.folder / "x.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        walls = [float(row["value"]) for row in rows if (row["metric"], row["arm"]) == ("wall", "b")]
        self.assertEqual([r["runs"]["b"]["wall"] for r in results["rounds"]], walls)
        self.assertEqual(6 * 3 * 2, sum(row["run"] == "round" for row in rows))
        markdown = (self.folder / "x.md").read_text(encoding="utf-8")
        self.assertEqual(2, markdown.count("| allocations |"))

    @staticmethod
    def last_words(out, arm, metric):
        """What would be seen, and the verdict, where that is one word."""
        table = out[out.index(f"\n{arm} against"):]
        return next(line for line in table.splitlines() if line.startswith(f"  {metric} ")).split()[-2:]

    def test_warm_up_recordings_and_resumption(self):
        words = ("-o", "x.json", "--arm", "a", "--arm", "b", *metrics("wall", "allocations"))
        command = ("--", PYTHON, ARMS, "things", 5)
        log = self.folder / "runs"
        self.run_experiment(*words, "--rounds", 2, *command, RUNS=log)
        self.assertEqual(2 * 2 + 2 * 1 + 2 * 2, self.runs())  # two recordings agree, a warm-up, two rounds
        first = json.loads((self.folder / "x.json").read_text(encoding="utf-8"))
        log.unlink()
        results = self.results(*words, "--resume", "--rounds", 3, *command, RUNS=log)
        self.assertEqual(2 * 1 + 2 * 1, self.runs())
        self.assertEqual(first["rounds"], results["rounds"][:2])
        self.assertEqual(first["seed"], results["seed"])
        _, err = self.run_experiment(*words, "--resume", "--metric", "cpu", *command, status=2, RUNS=log)
        self.assertIn("another experiment", err)

    def test_reasons_outlive_the_ledgers(self):
        log = self.folder / "runs"
        words = ("-o", "x.json", "--rounds", 1, *metrics("wall", "allocations"), "--arm", f"few={PYTHON} {ARMS} things 10",
                 "--arm", f"many={PYTHON} {ARMS} things 3000", "--resume")
        line = f"arms.py:{line_with('arms.py', 'Thing(number) for number')}"
        out, _ = self.run_experiment(*words, RUNS=log)
        self.assertIn(line, out)
        runs, first = self.runs(), json.loads((self.folder / "x.json").read_text(encoding="utf-8"))
        self.assertEqual(["", ""], [arm["ledger"] for arm in first["arms"]])  # they are gone
        again, _ = self.run_experiment(*words, RUNS=log)
        self.assertEqual((runs + 2 * 1, out[out.index("why"):]), (self.runs(), again[again.index("why"):]))  # warm-ups alone
        self.assertEqual(first["arms"], json.loads((self.folder / "x.json").read_text(encoding="utf-8"))["arms"])
        for arm in first["arms"]:  # as if interrupted before anybody looked
            arm["evidence"] = None
        (self.folder / "x.json").write_text(json.dumps(first), encoding="utf-8")
        once_more, _ = self.run_experiment(*words, RUNS=log)
        self.assertEqual(runs + 2 * 1 + 2 * 2, self.runs())  # a recording each
        self.assertIn(line, once_more)

    def test_interruption(self):
        log = self.folder / "runs"
        # Two warm-ups and two rounds of two pass undisturbed; the first run of the third waits.
        process = self.start("-o", "x.json", "--arm", "a", "--arm", "b", "--metric", "wall", "--", PYTHON, ARMS, "wait",
                             RUNS=log, UNDISTURBED=6)
        end = time.monotonic() + TIME_LIMIT
        while self.runs() < 7 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual(130, process.returncode, (out, err))
        self.assertIn("interrupted", out)
        results = json.loads((self.folder / "x.json").read_text(encoding="utf-8"))
        self.assertEqual((2, True), (len(results["rounds"]), results["interrupted"]))
        last = int(log.read_text(encoding="ascii").splitlines()[-1])
        self.assertFalse(os.path.exists(f"/proc/{last}"), "the interrupted run goes on")

    def test_counts_that_differ_from_run_to_run(self):
        results = self.results(*metrics("allocations"), "--recordings", 3, "--arm", "a", "--arm", "b", "--", PYTHON, ARMS,
                               "by_process")
        finding = self.finding(results, "allocations", "b")
        values = [r["allocations"] for arm in results["arms"] for r in arm["recordings"]]
        if len(set(values)) == len(values):  # pids are not ours to choose
            self.assertEqual(("varies", 6), (finding["basis"], len(values)))
            self.assertNotIn("verdict", finding)


class Failures(ExperimentTest):
    def test_arms_that_fail(self):
        results = self.results("--rounds", 2, "--same-output", "--timeout", "20s", *metrics("wall"),
                               "--arm", f"good={PYTHON} {ARMS} things 3", "--arm", f"error={PYTHON} {ARMS} fail 42",
                               "--arm", f"other={PYTHON} {ARMS} things 4", "--arm", "signal=-- sh -c 'kill -9 $$'",
                               "--arm", f"fine={PYTHON} {ARMS} things 3", status=3)
        self.assertIsNone(self.failure(results, "good"))
        self.assertIsNone(self.failure(results, "fine"))
        self.assertIn("exit status 1", self.failure(results, "error")["what"])
        self.assertTrue(self.failure(results, "error")["evidence"].endswith("ValueError: 42"))
        self.assertIn("printed something else", self.failure(results, "other")["what"])
        self.assertIn("signal 9", self.failure(results, "signal")["what"])
        self.assertEqual("tested", self.finding(results, "wall", "fine")["basis"])
        for arm in ("error", "other", "signal"):
            self.assertEqual("missing", self.finding(results, "wall", arm)["basis"])

    def test_time_is_up(self):
        results = self.results("--timeout", "1s", "--rounds", 1, *metrics("wall"), "--arm", "a=true", "--arm", "b=sleep 600",
                               status=3)
        self.assertIn("ran out of time", self.failure(results, "b")["what"])

    def test_baseline_that_fails(self):
        out, _ = self.run_experiment("--rounds", 2, "--arm", "a=false", "--arm", "b=true", status=3)
        self.assertIn("The baseline failed", out)

    def test_control_that_cannot_be_applied(self):
        for kind in ("minor_faults", "allocations"):  # runs without and with recording
            results = self.results("--rounds", 1, *metrics(kind), "--arm", "a", "--arm", "b=slots=__main__:Nobody=x", "--",
                                   PYTHON, ARMS, "things", 3, status=3)
            self.assertIn("no class of this name", self.failure(results, "b")["what"])

    def test_bad_input(self):
        (self.folder / "x.toml").write_text('[[arm]]\nname = "a"\n\ngcc = "off"\n', encoding="utf-8")
        (self.folder / "folder.toml").mkdir()
        two = ("--arm", "a", "--arm")
        for words, said in ((("--arm", "a", "--", "true"), "one arm alone"), ((*two, "b"), "no command"),
                            ((*two, "a", "--", "true"), "two arms are named 'a'"), (("--plan", "x.toml"), "x.toml:4: arm.gcc"),
                            (("--plan", "none.toml"), "'none.toml': No such file"),
                            (("--plan", "folder.toml"), "'folder.toml': Is a directory"),
                            ((*two, "b", "--metric", "wal", "--", "true"), "'wal' is no metric"),
                            ((*two, "b=python=/bin/true", "--", PYTHON, "-c", "pass"), "is not CPython"),
                            ((*two, "b=allocator=none", "--", "true"), "no allocator"),
                            ((*two, "b=gc=of", "--", PYTHON, "-c", "pass"), "'of' is not one of"),
                            ((*two, "b", "--", "no-such-command"), "no-such-command"),
                            ((*two, "b", "--rounds", "0", "--", "true"), "--rounds"),
                            ((*two, "b", "--resume", "--", "true"), "--resume")):
            with self.subTest(words):
                out, err = self.run_experiment(*words, status=2)
                self.assertEqual("", out)
                self.assertIn(said, err)
                self.assertEqual(1, len(err.splitlines()), err)
        self.run_experiment(*two, "b", "--", "true", status=2, HEAPLEDGER_GC="off")


if not any(found.root == "/" for found in interpreters.all_found()):
    raise RuntimeError("no interpreter to experiment with")
