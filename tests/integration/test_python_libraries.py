"""Programs with the standard library print and return the same with the shim as without, on every interpreter."""

import unittest

from target import PythonTest, every_interpreter


@every_interpreter(globals())
class Libraries(PythonTest):
    def check(self, program):
        outcome, recording = self.record_unchanged(self.python(program))
        self.assertEqual((0, ""), (outcome.status, outcome.stderr))
        self.assert_sound(recording)

    def test_json(self):
        self.check("library_json.py")

    def test_asyncio(self):
        self.check("library_asyncio.py")

    def test_sqlite3(self):
        self.check("library_sqlite3.py")

    def test_pickle(self):
        self.check("library_pickle.py")

    def test_threading(self):
        self.check("library_threading.py")


if __name__ == "__main__":
    unittest.main()
