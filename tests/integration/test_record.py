"""heapledger record from outside: what it refuses, how it ends, what it passes on, and what it leaves behind."""

import errno
import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from target import SHIM, TIME_LIMIT, TOOL, environment

PYTHON = "/usr/bin/python3"
NOBODY = 65534
SHELL = os.path.realpath("/bin/sh")
NOTHING = ("sh", "-c", ":")  # allocates, and does nothing with it


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def wait_for(condition, what):
    """Until `condition` holds. The limit is for hangs: slowness is no failure."""
    end = time.monotonic() + TIME_LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.01)


class RecordTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heapledger-test-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *words, setting=None, before=None, tool=TOOL, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([tool, "record", *words], cwd=self.folder, env=environment(**(setting or {})),
                                preexec_fn=before, **options)

    def nobody(self):
        """Options of a run as somebody else. Of a copy with its shim: the folder of the build may be closed to others."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="heapledger-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        for file, inside in ((TOOL, "bin"), (SHIM, "preload")):
            (folder / inside).mkdir()
            shutil.copy(file, folder / inside)
        return {"before": as_nobody, "tool": folder / "bin" / TOOL.name}

    def finish(self, process):
        """(status, stdout, stderr)"""
        out, err = process.communicate(timeout=TIME_LIMIT)
        decoded = [(text or b"").decode("utf-8", "surrogateescape") for text in (out, err)]
        return process.returncode, *decoded

    def record(self, *words, **options):
        return self.finish(self.start(*words, **options))

    def program(self, text, name="program.py", mode=0o644):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def python(self, text):
        """Words of a command that runs this text."""
        return PYTHON, "-I", "-c", text

    def files(self):
        return sorted(os.listdir(self.folder))

    def ledger(self):
        """The one ledger in the folder."""
        ledgers = [name for name in self.files() if name.endswith(".hl")]
        self.assertEqual(1, len(ledgers), self.files())
        return self.folder / ledgers[0]

    def log(self, name="x.hl"):
        """Lines of the session log of a recording with --keep-raw."""
        text = (self.folder / f"{name}.raw" / "session.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def make_image(self, name, change, source=SHELL):
        """A copy of a program with `change(bytes)` applied to it."""
        image = bytearray(pathlib.Path(source).read_bytes())
        change(image)
        path = self.folder / name
        path.write_bytes(image)
        path.chmod(0o755)
        return path


def segments(image):
    """(offset of the program header, its type, offset of its contents, their size)"""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        at = table + i * size
        kind, = struct.unpack_from("<I", image, at)
        offset, = struct.unpack_from("<Q", image, at + 8)
        length, = struct.unpack_from("<Q", image, at + 32)
        yield at, kind, offset, length


def make_static(image):
    for at, kind, _, _ in segments(image):
        if kind == 3:  # PT_INTERP
            struct.pack_into("<I", image, at, 0)


def set_loader(path):
    def change(image):
        for _, kind, offset, length in segments(image):
            if kind == 3:
                image[offset:offset + length] = path.encode().ljust(length, b"\0")
    return change


def set_byte(at, value):
    def change(image):
        image[at] = value
    return change


class Refusals(RecordTest):
    """Each is one sentence, and nothing was started or left behind."""

    def refused(self, status, *words, says=(), **options):
        before = self.files()
        got, out, err = self.record(*words, **options)
        self.assertEqual(("", status), (out, got), err)
        self.assertRegex(err, r"\Aheapledger: error: [^\n]+[^.\n]\n\Z")
        for part in says:
            self.assertIn(part, err)
        self.assertEqual(before, self.files())
        return err

    def test_no_command(self):
        self.refused(2, says=["CMD... is missing"])
        self.refused(2, "-q", "--", says=["CMD... is missing"])

    def test_unknown_option(self):
        self.refused(2, "--forse", "--", *NOTHING, says=["--forse"])
        self.refused(2, "--stacks", "all", "--", *NOTHING, says=["python|none"])

    def test_missing_commands(self):
        self.refused(2, "--", "no-such-command", says=["'no-such-command'", "PATH"])
        self.refused(2, "--", "./no-such-file", says=["'./no-such-file'", "check the path"])
        self.refused(2, "--", "", says=["empty word"])
        self.refused(2, "--", str(self.folder), says=["is a directory"])

    def test_scripts_that_cannot_be_executed(self):
        self.program("pass", "app.py")
        self.refused(2, "--", "./app.py", says=["not executable", "python3 ./app.py"])
        self.refused(2, "--", "app.py", says=["not in PATH", "python3 app.py"])
        self.program("exit 0", "run", 0o644)
        self.refused(2, "--", "./run", says=["chmod +x ./run"])
        self.program("#!/bin/sh\n", "go", 0o755)
        self.refused(2, "--", "go", says=["./go"])

    def test_missing_interpreters(self):
        self.program("#!/no/such/python\n", "a", 0o755)
        self.refused(2, "--", "./a", says=["/no/such/python", "first line"])
        self.program("#!/usr/bin/env no-such-python\n", "b", 0o755)
        self.refused(2, "--", "./b", says=["no-such-python"])
        self.program("#!/bin/sh\r\n", "c", 0o755)
        self.refused(2, "--", "./c", says=["Windows", "sed -i"])

    def test_static_executables(self):
        image = self.make_image("static", make_static)
        self.refused(3, "--", "./static", says=["'./static' is statically linked"])
        self.program(f"#!{image}\n", "script", 0o755)
        self.refused(3, "--", "./script", says=["which runs './script'", "statically linked"])
        self.refused(3, "--", "static", setting={"PATH": f"{self.folder}:/bin"}, says=["statically linked"])

    def test_other_machines_and_libraries(self):
        self.make_image("other", set_byte(18, 183))
        self.refused(3, "--", "./other", says=["another processor", "183"])
        self.make_image("narrow", set_byte(4, 1))
        self.refused(3, "--", "./narrow", says=["32-bit", "64-bit"])
        self.make_image("order", set_byte(5, 2))
        self.refused(3, "--", "./order", says=["another processor"])
        self.make_image("musl", set_loader("/lib/ld-musl-x86_64.so.1"))
        self.refused(3, "--", "./musl", says=["another C library", "/lib/ld-musl-x86_64.so.1"])
        loader = next(bytes(image[o:o + n]) for image in [pathlib.Path(SHELL).read_bytes()]
                      for _, kind, o, n in segments(image) if kind == 3).rstrip(b"\0").decode()
        self.make_image("lost", set_loader("/z/" + os.path.basename(loader)))
        self.refused(3, "--", "./lost", says=["cannot start here", "/z/"])

    @unittest.skipUnless(os.geteuid() == 0, "only root can make such files")
    def test_other_rights(self):
        nobody = self.nobody()
        for name, bit, word in (("setuid", stat.S_ISUID, "user"), ("setgid", stat.S_ISGID, "group")):
            image = self.make_image(name, lambda _: None)
            image.chmod(0o755 | bit)
            self.refused(3, "--", f"./{name}", **nobody, says=[f"rights of another {word}", name])
        image = self.make_image("capable", lambda _: None)
        try:
            os.setxattr(image, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
        except OSError as problem:
            self.skipTest(f"no file capabilities here: {problem}")
        self.refused(3, "--", "./capable", **nobody, says=["file capabilities"])

    def test_own_rights_are_fine(self):
        image = self.make_image("setuid", lambda _: None)
        image.chmod(0o4755)
        self.assertEqual(0, self.record("-o", "x.hl", "--", "./setuid", "-c", ":")[0])

    def test_missing_shim(self):
        self.refused(3, "--", *NOTHING, setting={"HEAPLEDGER_PRELOAD": "/no/such.so"},
                     says=["HEAPLEDGER_PRELOAD", "/no/such.so"])
        lonely = self.folder / "bin" / "heapledger"
        lonely.parent.mkdir()
        shutil.copy(TOOL, lonely)
        self.refused(3, "--", *NOTHING, tool=lonely,
                     says=[f"{self.folder}/lib", f"{self.folder}/preload/", "HEAPLEDGER_PRELOAD"])

    def test_outputs(self):
        (self.folder / "old.hl").write_text("precious", encoding="ascii")
        self.refused(2, "-o", "old.hl", "--", *NOTHING, says=["'old.hl' exists", "-f"])
        self.assertEqual("precious", (self.folder / "old.hl").read_text(encoding="ascii"))
        (self.folder / "sub").mkdir()
        self.refused(2, "-f", "-o", "sub", "--", *NOTHING, says=["is a folder"])
        self.refused(2, "-o", "none/x.hl", "--", *NOTHING, says=["'none' does not exist"])
        self.refused(2, "-o", "-", "--", *NOTHING, says=["standard output"])
        self.refused(2, "-f", "-o", "/dev/null", "--", *NOTHING, says=["'/dev/null' is no regular file"])
        self.refused(2, "-o", "x" * 255, "--", *NOTHING, says=["-o"])

    @unittest.skipUnless(os.geteuid() == 0, "root becomes somebody else for this")
    def test_unwritable_output(self):
        nobody = self.nobody()
        self.refused(2, "--", *NOTHING, **nobody, says=["cannot write to the current folder", "-o"])
        self.refused(2, "-o", "/x.hl", "--", *NOTHING, **nobody, says=["cannot write to the folder '/'"])

    def test_raw_traces_of_an_earlier_recording(self):
        raw = self.folder / "x.hl.raw"
        raw.mkdir()
        (raw / "1-0.raw").touch()
        self.refused(2, "-o", "x.hl", "--", *NOTHING, says=["heapledger pack", "-f"])
        (raw / "mine.txt").touch()
        self.refused(2, "-f", "-o", "x.hl", "--", *NOTHING, says=["'mine.txt'"])
        (raw / "mine.txt").unlink()
        self.assertEqual(0, self.record("-f", "-o", "x.hl", "--", *NOTHING)[0])
        self.assertEqual(["x.hl"], self.files())

    def test_what_only_the_kernel_refuses(self):
        self.program(f"#!{self.folder}/ring\n", "ring", 0o755)
        self.refused(2, "-o", "x.hl", "--", "./ring", says=["cannot start './ring'", os.strerror(errno.ELOOP)])


class Statuses(RecordTest):
    def ends(self, status, text):
        got, out, err = self.record("-o", "x.hl", "--", *self.python(text))
        self.assertEqual((status, ""), (got, out), err)
        self.assertEqual(["x.hl"], self.files())
        self.assertIn("heapledger: wrote x.hl (", err)
        return err

    def test_success(self):
        self.assertIn("next: heapledger report x.hl\n", self.ends(0, "pass"))

    def test_failure(self):
        self.ends(7, "raise SystemExit(7)")

    def test_killed(self):
        self.ends(128 + 9, "import os; os.kill(os.getpid(), 9)")

    def test_crashed(self):
        self.ends(128 + 11, "import os; os.kill(os.getpid(), 11)")

    def test_statuses_of_our_own_meaning_are_passed_on(self):
        self.ends(3, "raise SystemExit(3)")

    def never_loaded(self, status):
        shim = self.program("no library", "shim.so")
        got, _, err = self.record("--", "sh", "-c", f"echo ran; exit {status}", setting={"HEAPLEDGER_PRELOAD": shim})
        self.assertEqual(["shim.so"], self.files())
        self.assertRegex(err, r"heapledger: error: the recorder was never loaded into 'sh' \(process \d+\)")
        return got

    def test_never_loaded(self):
        self.assertEqual(3, self.never_loaded(0))
        self.assertEqual(5, self.never_loaded(5))

    def incomplete(self, status):
        """The trace runs into a file size limit; so would everything else, were it that large."""
        limit = 400 * 1024
        got, out, err = self.record(
            "-o", "x.hl", "-f", "--", *self.python(
                f"for i in range(100): x = [object() for j in range(10000)]\n"
                f"print('done')\nraise SystemExit({status})"),
            before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual("done\n", out, err)
        self.assertIn("heapledger: warning: incomplete: ", err)
        self.assertLess(err.index("incomplete"), err.index("wrote x.hl"))
        return got

    def test_incomplete(self):
        self.assertEqual(3, self.incomplete(0))
        self.assertEqual(4, self.incomplete(4))

    def test_packing_fails(self):
        got, _, err = self.record("-o", "x.hl", "--", *self.python("import os; os.mkdir('x.hl'); open('x.hl/y', 'w')"))
        self.assertEqual(3, got, err)
        self.assertIn("heapledger: error: packing failed: ", err)
        self.assertIn(f"heapledger: the raw traces are kept in {self.folder}/x.hl.raw", err)
        self.assertEqual(["x.hl", "x.hl.raw"], self.files())


class Signals(RecordTest):
    """Signals reach the command as they would without the recorder, and the ledger is written in any case."""

    HANDLES = """
