"""Only a thread that has ended by now made instances of the class.  class_of_thread.py [exit]    exit: leaves by _exit"""

import os
import sys
import threading


class Book:
    def __init__(self, number):
        self.title = number
        self.isbn = number


kept = []
thread = threading.Thread(target=lambda: kept.extend(Book(number) for number in range(20_000)))
thread.start()
thread.join()
print(len(kept))
if sys.argv[1:] == ["exit"]:
    sys.stdout.flush()
    os._exit(0)
