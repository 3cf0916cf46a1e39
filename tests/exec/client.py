# SPDX-License-Identifier: Apache-2.0
"""A client of the control channel of init-oci(8), for tests: a session, and what comes."""
import os
import select
import socket
import time
import uuid

PATIENCE = float(os.environ.get("PATIENCE", 90))


class Failed(Exception):
    pass


class Task:
    """What has come about an id."""

    def __init__(self):
        self.pid = None
        self.status = None
        self.outcome = None     # "done", or "CODE SENTENCE"
        self.data = {1: b"", 2: b""}
        self.closed = set()
        self.credit = 0
        self.owed = {1: 0, 2: 0}


class Client:
    def __init__(self, connection):
        self.connection = connection
        self.received = b""
        self.tasks = {}
        self.lines = []         # those about no id
        self.hello = None
        self.gives_credit = True
        self.is_first = True

    # --- What goes out

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.connection.sendall(data)

    def line(self, *words):
        self.send(" ".join(str(word) for word in words) + "\n")

    def begin(self):
        mark = uuid.uuid4().hex
        self.line("")
        self.line("hello", mark)
        deadline = time.monotonic() + PATIENCE
        while not (self.hello and self.hello[0] == mark):
            try:
                self.take_message(PATIENCE if self.is_first else 5)
            except Failed:
                if time.monotonic() > deadline:
                    raise
                # What a predecessor has begun to send is at its end then.
                self.send("\n" * 262144)
                self.line("hello", mark)
        return self.hello

    def request(self, verb, name, *words, body=None):
        task = self.tasks[name] = Task()
        # Those that are not on the channel are not closed there.
        for stream, prefix in ((1, "out="), (2, "err=")):
            if any(word.startswith(prefix) and word != prefix + "channel" for word in words):
                task.closed.add(stream)
        if body is not None:
            if isinstance(body, str):
                body = body.encode()
            words += (len(body),)
        message = " ".join(str(word) for word in (verb, name) + words) + "\n"
        self.send(message.encode() + (body or b""))
        task.credit = self.window()
        return task

    def window(self):
        return int(next(word for word in self.hello if word.startswith("window="))[7:])

    def write(self, name, data):
        """Sends input as there is credit for it."""
        task = self.tasks[name]
        while data:
            while not task.credit:
                if 0 in task.closed:
                    return
                self.take_message()
            piece = data[:min(task.credit, 16384)]
            task.credit -= len(piece)
            self.send(f"data {name} 0 {len(piece)}\n".encode() + piece)
            data = data[len(piece):]

    # --- What comes in

    def fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.connection], [], [], left)[0]:
            raise Failed(f"nothing came; before that: {self.lines[-3:]}")
        data = self.connection.recv(262144)
        if not data:
            raise Failed("the other side has hung up")
        self.received += data

    def take(self, count, deadline):
        while len(self.received) < count:
            self.fill(deadline)
        data, self.received = self.received[:count], self.received[count:]
        return data

    def take_message(self, patience=None):
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        while b"\n" not in self.received:
            self.fill(deadline)
        line, self.received = self.received.split(b"\n", 1)
        words = line.decode().split(" ")
        if words[0] == "hello":
            self.hello = words[1:]
        elif words[0] == "data":
            data = self.take(int(words[3]), deadline)
            self.note_data(words[1], int(words[2]), data)
        elif len(words) < 2 or words[1] not in self.tasks or words[0] == "error":
            self.lines.append(" ".join(words))
        else:
            self.note(words, self.tasks[words[1]])

    def note_data(self, name, stream, data):
        task = self.tasks.setdefault(name, Task())
        task.data[stream] += data
        task.owed[stream] += len(data)
        if self.gives_credit and task.owed[stream] >= self.window() // 2:
            self.line("credit", name, stream, task.owed[stream])
            task.owed[stream] = 0

    @staticmethod
    def note(words, task):
        if words[0] == "started":
            task.pid = int(words[2])
        elif words[0] == "exit":
            task.status = int(words[2])
        elif words[0] == "close":
            task.closed.add(int(words[2]))
        elif words[0] == "credit":
            task.credit += int(words[3])
        elif words[0] == "done":
            task.outcome = "done"
        elif words[0] == "failed":
            task.outcome = " ".join(words[2:])

    def wait(self, condition, patience=None):
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        while not condition():
            self.take_message(deadline - time.monotonic())

    def end(self, name):
        """Waits until everything about the id has come."""
        task = self.tasks[name]
        self.wait(lambda: task.outcome or (task.status is not None and {1, 2} <= task.closed))
        return task

    def end_of_terminal(self, task):
        self.wait(lambda: task.status is not None and 1 in task.closed)

    def run(self, name, process, *words):
        self.request("exec", name, *words, body=process)
        return self.end(name)


def connect(path):
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
