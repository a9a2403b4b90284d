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

    def __init__(self, line, frames):
        self.size, self.api, self.account = line["size"], line["call"], line["account"]
        self.alive, self.continuation = line["end"] is None, line["continuation"]
        self.tid, self.frames = line["tid"], frames

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
    arguments: list
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
    temporary_allocations: int
    warnings: list
    recording: object = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def blocks(self):
        """Every block, in the order of their births."""
        return self.select()

    def select(self, *filters):
        """The blocks that the dump prints under these filters, for example "--function", "probe"."""
        return self.recording.blocks_of(self, filters)


class Recording:
    """Lazily read: a test that compares behaviour only pays for no reading."""

    def __init__(self, tool, folder):
        self._tool, self._folder = str(tool), str(folder)
        self._cache = {}   # of this object, so that it goes with it: blocks take much memory

    def _read(self, *command):
        done = subprocess.run([self._tool, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        if done.returncode != 0:
            raise AssertionError(f"heapledger {' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    @functools.cached_property
    def _ledger(self):
        if not os.path.isdir(self._folder):
            raise AssertionError(f"nothing was recorded: there is no folder {self._folder}")
        self._read("pack", "-f", "-o", self._folder.rstrip("/") + ".hl", self._folder)
        return self._folder.rstrip("/") + ".hl"

    def path(self):
        return self._ledger

    def read(self, command, *options):
        """What a command of the program prints about the ledger."""
        return self._read(command, *options, self._ledger)

    def _report(self, *options):
        return json.loads(self._read("report", "--json", *options, self._ledger))

    def _lines(self, figure):
        """The report's entries for all lines of code, by a figure of --by."""
        return self._report("--group", "line", "--by", figure, "--top", "0")["groups"]["entries"]

    @functools.cached_property
    def processes(self):
        """In the order of their starts."""
        report = self._report()
        return [self._process(entry, report["warnings"]) for entry in report["processes"]]

    def _process(self, entry, warnings):
        sums = entry["sums"]
        same = ("pid", "parent_pid", "forked_from", "arguments", "python_version", "stacks", "clean_end", "lost_events",
                "unknown_frees", "inherited_frees", "raw_bytes")
        return Process(**{name: entry[name] for name in same}, peak_bytes=entry["own_peak_bytes"],
                       allocations=sums["allocations"], frees=sums["frees"], allocated_bytes=sums["allocated_bytes"],
                       live_bytes=sums["end_bytes"], live_blocks=sums["end_blocks"],
                       temporary_allocations=sums["temporary_allocations"], recording=self,
                       warnings=[one["text"] for one in warnings if one["pid"] in (None, entry["pid"])])

    def _dealt(self, filters):
        if filters not in self._cache:
            self._cache[filters] = self._deal(filters)
        return self._cache[filters]

    def _deal(self, filters):
        """The blocks of each process, as lists. The dump has the processes one after the other; a pid may come several
        times (exec), rows then begin anew."""
        dealt = {index: [] for index in range(len(self.processes))}
        waiting = iter(dealt)
        pid, last_row, index = None, -1, 0
        stacks = {}   # one object for equal stacks
        for text in self._read("dump", "--json", *filters, self._ledger).splitlines():
            line = json.loads(text)
            if line["pid"] != pid or line["row"] <= last_row:
                pid = line["pid"]
                index = next(one for one in waiting if self.processes[one].pid == pid)
            last_row = line["row"]
            frames = line["frames"]
            key = tuple((frame["function"], frame["file"], frame["line"]) for frame in frames)
            dealt[index].append(Block(line, stacks.setdefault(key, frames)))
        return dealt

    def blocks_of(self, process, filters):
        return self._dealt(filters)[next(index for index, one in enumerate(self.processes) if one is process)]

    def places(self):
        """(function, file, line) of every line of code that allocated."""
        return [(where["function"], where["file"], where["line"])
                for where in (entry["where"] for entry in self._lines("count")) if "file" in where]

    def bytes_at_peak_by_origin(self):
        """Bytes live at the peak under each origin: "python" (a line is known), "start_up", "native"."""
        sizes = {}
        for entry in self._lines("peak"):
            origin = entry["where"]["origin"]
            sizes[origin] = sizes.get(origin, 0) + entry["sums"]["peak_bytes"]
        return sizes

    def gc(self):
        """What the report says about the collector of the only process."""
        return self._report()["processes"][0]["gc"]

    def reuse(self, number):
        """What the report says about objects from free lists, of one process in the order of their starts."""
        return self._report()["processes"][number]["reuse"]

    def free_lists(self):
        """How many of the blocks alive at the end may have the line of an earlier object, by kind of object."""
        return {entry["kind"]: entry["end_blocks"] for entry in self._report()["free_lists"]}

    def end_blocks_under(self, function):
        """Blocks alive at the end with this function in their stacks."""
        return self._report("--function", function)["totals"]["end_blocks"]

    def blocks_at_peak_under(self, functions, pid):
        """{function: blocks of the peak of a process with it in their stacks}."""
        found = dict.fromkeys(functions, 0)
        for entry in self._report("--pid", str(pid), "--group", "stack", "--top", "0")["groups"]["entries"]:
            for function in {frame["function"] for frame in entry["where"].get("frames", [])} & set(functions):
                found[function] += entry["sums"]["peak_blocks"]
        return found

    def types_under(self, function):
        """{class: its entry in the report} for blocks with this function in their stacks."""
        return {entry["type"]: entry for entry in self._report("--function", function)["types"]}

    def instances_under(self, function, name, *filters):
        """Sums of the instances of a class with this function in their stacks; zeros where there are none."""
        types = self._report("--function", function, *filters)["types"]
        none = {"peak_blocks": 0, "end_blocks": 0}
        return next((entry["instances"] for entry in types if entry["type"] == name), none)

    def controls(self, number=0):
        """{"gc off": {outcome: text}} of one process, in the order of their starts."""
        found = {}
        for one in self._report()["processes"][number]["controls"]:
            found.setdefault(f"{one['name']} {one['subject']}", {})[one["outcome"]] = one["text"]
        return found

    def collected_at(self, file, line):
        """Bytes of a line of code that were freed while the collector ran."""
        return sum(entry["sums"]["collected_bytes"] for entry in self._lines("collected")
                   if entry["where"].get("file", "").endswith(file) and entry["where"]["line"] == line)

    def only_process(self):
        if len(self.processes) != 1:
            raise AssertionError(f"one process was expected, not {self.processes}")
        return self.processes[0]
