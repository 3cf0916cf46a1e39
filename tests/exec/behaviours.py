#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a container does for a client of its control channel, one check for each claim.

Usage: behaviours.py SOCKETS TRANSPORT SCENE

SOCKETS is a directory with the UNIX sockets of the machine, or for them. With TRANSPORT
port, the control channel is a virtio-console port at SOCKETS/control; with vsock, this
program listens there. SCENE is a function below. Prints lines of "pass CLAIM" or
"fail CLAIM: WHY".
"""
import io
import json
import os
import re
import socket
import sys
import tarfile
import threading
import time

from client import Client, Failed, Task, connect


class Scene:
    def __init__(self, sockets, transport):
        self.sockets = sockets
        self.transport = transport
        self.listener = None
        if transport == "vsock":
            self.listener = self.listen("control")
        self.client = self.open()

    def path(self, name):
        return os.path.join(self.sockets, name)

    def listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.settimeout(300)
        listener.bind(self.path(name))
        listener.listen()
        return listener

    def open(self):
        if self.listener:
            connection = self.listener.accept()[0]
        else:
            connection = connect(self.path("control"))
        return Client(connection)

    def check(self, claim, condition, why=""):
        if condition:
            print("pass", claim, flush=True)
        else:
            print("fail", claim + ":", str(why).replace("\n", " | ")[:600], flush=True)

    def start(self):
        self.client.begin()
        self.client.wait(lambda: "started" in self.client.lines)

    def shell(self, name, script, *words, **more):
        return self.client.run(name, json.dumps({"args": ["sh", "-c", script], **more}), *words)

    def stop(self):
        self.client.line("stop 5")
        self.client.wait(lambda: any(line.startswith("exit ") for line in self.client.lines))
        return [line for line in self.client.lines if line.startswith("exit ")][0]


def text(task, stream=1):
    return task.data[stream].decode(errors="replace")


# --- Processes


def processes(scene):
    client = scene.client
    scene.start()
    scene.check("a session has a version, limits and requests",
                client.hello[1] == "1" and "processes=512" in client.hello and "exec" in client.hello,
                client.hello)
    task = scene.shell("a", "echo out; echo err >&2; exit 3")
    scene.check("a process has output, errors and an exit status",
                (text(task), text(task, 2), task.status) == ("out\n", "err\n", 3), vars(task))
    task = scene.shell("a", "kill -9 $$")
    scene.check("a signal is 128 and its number", task.status == 137, vars(task))
    task = scene.shell("a", "echo $A; echo $B; pwd; id -u; id -g; id -G; umask; echo $HOME; ulimit -n",
                       env=["B=exec"], cwd="/etc",
                       user={"uid": 7, "gid": 8, "additionalGids": [9], "umask": 63},
                       rlimits=[{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 88}])
    scene.check("it has the fields of its object, and else the container's",
                text(task).split("\n")[:-1] ==
                ["container", "exec", "/etc", "7", "8", "8 9", "0077", "/", "77"], vars(task))
    task = client.run("a", '{"args":["/absent"]}')
    scene.check("a program that is not there is ENOENT",
                task.outcome == "ENOENT run /absent: No such file or directory", task.outcome)
    task = client.run("a", '{"args":["/etc/passwd"]}')
    scene.check("a file that cannot be executed is EACCES",
                str(task.outcome).startswith("EACCES run /etc/passwd"), task.outcome)
    task = client.run("a", '{"args":["true"],"cwd":"/absent"}')
    scene.check("a directory that is not there is told",
                str(task.outcome).startswith("ENOENT enter directory /absent"), task.outcome)
    task = client.run("a", '{"args":')
    scene.check("a body that is no JSON is told", str(task.outcome).startswith("EINVAL exec: "),
                task.outcome)
    task = client.run("a", '{"args":["true"],"apparmorProfile":"docker-default"}')
    scene.check("a confinement that cannot be carried out is refused",
                str(task.outcome).startswith("EINVAL exec: process.apparmorProfile: is not supported"),
                task.outcome)
    task = scene.shell("a", "for i in 1 2 3 4; do echo o$i; echo e$i >&2; done", "err=out")
    scene.check("output and errors keep their order in one place",
                text(task) == "".join(f"o{i}\ne{i}\n" for i in range(1, 5)), vars(task))
    task = scene.shell("a", "echo hidden >/dev/stdout; echo shown >/dev/stderr", "out=null",
                       user={"uid": 1, "gid": 1})
    scene.check("any user can open its streams again", text(task, 2) == "shown\n", vars(task))
    task = client.request("exec", "a", "in=channel", body='{"args":["cat"]}')
    data = os.urandom(300000)
    client.write("a", data)
    client.line("close a 0")
    client.end("a")
    scene.check("input goes in, ends, and comes out", task.data[1] == data,
                (len(task.data[1]), task.status))
    task = client.request("exec", "a", body='{"args":["sleep","1000"]}')
    client.wait(lambda: task.pid)
    client.line("signal a TERM")
    client.end("a")
    scene.check("a signal goes to the process with the id", task.status == 143, vars(task))
    body, ports = '{"args":["true"]}', ("one", "two", "six")
    for port in ports:
        client.tasks[port] = Task()
    client.send("".join(f"exec {port} out=port:{port} {len(body)}\n{body}" for port in ports))
    scene.check("requests that come at once have their own words each", all(
        f" {port}: is not there" in client.end(port).outcome for port in ports),
                [client.tasks[port].outcome for port in ports])
    reader = client.request("exec", "reader", "in=channel", body='{"args":["cat"]}')
    client.wait(lambda: reader.pid)
    waits = client.request("exec", "waits", "out=port:absent", body='{"args":["true"]}')
    client.line("close reader 0")
    client.wait(lambda: reader.status is not None)
    scene.check("one that has not started yet keeps no other's input from its end",
                reader.status == 0 and waits.outcome is None, (vars(reader), waits.outcome))
    client.line("signal waits KILL")
    client.end("waits")
    scene.check("and is told to have been killed", waits.outcome == "ECANCELED exec: ended by signal 9",
                waits.outcome)
    client.lines.clear()
    client.line("signal nobody TERM")
    client.line("ps a b c d")
    client.request("sync", "s")
    client.end("s")
    scene.check("an id that is not in use is no error", "nobody" not in str(client.lines),
                client.lines)
    scene.check("the container ends as asked for", scene.stop() == "exit 143")


# --- The same rights


def rights(scene):
    client = scene.client
    scene.start()
    show = ("grep -E '^(Cap|NoNewPrivs|Seccomp:|Seccomp_filters|Uid|Gid|Groups)' /proc/PID/status; "
            "for ns in /proc/PID/ns/*; do readlink $ns; done; cat /proc/PID/cgroup /proc/PID/oom_score_adj; "
            "grep -E 'open files|core' /proc/PID/limits")
    # Nobody but root may look at the namespaces of another.
    other = client.request("exec", "other", body='{"args":["sleep","1000"]}')
    client.wait(lambda: other.pid)
    task = client.request("ps", "p")
    client.end("p")
    main = text(task).split("\n")[0].split(" ")[2]
    tracing = {"bounding": ["CAP_SYS_PTRACE"], "effective": ["CAP_SYS_PTRACE"],
               "permitted": ["CAP_SYS_PTRACE"]}
    task = scene.shell("a", show.replace("PID", main), capabilities=tracing, noNewPrivileges=False)
    ours = scene.shell("a", show.replace("PID", str(other.pid)), capabilities=tracing)
    scene.check("a process has the container's rights, namespaces, cgroup and limits",
                text(task) == text(ours) and "NoNewPrivs:\t1" in text(ours) and
                "Seccomp:\t2" in text(ours) and "time:" in text(ours), text(task) + text(ours))
    task = scene.shell("b", "mkdir /tmp/refused")
    scene.check("its filter is the container's", task.status != 0 and
                "not permitted" in text(task, 2), vars(task))
    task = scene.shell("b", "cat /proc/uptime")
    scene.check("and so are its clocks", float(text(task).split()[0]) > 1000000, vars(task))
    user = {"user": {"uid": 1000, "gid": 1000}, "capabilities": {}}
    scene.shell("b", "cp /bin/busybox /tmp/true; chown 1000 /tmp/true", capabilities={
        kind: ["CAP_CHOWN"] for kind in ("bounding", "effective", "permitted")})
    tracer = client.request("exec", "tracer", body=json.dumps({"args": ["trace-starting", "/tmp/true"], **user}))
    client.wait(lambda: b"ready" in tracer.data[1] or tracer.status is not None)
    client.request("exec", "c", body=json.dumps({"args": ["/tmp/true", "true"], **user}))
    client.wait(lambda: tracer.status is not None)
    client.end("c")
    scene.check("before it has become its program, no process of its user can trace it",
                text(tracer) == "ready\ncould open: nothing\n", vars(tracer))
    scene.check("the container ends", scene.stop() == "exit 143")


# --- Terminals


def terminals(scene):
    client = scene.client
    scene.start()
    task = client.request("exec", "t", body=json.dumps(
        {"args": ["sh", "-c", "tty; stty size; read x; stty size; trap 'over=yes; echo int' INT; echo got $x;"
                  "until [ -n \"$over\" ]; do usleep 10000; done; echo next; cat; echo end; exit 4"],
         "terminal": True, "consoleSize": {"height": 33, "width": 44}}))
    client.wait(lambda: b"33 44" in task.data[1])
    scene.check("a terminal has a name and the size in its object",
                text(task).startswith("/dev/pts/0\r\n"), text(task))
    client.line("size t 55 66")
    client.write("t", b"word\n")
    client.wait(lambda: b"got word" in task.data[1])
    scene.check("the client can change the size", "55 66\r\n" in text(task), text(task))
    client.write("t", b"\x03")
    client.wait(lambda: b"next" in task.data[1])
    scene.check("its keys make signals", "int\r\n" in text(task), text(task))
    client.write("t", b"line\n")
    client.line("close t 0")
    client.end_of_terminal(task)
    scene.check("the end of the input ends a program that reads it",
                task.status == 4 and "end\r\n" in text(task), vars(task))
    task = client.request("exec", "t", body='{"args":["sh","-c","cat; exit 5"],"terminal":true}')
    client.write("t", b"no line")
    client.line("close t 0")
    client.end_of_terminal(task)
    scene.check("within a line, too", task.status == 5, vars(task))
    task = client.request("exec", "t", body='{"args":["sh","-c","stty -isig; echo ready; cat; exit 5"],"terminal":true}')
    client.wait(lambda: b"ready" in task.data[1])
    client.write("t", b"no line\x03")
    client.line("close t 0")
    client.end_of_terminal(task)
    scene.check("and after a byte that is no key there", task.status == 5, vars(task))
    task = client.request("exec", "t", body='{"args":["sh"],"terminal":true}')
    client.write("t", b"echo early\n")
    client.wait(lambda: b"early\r\n" in task.data[1].replace(b"echo early\r\n", b""))
    scene.check("input may be sent before the start", True)
    score = scene.shell("score", "for p in /proc/[0-9]*; do grep -q init-oci-relay $p/comm && cat $p/oom_score_adj; done")
    scene.check("no lack of memory ends what carries a terminal", text(score) == "-1000\n", vars(score))
    client.line("close t 1")
    client.end_of_terminal(task)
    scene.check("to close the output hangs the terminal up", task.status == 129, vars(task))
    task = client.request("exec", "t", body=json.dumps(
        {"args": ["sh", "-c", "echo a; exec </dev/null >/tmp/closed 2>&1; sleep 2; grep -l init-oci-relay "
                  "/proc/[0-9]*/comm | sed 's/comm/stat/' | xargs cut -d' ' -f14,15 >/tmp/times; "
                  "read x </dev/tty; { cat /tmp/times; echo got $x; } >/dev/tty; exit 7"],
         "terminal": True}))
    client.wait(lambda: b"a\r\n" in task.data[1] or task.status is not None)
    # More than the terminal holds.
    client.write("t", b"word\n" * 8000)
    client.end_of_terminal(task)
    scene.check("one that its process has closed is there when it is opened again, with what was typed",
                task.status == 7 and "got word\r\n" in text(task), vars(task))
    times = re.search("([0-9]+) ([0-9]+)\r\n", text(task))
    scene.check("and meanwhile takes no processor time",
                times and sum(map(int, times.groups())) < 20, text(task))
    bad = []
    for program, wanted in [("true", None), ("nonexistent", "ENOENT")] * 100:
        # Nothing else runs meanwhile, not even the process of its terminal.
        task = client.request("exec", "t", body=json.dumps(
            {"args": [program], "terminal": True, "scheduler": {"policy": "SCHED_FIFO", "priority": 10}}))
        client.wait(lambda: task.outcome or (task.status is not None and 1 in task.closed))
        if not (task.outcome.startswith(wanted) if wanted and task.outcome else task.pid and task.status == 0):
            bad.append(vars(task))
    scene.check("one that ends at once has started, and one that cannot start has failed", not bad,
                (len(bad), bad[:2]))
    task = scene.shell("fds", "ls /proc/1/fd | wc -l")
    scene.check("and PID 1 has nothing open that it had not", int(text(task)) < 25, text(task))
    client.lines.clear()
    scene.shell("u", "true")
    client.request("exec", "u", body='{"args":["sleep","10"]}')
    client.wait(lambda: client.tasks["u"].pid)
    client.line("size u 1 1")
    client.wait(lambda: client.lines)
    scene.check("what is no terminal has no size", client.lines == ["error size u: it has no terminal"],
                client.lines)
    scene.shell("zeros", "head -c 30000 /dev/zero >/tmp/zeros")
    last = [client.request("exec", f"last{number}", body=json.dumps(
        {"args": ["sh", "-c", "trap 'cat /tmp/zeros; exit 0' TERM; echo ready; while :; do sleep 1; done"],
         "terminal": number < 2})) for number in range(20)]
    client.wait(lambda: all(b"ready" in task.data[1] for task in last))
    # What they write is no more than the credit that there is.
    client.gives_credit = False
    scene.check("the container ends", scene.stop() == "exit 143")
    client.wait(lambda: all(1 in task.closed for task in last))
    scene.check("what others write at the end is carried, too",
                all(task.data[1].count(b"\0") == 30000 for task in last),
                [len(task.data[1]) for task in last])


# --- What a process may do


def resident(scene):
    return int(text(scene.shell("rss", "grep VmRSS /proc/1/status")).split()[1])


def floods(scene):
    client = scene.client
    scene.start()
    task = scene.shell("a", "cat /proc/sys/fs/epoll/max_user_watches")
    scene.check("a process of root cannot use up what PID 1 watches with",
                text(task) == "9223372036854775807\n", vars(task))
    before = resident(scene)
    client.gives_credit = False
    for i in range(20):
        client.request("exec", f"flood{i}", body='{"args":["busybox","yes"]}')
        client.request("exec", f"tty{i}", body='{"args":["busybox","yes"],"terminal":true}')
        client.request("exec", f"deaf{i}", "in=channel", body='{"args":["sleep","1000"]}')
    client.wait(lambda: all(len(client.tasks[f"{kind}{i}"].data[1]) == 32768
                            for i in range(20) for kind in ("flood", "tty")))
    scene.check("a process sends no more than its credit", True)
    # The pipe takes two windows, and PID 1 holds the rest.
    for i in range(20):
        client.write(f"deaf{i}", bytes(2 * 32768 + 16384))
    client.gives_credit = True
    task = scene.shell("a", "echo lives")
    scene.check("neither output nor input that is not read holds up another process",
                text(task) == "lives\n", vars(task))
    scene.check("nor takes more of PID 1's memory than windows", resident(scene) < before + 20 * 40 + 60,
                (before, resident(scene)))
    client.send("data deaf0 0 32768\n" + "x" * 32768)
    client.wait(lambda: client.lines and client.lines[-1] == "error data deaf0: is more than the credit")
    scene.check("input beyond the credit is an error", True)
    for name in list(client.tasks):
        if name.startswith(("flood", "tty", "deaf")):
            client.line("signal", name, "KILL")
    client.wait(lambda: all(client.tasks[f"{kind}{i}"].status == 137
                            for i in range(20) for kind in ("flood", "tty", "deaf")))
    for i in range(20):
        client.line(f"forget flood{i}")
        client.line(f"forget tty{i}")
        client.line(f"forget deaf{i}")
    after = resident(scene)
    scene.check("and all of that memory comes back", after <= before, (before, after))
    # Any user's process can do that to a pipe.
    for i in range(3):
        client.request("exec", f"hold{i}", body=json.dumps(
            {"args": ["hold-pipe"], "user": {"uid": 1000, "gid": 1000}, "capabilities": {}}))
    client.wait(lambda: all(client.tasks[f"hold{i}"].pid for i in range(3)))
    time.sleep(0.5)
    client.line("close hold0 1")
    task = scene.shell("b", "echo lives")
    scene.check("nor does one that keeps its output locked", text(task) == "lives\n", vars(task))
    for name in "hold-size", "hold-end":
        client.request("exec", name, "in=channel", body='{"args":["hold-terminal"],"terminal":true}')
        client.wait(lambda: text(client.tasks[name]) == "x")
        # More than the kernel copies in one go.
        client.write(name, b"l" * 100 + b"\n")
    time.sleep(1)
    client.line("size hold-size 55 66")
    client.line("close hold-end 0")
    client.line("close hold-end 1")
    task = scene.shell("c", "echo lives")
    scene.check("nor one that keeps its terminal busy", text(task) == "lives\n", vars(task))
    client.gives_credit = False
    client.request("exec", "last", body='{"args":["busybox","yes"]}')
    client.wait(lambda: len(client.tasks["last"].data[1]) == 32768)
    scene.check("a flood does not keep the container from its end", scene.stop() == "exit 143")


def exhausted(scene):
    client = scene.client
    scene.start()
    client.request("exec", "bomb", body='{"args":["fork-bomb"],"oomScoreAdj":0}')
    client.wait(lambda: sum(line.startswith("oom-kill") for line in client.lines) > 5)
    for i in range(3):
        client.request("exec", f"exec{i}", body='{"args":["true"]}')
        client.request("ps", f"ps{i}")
    outcome = scene.stop()
    scene.check("requests without memory do not keep the container from its end",
                outcome in ("exit 143", "exit 137"), outcome)


def crammed(scene):
    client = scene.client
    scene.start()
    hold = client.request("exec", "hold", "in=channel", body='{"args":["hold-terminal"],"terminal":true}')
    client.wait(lambda: text(hold) == "x")
    client.write("hold", b"l" * 100 + b"\n")
    cram = client.request("exec", "cram", body='{"args":["all-threads"]}')
    client.wait(lambda: text(cram) == "x")
    time.sleep(0.5)
    client.line("close hold 0")
    client.line("close hold 1")
    client.request("exec", "more", body='{"args":["true"]}')
    outcome = client.end("more").outcome
    scene.check("a busy terminal is closed without waiting when there can be no more processes",
                str(outcome).startswith("EAGAIN start a process"), outcome)
    client.line("signal cram KILL")
    client.wait(lambda: cram.status is not None)
    task = scene.shell("b", "echo lives")
    scene.check("and others start when there can be", text(task) == "lives\n", vars(task))
    scene.check("the container ends", scene.stop() == "exit 143")


def many(scene):
    client = scene.client
    count, in_a_row = 200, int(os.environ.get("IN_A_ROW", 300))
    scene.start()
    before = resident(scene)
    for i in range(count):
        client.request("exec", f"m{i}", body=json.dumps({"args": ["sh", "-c", f"echo {i}; read x"]}))
        client.request("exec", f"i{i}", "in=channel", body='{"args":["cat"]}')
    client.wait(lambda: all(client.tasks[f"i{i}"].pid for i in range(count)))
    for i in range(count):
        client.write(f"i{i}", b"%d" % i)
        client.line(f"close i{i} 0")
    ends = [client.end(f"{kind}{i}") for i in range(count) for kind in "mi"]
    scene.check(f"{2 * count} processes at once, each with its own streams",
                all(text(client.tasks[f"m{i}"]) == f"{i}\n" and text(client.tasks[f"i{i}"]) == str(i)
                    for i in range(count)), [vars(task) for task in ends if task.outcome][:3])
    scene.check("PID 1 is no larger afterwards", resident(scene) <= before, (before, resident(scene)))
    failed = 0
    for i in range(in_a_row):
        failed += client.run("row", '{"args":["true"]}').status != 0
    scene.check(f"{in_a_row} in a row", not failed, failed)
    scene.check("nor after these", resident(scene) <= before, (before, resident(scene)))
    task = scene.shell("fds", "ls /proc/1/fd | wc -l; ls /proc | grep -c '^[0-9]'; grep -c Z /proc/[0-9]*/stat")
    scene.check("and has nothing open that it had not", int(text(task).split()[0]) < 25, text(task))
    scene.check("the container ends", scene.stop() == "exit 143")


# --- Files


def archive(*members):
    """Of (name, contents) or (name, contents, type, link)."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, contents, *more in members:
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            info.mode, info.uid, info.gid, info.mtime = 0o640, 12, 34, 1000000000
            if more:
                info.type, info.linkname = more
            tar.addfile(info, io.BytesIO(contents))
    return output.getvalue()


