"""Processes of every kind say how they run: one line each, "name enabled slots"."""

import gc
import multiprocessing
import os
import subprocess
import sys


class Book:
    def __init__(self):
        self.title = 1


def say(name):
    sys.stdout.write(f"{name} {gc.isenabled()} {getattr(Book, '__slots__', None)}\n")
    sys.stdout.flush()


def main():
    say("parent")
    child = os.fork()
    if child == 0:
        say("forked")
        os._exit(0)
    os.waitpid(child, 0)
    subprocess.run([sys.executable, "-c", "import gc; print('started', gc.isenabled(), None)"], check=True)
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=say, args=(method,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
