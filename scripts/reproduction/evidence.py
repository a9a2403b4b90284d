"""Why the figures are what they are: sentences made of measured values, for each claim on one interpreter.

Each function takes a Raw and gives (heading, sentence) pairs. A sentence about a cause is written only where the values
show the cause.
"""

from . import words
from .intervals import median
from .raw import printed_saving, saved_time

GETSIZEOF = "sys.getsizeof() adds up what objects say of themselves, not what was allocated for them"


# ------------------------------------------------------------------------------------------- collections, processors

def collections(*arms):
    def evidence(raw):
        parts = []
        for arm in arms:
            work = raw.collector(arm)
            if work is None:
                continue
            share = work["pause_ns"] / 1000 / work["duration_us"] if work["duration_us"] else 0
            parts.append(f"{arm} {words.number(work['collections'])} in {words.seconds(work['pause_ns'] * 1e-9)} "
                         f"({words.percent(share)} of the recorded run)")
        return [("collections", "; ".join(parts))] if parts else []
    return evidence


def cpu_time(before, *others):
    """Processor time, which other programs on the machine disturb less than the clock."""
    def evidence(raw):
        found = [(after, saved_time(raw, before, after, "cpu")) for after in others]
        parts = [f"{after} {words.sentence(measured)}" for after, measured in found if not measured.failure]
        return [("CPU time", "; ".join(parts))] if parts else []
    return evidence


# --------------------------------------------------------------------------------------------------- inside, outside

def _overlap(one, other):
    return one.low is not None and other.low is not None and one.low <= other.high and other.low <= one.high


def _beside(ours, theirs, cause, place="from outside"):
    """Whether what the program measured is what was measured in another place, and if not, why."""
    if ours.failure or theirs.failure:
        return theirs.failure or f"nothing {place} to compare with"
    if ours.low is None or theirs.low is None:
        return words.change(theirs)
    if _overlap(ours, theirs):
        return f"{words.change(theirs)}, in line with what is seen {place}"
    return f"{words.change(theirs)}, {place} {words.change(ours)}: {cause}"


def clock_inside(before, after, label="clock inside"):
    """The clock of the document, each arm in its own process."""
    def evidence(raw):
        ours = saved_time(raw, before, after)
        theirs = printed_saving(raw, "time", "seconds", (before, before), (after, after))
        if ours.failure or theirs.failure:
            return []
        cause = (f"the program's own clock leaves out what comes before and behind, the start of Python and the release of "
                 f"the data: {before} {words.seconds(ours.before - theirs.before)} of {words.seconds(ours.before)}, "
                 f"{after} {words.seconds(ours.after - theirs.after)} of {words.seconds(ours.after)}")
        return [(label, _beside(ours, theirs, cause))]
    return evidence


def in_one_process(before, after, quantity):
    """The document's own way: both in one process, the second one in memory that the first one has left behind. Beside
    it the same figure, printed by the same program, each way in its own process: nothing else differs."""
    def evidence(raw):
        arm = "in-one-process"
        is_time = quantity == "time"
        figure = "seconds" if is_time else "grown_bytes"
        ours = printed_saving(raw, quantity, figure, (before, before), (after, after))
        theirs = printed_saving(raw, quantity, figure, (arm, before), (arm, after))
        faults = [raw.printed(place, after, "faults") for place in (arm, after)]
        if not all(faults):
            return [("in one process", raw.failure(arm))] if raw.failure(arm) else []
        here, alone = map(median, faults)
        cause = (f"{after} comes second and meets {words.number(here)} page faults there, {words.number(alone)} in its own "
                 f"process")
        if here < 0.99 * alone:
            cause += "; it uses memory that the first one left behind"
        label = "in one process" if is_time else "in one process, memory"
        if theirs.failure:  # the second way did not grow at all
            return [(label, f"{theirs.failure}: {cause}")]
        return [(label, _beside(ours, theirs, cause, "each in its own process"))]
    return evidence


def left_behind(arm):
    """What an arm that came last in one process grew by, beside what it needs in a process of its own."""
    def evidence(raw):
        alone, last = raw.printed(arm, arm, "grown_bytes"), raw.printed("in-one-process", arm, "grown_bytes")
        if not alone or not last:
            return []
        alone, last = median(alone), median(last)
        cause = ": the rest was left behind by what ran before" if last < alone / 2 else ""
        return [(f"{arm} last", f"grows by {words.megabytes(last)} in one process after the others, by "
                                f"{words.megabytes(alone)} in its own{cause}")]
    return evidence


def resident(*arms):
    """Peaks of resident memory from outside, beside what the programs saw of themselves."""
    def evidence(raw):
        start = raw.median("peak_rss", "nothing")
        parts = []
        for arm in arms:
            peak, grown = raw.median("peak_rss", arm), raw.printed(arm, arm, "grown_bytes")
            if None in (start, peak) or not grown:
                continue
            inside = median(grown)
            parts.append(f"{arm} {words.megabytes(peak - start)} (inside {words.megabytes(inside)})")
        return [("resident", f"growth above {words.megabytes(start)} of the empty program: " + "; ".join(parts))] \
            if parts else []
    return evidence


# ---------------------------------------------------------------------------------------------------- one instance