def get(scene, path):
    task = scene.client.request("get", "get", body=path)
    scene.client.end("get")
    return task


def put(scene, path, data):
    task = scene.client.request("put", "put", body=path)
    scene.client.write("put", data)
    scene.client.line("close put 0")
    scene.client.end("put")
    return task


def files(scene):
    client = scene.client
    scene.start()
    large = os.urandom(500000)
    task = put(scene, "/tmp", archive(("dir", b"", tarfile.DIRTYPE, ""), ("dir/sub", b"", tarfile.DIRTYPE, ""),
                                      ("dir/sub/file", b"x"), ("dir/file", b"text"), ("dir/large", large),
                                      ("dir/link", b"", tarfile.SYMTYPE, "/nowhere"),
                                      ("dir/hard", b"", tarfile.LNKTYPE, "dir/file"),
                                      ("dir/fifo", b"", tarfile.FIFOTYPE, ""), ("d" * 150, b"long")))
    scene.check("an archive goes in", task.outcome == "done", task.outcome)
    task = scene.shell("a", "cd /tmp/dir && stat -c '%n %a %u %g %h %Y' . sub file link fifo && cat ../ddd*")
    scene.check("with owners, modes, times and links", text(task) ==
                ". 640 12 34 3 1000000000\nsub 640 12 34 2 1000000000\nfile 640 12 34 2 1000000000\nlink 777 12 34 1 1000000000\n"
                "fifo 640 12 34 1 1000000000\nlong", text(task) + text(task, 2))
    task = get(scene, "/tmp/dir")
    with tarfile.open(fileobj=io.BytesIO(task.data[1])) as tar:
        found = {member.name: member for member in tar.getmembers()}
        contents = tar.extractfile("dir/large").read()
    scene.check("a tree comes out", task.outcome == "done" and contents == large and
                sorted(found) == ["dir", "dir/fifo", "dir/file", "dir/hard", "dir/large", "dir/link", "dir/sub", "dir/sub/file"] and
                found["dir/fifo"].isfifo() and found["dir/link"].linkname == "/nowhere" and
                found["dir/file"].uid == 12, (task.outcome, sorted(found)))
    task = get(scene, "/tmp/dir/.")
    with tarfile.open(fileobj=io.BytesIO(task.data[1])) as tar:
        scene.check("or the contents of a directory alone", "./file" in tar.getnames(), tar.getnames())
    scene.shell("a", "mkfifo /tmp/pipe /tmp/dir/in-the-way; ln -s /etc /tmp/way; ln -s ../etc/passwd /tmp/name;"
                "mkdir /tmp/d; cp /etc/passwd /tmp/before")
    task = get(scene, "/tmp/pipe")
    scene.check("a FIFO is not opened", task.outcome == "done", task.outcome)
    task = put(scene, "/tmp", archive(("dir/in-the-way", b"file"), ("way/shadow", b"bad"),
                                      ("name", b"replaced"), ("../up", b"bad"), ("/absolute", b"bad")))
    check = scene.shell("a", "cat /tmp/dir/in-the-way; echo; ls /etc/shadow /up /absolute;"
                        "busybox cmp /etc/passwd /tmp/before && echo same; test -L /tmp/name || echo replaced")
    scene.check("no name and no link leads out of the directory",
                text(check) == "file\nsame\nreplaced\n", (task.outcome, vars(check)))
    task = put(scene, "/tmp", archive(("d", b"file")))
    scene.check("a directory is not replaced by a file", str(task.outcome).startswith("EISDIR put d"),
                task.outcome)
    put(scene, "/tmp", archive(("whole", b"before")))
    task = put(scene, "/tmp", archive(("whole", large), ("new", large))[:100000])
    check = scene.shell("a", "cat /tmp/whole; ls -a /tmp | grep new")
    scene.check("nothing is lost or left for half a file", text(check) == "before" and
                task.outcome == "EPROTO put: the archive ends early", (task.outcome, vars(check)))
    task = put(scene, "/proc/sys", archive(("kernel/hostname", b"bad")))
    scene.check("nothing is put into /proc", str(task.outcome).startswith("E"), task.outcome)
    task = put(scene, "/absent", archive(("x", b"x")))
    scene.check("the directory must exist", str(task.outcome).startswith("ENOENT put /absent"), task.outcome)
    task = get(scene, "/absent")
    scene.check("and so must what is got", task.outcome == "ENOENT get /absent: No such file or directory",
                task.outcome)
    task = get(scene, "relative")
    scene.check("paths are absolute", str(task.outcome).startswith("EINVAL get relative"), task.outcome)
    task = put(scene, "/tmp", b"x" * 2000)
    scene.check("what is no archive is refused", task.outcome == "EPROTO put: this is no tar archive",
                task.outcome)
    task = get(scene, "/proc")
    with tarfile.open(fileobj=io.BytesIO(task.data[1])) as tar:
        scene.check("/proc is not entered", tar.getnames() == ["proc"], tar.getnames()[:5])
    # One that is never read, one that never ends.
    client.gives_credit = False
    client.request("get", "slow", body="/tmp/dir/large")
    client.request("put", "never", body="/tmp")
    client.gives_credit = True
    task = get(scene, "/tmp/dir/file")
    scene.check("one that is not read holds up no other", task.outcome == "done", task.outcome)
    client.line("signal never KILL")
    client.wait(lambda: client.tasks["never"].outcome)
    scene.check("and can be ended", client.tasks["never"].outcome == "ECANCELED put: ended by signal 9",
                client.tasks["never"].outcome)
    scene.check("the container ends", scene.stop() == "exit 143")


