"""Runs test modules of the interpreter and writes the outcome of every test: unittest_outcomes.py FILE MODULE...

The file gets one JSON object: {test: "ok", "failed", "error", "skipped", "expected" or "unexpected"}.
"""

import json
import sys
import unittest


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.outcomes = {}

    def _note(self, test, outcome):
        self.outcomes.setdefault(type(test).id(test), outcome)  # some tests have a number of that name

    def addSuccess(self, test):
        self._note(test, "ok")

    def addFailure(self, test, error):
        self._note(test, "failed")
        sys.stderr.write(self._exc_info_to_string(error, test))

    def addError(self, test, error):
        self._note(test, "error")
        sys.stderr.write(self._exc_info_to_string(error, test))

    def addSkip(self, test, reason):
        self._note(test, "skipped")

    def addExpectedFailure(self, test, error):
        self._note(test, "expected")

    def addUnexpectedSuccess(self, test):
        self._note(test, "unexpected")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.outcomes[test.id()] = "failed"
            sys.stderr.write(self._exc_info_to_string(error, test))


if __name__ == "__main__":
    result = Outcomes()
    for module in sys.argv[2:]:
        unittest.defaultTestLoader.loadTestsFromName(module).run(result)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(result.outcomes, file)
