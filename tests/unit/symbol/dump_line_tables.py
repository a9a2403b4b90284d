"""Prints the line tables of many code objects with what the running interpreter itself says about them.

One JSON object a line: hex (sys.hexversion), name, first, table (hex digits), size (bytes of code) and ranges:
[start, end, line] with line 0 for none, as co_lines() gives them (dis.findlinestarts before 3.10).
With --every it does so in every interpreter of the machine; {"interpreter": NAME} stands before the lines of each, and
{"absent": VERSION} for those that there are not.
"""

import dis
import importlib.util
import json
import os
import subprocess
import sys
import types

MODULES = """argparse ast asyncio.base_events asyncio.tasks bdb calendar codecs collections concurrent.futures.thread
configparser contextlib copy csv dataclasses datetime decimal difflib dis email.message enum functools gettext
http.client inspect json.decoder logging mailbox multiprocessing.pool numbers optparse os pathlib pickle pickletools
platform plistlib random re shutil socket ssl statistics subprocess tarfile tempfile textwrap threading tokenize
trace turtle typing unittest.mock urllib.request uuid weakref xml.dom.minidom zipfile""".split()

TABLE = "co_lnotab" if sys.version_info < (3, 10) else "co_linetable"


def ranges(code):
    if hasattr(code, "co_lines"):
        return [[start, end, line or 0] for start, end, line in code.co_lines()]
    starts = list(dis.findlinestarts(code))
    ends = [start for start, _ in starts[1:]] + [len(code.co_code)]
    return [[start, end, line] for (start, line), end in zip(starts, ends)]


def dump(code, inner=True):
    print(json.dumps({"hex": sys.hexversion, "name": "%s %s" % (code.co_filename, code.co_name),
                      "first": code.co_firstlineno, "table": getattr(code, TABLE).hex(),
                      "size": len(code.co_code), "ranges": ranges(code)}))
    for constant in code.co_consts if inner else ():
        if isinstance(constant, types.CodeType):
            dump(constant)


def synthetic():
    far = "\n" * 70000
    yield "far", "def f():\n    a = 1\n" + far + "    b = 2\n" + far + "    return (a +" + far + "        b)\n"
    yield "back", "x = f(\n" + far + "    a(\n1),\n b,\n*c,\n)\n"
    yield "tall display", "def f():\n    return [\n" + "".join("        x%d,\n" % i for i in range(3000)) + "    ]\n"
    yield "wide display", "x = [" + ", ".join("x%d" % i for i in range(1000)) + "]\ny = 1\n"
    yield "wide call", "x = f(" + "a, " * 200 + "\n" * 300 + "b)(\n1)(\n2)\n"
    yield "blocks", "\n" * 5 + ("try:\n    with a() as b, c:\n        for i in b:\n            yield_ = i\n"
                                "except E as e:\n    raise F(\n    ) from e\nfinally:\n    del b\n") * 40
    yield "generators", "async def f(a):\n    async for b in a:\n        yield [c async for c in b\n            if c]\n"


def every_interpreter():
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../integration"))
    import chroot
    import interpreters
    for one in interpreters.all_found():
        print(json.dumps({"interpreter": one.name}), flush=True)
        with open(__file__, "rb") as program:  # through a pipe: an interpreter in a chroot does not see this file
            subprocess.run([one.path, "-I", "-"], stdin=program, check=True,
                           preexec_fn=(lambda: chroot.enter(one.root, ())) if one.root != "/" else None)
    for version in interpreters.absent():
        print(json.dumps({"absent": version}))


def main():
    for name in MODULES:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin and spec.origin.endswith(".py"):
            with open(spec.origin, "rb") as source:
                dump(compile(source.read(), spec.origin, "exec", dont_inherit=True))
    for name, source in synthetic():
        code = compile(source, name, "exec")
        dump(code)
        # The same instructions without any line information, from another line, and with half of the information
        # (not later than 3.9: co_lines() itself reads behind the end of such tables).
        table = getattr(code, TABLE)
        dump(code.replace(**{TABLE: b""}), inner=False)
        if len(code.co_code) < 1000:
            dump(code.replace(co_firstlineno=1000000), inner=False)
        if TABLE == "co_lnotab":
            dump(code.replace(**{TABLE: table[:len(table) // 4 * 2]}), inner=False)


every_interpreter() if "--every" in sys.argv else main()
