#!/usr/bin/env python3
"""What recording costs: bare, heapledger, heaptrack and memray side by side, in one run.

    tests/bench/overhead.py [--build build] [--python PYTHON] [--memray PYTHON_WITH_MEMRAY] [--rounds 5]

Every round runs each variant of a workload once, in an order that is shuffled by a printed seed; the figure of a variant
is the median over the rounds of its CPU time (user + system, children included) divided by the bare run's of the same
round. Peers that are not installed are named and left out, and so are the programs of pyperformance, which run where
PYTHON has it (pip install pyperf pyperformance). Prints Markdown. Not a test: nothing here passes or fails.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = [
    ("1 M instances", ["instances.py"], 1.6),
    ("1 M dicts", ["dicts.py"], 1.6),
    ("fib(34)", ["fib.py"], 1.3),
    ("ray tracer", ["spheres.py"], 1.3),
    ("constraint network", ["rules.py"], 1.3),
    ("churn, depth 3", ["churn.py", "3"], 2.0),
    ("churn, depth 30", ["churn.py", "30"], 4.0),
]
# Name, number of loops: some seconds each, so that the start of the interpreter counts for little.
PYPERFORMANCE = [("deltablue", 800), ("raytrace", 10), ("richards", 60)]
WHERE_IS_IT = "import pathlib, pyperf, pyperformance; print(pathlib.Path(pyperformance.__file__).parent)"


def pyperformance_workloads(python):
    found = subprocess.run([python, "-c", WHERE_IS_IT], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        print("pyperformance: not installed for this interpreter, left out\n")
        return []
    folder = pathlib.Path(found.stdout.strip(), "data-files", "benchmarks")
    in_process = ["--worker", "--values", "1", "--warmups", "0", "--loops"]
    return [(f"{name} (pyperformance)", [str(folder / f"bm_{name}" / "run_benchmark.py"), *in_process, str(loops)], 1.3)
            for name, loops in PYPERFORMANCE]


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heapledger-bench-"))
        self.shim = pathlib.Path(options.build, "preload", "libheapledger_preload.so").resolve()
        self.heaptrack = shutil.which("heaptrack")
        self.workloads = WORKLOADS + pyperformance_workloads(options.python)

    def variants(self, arguments):
        script = [str(HERE / "workloads" / arguments[0]), *arguments[1:]]
        python = [self.options.python, *script]
        plain = {"LD_PRELOAD": str(self.shim)}
        yield "bare", python, {}
        yield "heapledger", python, {**plain, "HEAPLEDGER_OUT": str(self.folder / "raw")}
        yield "heapledger, stacks none", python, {
            **plain, "HEAPLEDGER_OUT": str(self.folder / "raw"), "HEAPLEDGER_STACKS": "none"}
        yield "shim, not recording", python, plain
        if self.heaptrack:
            yield "heaptrack", [self.heaptrack, "-o", str(self.folder / "heaptrack"), *python], {}
        if self.options.memray:
            run = [self.options.memray, "-m", "memray", "run", "-q", "-f", "-o", str(self.folder / "memray.bin")]
            yield "memray", [*run, *script], {}
            yield "memray, Python allocators", [*run, "--trace-python-allocators", *script], {}

    def cpu_seconds(self, command, setting):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        before = children_cpu()
        status = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0", **setting},
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        seconds = children_cpu() - before
        if status != 0:
            raise SystemExit(f"{' '.join(command)}: exit status {status}")
        return seconds, sum(f.stat().st_blocks * 512 for f in self.folder.rglob("*") if f.is_file())

    def measure(self, arguments):
        cells = {}
        for _ in range(self.options.rounds):
            variants = list(self.variants(arguments))
            random.shuffle(variants)
            found = {name: self.cpu_seconds(command, setting) for name, command, setting in variants}
            for name, (seconds, size) in found.items():
                cells.setdefault(name, []).append((seconds, seconds / found["bare"][0], size))
        return cells


def python_tables(bench):
    names = [name for name, _, _ in bench.variants(["fib.py"])]
    print("| workload | budget | bare, s | " + " | ".join(names[1:]) + " |")
    print("|---|---|---|" + "---|" * (len(names) - 1))
    for title, arguments, budget in bench.workloads:
        cells = bench.measure(arguments)
        bare = statistics.median(seconds for seconds, _, _ in cells["bare"])
        ratios = [f"{statistics.median(r for _, r, _ in cells[name]):.2f}" for name in names[1:]]
        print(f"| {title} | {budget:.1f} | {bare:.2f} | " + " | ".join(ratios) + " |", flush=True)


def native_table(bench):
    program = bench.folder.parent / f"{bench.folder.name}-native"
    subprocess.run(["gcc", "-O2", "-pthread", "-o", program, HERE / "native.c"], check=True)
    print("\n| native, ns an event and thread (wall) | bare | heapledger | heaptrack |")
    print("|---|---|---|---|")
    for shape in ("lifo", "mix"):
        for threads in (1, 2):
            found = {}
            for _ in range(bench.options.rounds):
                runs = {"bare": ([program], {}), "heapledger": ([program], {
                    "LD_PRELOAD": str(bench.shim), "HEAPLEDGER_OUT": str(bench.folder / "raw")})}
                if bench.heaptrack and shape == "lifo" and threads == 1:
                    runs["heaptrack"] = ([bench.heaptrack, "-o", str(bench.folder / "heaptrack"), program], {})
                for name, (command, setting) in random.sample(list(runs.items()), len(runs)):
                    shutil.rmtree(bench.folder, ignore_errors=True)
                    bench.folder.mkdir()
                    out = subprocess.run([*command, shape, str(threads)], capture_output=True, text=True, check=True,
                                         env={**os.environ, **setting}).stdout
                    number = [word for word in out.split() if word.replace(".", "", 1).isdigit()][-1 if name != "heaptrack" else 0]
                    found.setdefault(name, []).append(float(number))
            cells = [f"{statistics.median(found[n]):.1f}" if n in found else "-" for n in ("bare", "heapledger", "heaptrack")]
            print(f"| {shape}, {threads} thread{'s' * (threads > 1)} | " + " | ".join(cells) + " |", flush=True)
    program.unlink()


def size_table(bench):
    """Bytes an event of the raw trace, bytes an allocation of the ledger, and how fast one becomes the other."""
    tool = pathlib.Path(bench.options.build, "analyzer", "heapledger")
    ledger = bench.folder.parent / f"{bench.folder.name}.hl"
    print("\n| trace | events | raw, B an event | ledger, B an allocation | pack, M events/s | report, s |")
    print("|---|---|---|---|---|---|")
    for title, arguments, _ in bench.workloads:
        bench.cpu_seconds(*list(bench.variants(arguments))[1][1:])
        packing = cpu_of([tool, "pack", "-f", "-o", ledger, bench.folder / "raw"])
        reporting = cpu_of([tool, "report", "--by", "peak", ledger])
        report = json.loads(subprocess.run([tool, "report", "--json", ledger], capture_output=True, check=True).stdout)
        sums = [process["sums"] for process in report["processes"]]
        allocations = sum(one["allocations"] for one in sums)
        events = allocations + sum(one["frees"] for one in sums)
        raw = sum(process["raw_bytes"] for process in report["processes"])
        print(f"| {title} | {events:,} | {raw / events:.2f} | {ledger.stat().st_size / allocations:.2f} | "
              f"{events / packing / 1e6:.1f} | {reporting:.2f} |", flush=True)
    ledger.unlink()


def cpu_of(command):
    before = children_cpu()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return children_cpu() - before


def start_table(bench):
    """Milliseconds of wall time of programs that do nothing, and what the shim adds to a process's resident memory."""
    print("\n| start and end, ms (wall) | bare | not recording | recording |")
    print("|---|---|---|---|")
    shim = {"LD_PRELOAD": str(bench.shim)}
    settings = [{}, shim, {**shim, "HEAPLEDGER_OUT": str(bench.folder / "raw")}]
    for title, command in (("`true`", ["/bin/true"]), ("`python -S -c pass`", [bench.options.python, "-S", "-c", "pass"]),
                           ("`python -c pass`", [bench.options.python, "-c", "pass"])):
        found = [[], [], []]
        for _ in range(8 * bench.options.rounds):
            for times, setting in zip(found, settings):
                shutil.rmtree(bench.folder, ignore_errors=True)
                bench.folder.mkdir()
                begin = time.perf_counter()
                subprocess.run(command, env={**os.environ, **setting}, check=True)
                times.append(1000 * (time.perf_counter() - begin))
        print(f"| {title} | " + " | ".join(f"{statistics.median(times):.2f}" for times in found) + " |", flush=True)
    ask = "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    greatest = [int(subprocess.run([bench.options.python, "-c", ask], env={**os.environ, **setting}, capture_output=True,
                                   check=True).stdout) for setting in settings]
    print(f"\nGreatest resident size of `python -c`: bare {greatest[0]} KiB, recording {greatest[2]} KiB, of which the part of "
          "the trace that is being written.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--memray", help="an interpreter of the same version that has memray installed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only-python", action="store_true", help="the first table only")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    random.seed(options.seed)
    version = subprocess.run([options.python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, {os.cpu_count()} CPUs, {platform.machine()}, {options.rounds} rounds, seed {options.seed}, "
          f"load before {os.getloadavg()[0]:.1f}\n")
    bench = Bench(options)
    for name, found in (("heaptrack", bench.heaptrack), ("memray", options.memray)):
        if not found:
            print(f"{name}: not installed, left out\n")
    python_tables(bench)
    for table in () if options.only_python else (native_table, size_table, start_table):
        table(bench)
    shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
