"""Goes through claims and interpreters: runs what is missing, judges, reports. Called by scripts/reproduce."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # the folder is a package and is run by its path

from reproduction import interpreters, options, outcome, surroundings  # noqa: E402
from reproduction.experiments import Conditions, NotRun, run  # noqa: E402
from reproduction.report import Report  # noqa: E402

INTERRUPTED, NOT_MEASURED = 128 + signal.SIGINT, 3


def say(text):
    print(f"reproduce: {text}", file=sys.stderr, flush=True)


def built_tool():
    """Sets up and builds as scripts/demo does."""
    subprocess.run([options.ROOT / "scripts" / "setup", "build"], check=True, stdin=subprocess.DEVNULL)
    say("building ...")
    subprocess.run([options.ROOT / "scripts" / "build", "build", "-Dtests=disabled"], check=True, stdin=subprocess.DEVNULL)
    return options.ROOT / "build" / "analyzer" / "heapledger"


def times_of(chosen, claim, experiment):
    """Rounds of timed runs, or recordings."""
    if experiment.is_timed:
        return chosen.rounds or (claim.quick_rounds if chosen.quick else claim.rounds)
    return claim.quick_recordings if chosen.quick else claim.recordings


def measure(chosen, conditions, claim, interpreter):
    """Runs the experiments of a claim that are missing, and judges."""
    folder = chosen.output / f"cpython-{interpreter.version}" / f"claim-{claim.number}"
    try:
        for experiment in claim.experiments:
            run(conditions, folder, experiment, interpreter.path, claim.workload, times_of(chosen, claim, experiment))
    except NotRun as error:
        return outcome.Outcome(claim, interpreter, error=str(error))
    return outcome.of_files(claim, interpreter, folder)


def write(report, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(report.markdown(), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(report.json(), indent=1) + "\n", encoding="utf-8")


def measure_all(chosen, conditions, found, outcomes, report):
    for interpreter in found:
        for claim in chosen.claims:
            begin = time.monotonic()
            say(f"{interpreter.title}, claim {claim.number}: {claim.name}")
            one = outcomes[(claim.number, interpreter)] = measure(chosen, conditions, claim, interpreter)
            verdicts = "; ".join(answer.verdict for answer in one.answers) or f"could not be run: {one.error}"
            say(f"{interpreter.title}, claim {claim.number}: {verdicts} ({time.monotonic() - begin:.0f} s)")
            write(report, chosen.output)


def chosen_interpreters(parser, chosen):
    try:
        found = interpreters.named(chosen.python) if chosen.python else \
            interpreters.first_found() if chosen.quick else interpreters.all_found()
    except interpreters.Unusable as error:
        parser.error(str(error))
    return found[:1] if chosen.quick else found


def interrupt(number, frame):
    raise KeyboardInterrupt


def main():
    parser, chosen = options.parse(sys.argv[1:])
    found = chosen_interpreters(parser, chosen)
    if not found:
        say("there is no CPython from 3.8 on here; name one with --python")
        return NOT_MEASURED
    try:
        tool = chosen.tool.resolve() if chosen.tool else built_tool()
    except subprocess.CalledProcessError as error:
        return error.returncode
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    conditions = Conditions(str(tool), str(HERE.parent / "workloads"), chosen.scale, chosen.resume)
    outcomes = {}
    settings = {"scale": chosen.scale, "quick": chosen.quick, "rounds": chosen.rounds, **surroundings.of(tool)}
    report = Report(chosen.claims, found, outcomes, settings)
    status = 0
    try:
        measure_all(chosen, conditions, found, outcomes, report)
    except KeyboardInterrupt:
        say("interrupted; what is finished is kept, and the same command with --resume goes on")
        status = INTERRUPTED
    write(report, chosen.output)
    print(report.text(max(80, min(120, shutil.get_terminal_size((110, 40)).columns))))
    say(f"written: {chosen.output / 'report.md'}, report.json and the raw values beside it")
    if status == 0 and any(one.error for one in outcomes.values()):
        status = NOT_MEASURED
    return status


if __name__ == "__main__":
    sys.exit(main())
