"""What was found, as a table and explanations on the terminal, as Markdown, and as JSON."""

import textwrap

from . import words

SCHEMA = "heapledger-reproduction/1"
NOTE = ("(a to b) is the range that holds the true value with 95 % confidence, over interleaved runs in processes of "
        "their own; \"exact\" was counted. Time is that of whole processes, resident memory is growth above an empty "
        "program. \"as meant\" is the claim where the listing cannot show it. scripts/reproduction/README.md has the rules.")


class Report:
    """`outcomes`: by (claim number, interpreter); what is missing has not been run."""

    def __init__(self, claims, interpreters, outcomes, settings):
        self.claims, self.interpreters, self.outcomes, self.settings = claims, interpreters, outcomes, settings

    def _title(self):
        scale = self.settings["scale"]
        sizes = "the document's sizes" if scale == 1 else f"sizes times {scale:g}"
        return f"A document's claims about Python's memory, measured from outside ({sizes})"

    def _cell(self, claim, position, interpreter):
        """Lines: the verdict, then what was measured."""
        outcome = self.outcomes.get((claim.number, interpreter))
        if outcome is None:
            return ["(not run)"]
        if not outcome.answers:
            return ["(could not be run)"]
        answer = outcome.answers[position]
        return [answer.verdict] + words.cell(answer.measured)

    # ------------------------------------------------------------------------------------------------ on the terminal

    def _table(self, interpreters):
        """Rows are claims, columns interpreters; a cell has several lines."""
        rows = [(["claim"], ["document"], *([one.title] for one in interpreters))]
        for claim in self.claims:
            rows.append(([f"{claim.number} {claim.name}"],))
            for position, question in enumerate(claim.questions):
                rows.append(([f"    {question.way}: {question.what}"], [question.figure_text],
                             *(self._cell(claim, position, one) for one in interpreters)))
        widths = [max(len(line) for row in rows if len(row) > column for line in row[column] if len(row) > 1)
                  for column in range(2 + len(interpreters))]
        lines = []
        for row in rows:
            for i in range(max(map(len, row))):
                cells = (cell[i] if i < len(cell) else "" for cell in row)
                lines.append("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths)).rstrip())
        return "\n".join(lines) + "\n"

    def _tables(self, width):
        """As many interpreters beside each other as fit."""
        fitting = max(1, (width - 62) // 28)
        parts = [self.interpreters[i:i + fitting] for i in range(0, len(self.interpreters), fitting)]
        return "\n".join(self._table(part) for part in parts)

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
        return "\n".join(parts + [textwrap.fill(NOTE, width) + "\n"])

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
                lines.append(f"| {name} | {question.way}: {question.what} | {question.figure_text} | " + " | ".join(cells) + " |")
        lines += ["", NOTE]
        for claim in self.claims:
            lines += ["", f"## {claim.number}. {claim.name}", "", f"The document: {claim.says}."]
            for one in self.interpreters:
                outcome = self.outcomes.get((claim.number, one))
                if outcome:
                    lines += ["", f"### {one.title}", ""]
                    lines += [f"- {name}: {_escaped(text)}" for name, text in _answers(outcome) + list(outcome.evidence)]
        return "\n".join(lines) + "\n"

    def json(self):
        interpreters = [{"version": one.version, "path": one.path} for one in self.interpreters]
        outcomes = [_outcome_json(self.outcomes[(claim.number, one)], one) for claim in self.claims
                    for one in self.interpreters if (claim.number, one) in self.outcomes]
        return {"schema": SCHEMA, "settings": self.settings, "interpreters": interpreters,
                "claims": [_claim_json(claim) for claim in self.claims], "outcomes": outcomes}


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