def races(scene):
    """What is in the way changes all the time."""
    client = scene.client
    scene.start()
    scene.shell("a", "mkdir -p /tmp/x/y")
    swap = client.request("exec", "swap", body=json.dumps({"args": ["sh", "-c", """cd /tmp/x/y; echo; while :; do
        mkdir d; mv d e; ln -s /etc d; rm d; mkfifo d; rm d; ln -s ../../../etc d; mv d f; rm -rf e f; done"""]}))
    client.wait(lambda: swap.data[1])
    bad = archive(*((f"y/d/bad{i}", b"bad") for i in range(40)))
    done = [str(put(scene, "/tmp/x", bad).outcome) for _ in range(20)]
    done += [str(put(scene, "/tmp/x/y/d", archive(("bad", b"bad"))).outcome) for _ in range(20)]
    inside = [get(scene, "/tmp/x") for _ in range(10)]
    client.line("signal swap KILL")
    task = scene.shell("a", "ls -d /etc/bad? /etc/bad??; ls -d /bad*; echo ended")
    scene.check("no link that comes and goes leads an archive elsewhere",
                text(task) == "ended\n" and any(one == "done" for one in done), (text(task), set(done)))
    scene.check("nor what is got", not any(b"root:x:0" in one.data[1] for one in inside),
                [one.outcome for one in inside])
    scene.check("the container ends", scene.stop() == "exit 143")


