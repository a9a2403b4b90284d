"""The values of one claim on one interpreter, as heapledger wrote them and as the workloads printed them."""

import math
import re
import typing

from . import intervals
from .verdict import Measured


UNCOUNTED = "the class was not seen, or no two recorded runs agree"


class Raw:
    """`recorded` and `timed`: (JSON, printed lines by arm) of an experiment; timed is None where a claim has no times."""

    def __init__(self, recorded, timed=None):
        self.recorded, self.recorded_lines = recorded
        self.timed, self.timed_lines = timed if timed else ({"arms": [], "rounds": []}, {})

    # ------------------------------------------------------------------------------------------------ from outside

    def failure(self, *arms):
        """Why the first of these arms that failed did so; empty when all are well."""
        for results in (self.recorded, self.timed):
            for arm in results["arms"]:
                if arm["name"] in arms and arm["failure"]:
                    return arm["failure"]["what"]
        return ""

    def last_words(self, arm):
        """The last line that a failed arm wrote: of a traceback, the error itself."""
        for one in self.recorded["arms"] + self.timed["arms"]:
            if one["name"] == arm and one["failure"]:
                return one["failure"]["evidence"].strip().rpartition("\n")[2].strip()
        return ""

    def count(self, arm, metric):
        """A metric of recorded runs: what two of them agree on. None: not measured, or no two agree."""
        for one in self.recorded["arms"]:
            if one["name"] == arm:
                values = [run[metric] for run in one["recordings"] if run.get(metric) is not None]
                agreed = [value for i, value in enumerate(values) if value in values[:i]]
                return agreed[0] if agreed else None
        return None

    def collector(self, arm):
        """What the collector did in the last recorded run of an arm: a dict, or None."""
        for position, one in enumerate(self.recorded["arms"]):
            if one["name"] != arm:
                continue
            if one["evidence"]:
                return one["evidence"]["collector_after"]
            others = [other["evidence"] for other in self.recorded["arms"] if other["evidence"]]
            return others[0]["collector_before"] if others and position == 0 else None
        return None

    def raised_at(self, arm):
        """Where the error of a failed arm was raised, as its traceback says; empty when there is none. Of Python's own
        files without the folder that it is installed in."""
        for one in self.recorded["arms"]:
            if one["name"] == arm and one["failure"]:
                frames = re.findall(r'File "([^"]*)", line (\d+), in (\S+)', one["failure"]["evidence"])
                return re.sub("^/.*/(?=lib/python3)", "", "{}:{} {}".format(*frames[-1])) if frames else ""
        return ""

    def rounds(self, metric, *arms):
        """A tuple of values a round, in the order of `arms`; rounds without one of them are left out."""
        table = []
        for one in self.timed["rounds"]:
            values = [one["runs"].get(arm, {}).get(metric) for arm in arms]
            if None not in values:
                table.append(tuple(values))
        return table

    def median(self, metric, arm):
        values = [value for (value,) in self.rounds(metric, arm)]
        return intervals.median(values) if values else None

    # ------------------------------------------------------------------------------------------------- from inside

    def printed(self, arm, span, figure):
        """A figure of a span in each timed run of an arm, in their order."""
        return [line["spans"][span][figure] for line in self.timed_lines.get(arm, []) if span in line.get("spans", {})]

    def first_line(self, arm):
        """What an arm printed in its first recorded run; None: it printed nothing."""
        lines = self.recorded_lines.get(arm)
        return lines[0] if lines else None


def _share(quantity, pairs) -> Measured:
    """What is saved, from pairs of values before and after."""
    if not pairs:
        return Measured(failure="no runs to compare")
    if any(min(pair) <= 0 for pair in pairs):
        return Measured(failure="nothing that grew measurably at this size")
    estimate, low, high = intervals.shift([math.log(after / before) for before, after in pairs])
    # A ratio below 1 is a saving, so the interval's ends change places.
    return Measured(quantity, 1 - math.exp(estimate),
                    None if high is None else 1 - math.exp(high), None if low is None else 1 - math.exp(low),
                    intervals.median([before for before, _ in pairs]), intervals.median([after for _, after in pairs]))


def failed(raw, *arms) -> typing.Optional[Measured]:
    """What is known when one of these arms failed; None: they are all well."""
    what = raw.failure(*arms)
    if not what:
        return None
    words = next(filter(None, map(raw.last_words, arms)), what)
    # A signal and too little memory are matters of the machine.
    has_ended_by_itself = what.startswith("exit status") and "after signal" not in what
    return Measured(failure=words, has_ended_badly=has_ended_by_itself and not words.startswith("MemoryError"))


def saved_time(raw, before, after, metric="wall") -> Measured:
    """Elapsed (or CPU) time of whole processes, round by round."""
    return failed(raw, before, after) or _share("time", raw.rounds(metric, before, after))


def saved_memory(raw, before, after, nothing="nothing") -> Measured:
    """Peak of resident memory above that of the program without its data, round by round."""
    rounds = raw.rounds("peak_rss", before, after, nothing)
    growths = [(one - start, other - start) for one, other, start in rounds]
    return failed(raw, before, after, nothing) or _share("memory", growths)


def saved_bytes(before: typing.Optional[float], after: typing.Optional[float]) -> Measured:
    """Bytes that two recorded runs agree on: exact."""
    if before is None or after is None or before <= 0:
        return Measured(failure=UNCOUNTED)
    share = 1 - after / before
    return Measured("memory", share, share, share, before, after, is_exact=True)


def printed_saving(raw, quantity, figure, before, after) -> Measured:
    """A saving by figures that programs printed. `before`, `after`: (arm, span)."""
    return _share(quantity, list(zip(raw.printed(*before, figure), raw.printed(*after, figure))))
