"""Which CPython interpreters are there: pyenv's, /usr/bin/python3, and python3.X in PATH. Each is taken once."""

import dataclasses
import glob
import json
import os
import pathlib
import shutil
import subprocess

OLDEST, NEWEST = 8, 15
ASK = """
import json, os, sys, sysconfig
print(json.dumps(dict(
    implementation=sys.implementation.name, version=sys.version.split()[0].rstrip("+"), hexversion=sys.hexversion,
    kind=("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "") + ("d" if hasattr(sys, "gettotalrefcount") else ""),
    executable=os.path.realpath(sys.executable))))
"""


class Unusable(Exception):
    """A --python that is no CPython from 3.8 on."""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    path: str
    version: str  # "3.13.0", "3.14.0t"; fit for a column and for the name of a file
    order: int

    @property
    def title(self):
        return f"CPython {self.version}"


def _ask(path):
    try:
        done = subprocess.run([path, "-I", "-S", "-c", ASK], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=True)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _interpreter(path):
    """None: it is not one that can be measured."""
    answer = _ask(path)
    if answer is None or answer["implementation"] != "cpython" or answer["hexversion"] < (3 << 24 | OLDEST << 16):
        return None
    return Interpreter(answer["executable"], answer["version"] + answer["kind"], answer["hexversion"])


def _candidates():
    versions = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    for folder in sorted(glob.glob(os.path.join(versions, "*"))):
        yield os.path.join(folder, "bin", "python3")
    yield "/usr/bin/python3"
    for name in ["python3"] + [f"python3.{minor}{kind}" for minor in range(OLDEST, NEWEST + 1) for kind in ("", "t")]:
        path = shutil.which(name)
        # A version manager puts scripts there that start an interpreter found above.
        if path and pathlib.Path(os.path.realpath(path)).read_bytes()[:4] == b"\x7fELF":
            yield path


def _apart(found):
    """Two builds of one version get names that differ."""
    named = []
    for one in found:
        same = sum(other.version == one.version for other in found)
        if same > 1:
            count = sum(other.version.split("-")[0] == one.version for other in named) + 1
            one = dataclasses.replace(one, version=f"{one.version}-{count}")
        named.append(one)
    return named


def all_found():
    """Oldest first."""
    found = {}
    for path in _candidates():
        one = _interpreter(path)
        if one is not None:
            found.setdefault(one.path, one)
    return _apart(sorted(found.values(), key=lambda one: (one.order, one.path)))


def first_found():
    """The one that `python3` is here, and nothing else."""
    named = _interpreter("python3")
    return [named] if named else all_found()[:1]


def named(paths):
    """Those of --python, in the order of the command line."""
    found = {}
    for path in paths:
        one = _interpreter(path)
        if one is None:
            raise Unusable(f"--python {path}: this is no CPython from 3.{OLDEST} on, or it does not run")
        found.setdefault(one.path, one)
    return _apart(list(found.values()))
