"""What was found, as a table and explanations on the terminal, as Markdown, and as JSON."""

import textwrap

from . import words

SCHEMA = "heapledger-reproduction/1"
NOTE = ("(a to b) is the range that holds the true value with 95 % confidence, over interleaved runs in processes of "
        "their own; \"exact\" was counted. Time is that of whole processes, resident memory is growth above an empty "
        "program. \"as meant\" is the claim where the listing cannot show it. scripts/reproduction/README.md has the rules.")

WIDE_LABEL, LABEL, CELL, GAP = 46, 28, 22, 2  # columns of the table on the terminal


class Report:
    """`outcomes`: by (claim number, interpreter); what is missing has not been run."""

    def __init__(self, claims, interpreters, outcomes, settings):
        self.claims, self.interpreters, self.outcomes, self.settings = claims, interpreters, outcomes, settings

    def _title(self):
        scale = self.settings["scale"]
        sizes = "the document's sizes" if scale == 1 else f"sizes times {scale:g}"
        return f"A document's claims about Python's memory, measured from outside ({sizes})"

    def _conditions(self):
        rounds = sorted(one.rounds for one in self.outcomes.values() if one.rounds)
        many = "" if not rounds else f", {rounds[0]} rounds" if rounds[0] == rounds[-1] else f", {rounds[0]} to {rounds[-1]} rounds"
        s = self.settings
        return f"Measured on {s['date']} by {s['tool']}{many} a claim{', --quick' if s['quick'] else ''}: {s['machine']}."

    def _cell(self, claim, position, interpreter):
        """Lines: the verdict, then what was measured."""
        outcome = self.outcomes.get((claim.number, interpreter))
        if outcome is None:
            return ["not run"]
        if not outcome.answers:
            return ["could not be run"]
        answer = outcome.answers[position]
        return [answer.verdict] + words.cell(answer.measured)

    # ------------------------------------------------------------------------------------------------ on the terminal

    def _table(self, interpreters, width):
        """Rows are claims, columns interpreters; a cell has several lines."""
        columns = [LABEL if len(self.interpreters) > 1 else WIDE_LABEL] + [CELL] * len(interpreters)
        lines = _row(columns, [[""]] + [[one.title] for one in interpreters])
        for claim in self.claims:
            lines += textwrap.wrap(f"{claim.number} {claim.name}. The document: {claim.says}.", width, subsequent_indent="  ")
            for position, question in enumerate(claim.questions):
                label = textwrap.wrap(f"{question.way}: {question.what}", columns[0] - 2, initial_indent="  ",
                                      subsequent_indent="    ")
                lines += _row(columns, [label] + [self._lines(claim, position, one) for one in interpreters])
        return "\n".join(lines) + "\n"

    def _lines(self, claim, position, interpreter):
        """A cell; in a narrow column the interval stands below the estimate."""
        verdict, *values = self._cell(claim, position, interpreter)
        if len(self.interpreters) == 1:
            return [verdict] + values
        return [verdict] + [line for value in values for line in value.replace(" (", "\n(").splitlines()]

    def _tables(self, width):
        """As many interpreters beside each other as fit."""
        fitting = max(1, (width - LABEL) // (CELL + GAP))
        parts = [self.interpreters[i:i + fitting] for i in range(0, len(self.interpreters), fitting)]
        return "\n".join(self._table(part, width) for part in parts)

    def _details(self, claim, interpreter, width):
        outcome = self.outcomes.get((claim.number, interpreter))
        if outcome is None:
            return ""
        pairs = [("document", claim.says)] + _answers(outcome) + list(outcome.evidence)
        heading = max(len(name) for name, _ in pairs)
        lines = [f"{claim.number} {claim.name}, {interpreter.title}"]
        for name, text in pairs:
            lines += textwrap.wrap(text, width, initial_indent=f"    {name:<{heading}}  ",
                                   subsequent_indent=" " * (heading + 6)) or []
        return "\n".join(lines) + "\n"

    def text(self, width):
        """Explanations only of a single interpreter: those of several are in the Markdown."""
        parts = [self._title() + "\n", self._tables(width)]
        if len(self.interpreters) == 1:
            parts += filter(None, (self._details(claim, self.interpreters[0], width) for claim in self.claims))
        return "\n".join(parts + [textwrap.fill(part, width) + "\n" for part in (NOTE, self._conditions())])

    # ----------------------------------------------------------------------------------------------------- in files

    def markdown(self):
        lines = [f"# {self._title()}", "", "| claim | | document | " + " | ".join(o.title for o in self.interpreters) + " |",
                 "|---|---|---|" + "---|" * len(self.interpreters)]
        for claim in self.claims:
            for position, question in enumerate(claim.questions):
                cells = []
                for one in self.interpreters:
                    verdict, *rest = self._cell(claim, position, one)
                    cells.append(f"**{verdict}**<br>" + "<br>".join(map(_escaped, rest)) if rest else verdict)
                name = f"{claim.number}. {claim.name}" if position == 0 else ""
                what = _escaped(f"{question.way}: {question.what}")
                lines.append(f"| {name} | {what} | {question.figure_text} | " + " | ".join(cells) + " |")
        lines += ["", NOTE, "", self._conditions()]
        for claim in self.claims:
            lines += ["", f"## {claim.number}. {claim.name}", "", f"The document: {claim.says}."]
            for one in self.interpreters:
                outcome = self.outcomes.get((claim.number, one))
                if outcome:
                    lines += ["", f"### {one.title}", ""]
                    pairs = _answers(outcome) + list(outcome.evidence)
                    lines += [f"- {_escaped(name)}: {_escaped(text)}" for name, text in pairs]
        return "\n".join(lines) + "\n"

    def json(self):
        interpreters = [{"version": one.version, "path": one.path} for one in self.interpreters]
        outcomes = [_outcome_json(self.outcomes[(claim.number, one)], one) for claim in self.claims
                    for one in self.interpreters if (claim.number, one) in self.outcomes]
        return {"schema": SCHEMA, "settings": self.settings, "interpreters": interpreters,
                "claims": [_claim_json(claim) for claim in self.claims], "outcomes": outcomes}


def _row(columns, cells):
    """Lines of a row: columns as wide as said, at least."""
    lines = []
    for i in range(max(map(len, cells))):
        parts = (f"{cell[i] if i < len(cell) else '':<{width}}" for cell, width in zip(cells, columns))
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _answers(outcome):
    """(heading, sentence) of each answer."""
    if not outcome.answers:
        return [("not measured", outcome.error)]
    return [(answer.question.way, f"{answer.verdict}; {answer.question.what}: {words.sentence(answer.measured)}. "
                                  f"{answer.why[0].upper()}{answer.why[1:]}.") for answer in outcome.answers]


def _escaped(text):
    return text.replace("|", "\\|").replace("__", "\\_\\_").replace("<", "&lt;")


def _claim_json(claim):
    return {"number": claim.number, "name": claim.name, "document": claim.says,
            "questions": [{"way": q.way, "what": q.what, "document": q.figure_text} for q in claim.questions]}


def _outcome_json(outcome, interpreter):
    answers = []
    for answer in outcome.answers:
        m = answer.measured
        answers.append({"way": answer.question.way, "what": answer.question.what, "verdict": answer.verdict,
                        "why": answer.why, "quantity": m.quantity or None, "estimate": m.estimate if m.quantity else None,
                        "low": m.low, "high": m.high, "before": m.before if m.quantity else None,
                        "after": m.after if m.quantity else None,
                        "steps": {name: list(steps) for name, steps in m.steps.items()} if m.steps else None,
                        "failure": m.failure or None})
    return {"claim": outcome.claim.number, "interpreter": interpreter.version, "rounds": outcome.rounds,
            "error": outcome.error or None, "answers": answers,
            "evidence": [{"about": name, "text": text} for name, text in outcome.evidence]}
