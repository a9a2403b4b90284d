"""Runs into the limit of recursion again and again, with collections at every depth, the last included; prints how often."""

import gc


class Node:
    pass


def descend(kept):
    kept = [[], [], [], kept]
    descend(kept)


stopped = 0
for turn in range(200):
    gc.set_threshold(3 + turn % 7)
    try:
        descend([Node()])
    except RecursionError:
        stopped += 1
print(stopped)
