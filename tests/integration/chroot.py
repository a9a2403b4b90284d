"""Runs commands inside a folder that holds another system, without leaving anything mounted behind.

The child makes a mount namespace of its own, binds the folders that it needs to the same paths inside, and calls
chroot; all of it ends with the child. Needs root or user namespaces.
"""

import ctypes
import os
import pathlib

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source, target, flags):
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, flags, None), f"mount on {target}")


def enter(root, shared_folders):
    """To be called between fork and exec. Afterwards / is `root`, with /proc, /dev and the shared folders in it."""
    root = pathlib.Path(root)
    user, group, directory = os.geteuid(), os.getegid(), os.getcwd()
    _check(_libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user != 0 else 0)), "unshare")
    if user != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    _mount("none", "/", MS_REC | MS_PRIVATE)
    for folder in ("/proc", "/dev", *shared_folders):
        inside = root / str(folder).lstrip("/")
        inside.mkdir(parents=True, exist_ok=True)
        _mount(folder, inside, MS_BIND | MS_REC)
    os.chroot(root)
    os.chdir(directory if os.path.isdir(directory) else "/")


def why_not():
    """A reason why enter() cannot work here, or None."""
    child = os.fork()
    if child == 0:
        try:
            enter("/", ())
        except OSError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return None if status == 0 else "chroot needs root or user namespaces, and neither is at hand"
