"""Tasks, queues, locks, streams and subprocesses of asyncio; prints what came out."""

import asyncio
import sys


async def producer(queue, start):
    for number in range(start, start + 500):
        await queue.put(number)
        if number % 50 == 0:
            await asyncio.sleep(0)


async def consumer(queue, sums, name):
    while True:
        number = await queue.get()
        sums[name] += number
        queue.task_done()


async def echo(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def talk(port, words):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for word in words:
        writer.write(word.encode() + b"\n")
        await writer.drain()
        answers.append((await reader.readline()).decode().strip())
    writer.close()
    return answers


async def failing():
    await asyncio.sleep(0)
    raise LookupError("as planned")


async def main():
    queue, sums = asyncio.Queue(20), {"a": 0, "b": 0}
    consumers = [asyncio.create_task(consumer(queue, sums, name)) for name in sums]
    await asyncio.gather(*(producer(queue, start) for start in (0, 1000, 2000)))
    await queue.join()
    for task in consumers:
        task.cancel()
    results = await asyncio.gather(*consumers, failing(), return_exceptions=True)
    print(sum(sums.values()), [type(result).__name__ for result in results])
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(talk(port, [f"word {i} {j}" for j in range(3)]) for i in range(10))))
    server.close()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(input()[::-1])", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print((await child.communicate(b"backwards\n"))[0], child.returncode)


asyncio.run(main())
