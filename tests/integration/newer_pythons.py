#!/usr/bin/env python3
"""Fetches the newest CPython releases, packaged by Debian's development release, into tests/chroots.

They are not installed: apt resolves and downloads with a configuration, lists and a status of its own, and the packages
are unpacked into a folder that the tests enter with chroot (they bring their C library along). Quick when the folder
is there. Where that is impossible, says why in one line and leaves the tests to skip those versions.

Usage: newer_pythons.py
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

import chroot

ROOT = pathlib.Path(__file__).resolve().parent.parent / "chroots" / "sid"
COMPLETE = ROOT / "complete"
VERSIONS = ("3.13", "3.14", "3.15")
PACKAGES = ("python{}-minimal", "libpython{}-stdlib", "libpython{}-testsuite")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """One sentence why there are no newer interpreters."""


def mirror():
    """The mirror of Debian that this system uses."""
    for name in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")) + ["/etc/apt/sources.list"]:
        if os.path.exists(name):
            found = re.search(r"(?m)^(?:URIs:|deb)\s.*?(https?://\S+/debian)/?(?:\s|$)",
                              pathlib.Path(name).read_text(encoding="utf-8"))
            if found:
                return found[1]
    return "http://deb.debian.org/debian"


class PrivateApt:
    """apt-get with lists, cache and status of its own; proxies and such stay as the system has them."""

    def __init__(self, folder):
        self.archives = folder / "cache" / "archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} sid main\n", encoding="utf-8")
        options = {
            "Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-", "Dir::Etc::preferencesparts": "-",
            "Dir::State::lists": folder / "lists", "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache", "APT::Install-Recommends": "false", "APT::Sandbox::User": "",
            "Acquire::Languages": "none", "Acquire::Retries": "2", "Acquire::http::Timeout": "30",
            "Debug::NoLocking": "true",
        }
        self._options = [f"-o{key}={value}" for key, value in options.items()]

    def run(self, program, *arguments):
        return subprocess.run([program, *self._options, *arguments], stdin=subprocess.DEVNULL, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def download(self, packages):
        done = self.run("apt-get", "-y", "--download-only", "install", *packages)
        if done.returncode != 0:
            raise Unavailable(f"apt-get could not download {' '.join(packages)}: {done.stdout.strip()[-300:]}")
        return sorted(self.archives.glob("*.deb"))


def offered(apt):
    """The packages of VERSIONS that the development release has today."""
    names = [package.format(version) for version in VERSIONS for package in PACKAGES]
    known = set(apt.run("apt-cache", "pkgnames", "python3.").stdout.split())
    known |= set(apt.run("apt-cache", "pkgnames", "libpython3.").stdout.split())
    return [name for name in names if name in known]


def fetch():
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb") or not os.path.exists(KEYRING):
        raise Unavailable("this is no Debian system")
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    apt = PrivateApt(ROOT.parent / "apt")
    updated = apt.run("apt-get", "update")
    packages = offered(apt)
    if not packages:
        raise Unavailable(f"apt-get update found none of them: {updated.stdout.strip()[-300:]}")
    archives = apt.download([*packages, "dash"])
    for name in ("bin", "sbin", "lib", "lib64"):
        (ROOT / "usr" / name).mkdir(parents=True, exist_ok=True)
        (ROOT / name).symlink_to(f"usr/{name}")
    for archive in archives:
        subprocess.run(["dpkg-deb", "-x", archive, ROOT], check=True)
    for name in ("tmp", "root", "proc", "dev"):
        (ROOT / name).mkdir(exist_ok=True)
    shutil.rmtree(ROOT.parent / "apt")
    COMPLETE.touch()


def found():
    """The interpreters in the folder, as paths inside it."""
    if not COMPLETE.exists() or chroot.why_not():
        return []
    return [f"/usr/bin/python{version}" for version in VERSIONS if (ROOT / f"usr/bin/python{version}").exists()]


def main():
    try:
        reason = chroot.why_not()
        if reason:
            raise Unavailable(reason)
        if not COMPLETE.exists():
            print("fetching CPython", ", ".join(VERSIONS), "for the tests ...", flush=True)
            fetch()
    except (Unavailable, OSError, subprocess.SubprocessError) as problem:
        sys.exit(f"newer_pythons: CPython {', '.join(VERSIONS)} cannot be tested here: {problem}")


if __name__ == "__main__":
    main()
