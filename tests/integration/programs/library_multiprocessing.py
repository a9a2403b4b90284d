"""Pools, queues, pipes and shared memory with the start method given; prints what came out. METHOD as argument."""

import multiprocessing
import os
import sys


def square(number):
    return number, number * number, "x" * number


def child(connection, queue, value):
    kept = [bytes(1000) for _ in range(100)]
    with value.get_lock():
        value.value += len(kept)
    queue.put({"from": "child", "items": list(range(100))})
    connection.send([number * 2 for number in connection.recv()])
    connection.close()


def fails():
    sys.exit(5)


def leaves():
    os._exit(6)


def main():
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool:
        results = pool.map(square, range(200), chunksize=7)
        pool.close()  # leaving the block would kill workers, and one that never came to run leaves no trace
        pool.join()
    print(sum(r[1] for r in results), sum(len(r[2]) for r in results))
    ours, theirs = context.Pipe()
    queue, value = context.Queue(), context.Value("i", 5)
    process = context.Process(target=child, args=(theirs, queue, value))
    process.start()
    ours.send([1, 2, 3])
    print(ours.recv(), queue.get(), value.value)
    process.join()
    codes = [process.exitcode]
    for target in (fails, leaves):
        process = context.Process(target=target)
        process.start()
        process.join()
        codes.append(process.exitcode)
    print(codes)


if __name__ == "__main__":
    main()
