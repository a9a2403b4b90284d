"""Makes interpreters beside the main one, and has each make classes, objects and garbage.

Arguments: a folder, what to do (below), the kind ("shared" or "own" lock), how many interpreters, how many objects in each.
FOLDER/NAME.json says how the collector of each was when its first line ran. Its collections are in FOLDER/NAME.gc: gc.get_stats()
as it was in the end; or, of interpreters that end, as it was in the beginning, then the generation of each collection, also
of those in its end. Leaves before the main interpreter's end.

  alive     one after the other; all of them live until the process ends
  threads   the same, each in a thread of its own, all at once
  ending    each ends before the next one begins
  enabling  they switch their collectors on, and it must still be on after visits of the main one; then they end
  handed    each is made by a thread and ended by the main one, which sets its collector and makes classes then
  switching threads go back and forth between interpreters of their own and the main one, and make objects in both
"""

import gc
import json
import os
import sys
import threading

CODE = """
import gc, json, os, sys
at_start = {{"enabled": gc.isenabled(), "thresholds": gc.get_threshold(), "frozen": gc.get_freeze_count()}}
at_start["collections"] = [one["collections"] for one in gc.get_stats()]
with open({file!r} + ".json", "w") as file:
    json.dump(at_start, file)

def count(phase, info, write=os.write, log=os.open({file!r} + ".gc", os.O_CREAT | os.O_WRONLY | os.O_APPEND)):
    if phase == "start":
        return
    write(log, b"%d\\n" % info["generation"])

def write_stats():
    gc.disable()   # up to 3.8, of all interpreters
    os.write(count.__defaults__[1], json.dumps([one["collections"] for one in gc.get_stats()]).encode() + b"\\n")

if {counts} and sys.version_info >= (3, 10):   # before, gc.callbacks is not its own
    gc.callbacks.append(count)
    enabled = gc.isenabled()
    write_stats()
    if enabled:
        gc.enable()

class {name}:
    def __init__(self, number):
        self.number = number

class Knot:
    def __init__(self):
        self.self = self

def make_kept(many):
    kept = []
    for number in range(many):
        kept.append({name}(number))
    return kept

def tie(many):
    for number in range(many):
        Knot()

kept = make_kept({many})
if gc.isenabled():
    tie(3000)
    gc.collect()
    tie(100)
    gc.collect(0)
    gc.collect(1)
"""


CLASS = """
class Late:
    pass
"""


def ways():
    """{kind: (create, run, end)}; kinds that this interpreter does not have are absent."""
    found = {}
    try:
        import _interpreters
        run = lambda number, code: raise_if(_interpreters.run_string(number, code))
        for kind, config in (("shared", "legacy"), ("own", "isolated")):
            found[kind] = (lambda config=config: _interpreters.create(config), run, _interpreters.destroy)
        return found
    except ImportError:
        pass
    try:
        import _xxsubinterpreters as old
        if sys.version_info >= (3, 12):
            found["own"] = (lambda: old.create(isolated=True), lambda n, code: raise_if(old.run_string(n, code)), old.destroy)
        flags = {} if sys.version_info < (3, 10) else {"isolated": False}
        if sys.version_info >= (3, 13):
            return found
        found["shared"] = (lambda: old.create(**flags), lambda n, code: raise_if(old.run_string(n, code)), old.destroy)
    except ImportError:
        pass
    return found


def raise_if(failure):
    if failure is not None:
        raise RuntimeError(str(failure))


class Interpreters:
    def __init__(self, folder, kind, many, ends):
        self.folder, self.many, self.ends = folder, many, ends
        self.create, self.run, self.end = ways()[kind]
        self.alive = []   # up to 3.12 an interpreter ends with its last identity

    def code(self, number):
        return CODE.format(file=os.path.join(self.folder, f"sub{number}"), name=f"Kept{number}", many=self.many, counts=self.ends)

    def one(self, number):
        identity = self.create()
        self.run(identity, self.code(number))
        if not self.ends or sys.version_info < (3, 10):
            self.run(identity, "write_stats()")
        if self.ends:
            self.end(identity)
        else:
            self.alive.append(identity)

    def enable(self):
        identity = self.create()
        self.run(identity, "import gc; gc.enable()")
        for _ in range(50):
            kept.append(make_kept(1))
            self.run(identity, "assert gc.isenabled()")
        self.end(identity)

    def hand_over(self, number):
        made = []

        def make():
            made.append(self.create())
            self.run(made[0], self.code(number))
            # Where site-packages import it, the interpreter's end waits for the thread that made it, which is gone.
            self.run(made[0], "sys.modules.pop('threading', None)")

        self.run_all(lambda _: make(), 1, [])
        self.end(made[0])
        gc.enable()
        gc.set_threshold(77)
        for _ in range(50):
            exec(CLASS, globals())
            kept.append([make_kept(1), bytearray(5000)])
            if (gc.isenabled(), gc.get_threshold()[0]) != (True, 77):
                raise RuntimeError("the collector is not as it was left")

    def together(self, count):
        barrier, failures = threading.Barrier(count), []

        def run(number):
            try:
                identity = self.create()
                self.alive.append(identity)
                barrier.wait()
                self.run(identity, self.code(number))
                barrier.wait()
                self.run(identity, "write_stats()")
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)
                barrier.abort()

        self.run_all(run, count, failures)

    @staticmethod
    def run_all(run, count, failures):
        threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for failure in failures:
            raise failure

    def back_and_forth(self, count, rounds=100):
        """Every thread makes its objects in `rounds` parts, and as many in the main interpreter."""
        part, failures = self.many // rounds, []

        def run(number):
            try:
                identity = self.create()
                self.alive.append(identity)
                self.run(identity, self.code(number).replace(f"make_kept({self.many})", "[]"))
                for _ in range(rounds):
                    self.run(identity, f"kept += make_kept({part})")
                    kept.extend(make_kept(part))
                self.run(identity, "write_stats()")
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)

        self.run_all(run, count, failures)


def main():
    folder, what, kind, count, many = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    exec(CODE.format(file=os.path.join(folder, "main"), name="Kept", many=many, counts=False), globals())
    interpreters = Interpreters(folder, kind, many, what in ("ending", "handed"))
    if what == "threads":
        interpreters.together(count)
    elif what == "enabling":
        for _ in range(count):
            interpreters.enable()
    elif what == "handed":
        for number in range(count):
            interpreters.hand_over(number)
    elif what == "switching":
        interpreters.back_and_forth(count)
    else:
        for number in range(count):
            interpreters.one(number)
    write_stats()
    print("done", what, kind, count)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:] == ["ways"]:
        print(json.dumps(sorted(ways())))
    else:
        main()
