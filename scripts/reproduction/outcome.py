"""Answers: what each question of a claim came to on an interpreter."""

import dataclasses
import typing

from .claims import Claim, Question
from .experiments import read
from .interpreters import Interpreter
from .raw import Raw
from .verdict import Measured, judge


@dataclasses.dataclass(frozen=True)
class Answer:
    question: Question
    measured: Measured
    verdict: str
    why: str


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A claim on an interpreter. Without answers: it was not run, or `error` says why it could not be."""

    claim: Claim
    interpreter: Interpreter
    answers: typing.Tuple[Answer, ...] = ()
    evidence: typing.Tuple[typing.Tuple[str, str], ...] = ()
    rounds: int = 0
    error: str = ""


def of_values(claim, interpreter, raw):
    """Judges the values of a claim."""
    answers = []
    for question in claim.questions:
        measured = question.measure(raw)
        answers.append(Answer(question, measured, *judge(question.way, question.figure, measured)))
    lines = [pair for explain in claim.evidence for pair in explain(raw)]
    return Outcome(claim, interpreter, tuple(answers), tuple(lines), len(raw.timed["rounds"]))


def of_files(claim, interpreter, folder):
    """Judges what the finished experiments in a folder have."""
    return of_values(claim, interpreter, Raw(*(read(folder, experiment) for experiment in claim.experiments)))
