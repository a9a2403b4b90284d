"""The five verdicts and their rules: one table, gone through from the top. Every verdict follows from measured values."""

import dataclasses
import typing

AS_LISTED, AS_MEANT = "as listed", "as meant"

# Smaller changes do not matter in practice; the thresholds of `heapledger experiment`.
LEAST = {"time": 0.05, "memory": 0.01}


@dataclasses.dataclass(frozen=True)
class Share:
    """A saving that the document states: 0.16 is 16 % less. A range when it states one."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Counts:
    """What the document says is alive after each step, by name, from what was made to what is left."""

    steps: typing.Dict[str, typing.Tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Measured:
    """What was found about one question."""

    quantity: str = ""                 # "time" or "memory" for shares
    estimate: float = 0.0              # share that is saved
    low: typing.Optional[float] = None  # of its interval; both are the estimate when it is exact
    high: typing.Optional[float] = None
    before: float = 0.0                # medians in seconds or bytes, to be shown
    after: float = 0.0
    steps: typing.Optional[typing.Dict[str, typing.Tuple[int, ...]]] = None
    is_exact: bool = False             # counted, so that the interval is the value itself
    failure: str = ""                  # why there are no values
    has_ended_badly: bool = False      # because a program ended with an error of its own


def _direction(steps):
    return (steps[-1] > steps[0]) - (steps[-1] < steps[0])


@dataclasses.dataclass(frozen=True)
class Case:
    """A question, the document's answer and ours: what the rules look at."""

    way: str
    figure: typing.Union[Share, Counts, None]
    measured: Measured

    @property
    def cannot_run(self):
        return self.measured.has_ended_badly and self.way == AS_LISTED

    @property
    def is_missing(self):
        if self.measured.failure:
            return True
        return isinstance(self.figure, Share) and self.measured.low is None

    @property
    def has_no_figure(self):
        return self.figure is None

    @property
    def agrees(self):
        m = self.measured
        if isinstance(self.figure, Counts):
            return m.steps == self.figure.steps
        return 0 < m.low <= self.figure.high and m.high >= self.figure.low

    @property
    def exceeds(self):
        return isinstance(self.figure, Share) and self.measured.low > self.figure.high

    @property
    def goes_the_same_way(self):
        m = self.measured
        if isinstance(self.figure, Counts):
            return all(_direction(m.steps[name]) == _direction(said) for name, said in self.figure.steps.items())
        return m.low > 0 and m.estimate >= LEAST[m.quantity]

    @property
    def is_undecided(self):
        m = self.measured
        return isinstance(self.figure, Share) and m.low <= 0 <= m.high and m.high >= self.figure.low

    @property
    def goes_the_other_way(self):
        m = self.measured
        if isinstance(self.figure, Counts):
            return any(_direction(m.steps[name]) == -_direction(said) != 0 for name, said in self.figure.steps.items())
        return m.high < 0


@dataclasses.dataclass(frozen=True)
class Rule:
    verdict: str
    why: str
    applies: typing.Callable[[Case], bool]


RULES = (
    Rule("cannot run as listed", "the program of the document ends with an error", lambda c: c.cannot_run),
    Rule("not comparable", "it could not be measured", lambda c: c.is_missing),
    Rule("not comparable", "the document states no figure", lambda c: c.has_no_figure),
    Rule("holds", "we measure what the document says", lambda c: c.agrees),
    Rule("holds", "the effect is greater than the document says", lambda c: c.exceeds),
    Rule("not comparable", "the runs vary too much to tell: our interval contains both 0 and the document's figure",
         lambda c: c.is_undecided),
    Rule("holds in direction", "it changes as claimed, but not by as much as the document says",
         lambda c: c.goes_the_same_way),
    Rule("does not hold", "it goes the other way", lambda c: c.goes_the_other_way),
    Rule("does not hold", "no change that matters", lambda c: True),
)


def judge(way, figure, measured):
    """(verdict, why): of the first rule that applies."""
    case = Case(way, figure, measured)
    rule = next(rule for rule in RULES if rule.applies(case))
    return rule.verdict, rule.why
