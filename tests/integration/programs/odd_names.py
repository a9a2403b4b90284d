"""Classes whose __module__ is no str: a function, a property, numbers of all sizes. Prints how many were made."""

import os
import sys

kept = []


def make(number):
    class Function:
        exec(f"def __module__(self): return {number}")

    class Property:
        def get(self):
            return "m"

        def remove(self):
            pass
        __module__ = property(get, None, remove)

    class Key:
        locals()[number] = "a key that is no str"
    Key.__module__ = 42 + number

    class Long:
        pass
    Long.__module__ = 10 ** (1000 * number)
    kept.extend((Function(), Property(), Key(), Long()))


for i in range(40):
    make(i)
print(len(kept))
sys.stdout.flush()
os._exit(0)
