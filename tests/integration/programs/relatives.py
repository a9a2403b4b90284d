"""A parent and its forked child, both with objects at the same time: of a class of its own each, and of one that both
have, whose instances have an attribute more in the child."""

import os
import sys


class Shared:
    def __init__(self, number):
        self.number = number


class OfParent:
    def __init__(self, number):
        self.left = self.right = number


class OfChild:
    def __init__(self, number):
        self.only = number


def build(in_child):
    own = OfChild if in_child else OfParent
    shared = [Shared(i) for i in range(COUNT)]
    for one in shared if in_child else ():
        one.further = one.number  # not in a method: from 3.14 on, a class knows beforehand what its methods assign
    return shared, [own(i) for i in range(COUNT)]


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
