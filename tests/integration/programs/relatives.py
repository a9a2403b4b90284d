"""A parent and its forked child, both with objects at the same time: of a class of its own each, and of one that both
have, whose instances have an attribute more in the child."""

import os
import sys


class Shared:
    def __init__(self, number, in_child):
        self.number = number
        if in_child:
            self.further = number


class OfParent:
    def __init__(self, number):
        self.left = self.right = number


class OfChild:
    def __init__(self, number):
        self.only = number


def build(in_child):
    own = OfChild if in_child else OfParent
    return [Shared(i, in_child) for i in range(COUNT)], [own(i) for i in range(COUNT)]


COUNT = int(sys.argv[1])
ready, told = os.pipe()
ended, over = os.pipe()
child = os.fork()
if child == 0:
    os.close(over)
    kept = build(True)
    os.write(told, b"x")
    os.read(ended, 1)  # until the parent has closed its end
else:
    os.read(ready, 1)
    kept = build(False)
    os.close(over)
    print(len(kept[0]), os.waitpid(child, 0)[1])
