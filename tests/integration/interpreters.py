"""The CPython interpreters of this machine, from 3.8 on: pyenv's, those in PATH, /usr/bin/python3, and the newer
releases that newer_pythons.py has fetched. Versions that are absent are known by name, so that tests can say so.
"""

import dataclasses
import functools
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess

import chroot
import newer_pythons

OLDEST, NEWEST = (3, 8), (3, 15)
ASK = """
import json, os, sys, sysconfig
try:
    import test.test_json
    has_tests = True
except ImportError:
    has_tests = False
print(json.dumps(dict(
    version=sys.version.split()[0].rstrip("+"), hexversion=sys.hexversion, implementation=sys.implementation.name,
    free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")), debug=hasattr(sys, "gettotalrefcount"),
    executable=os.path.realpath(sys.executable), has_tests=has_tests)))
"""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    path: str
    root: str  # "/", or the folder that chroot must enter
    version: str
    minor: tuple
    free_threaded: bool
    debug: bool
    has_tests: bool

    @property
    def name(self):
        """Fit for the name of a test, for example cpython_3_14_10_sid."""
        kind = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        origin = "_sid" if self.root != "/" else "_debian" if self.path.startswith("/usr/bin/") else ""
        return "cpython_" + self.version.replace(".", "_") + kind + origin


def _candidates():
    """(path, root) of everything that may be a CPython; the same one may come several times."""
    versions = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    for folder in sorted(glob.glob(os.path.join(versions, "*"))):
        yield os.path.join(folder, "bin", "python3"), "/"
    yield "/usr/bin/python3", "/"
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        for suffix in ("", "t", "d"):
            path = shutil.which(f"python3.{minor}{suffix}")
            if path and pathlib.Path(os.path.realpath(path)).read_bytes()[:4] == b"\x7fELF":  # pyenv's shims are scripts
                yield path, "/"
    for path in newer_pythons.found():
        yield path, str(newer_pythons.ROOT)


def _ask(path, root):
    before = functools.partial(chroot.enter, root, ()) if root != "/" else None
    try:
        done = subprocess.run([path, "-I", "-c", ASK], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=True, preexec_fn=before)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


@functools.lru_cache(maxsize=None)
def all_found():
    """Every CPython from 3.8 on, once each, oldest first."""
    found = {}
    for path, root in _candidates():
        answer = _ask(path, root)
        if answer is None or answer["implementation"] != "cpython":
            continue
        minor = (answer["hexversion"] >> 24, answer["hexversion"] >> 16 & 0xFF)
        if minor >= OLDEST:
            found.setdefault((root, answer["executable"]), Interpreter(
                answer["executable"], root, answer["version"], minor, answer["free_threaded"], answer["debug"],
                answer["has_tests"]))
    return sorted(found.values(), key=lambda one: ([int(part) for part in re.findall(r"\d+", one.version)], one.root))


def absent():
    """Minor versions of 3.8 .. 3.15 that this machine does not have, for example ["3.15"]."""
    have = {one.minor for one in all_found()}
    return [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1) if (3, minor) not in have]


if __name__ == "__main__":
    for interpreter in all_found():
        print(interpreter.name, interpreter.path, interpreter.root, "tests" if interpreter.has_tests else "no tests")
    print("absent:", ", ".join(absent()) or "none")
