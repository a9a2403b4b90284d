"""What a reproduction was measured on and with: words for its report."""

import os
import platform
import re
import subprocess
import time


def _match(path, pattern):
    """The first group of a pattern in a file; empty when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
        return found.group(1) if found else ""
    except OSError:
        return ""


def _machine():
    kind = "a virtual machine" if _match("/proc/cpuinfo", r"^flags.*\b(hypervisor)\b") else "a machine"
    parts = [f"{kind} with {os.cpu_count()} processors ({platform.machine()})"]
    memory = _match("/proc/meminfo", r"^MemTotal: *(\d+) kB")
    if memory:
        parts.append(f"{int(memory) / 2 ** 20:.1f} GiB")
    parts.append(_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'))
    parts.append(f"{platform.system()} {platform.release()}")
    return ", ".join(filter(None, parts))


def of(tool):
    """date, machine, tool: for a report's settings."""
    said = subprocess.run([tool, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.strip()
    return {"date": time.strftime("%Y-%m-%d"), "machine": _machine(), "tool": said or str(tool)}
