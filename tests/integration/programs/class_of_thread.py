"""Only a thread that has ended by now made instances of the class.  class_of_thread.py [exit]    exit: leaves by _exit"""

import gc
import os
import sys
import threading

gc.disable()
spread = [tuple(range(100, 200)) for _ in range(20_000)]   # blocks that lie where classes do, between these two


class First:
    pass


class Book:
    def __init__(self, number):
        self.title = number
        self.isbn = number


spread += [tuple(range(100, 200)) for _ in range(20_000)]


class Last:
    pass


others = [First(), Last()]
kept = []
thread = threading.Thread(target=lambda: kept.extend(Book(number) for number in range(20_000)))
thread.start()
thread.join()
del spread
gc.enable()   # for the last collection
print(len(kept))
if sys.argv[1:] == ["exit"]:
    sys.stdout.flush()
    os._exit(0)
