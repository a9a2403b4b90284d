"""Threads, locks, queues, thread-local data, pools and daemons; prints what came out."""

import concurrent.futures
import queue
import threading
import weakref


class Local(threading.local):
    def __init__(self):
        self.items = []


class Thing:
    pass


local, lock, total = Local(), threading.Lock(), 0
jobs = queue.Queue(50)
gone = []


def worker():
    global total
    while True:
        number = jobs.get()
        if number is None:
            break
        local.items.append({"number": number, "text": str(number) * 5})
        thing = Thing()
        weakref.finalize(thing, gone.append, number)
        with lock:
            total += number
    with lock:
        total += sum(item["number"] for item in local.items)


threads = [threading.Thread(target=worker) for _ in range(8)]
for thread in threads:
    thread.start()
for number in range(20000):
    jobs.put(number)
for _ in threads:
    jobs.put(None)
for thread in threads:
    thread.join()
print(total, len(gone))
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: len(str(2 ** n)), range(1000))))
timer_ran = threading.Event()
threading.Timer(0.01, timer_ran.set).start()
print(timer_ran.wait(10))


def for_ever():
    while True:
        [bytes(100) for _ in range(100)]


threading.Thread(target=for_ever, daemon=True).start()  # still allocating while the interpreter goes down