# --- Limits


def limits(scene):
    client = scene.client
    scene.start()
    task = scene.shell("a", "cat /proc/self/cgroup; readlink /proc/self/ns/cgroup")
    lines = text(task).split("\n")
    scene.check("a process is in the container's cgroup, and sees it as the root",
                lines[0] == "0::/" and lines[1].startswith("cgroup:"), task.data)
    task = client.run("hog", '{"args":["dd","if=/dev/zero","of=/dev/null","bs=60M","count=1"]}')
    scene.check("the container's memory bounds it", task.status == 137, vars(task))
    client.wait(lambda: "oom-kill 1" in client.lines)
    client.request("statistics", "s")
    counted = text(client.end("s"))
    scene.check("statistics count it", "memory.events oom_kill 1\n" in counted, counted)
    scene.shell("fork", "i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done", "err=null", "out=null")
    client.request("exec", "last", body='{"args":["sleep","1000"]}')
    client.wait(lambda: client.tasks["last"].pid)
    client.request("statistics", "s")
    counted = text(client.end("s"))
    scene.check("so does its number of processes", "\npids.current 40\n" in counted, counted)
    task = client.run("more", '{"args":["true"]}')
    scene.check("and a process beyond it is refused",
                task.outcome == "EAGAIN start a process: Resource temporarily unavailable", vars(task))
    client.request("ps", "p")
    scene.check("what needs none goes on", text(client.end("p")).count("pid ") >= 40, "")
    scene.check("the container ends", scene.stop() == "exit 143")


