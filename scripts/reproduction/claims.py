"""The seven claims: what the document says, which arms answer it, how the answer is measured, what explains it."""

import dataclasses
import functools
import typing

from . import evidence
from .experiments import Experiment
from .raw import UNCOUNTED, Raw, failed, saved_bytes, saved_memory, saved_time
from .verdict import AS_LISTED, AS_MEANT, Counts, Measured, Share

TIMES = ("wall", "cpu", "peak_rss", "minor_faults")


@dataclasses.dataclass(frozen=True)
class Question:
    """One row of the table."""

    way: str
    what: str                      # "time of the batch"
    figure: typing.Union[Share, Counts, None]
    figure_text: str               # as the table shows it
    measure: typing.Callable[[Raw], Measured]


@dataclasses.dataclass(frozen=True)
class Claim:
    number: int
    name: str
    says: str                      # the document's figures, in a line
    workload: str
    recorded: Experiment
    questions: typing.Tuple[Question, ...]
    evidence: typing.Tuple[typing.Callable, ...]
    timed: typing.Optional[Experiment] = None
    rounds: int = 10               # of timed runs
    quick_rounds: int = 6
    recordings: int = 3            # at most, while no two agree
    quick_recordings: int = 1

    @property
    def experiments(self):
        return (self.recorded, self.timed) if self.timed else (self.recorded,)


def recorded(arms, *metrics):
    return Experiment("recorded", tuple(arms), ("collections", "gc_pause", "peak_bytes", "peak_blocks") + metrics)


def counted(arms, *kinds):
    """Without the collector's times, so that two runs agree about everything."""
    return Experiment("recorded", tuple(arms), ("peak_bytes",) + tuple(f"class_instances:__main__.{kind}" for kind in kinds))


def timed(*arms):
    return Experiment("timed", arms, TIMES, is_timed=True)


def of_classes(*kinds):
    return [f"{metric}:__main__.{kind}" for kind in kinds for metric in ("class_bytes", "class_instances")]


def time_of(before, after):
    return functools.partial(saved_time, before=before, after=after)


def memory_of(before, after):
    return functools.partial(saved_memory, before=before, after=after)


def instances_asked(raw):
    """An instance and the __dict__ that the document asks for, against the slotted one."""
    plain, asked = evidence.per_instance(raw, "plain", "Plain"), evidence.asked_bytes(raw)
    both = None if None in (plain, asked) else plain + asked
    return failed(raw, "plain", "plain-asked", "slotted") or \
        saved_bytes(both, evidence.per_instance(raw, "slotted", "Slotted"))


def instances(raw):
    return failed(raw, "plain", "slotted") or \
        saved_bytes(evidence.per_instance(raw, "plain", "Plain"), evidence.per_instance(raw, "slotted", "Slotted"))


def living(**sources):
    """What is alive after each phase. `sources`: name -> (way, class)."""
    def measure(raw):
        arms = [f"{way}-{phase}" for way, _ in sources.values() for phase in evidence.PHASES]
        failure = failed(raw, *arms)
        if failure:
            return failure
        steps = {name: evidence.alive(raw, way, kind) for name, (way, kind) in sources.items()}
        return Measured(failure=UNCOUNTED) if None in steps.values() else Measured(steps=steps)
    return measure


def phases(*ways):
    return [f"{way}-{phase}" for way in ways for phase in evidence.PHASES]


CACHES = Counts({"weak": (10, 5, 0), "strong": (10, 10, 10)})
LAYERS = Counts({"derived": (1000, 100, 0), "core": (100, 100, 100)})

