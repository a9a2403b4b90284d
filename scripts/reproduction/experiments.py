"""Runs one experiment of a claim on one interpreter: builds the command of `heapledger experiment`, keeps what it wrote.

A finished experiment is a file NAME.json beside NAME.inside.jsonl, the lines that its programs printed about themselves.
While it runs the file is called NAME.part.json; only a finished one is renamed, so that what has its name is whole.
"""

import ctypes
import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
import typing

FINISHED = (0, 3)  # 3: an arm failed, which is a result


class NotRun(Exception):
    """The experiment could not be run; the text is what heapledger said."""


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Arms and metrics. Recorded metrics mean recorded runs, the others rounds of plain runs."""

    name: str
    arms: typing.Tuple[str, ...]  # the first one is the baseline
    metrics: typing.Tuple[str, ...]
    is_timed: bool = False


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What holds for all experiments of a reproduction."""

    tool: str
    workloads: str
    scale: float
    resume: bool


def _paths(folder, experiment):
    whole = os.path.join(folder, experiment.name)
    return whole + ".json", whole + ".part.json", whole + ".inside.jsonl"


def _arms(conditions, folder, experiment, python, workload):
    """Name and command of each arm."""
    log = _paths(folder, experiment)[2]
    program = os.path.join(conditions.workloads, workload)
    return {arm: [python, program, arm, "--scale", repr(conditions.scale), "--log", log] for arm in experiment.arms}


def _holds_enough(results, experiment, times):
    living = [arm for arm in results["arms"] if not arm["failure"]]
    if experiment.is_timed:
        return len(results["rounds"]) >= times or len(living) < 2
    return all(len(arm["recordings"]) >= min(times, 2) for arm in living)


def _earlier(path, experiment, arms):
    """What a file has of this very experiment: these arms, commands and metrics. None: nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
        same = results["plan"]["metrics"] == list(experiment.metrics) and \
            {arm["name"]: arm["command"] for arm in results["arms"]} == arms
        return results if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(folder, experiment):
    """Removes what an earlier reproduction left of it."""
    for path in _paths(folder, experiment):
        if os.path.exists(path):
            os.remove(path)


def _command(conditions, part, experiment, arms, times):
    words = [conditions.tool, "experiment", "-o", part, "--warm-ups", "0"]
    words += ["--rounds" if experiment.is_timed else "--recordings", str(times)]
    if not sys.stderr.isatty():
        words.append("--quiet")
    for metric in experiment.metrics:
        words += ["--metric", metric]
    for arm, command in arms.items():
        words += ["--arm", f"{arm}=-- {shlex.join(command)}"]
    # Recordings are few, and what their programs printed is not sorted by them: they are made in one go.
    if experiment.is_timed and os.path.exists(part):
        words.append("--resume")
    return words


def _drop_unfinished(part, log):
    """Leaves the printed lines of finished rounds: of each arm as many as there are rounds."""
    try:
        with open(part, encoding="utf-8") as file:
            rounds = len(json.load(file)["rounds"])
        with open(log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
    except (OSError, ValueError, KeyError):
        rounds, lines = 0, []
    seen = {}
    with open(log, "w", encoding="utf-8") as file:
        for line in lines:
            seen[line["arm"]] = seen.get(line["arm"], 0) + 1
            if seen[line["arm"]] <= rounds:
                file.write(json.dumps(line) + "\n")


_PROCESS = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def _end_with_parent():
    """In the child: whoever kills us at once ends the experiment in good order."""
    _PROCESS.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(child):
    """Passes on an interrupt exactly once and waits: the finished rounds are on disk then."""
    try:
        return child.communicate()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate()
        except KeyboardInterrupt:  # once more: at once, then
            child.kill()
            child.wait()
        raise


def run(conditions, folder, experiment, python, workload, times):
    """Runs it to the end unless that was done before. Raises NotRun, KeyboardInterrupt."""
    whole, part, log = _paths(folder, experiment)
    arms = _arms(conditions, folder, experiment, python, workload)
    if conditions.resume:
        finished = _earlier(whole, experiment, arms)
        if finished and _holds_enough(finished, experiment, times):
            return
    if not (conditions.resume and experiment.is_timed and _earlier(part, experiment, arms)):
        forget(folder, experiment)
    os.makedirs(folder, exist_ok=True)
    if experiment.is_timed:
        _drop_unfinished(part, log)
    # Not written: .pyc files would make the first run of an arm differ from the second.
    surroundings = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    # A session of its own: Ctrl-C of the terminal comes once, from here.
    child = subprocess.Popen(_command(conditions, part, experiment, arms, times), env=surroundings,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=None if sys.stderr.isatty() else subprocess.PIPE, start_new_session=True,
                             preexec_fn=_end_with_parent)
    _, errors = _wait(child)
    if child.returncode == 128 + signal.SIGINT:
        raise KeyboardInterrupt
    if child.returncode not in FINISHED or not os.path.exists(part):
        raise NotRun((errors or b"").decode(errors="replace").strip() or f"it ended with status {child.returncode}")
    os.replace(part, whole)


def read(folder, experiment):
    """(JSON of heapledger, printed lines by arm)."""
    whole, _, log = _paths(folder, experiment)
    with open(whole, encoding="utf-8") as file:
        results = json.load(file)
    printed = {arm: [] for arm in experiment.arms}
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            for line in map(json.loads, file):
                printed[line["arm"]].append(line)
    return results, printed
