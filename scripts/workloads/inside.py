"""What a program can say about itself: the part that the workloads of the reproduction share.

Each workload is run as `python3 FILE ARM [--scale X] [--log FILE]`. It does the work of one arm, the way the tutorial
does it, and prints one line of JSON with what the tutorial measures from inside: time.time(), growth of resident
memory, sys.getsizeof(), lengths. What is measured from outside does not need this line; it is printed so that the two
can be put side by side. The line has `arm`, `scale` and the figures that the arm returned. Python 3.8 and later.
"""

import argparse
import json
import os
import resource
import time

MARK_BYTES = 256 << 20


def scaled(number, scale):
    """A size of the document, made smaller or larger; never nothing."""
    return max(1, round(number * scale))


def resident_bytes():
    """Resident memory of this process, now: the figure that psutil reports, from the same file."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def page_faults():
    """How often the kernel had to hand a page to this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def mark(scale):
    """Makes the greatest use of memory of this program happen here and now.

    From outside, the instances of a class are counted at that moment; the mark moves it to the end of a phase. The
    block is never touched, so it takes no resident memory.
    """
    bytes(int(MARK_BYTES * max(1.0, scale)))


class Span:
    """A stretch of work, measured as the document measures: clock and resident memory before and after."""

    def __enter__(self):
        self._faults, self._bytes, self._begin = page_faults(), resident_bytes(), time.time()
        return self

    def __exit__(self, *error):
        self.seconds = time.time() - self._begin
        self.grown_bytes = resident_bytes() - self._bytes
        self.faults = page_faults() - self._faults

    def figures(self):
        return {"seconds": self.seconds, "grown_bytes": self.grown_bytes, "faults": self.faults}


def positive(text):
    value = float(text)
    if not 0 < value < 1000:
        raise argparse.ArgumentTypeError("a number above 0 is wanted")
    return value


def run(description, arms):
    """The command line of a workload. `arms`: name -> function of the scale that returns a dict of figures."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("arm", choices=list(arms), metavar="ARM", help="one of: " + ", ".join(arms))
    parser.add_argument("--scale", type=positive, default=1.0, metavar="X", help="sizes times X (1)")
    parser.add_argument("--log", metavar="FILE", help="append the printed line to FILE as well")
    options = parser.parse_args()
    line = {"arm": options.arm, "scale": options.scale}
    line.update(arms[options.arm](options.scale))
    text = json.dumps(line) + "\n"
    print(text, end="", flush=True)
    if options.log:
        # One write of one line: lines of processes that run at once do not mix.
        file = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(file, text.encode())
        os.close(file)
