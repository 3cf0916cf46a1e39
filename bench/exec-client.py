#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The runtime's side of bench/exec.

Usage: exec-client.py DIRECTORY starts|get

DIRECTORY has the UNIX sockets of the machine: control and qmp, and with get, control and
stream, where this program listens. Prints lines of "ratio, figure, rest of the line".
"""
import json
import os
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/exec"))
from client import Client, connect  # noqa: E402

TIMES = 40
FILE = "/tmp/file"
MIB = 256


class Counter:
    """The instructions that the machine has executed: none while it waits."""

    def __init__(self, path):
        self.stream = connect(path).makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command):
        self.stream.write(json.dumps({"execute": command}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "return" in answer:
                return answer["return"]

    def read(self):
        return self.ask("query-replay")["icount"]


def run(client, *arguments):
    task = client.run("a", json.dumps({"args": arguments}))
    if task.status != 0:
        sys.exit(f"exec-client.py: {arguments}: {vars(task)}")


def starts(client, counter):
    def counted(action):
        before = counter.read()
        action()
        return counter.read() - before

    for program, what in (("/bin/true", "Debian's /bin/true"), ("/guest", "a small static program")):
        def execs():
            for _ in range(TIMES):
                run(client, program)

        def forks(times):
            return counted(lambda: run(client, "/guest", "start", program, str(times)))

        forks(TIMES)
        execs()
        base = statistics.median((forks(2 * TIMES) - forks(TIMES)) / TIMES for _ in range(5))
        ours = statistics.median(counted(execs) / TIMES for _ in range(5))
        print(f"{ours / base:.3f} {ours:.0f} {base:.0f} exec of {what}", flush=True)


def drain(listener):
    with listener.accept()[0] as connection:
        while connection.recv(1 << 20):
            pass


def timed(listener, counter, action):
    reader = threading.Thread(target=drain, args=(listener,), daemon=True)
    reader.start()
    start, count = time.monotonic(), counter.read()
    action()
    reader.join()
    return time.monotonic() - start, counter.read() - count


def get(client, counter, listener):
    def get_file():
        client.request("get", "g", "out=vsock:6001", body=FILE)
        task = client.end("g")
        if task.outcome != "done":
            sys.exit(f"exec-client.py: get: {task.outcome}")

    run(client, "/guest", "fill", FILE, str(MIB))
    pairs = []
    for _ in range(4):
        cat = timed(listener, counter, lambda: run(client, "/guest", "cat", FILE, "6001"))
        ours = timed(listener, counter, get_file)
        pairs.append((cat[0] / ours[0], cat[1] / ours[1]))
    # The first one has the machine's memory to make.
    for figure, name in ((1, "instructions"), (0, "time")):
        print(f"{statistics.median(pair[figure] for pair in pairs[1:]):.3f} - - "
              f"get of {MIB} MiB by {name}", flush=True)


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def main():
    directory, what = sys.argv[1:]

    def path(name):
        return os.path.join(directory, name)

    if what == "get":
        stream, control = listen(path("stream")), listen(path("control"))
        connection = control.accept()[0]
    else:
        connection = connect(path("control"))
    client = Client(connection)
    client.begin()
    client.wait(lambda: "started" in client.lines)
    counter = Counter(path("qmp"))
    if what == "get":
        get(client, counter, stream)
    else:
        starts(client, counter)
    client.line("stop 1")
    client.wait(lambda: any(line.startswith("exit ") for line in client.lines))


main()