def crowds(scene):
    client, count = scene.client, 1000
    scene.start()
    before = resident(scene)
    scene.shell("crowd", f"mkfifo /tmp/f; i=0; while [ $i -lt {count} ]; do (read x </tmp/f) & i=$((i+1)); done",
                "out=null", "err=null")
    start = time.monotonic()
    task = scene.shell("a", "ls /proc | grep -c '^[0-9]'")
    scene.check(f"{count} children hold up no other process", int(text(task)) > count and
                time.monotonic() - start < 15, (text(task), time.monotonic() - start))
    start = time.monotonic()
    client.run("end", '{"args":["sh","-c","echo >/tmp/f"]}')
    task = scene.shell("a", "echo lives")
    scene.check("nor when all of them end", text(task) == "lives\n" and time.monotonic() - start < 15,
                time.monotonic() - start)
    scene.check("nor are they in PID 1's memory", resident(scene) <= before, (before, resident(scene)))
    scene.shell("crowd", f"i=0; while [ $i -lt {count} ]; do (read x </tmp/f) & i=$((i+1)); done",
                "out=null", "err=null")
    start = time.monotonic()
    status = scene.stop()
    scene.check("nor do they hold up the end", status == "exit 143" and time.monotonic() - start < 15,
                (status, time.monotonic() - start))


