"""Runs one module of tests and speaks TAP, so that meson sees every case. Usage: run.py MODULE [TEST]..., in the folder of MODULE

A test that skips itself says why; the reason goes into the summary of scripts/test.
"""

import os
import signal
import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    """Writes a line a case as soon as it has ended; what went wrong follows as a comment."""

    def __init__(self):
        super().__init__()
        self._failed_subtests = []

    def _line(self, verdict, test, suffix=""):
        name = str(test.id()).removeprefix("__main__.").replace("#", "no. ")
        print(f"{verdict} {self.testsRun} - {name}{suffix}", flush=True)

    def _problem(self, test, error):
        reason = traceback.format_exception_only(*error[:2])[-1].splitlines()[0]
        self._line("not ok", test, f": {reason[:200]}".replace("#", "no. "))  # part of the name, so that summaries have it
        text = "".join(traceback.format_exception(*error))
        for line in text.splitlines():
            print(f"# {line}", flush=True)

    def addSuccess(self, test):
        if not self._failed_subtests:
            self._line("ok", test)
        self._failed_subtests = []

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._failed_subtests.append(subtest)
            self.failures.append((subtest, ""))
            self._problem(subtest, error)

    def addSkip(self, test, reason):
        self.skipped.append((test, reason))
        self._line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, error):
        self.failures.append((test, ""))
        self._problem(test, error)

    def addError(self, test, error):
        self.errors.append((test, ""))
        if not isinstance(test, unittest.TestCase):  # a class or module that could not be set up
            self.testsRun += 1
        self._problem(test, error)

    def addExpectedFailure(self, test, error):
        self._line("not ok", test, " # TODO expected failure")

    def addUnexpectedSuccess(self, test):
        self.failures.append((test, ""))
        self._line("not ok", test, " unexpectedly passed")


def main():
    # A shell ignores interrupts for what it starts in the background, and programs inherit that: some wait for theirs for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, os.getcwd())
    module = sys.argv[1]
    names = [f"{module}.{name}" for name in sys.argv[2:]] or [module]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    print("TAP version 13", flush=True)
    result = TapResult()
    suite.run(result)
    print(f"1..{result.testsRun}", flush=True)
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
