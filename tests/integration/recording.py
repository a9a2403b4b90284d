"""What the shim recorded, read through the program itself (heapledger pack, report --json, dump --json) into plain values.

The sums of the report and the blocks of the dump are two ways through the program; tests compare both with the truth."""

import dataclasses
import functools
import json
import os
import subprocess

HEAP = ("python_object", "python_buffer", "native", "mapping")


class Block:
    """One block: its size, who asked for it, and whether it was alive at the end."""

    __slots__ = ("size", "api", "account", "alive", "continuation", "tid", "frames")

    def __init__(self, line):
        self.size, self.api, self.account = line["size"], line["call"], line["account"]
        self.alive, self.continuation = line["end"] is None, line["continuation"]
        self.tid, self.frames = line["tid"], line["frames"]

    @property
    def heap(self):
        return self.account in HEAP

    @property
    def file(self):
        return self.frames[0]["file"] if self.frames else ""

    @property
    def line(self):
        return self.frames[0]["line"] if self.frames else 0

    @property
    def function(self):
        return self.frames[0]["function"] if self.frames else ""

    @property
    def stack(self):
        """(function, file, line) of each frame, innermost first."""
        return [(frame["function"], frame["file"], frame["line"]) for frame in self.frames]

    def __repr__(self):
        return f"<{self.api} of {self.size} bytes, {self.account}, {'alive' if self.alive else 'gone'}, {self.stack[:1]}>"


@dataclasses.dataclass
class Process:
    pid: int
    parent_pid: int
    forked_from: int
    python_version: str
    stacks: str
    clean_end: bool
    lost_events: int
    unknown_frees: int
    inherited_frees: int
    raw_bytes: int
    peak_bytes: int
    allocations: int
    frees: int
    allocated_bytes: int
    live_bytes: int
    live_blocks: int
    warnings: list
    blocks: list = dataclasses.field(default_factory=list, repr=False)


class Recording:
    """Lazily read: a test that compares behaviour only pays for no reading."""

    def __init__(self, tool, folder):
        self._tool, self._folder = str(tool), str(folder)

    def _read(self, *command):
        done = subprocess.run([self._tool, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        if done.returncode != 0:
            raise AssertionError(f"heapledger {' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    @functools.cached_property
    def processes(self):
        """In the order of their starts."""
        if not os.path.isdir(self._folder):
            raise AssertionError(f"nothing was recorded: there is no folder {self._folder}")
        ledger = self._folder.rstrip("/") + ".hl"
        self._read("pack", "-f", "-o", ledger, self._folder)
        report = json.loads(self._read("report", "--json", ledger))
        processes = [self._process(entry, report["warnings"]) for entry in report["processes"]]
        self._deal_blocks(processes, self._read("dump", "--json", ledger).splitlines())
        return processes

    @staticmethod
    def _process(entry, warnings):
        sums = entry["sums"]
        same = ("pid", "parent_pid", "forked_from", "python_version", "stacks", "clean_end", "lost_events", "unknown_frees",
                "inherited_frees", "raw_bytes")
        return Process(**{name: entry[name] for name in same}, peak_bytes=entry["own_peak_bytes"],
                       allocations=sums["allocations"], frees=sums["frees"], allocated_bytes=sums["allocated_bytes"],
                       live_bytes=sums["end_bytes"], live_blocks=sums["end_blocks"],
                       warnings=[one["text"] for one in warnings if one["pid"] in (None, entry["pid"])])

    @staticmethod
    def _deal_blocks(processes, lines):
        """The dump has the processes one after the other; a pid may come several times (exec), rows then begin anew."""
        waiting = iter(processes)
        pid, last_row, blocks = None, -1, []
        for text in lines:
            line = json.loads(text)
            if line["pid"] != pid or line["row"] <= last_row:
                pid = line["pid"]
                blocks = next(one for one in waiting if one.pid == pid).blocks
            last_row = line["row"]
            blocks.append(Block(line))

    def only_process(self):
        if len(self.processes) != 1:
            raise AssertionError(f"one process was expected, not {self.processes}")
        return self.processes[0]