# --- Other work


def work(scene):
    client = scene.client
    scene.start()
    client.request("ps", "p")
    task = client.end("p")
    lines = text(task).split("\n")
    scene.check("ps tells what runs", lines[0].startswith("container running ") and
                lines[1].startswith("ps p running ") and any(
                    line.startswith("pid ") and line.endswith(" sleep") for line in lines), lines)
    client.request("statistics", "s")
    task = client.end("s")
    scene.check("statistics come from the cgroup", all(
        f"\n{name} " in "\n" + text(task) for name in
        ("cpu.stat usage_usec", "memory.current", "memory.events oom_kill", "pids.current")), text(task))
    counter = client.request("exec", "count", body=json.dumps(
        {"args": ["sh", "-c", "while :; do echo; usleep 10000; done"]}))
    client.wait(lambda: len(counter.data[1]) > 5)
    client.request("pause", "p")
    paused = client.end("p").outcome
    client.request("ps", "p")
    state = text(client.end("p")).split("\n")[0]
    length = len(counter.data[1])
    busy = scene.shell("a", "true")
    time.sleep(0.5)
    client.request("sync", "p")
    client.end("p")
    scene.check("a pause stops all processes", paused == "done" and state.startswith("container paused") and
                len(counter.data[1]) == length, (paused, state, length, len(counter.data[1])))
    scene.check("and further ones", busy.outcome == "EBUSY exec: the container is paused", busy.outcome)
    client.request("resume", "p")
    client.end("p")
    client.wait(lambda: len(counter.data[1]) > length + 5)
    scene.check("which go on afterwards", True)
    client.tasks["q"] = Task()
    client.send("pause q\nsignal q KILL\n")
    killed = client.end("q").outcome
    if killed == "done":        # it was faster
        client.request("resume", "q")
        client.end("q")
    length = len(counter.data[1])
    client.wait(lambda: len(counter.data[1]) > length + 5)
    scene.check("also after a pause whose process was killed",
                killed == "done" or killed.startswith("ECANCELED"), killed)
    scene.check("sync is done", client.end("p").outcome == "done")
    client.request("hostname", "p", "new-name")
    client.end("p")
    client.request("nameserver", "p", "192.0.2.1", "2001:db8::1")
    client.end("p")
    task = scene.shell("a", "hostname; cat /etc/hostname /etc/resolv.conf; grep -c new-name /etc/hosts")
    scene.check("names can be changed", text(task) == "new-name\nnew-name\nnameserver 192.0.2.1\n"
                "nameserver 2001:db8::1\n2\n", text(task))
    client.request("nameserver", "p", "nonsense")
    scene.check("a name server is an address", str(client.end("p").outcome).startswith("EINVAL nameserver"),
                client.tasks["p"].outcome)
    client.request("mount", "p", body=json.dumps(
        {"destination": "/mnt/data", "type": "ext4", "source": "serial:disk0", "options": ["ro"]}))
    mounted = client.end("p").outcome
    task = scene.shell("a", "cat /mnt/data/on-disk")
    scene.check("a disk can be mounted", mounted == "done" and text(task) == "data\n", (mounted, vars(task)))
    client.request("umount", "p", body="/mnt/data")
    client.end("p")
    task = scene.shell("a", "ls /mnt/data")
    scene.check("and taken off", client.tasks["p"].outcome == "done" and text(task) == "",
                (client.tasks["p"].outcome, vars(task)))
    if os.environ.get("SHARES") == "yes":
        client.request("mount", "p", body=json.dumps(
            {"destination": "/mnt/share", "type": "virtiofs", "source": "share"}))
        mounted = client.end("p").outcome
        task = scene.shell("a", "cat /mnt/share/on-disk")
        client.request("umount", "p", body="/mnt/share")
        scene.check("and so can a share", (mounted, text(task), client.end("p").outcome) ==
                    ("done", "data\n", "done"), (mounted, vars(task), client.tasks["p"].outcome))
    client.request("umount", "p", body="/mnt/data")
    scene.check("what is not mounted is told",
                client.end("p").outcome == "EINVAL umount /mnt/data: Invalid argument",
                client.tasks["p"].outcome)
    client.request("pause", "p")
    client.end("p")
    scene.check("a container that is paused can be stopped", scene.stop() == "exit 143")


