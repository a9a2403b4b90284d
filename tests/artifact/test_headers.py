"""Every header compiles on its own, whatever is included before it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
COMPILER = os.environ.get("HEAPLEDGER_TEST_CXX", "c++").split()
FOLDERS = ("trace", "preload", "analyzer")


class Headers(unittest.TestCase):
    """One test for each header, made below."""

    def compile(self, header):
        with tempfile.NamedTemporaryFile("w", suffix=".cc") as source:
            source.write(f'#include "{header}"\n#include "{header}"\n')
            source.flush()
            done = subprocess.run([*COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", source.name],
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)


for folder in FOLDERS:
    for path in sorted((SOURCE / folder).rglob("*.h")):
        name = "test_" + str(path.relative_to(SOURCE))
        setattr(Headers, name, lambda self, path=path: self.compile(path))


if __name__ == "__main__":
    unittest.main()