import os, signal, sys, time
def stop(number, frame):
    print("got", number, flush=True)
    sys.exit(20)
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, stop)
open("ready", "w").close()
while True:  # pause() would sleep on when the signal has just come
    time.sleep(0.01)
"""

    def interrupted(self, text, send):
        process = self.start("-o", "x.hl", "--", *self.python(text), start_new_session=True)
        wait_for((self.folder / "ready").exists, "the program to begin")
        send(process)
        status, out, err = self.finish(process)
        self.assertTrue((self.folder / "x.hl").exists(), err)
        return status, out

    def test_ctrl_c(self):
        for number in (signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number):
                (self.folder / "ready").unlink(missing_ok=True)
                (self.folder / "x.hl").unlink(missing_ok=True)
                self.assertEqual((20, f"got {int(number)}\n"),
                                 self.interrupted(self.HANDLES, lambda process: os.killpg(process.pid, number)))

    def test_ctrl_c_that_kills(self):
        text = "import signal; signal.signal(2, signal.SIG_DFL); open('ready', 'w').close(); signal.pause()"
        self.assertEqual((130, ""), self.interrupted(text, lambda process: os.killpg(process.pid, signal.SIGINT)))

    def test_ctrl_c_of_a_program_that_ignores_it(self):
        text = ("import os, signal, time; signal.signal(2, signal.SIG_IGN); open('ready', 'w').close()\n"
                "while os.path.exists('ready') and not os.path.exists('go'): time.sleep(0.01)")

        def send(process):
            os.killpg(process.pid, signal.SIGINT)
            (self.folder / "go").touch()
        self.assertEqual((0, ""), self.interrupted(text, send))

    def test_termination_is_passed_on(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                (self.folder / "ready").unlink(missing_ok=True)
                (self.folder / "x.hl").unlink(missing_ok=True)
                self.assertEqual((20, f"got {int(number)}\n"),
                                 self.interrupted(self.HANDLES, lambda process: process.send_signal(number)))

    def test_the_command_starts_with_the_signals_of_the_caller(self):
        show = ("import re; print(re.findall('(?m)^Sig(?:Blk|Ign):.*', open('/proc/self/status').read()), flush=True); "
                "import os; os.system('exit 3')")

        def unusual():
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGTERM, signal.SIGUSR2})

        def usual():
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)

        for before in (usual, unusual):
            with self.subTest(before.__name__):
                bare = subprocess.run(self.python(show), preexec_fn=before, capture_output=True, check=False)
                status, out, err = self.record("-f", "-o", "x.hl", "--", *self.python(show), before=before)
                self.assertEqual((bare.returncode, bare.stdout.decode()), (status, out), err)
                self.assertNotEqual("", out)


class Orphans(RecordTest):
    """record waits for everything that the command started, also for what the command does not wait for."""

    # Waits for a file instead of a time, so that the test says when it ends; ends with the folder, too, so that a
    # failed test leaves nothing running. Leaves the command's session.
    DAEMON = """
