#!/usr/bin/env python3
"""How often an experiment sees a difference where there is none, on this machine and with real runs.

    tests/bench/equal_arms.py [--build build] [--experiments 50] [--rounds 10] [-- COMMAND...]

Compares a command with itself, again and again, each time as an experiment of its own with two equal arms, and counts how
many end with "changed": with thresholds of 5 %, and with none, where up to 5 % of the experiments may by definition - of all four
metrics together, as Holm has it. Prints Markdown. Not a test: nothing here passes or fails.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

METRICS = ("wall", "cpu", "peak_rss", "minor_faults")


def run(options, folder, number):
    """The findings of one experiment of two equal arms."""
    output = pathlib.Path(folder, f"{number}.json")
    command = [f"{options.build}/analyzer/heapledger", "experiment", "-q", "-o", output, "--seed", number, "--rounds",
               options.rounds, "--threshold", f"time={options.threshold}", "--threshold", f"memory={options.threshold}",
               "--arm", "a", "--arm", "b"]
    for metric in METRICS:
        command += ["--metric", metric]
    subprocess.run([*map(str, command), "--", *options.command], check=True, stdout=subprocess.DEVNULL)
    return json.loads(output.read_text(encoding="utf-8"))["findings"]


def table(title, findings, experiments):
    print(f"| {title} | " + " | ".join(
        f"{sum(f['metric'] == m and f.get('verdict') == 'changed' for f in findings)} of {experiments}" for m in METRICS) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--experiments", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("command", nargs="*", default=["/usr/bin/python3", "-c", "sum(i * i for i in range(100000))"])
    options = parser.parse_args()
    print("| thresholds | " + " | ".join(METRICS) + " |\n" + "|---" * (1 + len(METRICS)) + "|")
    with tempfile.TemporaryDirectory(prefix="heapledger-bench-") as folder:
        for title, threshold in (("none", "0%"), ("time 5 %, memory 5 %", "5%")):
            options.threshold = threshold
            findings = []
            for number in range(options.experiments):
                findings += run(options, folder, number)
            table(title, findings, options.experiments)


if __name__ == "__main__":
    main()
