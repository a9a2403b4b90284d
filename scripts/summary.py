#!/usr/bin/env python3
"""Prints what a run of `meson test` found, case by case, and "N passed, N failed" as its last line.

Usage: summary.py STATUS MESON_LOGS..., where STATUS is what `meson test` ended with (the last that failed, of several).
Exit status 1: something failed.

meson's JUnit file has the single cases of programs that speak gtest's or TAP's language; its JSON file has the outcome
of each program. A program that failed without a failed case (a crash, a time-out) counts as one failure of its own.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as tree


def cases(junit):
    """(program, case, outcome, text) of every case; outcome is passed, failed or skipped."""
    for suite in junit.iter("testsuite"):
        names = suite.get("name", "").split(".")  # PROJECT, or PROJECT.PROGRAM with what the program adds
        for case in suite.iter("testcase"):
            program = (names[1] if len(names) > 1 else case.get("name", "")).split(" / ")[-1]
            outcome, text = "passed", case.findtext("system-out") or "" if len(names) == 2 else ""
            for child in case:
                if child.tag in ("failure", "error"):
                    outcome, text = "failed", child.get("message") or child.text or ""
                elif child.tag == "skipped" and outcome == "passed":
                    outcome, text = "skipped", child.get("message") or child.text or ""
            if case.get("status") == "notrun":
                outcome = "skipped"
            name = case.get("name", "") if len(names) < 3 else f"{names[2]}.{case.get('name', '')}"
            yield program, name, outcome, text.strip()


def programs(log):
    """(name, result) of every program, for example ("heapledger:codec", "OK")."""
    for line in log.splitlines():
        entry = json.loads(line)
        yield entry["name"].split(" / ")[-1], entry["result"]


def count(logs):
    found = list(cases(tree.parse(logs / "testlog.junit.xml").getroot()))
    failed_programs = {program for program, _, outcome, _ in found if outcome == "failed"}
    for name, result in programs((logs / "testlog.json").read_text(encoding="utf-8")):
        if result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS") and name not in failed_programs:
            found.append((name, f"the program itself: {result}", "failed", ""))
    return found


def print_list(title, found, outcome):
    listed = [case for case in found if case[2] == outcome]
    if listed:
        print(f"\n{title}:")
    for program, case, _, text in listed:
        first_line = text.splitlines()[0] if text else ""
        print(f"  {program}: {case}" + (f": {first_line}" if first_line else ""))
    return len(listed)


def main():
    status, folders = int(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    found = []
    try:
        for logs in folders:
            named = "" if logs == folders[0] else f" ({logs.parent.name.removeprefix('build-')})"
            found += [(program + named, *rest) for program, *rest in count(logs)]
    except (OSError, tree.ParseError) as problem:
        sys.exit(f"summary: no outcome to read, meson test ended with {status}: {problem}")
    by_program = {}
    for program, _, outcome, _ in found:
        by_program.setdefault(program, []).append(outcome)
    print()
    for program, outcomes in sorted(by_program.items()):
        rest = "".join(f", {outcomes.count(word)} {word}" for word in ("failed", "skipped") if word in outcomes)
        print(f"  {program:<34} {outcomes.count('passed'):5} passed{rest}")
    skipped = print_list("SKIPPED", found, "skipped")
    failed = print_list("FAILED", found, "failed")
    passed = len(found) - skipped - failed
    if status != 0 and failed == 0:
        print(f"\nmeson test ended with {status} although no case failed; see {folders[0]}/testlog.txt")
        failed = 1
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