def per_instance(raw, arm, kind):
    """Bytes of one instance with its attribute table; None: not seen."""
    total, instances = (raw.count(arm, f"{name}:__main__.{kind}") for name in ("class_bytes", "class_instances"))
    return total / instances if total and instances else None


def _instance_text(raw):
    """Bytes and blocks of an instance of either class; empty when they were not seen."""
    plain, slotted = per_instance(raw, "plain", "Plain"), per_instance(raw, "slotted", "Slotted")
    blocks = [raw.count(arm, "peak_blocks") for arm in ("plain", "slotted")]
    if None in [plain, slotted] + blocks:
        return ""
    count = raw.count("plain", "class_instances:__main__.Plain")
    return (f"{plain:.0f} B in {1 + (blocks[0] - blocks[1]) / count:.1f} blocks, with what it keeps its attributes in; "
            f"slotted {slotted:.0f} B in one block; {words.number(count)} were counted")


def asked_bytes(raw):
    """What asking an instance for its __dict__ makes beside it."""
    counts = [raw.count(arm, "peak_bytes") for arm in ("plain-asked", "plain")]
    instances = raw.count("plain", "class_instances:__main__.Plain")
    return None if None in counts or not instances else max(0.0, (counts[0] - counts[1]) / instances)


def one_instance(raw):
    plain, slotted = per_instance(raw, "plain", "Plain"), per_instance(raw, "slotted", "Slotted")
    asked, line, twin = asked_bytes(raw), raw.first_line("plain-asked"), raw.first_line("slotted")
    if None in (plain, slotted, asked, line, twin):
        return []
    lines = [("an instance", _instance_text(raw))]
    if asked >= 1:
        lines.append(("__dict__", f"asking for it makes {asked:.0f} B more: the measurement of the document makes "
                                  f"part of what it measures"))
    inside = line["sizes"]["instance"] + line["sizes"]["dict"]
    saving = 1 - twin["sizes"]["instance"] / inside
    text = (f"sys.getsizeof {line['sizes']['instance']} + {line['sizes']['dict']} B against {twin['sizes']['instance']} B, "
            f"{words.percent(saving)} less")
    if abs(inside - plain - asked) >= 1 or abs(twin["sizes"]["instance"] - slotted) >= 1:
        text += f"; from outside {plain + asked:.0f} B against {slotted:.0f} B: {GETSIZEOF}"
    return lines + [("from inside", text)]


def million_instances(raw):
    if not _instance_text(raw):
        return []
    lines = [("an instance", _instance_text(raw))]
    count, parts = raw.count("plain", "class_instances:__main__.Plain"), []
    for arm in ("plain", "slotted"):
        sizes, blocks = ([raw.count(name, metric) for name in (arm, "nothing")] for metric in ("peak_bytes", "peak_blocks"))
        if None not in sizes + blocks:
            parts.append(f"{arm} {(sizes[0] - sizes[1]) / count:.0f} B in {(blocks[0] - blocks[1]) / count:.1f} blocks")
    if parts:
        lines.append(("with list and integers", "each brings along: " + "; ".join(parts)))
    return lines


# ---------------------------------------------------------------------------------------------------- living objects

PHASES = ("filled", "kept", "dropped")


def alive(raw, way, kind):
    """Instances of a class that are alive at the end of each phase; None where one could not be counted."""
    counts = [raw.count(f"{way}-{phase}", f"class_instances:__main__.{kind}") for phase in PHASES]
    return None if None in counts else tuple(int(count) for count in counts)


def cached_objects(raw):
    both, weak = alive(raw, "both", "Picture"), alive(raw, "weak", "Picture")
    lines = []
    if both and weak and both[1] > weak[1]:
        lines.append(("what keeps them", f"without the strong cache {weak[1]} of {weak[0]} are alive while the list is "
                                         f"there and {weak[2]} afterwards, beside it {both[1]} and {both[2]}: the strong "
                                         f"cache holds what the weak one lets go"))
    sizes = [raw.count(f"weak-{phase}", "peak_bytes") for phase in ("filled", "dropped")]
    line = raw.first_line("weak-filled")
    if None not in sizes and weak and weak[0] > weak[2] and line:
        each = (sizes[0] - sizes[1]) / (weak[0] - weak[2])
        zeros = max(1, round(100_000 * line["scale"]))
        lines.append(("an object", f"{each / 1000:.0f} kB with its list of {words.number(zeros)} zeros; the document says "
                                   f"{4 * zeros / 1000:.0f} kB" + (": a reference takes 8 bytes, not 4"
                                                                  if each > 6 * zeros else "")))
    return lines + _lengths(raw, ("both-kept", "weak-kept", "strong-kept"))


def derived_objects(raw):
    place = raw.raised_at("listed-kept")
    lines = [("the error", f"{raw.last_words('listed-kept')}, raised at {place}")] if place else []
    lines += _lengths(raw, ("meant-kept",))
    line = raw.first_line("meant-kept")
    if line:
        lines.append(("look-ups", f"{words.number(line['hits'])} hits, {words.number(line['misses'])} misses"))
    return lines


def _lengths(raw, arms):
    """What len() says inside."""
    parts = []
    for arm in arms:
        line = raw.first_line(arm)
        if line:
            told = ", ".join(f"{name} {words.steps(counts)}" for name, counts in line["counts"].items())
            parts.append(f"{arm.rpartition('-')[0]}: {told}")
    return [("len() inside", "; ".join(parts))] if parts else []
