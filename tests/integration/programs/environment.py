"""What a Python program sees of its environment, and what a child sees that it starts."""

import os
import subprocess
import sys

if sys.argv[1:] == ["child"]:
    print(sorted(os.environ.items()))
    raise SystemExit

print(list(os.environ.items()))
print(list(os.environb.items()))
print(list(sys.modules["posix"].environ.items()))
print(getattr(os, "reload_environ", lambda: None)(), list(os.environ.items()))
child = [sys.executable, "-S", __file__, "child"]
for environment in (None, {}, {"A": "own"}, dict(os.environ), {"LD_PRELOAD": "libm.so.6"}):
    print(subprocess.run(child, env=environment, check=True, stdout=subprocess.PIPE).stdout.decode())
sys.stdout.flush()
command = f"echo [$LD_PRELOAD$HEAPLEDGER_OUT]; '{sys.executable}' -S '{__file__}' child"
os.system(command)
print(os.popen(command).read())
os.environ.clear()
print(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout.decode())
sys.stdout.flush()
os.execve(child[0], child, {"A": "the last"})
