"""The interpreter's own test modules have the same outcome, test by test, with the shim as without.

Only where something fails with the shim is the module run without it: what fails there too is no fault of the shim."""

import json
import unittest

from target import PROGRAMS, PythonTest, every_interpreter

GOOD = ("ok", "skipped", "expected")


@every_interpreter(globals())
class OwnTests(PythonTest):
    setting = {}

    def outcomes(self, module, with_shim):
        file = self.folder / f"{module}-{with_shim}.json"
        command = [self.interpreter.path, PROGRAMS / "unittest_outcomes.py", file, f"test.{module}"]
        run = self.run_only_shim if with_shim else self.bare
        outcome = run(command, cwd=self.folder, setting=self.setting)
        self.assertEqual(0, outcome.status, f"{module} did not come to its end: {outcome.stderr[-3000:]}")
        return json.loads(file.read_text(encoding="utf-8")), outcome

    def run_only_shim(self, command, **options):
        outcome, _ = self.record(command, **options)
        return outcome

    def check(self, module, least=5):
        if not self.interpreter.has_tests:
            self.skipTest("this interpreter comes without its test modules")
        found, outcome = self.outcomes(module, True)
        self.assertGreater(sum(word == "ok" for word in found.values()), least)
        bad = {test for test, word in found.items() if word not in GOOD}
        if bad:
            bare, _ = self.outcomes(module, False)
            worse = {test: (bare.get(test), found[test]) for test in bad if bare.get(test) != found[test]}
            self.assertEqual({}, worse, outcome.stderr[-6000:])

    def test_gc(self):
        self.check("test_gc")

    def test_threading(self):
        self.check("test_threading")

    def test_descr(self):
        self.check("test_descr")

    def test_generators(self):
        self.check("test_generators")

    def test_weakref(self):
        self.check("test_weakref")

    def test_json(self):
        self.check("test_json")

    def test_dict(self):
        self.check("test_dict")

    def test_tracers_of_references(self):
        """With a tracer of ours in the place that these tests use."""
        if self.interpreter.minor < (3, 13):
            self.skipTest("CPython before 3.13 has none")
        self.check("test_capi.test_misc")
        self.check("test_capi.test_object", least=0)
        self.check("test_tracemalloc")

    def check_of_interpreters(self, module):
        """Not every version has these modules."""
        if (3, 9) <= self.interpreter.minor <= (3, 11):
            self.skipTest(f"test.{module} of CPython 3.9 to 3.11 hangs by itself")
        if self.bare([self.interpreter.path, "-c", f"import test.{module}"]).status != 0:
            self.skipTest(f"this interpreter comes without test.{module}")
        self.check(module)

    def test_interpreters(self):
        self.check_of_interpreters("test_interpreters")

    def test__interpreters(self):
        self.check_of_interpreters("test__interpreters")

    def test__xxsubinterpreters(self):
        self.check_of_interpreters("test__xxsubinterpreters")


if __name__ == "__main__":
    unittest.main()