import os, sys, time
folder = os.getcwd()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("daemon", "w").write(str(os.getpid()))
        while os.path.exists(folder) and not os.path.exists("go"):
            time.sleep(0.01)
        open("finished", "w").close()
        os._exit(9)
    os._exit(0)
os.wait()
print("command ends", flush=True)
"""

    def text(self, name):
        return (self.folder / name).read_text(encoding="utf-8") if (self.folder / name).exists() else ""

    def start_daemon(self, *options, before=None):
        """Files and not pipes: the daemon would keep them open."""
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err:
            process = self.start(*options, "-o", "x.hl", "--", *self.python(self.DAEMON), stdout=out, stderr=err,
                                 before=before)
        self.addCleanup((self.folder / "go").touch)
        wait_for(lambda: self.text("daemon"), "the daemon")
        wait_for(lambda: self.text("out") == "command ends\n", "the command to end")
        return process, int(self.text("daemon"))

    def test_are_waited_for(self):
        process, daemon = self.start_daemon("--keep-raw")
        wait_for(lambda: "\n" in self.text("err"), "the message, which comes after a second")
        self.assertIn(f"waiting for 1 process that it started: {daemon} (python3). Ctrl-C", self.text("err"))
        (self.folder / "go").touch()
        self.assertEqual(0, process.wait(TIME_LIMIT), self.text("err"))
        self.assertTrue((self.folder / "finished").exists())
        exits = {line["pid"]: line["status"] for line in self.log() if line["type"] == "exit"}
        self.assertEqual(9, os.WEXITSTATUS(exits[daemon]))

    def test_ctrl_c_ends_the_wait(self):
        process, daemon = self.start_daemon()
        wait_for(lambda: "Ctrl-C" in self.text("err"), "the message, which comes after a second")
        process.send_signal(signal.SIGINT)
        self.assertEqual(3, process.wait(TIME_LIMIT), self.text("err"))
        self.assertIn(f"incomplete: one process was still running when the recording was ended: {daemon} (python3)\n",
                      self.text("err"))
        self.assertIn("the raw traces are kept in", self.text("err"))
        self.assertTrue((self.folder / "x.hl").exists())
        self.assertTrue((self.folder / "x.hl.raw" / f"{daemon}-0.raw").exists())
        os.kill(daemon, 0)

    def test_signals_that_nohup_ignores_do_not_end_the_wait(self):
        process, _ = self.start_daemon(before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        wait_for(lambda: "Ctrl-C" in self.text("err"), "the message, which comes after a second")
        process.send_signal(signal.SIGHUP)
        (self.folder / "go").touch()
        self.assertEqual(0, process.wait(TIME_LIMIT), self.text("err"))
        self.assertNotIn("incomplete", self.text("err"))

    def test_quiet_says_nothing_while_it_waits(self):
        process, _ = self.start_daemon("-q")
        time.sleep(1.5)  # longer than the message takes to come
        (self.folder / "go").touch()
        self.assertEqual((0, ""), (process.wait(TIME_LIMIT), self.text("err")))


class Streams(RecordTest):
    COPY = "import sys; sys.stdout.write(sys.stdin.read()); sys.stderr.write('mine\\n')"

    def test_standard_output_is_the_programs(self):
        for options in ((), ("-q",), ("--keep-raw",), ("--stacks", "none")):
            with self.subTest(options):
                process = self.start(*options, "-f", "-o", "x.hl", "--", *self.python(self.COPY), stdin=subprocess.PIPE)
                out, err = process.communicate(b"words\n", timeout=TIME_LIMIT)
                self.assertEqual((0, b"words\n"), (process.returncode, out))
                self.assertTrue(err.startswith(b"mine\n"))
                if "-q" in options:
                    self.assertEqual(b"mine\n", err)
                shutil.rmtree(self.folder / "x.hl.raw", ignore_errors=True)

    def test_closed_streams(self):
        def close_all():
            for file in (0, 1, 2):
                os.close(file)
        status, _, _ = self.record("-o", "x.hl", "--", *NOTHING, before=close_all)
        self.assertEqual(0, status)
        self.assertEqual(["x.hl"], self.files())

    def test_a_reader_that_went_away(self):
        read, write = os.pipe()
        os.close(read)
        self.addCleanup(os.close, write)
        status, _, _ = self.record("-o", "x.hl", "--", *NOTHING, stderr=write)
        self.assertEqual(0, status)
        self.assertEqual(["x.hl"], self.files())

    def test_no_descriptor_is_passed_on(self):
        show = "import os; print(sorted(os.listdir('/proc/self/fd')))"
        bare = subprocess.run(self.python(show), stdin=subprocess.DEVNULL, capture_output=True, check=True)
        self.assertEqual(bare.stdout.decode(), self.record("-q", "--", *self.python(show))[1])


class Names(RecordTest):
    def test_default_name_is_the_script_and_its_process(self):
        self.program("import os; print(os.getpid())", "app.py")
        _, out, _ = self.record("-q", "--", PYTHON, "app.py")
        self.assertEqual(f"app.{out.strip()}.hl", self.ledger().name)

    def test_default_name_of_a_script_with_an_interpreter_line(self):
        self.program(f"#!{PYTHON}\nimport os; print(os.getpid())", "tool", 0o755)
        _, out, err = self.record("--", "./tool")
        self.assertEqual(f"tool.{out.strip()}.hl", self.ledger().name)
        self.assertIn(f"next: heapledger report tool.{out.strip()}.hl\n", err)

    def test_a_script_without_an_interpreter_line(self):
        self.program("echo \"$0 $1 $#\"\n", "plain", 0o755)
        self.assertEqual((0, "./plain a b 2\n"), self.record("-q", "--", "./plain", "a b", "c")[:2])

    def test_spaces_and_quotes(self):
        (self.folder / "a b").mkdir()
        status, _, err = self.record("-o", "a b/it's.hl", "--", *NOTHING)
        self.assertEqual(0, status, err)
        self.assertIn("next: heapledger report 'a b/it'\\''s.hl'\n", err)
        self.assertEqual(["it's.hl"], os.listdir(self.folder / "a b"))

    def test_bytes_that_are_no_text(self):
        name = b"caf\xe9"
        script = os.fsencode(self.folder) + b"/" + name + b".py"
        with open(script, "wb") as file:
            file.write(b"import os, sys; print(os.fsencode(sys.argv[1]))")
        status, out, err = self.record("--keep-raw", "-o", name + b".hl", "--", PYTHON, name + b".py", b"\xff\xfe")
        self.assertEqual((0, "b'\\xff\\xfe'\n"), (status, out), err)
        self.assertIn(name + b".hl", os.listdir(os.fsencode(self.folder)))

    def test_shim_at_a_path_with_spaces_and_colons(self):
        for place in ("my project", "a:b"):
            with self.subTest(place):
                shim = self.folder / place / "shim.so"
                shim.parent.mkdir()
                shutil.copy(SHIM, shim)
                temporary = self.folder / f"tmp{len(place)}"
                temporary.mkdir()
                status, _, err = self.record("-f", "-o", "x.hl", "--", *NOTHING,
                                             setting={"HEAPLEDGER_PRELOAD": shim, "TMPDIR": temporary})
                self.assertEqual(0, status, err)
                self.assertEqual([], os.listdir(temporary))

    def test_many_arguments(self):
        words = [f"{i:0100}" for i in range(10000)]
        status, out, err = self.record("-q", "--", *self.python("import sys; print(len(sys.argv), sys.argv[-1][-5:])"),
                                       *words)
        self.assertEqual((0, "10001 09999\n", ""), (status, out, err))

    def test_options_of_the_command_are_its_own(self):
        self.assertEqual("-o -f --help -- --\n", self.record("-q", "--", "echo", "-o", "-f", "--help", "--", "--")[1])
        self.assertEqual("-o -q\n", self.record("-q", "echo", "-o", "-q")[1])

    def test_force_replaces(self):
        (self.folder / "x.hl").write_text("old", encoding="ascii")
        self.assertEqual(0, self.record("-f", "-o", "x.hl", "--", *NOTHING)[0])
        self.assertNotEqual(b"old", (self.folder / "x.hl").read_bytes()[:3])


class Environment(RecordTest):
    """What the command is started with; what it sees of that: test_environment.py."""

    SHOW = "print(open('/proc/self/environ').read().replace('\\0', '\\n'), end='')"

    def shown(self, *options, **setting):
        status, out, err = self.record(*options, "-q", "-o", "x.hl", "-f", "--", *self.python(self.SHOW),
                                       setting=setting)
        self.assertEqual((0, ""), (status, err))
        return dict(line.split("=", 1) for line in out.splitlines())

    def test_only_what_is_needed_is_added(self):
        bare = environment(A="1")
        shown = self.shown(A="1")
        self.assertEqual(str(SHIM), shown.pop("LD_PRELOAD"))
        self.assertEqual(f"{self.folder}/x.hl.raw", shown.pop("HEAPLEDGER_OUT"))
        self.assertEqual("python", shown.pop("HEAPLEDGER_STACKS"))
        self.assertEqual(bare, shown)

    def test_libraries_that_are_preloaded_already_stay(self):
        libc = next(line.split()[-1] for line in open("/proc/self/maps", encoding="ascii") if "libc.so" in line)
        self.assertEqual(f"{SHIM}:{libc}", self.shown(LD_PRELOAD=libc)["LD_PRELOAD"])

    def test_options_win_over_the_environment(self):
        shown = self.shown("--stacks", "none", HEAPLEDGER_STACKS="python", HEAPLEDGER_OUT="/elsewhere")
        self.assertEqual(("none", f"{self.folder}/x.hl.raw"), (shown["HEAPLEDGER_STACKS"], shown["HEAPLEDGER_OUT"]))

    def test_recording_a_recording(self):
        status, out, err = self.record("-o", "outer.hl", "--", TOOL, "record", "-o", "inner.hl", "--",
                                       *self.python("print('in', end='')"))
        self.assertEqual((0, "in"), (status, out), err)
        self.assertEqual(["inner.hl", "outer.hl"], self.files())
        self.assertEqual(2, err.count("heapledger: wrote "))


class SessionLog(RecordTest):
    def test_says_what_ran_and_how_it_ended(self):
        before = time.monotonic_ns()
        self.record("--keep-raw", "-o", "x.hl", "--", "sh", "-c", f"{PYTHON} -c 'raise SystemExit(6)'; kill -9 $$")
        lines = self.log()
        first, last = lines[0], lines[-1]
        self.assertEqual(("command", 1, str(self.folder)), (first["type"], first["schema"], first["cwd"]))
        self.assertEqual(["sh", "-c"], first["argv"][:2])
        self.assertEqual("end", last["type"])
        exits = {(line["pid"], line["start_ticks"]): line for line in lines if line["type"] == "exit"}
        end = exits[first["pid"], first["start_ticks"]]
        self.assertEqual(9, os.WTERMSIG(end["status"]))
        times = [before, first["start_monotonic_ns"], end["t_ns"], last["t_ns"], time.monotonic_ns()]
        self.assertEqual(sorted(times), times)

    def test_resident_memory_is_what_the_program_touched(self):
        size = 96 << 20
        text = (f"import os, time; x = bytearray(b'x') * {size}; open('ready', 'w').close()\n"
                "while os.path.exists('ready') and not os.path.exists('go'): time.sleep(0.01)")
        process = self.start("-q", "--keep-raw", "-o", "x.hl", "--", *self.python(text))
        wait_for((self.folder / "ready").exists, "the program to touch its memory")
        log = self.folder / "x.hl.raw" / "session.jsonl"
        count = log.read_text(encoding="utf-8").count('"rss"')
        wait_for(lambda: log.read_text(encoding="utf-8").count('"rss"') > count + 2, "more readings")
        (self.folder / "go").touch()
        self.assertEqual(0, self.finish(process)[0])
        readings = [line for line in self.log() if line["type"] == "rss"]
        peak = max(line["resident"] for line in readings)
        self.assertGreater(peak, size)
        self.assertLess(peak, size + (64 << 20))
        self.assertTrue(all(line["file"] <= line["resident"] for line in readings))
        self.assertEqual(sorted(line["t_ns"] for line in readings), [line["t_ns"] for line in readings])

    def test_a_recorder_that_is_killed_leaves_traces_that_can_be_packed(self):
        text = ("import os, time; open('ready', 'w').write(str(os.getpid()))\n"
                "while os.path.exists('ready') and not os.path.exists('go'): time.sleep(0.01)")
        process = self.start("-o", "x.hl", "--", *self.python(text))
        ready = self.folder / "ready"
        wait_for(lambda: ready.exists() and ready.read_text(), "the program")
        process.kill()
        (self.folder / "go").touch()
        self.finish(process)
        done = subprocess.run([TOOL, "pack", "x.hl.raw", "-o", "x.hl"], cwd=self.folder, capture_output=True,
                              check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("command", self.log()[0]["type"])


if __name__ == "__main__":
    sys.exit("run with run.py")
