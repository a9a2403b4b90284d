"""What the arms of an experiment run: WHAT [NUMBER]. A line for each run goes to the file RUNS names."""

import gc
import os
import sys
import time


class Thing:
    def __init__(self, number):
        self.number = number
        self.text = None


def things(count):
    """Holds so many objects until the end; collects twice on the way."""
    kept = [Thing(number) for number in range(count)]
    gc.collect()
    gc.collect()
    print(len(kept))


def surroundings(_):
    """What must be the same for all arms, whatever their variables are called."""
    with open("/proc/self/stat", encoding="ascii") as file:
        start_of_stack = file.read().rpartition(")")[2].split()[25]  # below arguments, environment and pointers to them
    print(start_of_stack, hash("a text"), sys.stdin.read() == "")


def by_process(_):
    """Other counts in every run."""
    kept = [[] for _ in range(1000 + os.getpid() % 5000)]
    print(len(kept) > 0)


def wait(_):
    """Until it is killed, from the third run on."""
    with open(os.environ["RUNS"], encoding="ascii") as file:
        runs = len(file.readlines())
    if runs > int(os.environ["UNDISTURBED"]):
        time.sleep(600)


def fail(number):
    print("about to fail", file=sys.stderr)
    raise ValueError(number)


if __name__ == "__main__":
    if "RUNS" in os.environ:
        with open(os.environ["RUNS"], "a", encoding="ascii") as log:
            log.write(f"{os.getpid()}\n")
    globals()[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0)
