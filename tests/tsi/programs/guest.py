# SPDX-License-Identifier: Apache-2.0
"""The guest of programs.test: runs Debian's programs against the host, and
their servers for the host. The environment says where the host's servers are,
and where it finds the guest's (see host.py)."""
import asyncio
import glob
import hashlib
import os
import re
import socket
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import streams
from report import check, content, expect, skip

MEBIBYTE = 1 << 20
PAGE_DIGEST = hashlib.sha256(content("page", 4096)).hexdigest()
HERE = os.path.dirname(os.path.abspath(__file__))
PORT_NAMES = "WEB_OF_HOST", "NAMES_OF_HOST", "STREAMS_OF_HOST", "REDIS"
PORTS = {name: int(os.environ[name]) for name in PORT_NAMES}
NAMESERVER = os.environ["NAMESERVER"]
PATIENCE = int(os.environ["PATIENCE"])


def run(*command):
    """The output of a command, which must succeed."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=True).stdout


def web(path):
    host = "host.test" if NAMESERVER else "127.0.0.1"
    return f"http://{host}:{PORTS['WEB_OF_HOST']}{path}"


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def let_host_check(name):
    """The host reports what it finds by itself, not through what is tested."""
    with check(f"the host has tried {name}"):
        port = PORTS["WEB_OF_HOST"]
        url = f"http://127.0.0.1:{port}/check/{name}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            expect(answer.read(), b"done\n", "answer")


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def wait_for_listener(port):
    """Looks and does not connect: as long as nothing listens, the host is asked."""
    listens = re.compile(rf":\s[0-9A-F]+:{port:04X} [0-9A-F:]+ 0A ")
    for _ in range(10 * PATIENCE):
        with open("/proc/net/tcp", encoding="ascii") as table:
            if listens.search(table.read()):
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens at port {port}")


def end(process):
    """A server that was asked to end does so, and says that all went well."""
    try:
        expect(process.wait(PATIENCE), 0, "exit status")
    finally:
        process.kill()


# --- Names


def look_up(number):
    name = f"n{number % 200}.test"
    found = {entry[4][0] for entry in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    expect(found, {f"198.51.100.{number % 200}"}, name)


def names():
    with check("nslookup: asks the host for an address over UDP"):
        output = run("busybox", "nslookup", "n42.test", f"127.0.0.1:{PORTS['NAMES_OF_HOST']}")
        expect(re.findall(r"^Address: (198\S*)", output, re.M), ["198.51.100.42"], "addresses")

    one = "getent: asks the host for an address over UDP"
    many = "python3: 256 look-ups in 16 threads get their own answers"
    if not NAMESERVER:
        for name in one, many:
            skip(name, "port 53 of the host: sysctl net.ipv4.ip_unprivileged_port_start=53")
        return
    with open("/etc/resolv.conf", "w", encoding="ascii") as file:
        file.write(f"nameserver {NAMESERVER}\n")
    with check(one):
        output = run("getent", "ahosts", "n7.test")
        expect(set(re.findall(r"^\S+", output, re.M)), {"198.51.100.7"}, "addresses")
    with check(many):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(look_up, range(256)))


# --- Clients


def curl():
    def get(*arguments):
        return run("curl", "--silent", "--show-error", "--fail", "--max-time", str(PATIENCE), *arguments)

    with check("curl: downloads 4 MiB from the host"):
        get("--output", "/tmp/download", web("/large"))
        expected = hashlib.sha256(content("download", 4 * MEBIBYTE)).hexdigest()
        expect(file_digest("/tmp/download"), expected, "digest")
    with check("curl: uploads 4 MiB to the host"):
        with open("/tmp/upload", "wb") as file:
            file.write(content("upload", 4 * MEBIBYTE))
        answer = get("--upload-file", "/tmp/upload", web("/upload"))
        expect(answer, file_digest("/tmp/upload"), "digest")
    with check("curl: fetches 64 pages, 16 at a time"):
        get("--parallel", "--parallel-max", "16", "--output", "/tmp/page-#1",
            web("/page?[1-64]"))
        digests = {file_digest(f"/tmp/page-{number}") for number in range(1, 65)}
        expect(digests, {PAGE_DIGEST}, "digests")
    with check("curl: is refused by a closed port of the host"):
        command = ["curl", "--silent", "--max-time", str(PATIENCE), "http://127.0.0.1:1/"]
        result = subprocess.run(command, check=False, timeout=PATIENCE)
        expect(result.returncode, 7, "exit status")


def python_clients():
    port = PORTS["STREAMS_OF_HOST"]
    with check("python3: asyncio in the guest has 100 connections to the host at once"):
        streams.run(streams.many, port)
    with check("python3: asyncio in the guest gets 16 MiB back from the host"):
        streams.run(streams.large, port)
    with check("python3: asyncio in the guest sends on after the host's end of file"):
        streams.run(streams.after_bye, port)


# --- Servers


def nginx():
    for name, source, size in ("page", "page", 4096), ("large", "nginx", 8 * MEBIBYTE):
        with open(f"/srv/{name}", "wb") as file:
            file.write(content(source, size))
    with open(f"{HERE}/nginx.conf", encoding="ascii") as template:
        configuration = template.read().replace("@WEB_OF_HOST@", str(PORTS["WEB_OF_HOST"]))
    with open("/tmp/nginx.conf", "w", encoding="ascii") as file:
        file.write(configuration)

    server = None
    with check("nginx: serves the guest itself"):
        server = start("nginx", "-c", "/tmp/nginx.conf")
        wait_for_listener(80)
        run("curl", "--silent", "--fail", "--max-time", str(PATIENCE), "--output", "/tmp/page",
            "http://127.0.0.1/page")
        expect(file_digest("/tmp/page"), PAGE_DIGEST, "digest")
    let_host_check("nginx")
    with check("nginx: ends when it is asked to"):
        run("nginx", "-c", "/tmp/nginx.conf", "-s", "quit")
        end(server)


def redis_server(port, address):
    server = start("redis-server", "--port", str(port), "--bind", address,
                   "--protected-mode", "no", "--save", "", "--appendonly", "no")
    wait_for_listener(port)
    return server


def redis_command(port, *words):
    return run("redis-cli", "-p", str(port), *words).strip()


def benchmark(port):
    """Many clients at once; then large values, with more requests on the way."""
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-q"]
    run(*command, "-c", "50", "-n", "3000", "INCR", "count")
    run(*command, "-c", "16", "-n", "400", "-P", "8", "-d", "10000", "-t", "set,get")


def redis():
    server = None
    with check("redis: redis-benchmark in the guest, and nothing leaves it"):
        server = redis_server(6380, "127.0.0.1")
        benchmark(6380)
        expect(redis_command(6380, "GET", "count"), "3000", "count")
    with check("redis: ends when it is asked to"):
        redis_command(6380, "SHUTDOWN", "NOSAVE")
        end(server)

    with check("redis: redis-benchmark in the guest, to the host and back into the guest"):
        server = redis_server(6379, "0.0.0.0")
        benchmark(PORTS["REDIS"])
        expect(redis_command(6379, "GET", "count"), "3000", "count")
    let_host_check("redis")
    with check("redis: ends when it is asked to, also after the host has used it"):
        redis_command(6379, "SHUTDOWN", "NOSAVE")
        end(server)


def python_server():
    async def serve():
        server = await streams.Server().start("0.0.0.0", 9000)
        await asyncio.get_running_loop().run_in_executor(None, let_host_check, "streams")
        server.close()
        await server.wait_closed()

    asyncio.run(serve())


# ---


def left_over():
    """Processes besides PID 1, this one, and the kernel's, which have no command."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                found[int(path.split("/")[2])] = file.read().replace("\0", " ")
        except OSError:
            pass
    expected = 1, os.getpid()
    return [command for pid, command in found.items() if command and pid not in expected]


def main():
    for programs in names, curl, python_clients, nginx, redis, python_server:
        programs()
    with check("no process is left over"):
        expect(left_over(), [], "processes")


main()