# --- Clients that go and come back


def again(scene):
    client = scene.client
    scene.start()
    stays = client.request("exec", "stays", "in=channel", body=json.dumps(
        {"args": ["sh", "-c", "echo before; read x; echo after $x; read y; exit 9"]}))
    client.wait(lambda: b"before\n" in stays.data[1])
    ends = client.request("exec", "ends", "keep", body='{"args":["sleep","1"]}')
    client.wait(lambda: ends.pid)
    # Half a request, and half a body.
    client.send("exec half 1000\n{")
    client.connection.close()
    # For as long as it takes the guest to notice.
    time.sleep(3)
    scene.client = client = scene.open()
    client.is_first = False
    client.gives_credit = False
    client.begin()
    scene.check("a client that comes back begins a session", True)
    client.tasks["ends"] = client.tasks.get("ends") or type(stays)()
    client.wait(lambda: client.tasks["ends"].status == 0)
    scene.check("and hears what has ended meanwhile", True)
    client.request("ps", "p")
    lines = text(client.end("p")).split("\n")
    scene.check("it finds what runs, with how much was sent",
                any(line.startswith(f"exec stays running {stays.pid} in:0:32768 out:7 err:0")
                    for line in lines) and
                any(line.startswith("exec ends exited 0") for line in lines) and
                not any("half" in line for line in lines), lines)
    task = client.tasks["stays"] = type(stays)()
    task.credit = 32768
    client.line("credit stays 1 1000")
    client.line("credit stays 2 1000")
    client.write("stays", b"word\n")
    client.wait(lambda: b"after word\n" in task.data[1])
    scene.check("and goes on with it", text(task) == "after word\n", text(task))
    client.write("stays", b"end\n")
    client.end("stays")
    scene.check("up to its end", task.status == 9, vars(task))
    client.line("forget ends")
    client.request("ps", "p")
    scene.check("what was kept is forgotten when asked for", "ends" not in text(client.end("p")),
                text(client.tasks["p"]))
    scene.check("the container ends", scene.stop() == "exit 143")