CLAIMS = (
    Claim(
        1, "A million dicts, collector on or off", "2.5 s with the collector, 2.1 s without: 16 % faster", "gc_impact.py",
        recorded(("gc-on", "gc-off")),
        (Question(AS_LISTED, "time", Share(0.16, 0.16), "16 % less", time_of("gc-on", "gc-off")),),
        (evidence.collections("gc-on", "gc-off"), evidence.cpu_time("gc-on", "gc-off"),
         evidence.clock_inside("gc-on", "gc-off"), evidence.in_one_process("gc-on", "gc-off", "time")),
        timed("gc-on", "gc-off", "in-one-process")),
    Claim(
        2, "A batch of 100,000, collector off around it", "16 % less time for batch jobs", "batch.py",
        recorded(("plain", "tuned", "off-only")),
        (Question(AS_LISTED, "time", Share(0.16, 0.16), "16 % less", time_of("plain", "tuned")),
         Question(AS_MEANT, "time, nothing collected in it", Share(0.16, 0.16), "16 % less", time_of("plain", "off-only"))),
        (evidence.collections("plain", "tuned", "off-only"), evidence.cpu_time("plain", "tuned", "off-only"),
         evidence.clock_inside("plain", "tuned"), evidence.clock_inside("plain", "off-only", "clock, as meant")),
        timed("plain", "tuned", "off-only"), rounds=20, quick_rounds=10, quick_recordings=2),
    Claim(
        3, "One object, with and without slots", "40 % less an object, 30 to 40 % in the summary", "one_object.py",
        recorded(("plain", "plain-asked", "slotted"), *of_classes("Plain", "Slotted")),
        (Question(AS_LISTED, "bytes, __dict__ asked for", Share(0.30, 0.40), "30-40 % less", instances_asked),
         Question(AS_MEANT, "bytes of an instance", Share(0.30, 0.40), "30-40 % less", instances)),
        (evidence.one_instance,), quick_recordings=2),
    Claim(
        4, "A million objects, with and without slots", "120.5 MB, with slots 76.3 MB: 36.7 % saved", "million_objects.py",
        recorded(("nothing", "plain", "slotted"), *of_classes("Plain", "Slotted")),
        (Question(AS_LISTED, "resident memory", Share(0.367, 0.367), "36.7 % less", memory_of("plain", "slotted")),
         Question(AS_MEANT, "bytes of the instances", Share(0.367, 0.367), "36.7 % less", instances)),
        (evidence.million_instances, evidence.resident("plain", "slotted"),
         evidence.in_one_process("plain", "slotted", "memory")),
        timed("nothing", "plain", "slotted", "in-one-process"), quick_recordings=2),
    Claim(
        5, "A weak cache lets go", "weak cache 10, 5, 0; strong cache 10 throughout", "weak_cache.py",
        counted(phases("both", "weak", "strong"), "Picture"),
        (Question(AS_LISTED, "objects alive", CACHES, "weak 10 -> 5 -> 0",
                  living(weak=("both", "Picture"), strong=("both", "Picture"))),
         Question(AS_MEANT, "alive, one cache a process", CACHES, "weak 10 -> 5 -> 0",
                  living(weak=("weak", "Picture"), strong=("strong", "Picture")))),
        (evidence.cached_objects,), quick_recordings=2),
    Claim(
        6, "Derived data let go, core data stay", "derived entries disappear by themselves, core data stay",
        "core_and_derived.py",
        counted(phases("meant", "listed"), "Derived", "Core"),
        (Question(AS_LISTED, "objects alive", LAYERS, "1,000 -> 100 -> 0",
                  living(derived=("listed", "Derived"), core=("listed", "Core"))),
         Question(AS_MEANT, "alive, a subclass of dict", LAYERS, "1,000 -> 100 -> 0",
                  living(derived=("meant", "Derived"), core=("meant", "Core")))),
        (evidence.derived_objects,), quick_recordings=2),
    Claim(
        7, "The whole service", "prints time and memory, states no figure", "whole.py",
        recorded(("plain", "tuned", "dict-users", "slotted-users")),
        (Question(AS_LISTED, "time, collector off", None, "none", time_of("plain", "tuned")),
         Question(AS_LISTED, "resident memory, collector off", None, "none", memory_of("plain", "tuned")),
         Question(AS_LISTED, "resident memory, slotted users", None, "none", memory_of("dict-users", "slotted-users"))),
        (evidence.collections("plain", "tuned"), evidence.cpu_time("plain", "tuned"), evidence.clock_inside("plain", "tuned"),
         evidence.in_one_process("plain", "tuned", "time"), evidence.in_one_process("plain", "tuned", "memory"),
         evidence.left_behind("slotted-users"), evidence.resident("plain", "tuned", "dict-users", "slotted-users")),
        timed("nothing", "plain", "tuned", "dict-users", "slotted-users", "in-one-process")),
)
