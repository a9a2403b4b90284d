"""The command line of scripts/reproduce."""

import argparse
import math
import pathlib

from .claims import CLAIMS
from .intervals import FEWEST

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MOST_ROUNDS = 200
EPILOG = """\
Examples:
  scripts/reproduce --quick                    one interpreter, all claims, a few minutes
  scripts/reproduce --claim 4 --python python3.13
  scripts/reproduce --output results           every interpreter; Ctrl-C keeps what is finished,
  scripts/reproduce --output results --resume  and this goes on

FOLDER gets report.md, report.json, and the raw values of each claim and interpreter.

Exit status: 0 done, whatever was found; 2 bad usage; 3 something could not be measured; 130 interrupted.
"""


def _scale(text):
    value = float(text)
    if not (math.isfinite(value) and 0 < value < 1000):
        raise argparse.ArgumentTypeError("a number above 0 and below 1000 is wanted")
    return value


def _rounds(text):
    value = int(text)
    if not FEWEST <= value <= MOST_ROUNDS:
        raise argparse.ArgumentTypeError(f"a number from {FEWEST} (fewer can show nothing) to {MOST_ROUNDS} is wanted")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/reproduce", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        description="Reproduces a document's measurements of Python's memory from outside, and judges its claims.")
    parser.add_argument("--quick", action="store_true", help="one interpreter (python3) and fewer rounds; same sizes")
    parser.add_argument("--python", action="append", metavar="PATH", help="this interpreter; repeatable (every CPython found)")
    parser.add_argument("--claim", action="append", type=int, metavar="N", choices=[claim.number for claim in CLAIMS],
                        help="this claim, 1 to 7; repeatable (all)")
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="timed runs of each arm (10 or 20; quick: 6 or 10)")
    parser.add_argument("--scale", type=_scale, default=1.0, metavar="X", help="the document's sizes times X (1)")
    parser.add_argument("--output", metavar="FOLDER", type=pathlib.Path, default=ROOT / "build" / "reproduction",
                        help="for reports and raw values (build/reproduction)")
    parser.add_argument("--resume", action="store_true", help="keep what FOLDER has of these experiments, run the rest")
    parser.add_argument("--tool", metavar="PATH", type=pathlib.Path, help="this heapledger, instead of building one")
    options = parser.parse_args(arguments)
    options.output = options.output.resolve()
    if options.output.exists() and not options.output.is_dir():
        parser.error(f"--output {options.output}: this is no folder")
    if options.tool and not options.tool.is_file():
        parser.error(f"--tool {options.tool}: there is no such file")
    wanted = set(options.claim or [])
    options.claims = [claim for claim in CLAIMS if not wanted or claim.number in wanted]
    return parser, options