# --- Streams that are not on the channel


def accept(listener, received):
    drain(listener.accept()[0], received)


def drain(connection, received):
    while data := connection.recv(65536):
        received.append(data)


def stall_at_the_end(scene):
    client = scene.client
    task = client.request("exec", "flood", body=json.dumps(
        {"args": ["sh", "-c", "trap '' TERM; while :; do echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; done"]}))
    client.gives_credit = False
    client.line("credit flood 1 4000000000")
    # All that lies on the way is full.
    time.sleep(3)
    client.line("stop 0")
    time.sleep(4.4)
    try:
        while True:
            client.take_message(30)
    except (Failed, OSError, ValueError) as end:
        why = end
    inside = [data[data.find(b"exit ") - 20:][:60] for data in (task.data[1], client.received) if b"exit " in data]
    scene.check("a client that has stalled at the end gets no line within data",
                len(task.data[1]) > 32768 and not inside and not isinstance(why, ValueError), (why, inside))


def elsewhere(scene):
    client = scene.client
    if scene.transport == "vsock":
        out_place, in_place = "vsock:6001", "vsock:6002"
        out, inputs = scene.listen("out"), scene.listen("in")
    else:
        out_place, in_place = "port:out", "port:in"
        out, source = connect(scene.path("out")), connect(scene.path("in"))
    received = []
    thread = threading.Thread(target=accept if scene.transport == "vsock" else drain,
                              args=(out, received), daemon=True)
    thread.start()
    scene.start()
    data = os.urandom(200000)
    task = client.request("exec", "a", f"in={in_place}", f"out={out_place}", body='{"args":["cat"]}')
    if scene.transport == "vsock":
        source = inputs.accept()[0]
    threading.Thread(target=source.sendall, args=(data,), daemon=True).start()
    deadline = time.monotonic() + 60
    while sum(map(len, received)) < len(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    # Not before it has come out: QEMU drops what the guest has not taken from a port.
    source.shutdown(socket.SHUT_RDWR)
    source.close()
    client.wait(lambda: task.status is not None)
    got = b"".join(received)
    scene.check("streams go elsewhere", got == data and task.data[1] == b"", (len(got), vars(task)))
    if scene.transport == "vsock":
        thread.join(60)
        received = []
        thread = threading.Thread(target=accept, args=(out, received), daemon=True)
        thread.start()
        task = client.request("get", "g", f"out={out_place}", body="/etc/passwd")
        client.end("g")
        thread.join(60)
        with tarfile.open(fileobj=io.BytesIO(b"".join(received))) as tar:
            scene.check("and so do archives", tar.getnames() == ["passwd"], tar.getnames())
        task = client.run("n", '{"args":["true"]}', "out=vsock:6003")
        scene.check("a port of the host where nobody listens is told", str(task.outcome).startswith(
            "ECONNRESET connect to vsock port 6003 of the host"), task.outcome)
        thread = threading.Thread(target=lambda: out.accept()[0].close(), daemon=True)
        thread.start()
        # A shell at its prompt does not heed the end of its input.
        task = client.request("exec", "t", f"out={out_place}", body='{"args":["sh"],"terminal":true}')
        client.wait(lambda: task.status is not None)
        scene.check("a terminal whose output the host closes is hung up", task.status == 129, vars(task))
        task = client.request("exec", "i", f"in={in_place}", body='{"args":["true"]}')
        source = inputs.accept()[0]
        source.settimeout(60)
        client.wait(lambda: task.status is not None)
        scene.check("and what a process does not read any more is closed", source.recv(1) == b"")
    else:
        task = client.run("n", '{"args":["true"]}', "out=port:absent")
        scene.check("a port that is not there is told",
                    "find port absent: is not there after 5 seconds" in str(task.outcome), task.outcome)
        task = client.request("exec", "t", "err=port:absent", body='{"args":["true"],"terminal":true}')
        client.end_of_terminal(task)
        scene.check("but a terminal has no stream of errors", task.status == 0, vars(task))
        source = connect(scene.path("in"))
        for name in "i", "j":
            task = client.request("exec", name, "in=port:in", body='{"args":["true"]}')
            client.wait(lambda: task.outcome or task.status is not None)
            scene.check(f"a port is free after the process that did not read it to the end: {name}",
                        task.status == 0, vars(task))
    if scene.transport == "vsock":
        stall_at_the_end(scene)
    else:
        scene.check("the container ends", scene.stop() == "exit 143")


def main():
    sockets, transport, name = sys.argv[1:]
    scene = None
    try:
        scene = Scene(sockets, transport)
        globals()[name](scene)
    except (Failed, OSError) as error:
        print(f"fail {name} goes on to its end: {error} {scene and scene.client.lines[-3:]}")


main()
