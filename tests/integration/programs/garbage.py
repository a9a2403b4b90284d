"""Garbage that only the collector can free, and what gc itself says about it, as JSON. Leaves before the interpreter's end."""

import gc
import json
import os
import sys
import threading


class Knot:
    def __init__(self):
        self.self = self
        self.weight = bytearray(70001)  # the line of the garbage


def tie(count):
    for _ in range(count):
        Knot()


gc.collect()
gc.disable()
tie(40)
gc.collect()
thread = threading.Thread(target=lambda: (tie(20), gc.collect()))
thread.start()
thread.join()
gc.collect(0)
kept = [[] for _ in range(200)]
gc.enable()
for _ in range(50):
    kept.append([[] for _ in range(500)])
gc.disable()
print(json.dumps([generation["collections"] for generation in gc.get_stats()]))
sys.stdout.flush()
os._exit(0)
