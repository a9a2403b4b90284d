"""Parses and writes JSON of many shapes; prints a digest."""

import hashlib
import json
import random

rng = random.Random(1)


def document(depth):
    if depth == 0:
        return rng.choice([None, True, rng.random(), rng.randint(-10**12, 10**12), "häß\u65e5\n" * rng.randint(0, 9)])
    if rng.random() < 0.5:
        return [document(depth - 1) for _ in range(rng.randint(0, 6))]
    return {f"key {rng.randint(0, 99)}": document(depth - 1) for _ in range(rng.randint(0, 6))}


digest = hashlib.sha256()
for _ in range(300):
    text = json.dumps(document(5), sort_keys=True, indent=rng.choice([None, 2]))
    assert json.dumps(json.loads(text), sort_keys=True) == json.dumps(json.loads(text), sort_keys=True)
    digest.update(text.encode())
for broken in ('{"a": ', "[1, 2", '"\\u12"', "nul", "[" * 100000):
    try:
        json.loads(broken)
    except (ValueError, RecursionError) as problem:
        digest.update(type(problem).__name__.encode())
print(digest.hexdigest())
