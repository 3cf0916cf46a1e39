#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: host.py FILE

The host of programs.test: a web server, a name server and asyncio's server for
the guest's programs, and clients of the guest's servers. The guest says when
they are to start, with an HTTP request for /check/NAME, which is answered when
they are done. Their results go to the standard output.

The ports are written to FILE, as assignments of the shell, when all is ready.
"""
import asyncio
import hashlib
import http.client
import http.server
import os
import random
import socket
import socketserver
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import streams
from report import check, content, expect

MEBIBYTE = 1 << 20
PATIENCE = int(os.environ["PATIENCE"])
PAGE = content("page", 4096)
FILES = {"/page": PAGE, "/large": content("download", 4 * MEBIBYTE)}


def free_ports(count):
    """Ports for what the guest listens at, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


NGINX, REDIS, STREAMS = free_ports(3)


# --- What the guest's clients talk to


class WebHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path in FILES:
            self.answer(200, FILES[path])
        elif path in CHECKS:
            CHECKS[path]()
            self.answer(200, b"done\n")
        else:
            self.answer(404, b"")

    def do_PUT(self):
        """The digest of what was sent."""
        digest = hashlib.sha256()
        left = int(self.headers["Content-Length"])
        while left and (block := self.rfile.read(min(left, 65536))):
            digest.update(block)
            left -= len(block)
        self.answer(201, digest.hexdigest().encode())

    def log_message(self, *_):
        pass


class WebServer(http.server.ThreadingHTTPServer):
    request_queue_size = 256


class NameHandler(socketserver.BaseRequestHandler):
    """n17.test is 198.51.100.17, host.test is this machine, and that is all."""

    def handle(self):
        query, server = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12 : at + 5]
        kind = struct.unpack("!H", query[at + 1 : at + 3])[0]

        address = None
        if labels == ["host", "test"]:
            address = "127.0.0.1"
        elif len(labels) == 2 and labels[0][0] == "n" and labels[1] == "test":
            address = f"198.51.100.{labels[0][1:]}"
        answer = b""
        if address and kind == 1:
            answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
        # A response, recursion desired and available; no such name is 3.
        flags = 0x8180 if address else 0x8183
        header = query[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0)
        server.sendto(header + question + answer, self.client_address)


def name_servers():
    """One at any port, and one where resolvers look, if that is allowed: at a
    loopback address that nothing else uses."""
    any_port = socketserver.ThreadingUDPServer(("127.0.0.1", 0), NameHandler)
    address = socket.inet_ntoa(bytes([127] + [random.randint(1, 254) for _ in range(3)]))
    try:
        return any_port, socketserver.ThreadingUDPServer((address, 53), NameHandler)
    except OSError:
        return any_port, None


# --- Clients of the guest's servers


def get(connection, path, expected=PAGE):
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    expect(response.status, 200, f"status of {path}")
    if body != expected:
        raise AssertionError(f"{path} is not what it should be")


def connect():
    connection = http.client.HTTPConnection("127.0.0.1", NGINX, timeout=PATIENCE)
    connection.connect()
    return connection


def at_once(function, arguments, threads):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, arguments))


def keep_alive(count, path="/page"):
    """All requests over one connection: it would be another socket else."""
    connection = connect()
    first = connection.sock
    for _ in range(count):
        get(connection, path)
        if connection.sock is not first:
            raise AssertionError("the server has closed the connection")
    connection.close()


def new_connection(path, expected=PAGE):
    connection = connect()
    get(connection, path, expected)
    connection.close()


def upload():
    body = content("pass on", 4 * MEBIBYTE)
    connection = connect()
    connection.request("PUT", "/host/upload", body)
    response = connection.getresponse()
    expect(response.status, 201, "status")
    expect(response.read().decode(), hashlib.sha256(body).hexdigest(), "digest")
    connection.close()


def check_nginx():
    with check("nginx: serves the host 1000 requests over one connection"):
        keep_alive(1000)
    with check("nginx: serves the host 1000 requests with keep-alive, 64 at a time"):
        # 64 connections at once, 40 of 16 requests and 24 of 15.
        at_once(keep_alive, [16] * 40 + [15] * 24, 64)
    with check("nginx: serves the host 1000 connections, 64 at a time"):
        at_once(new_connection, ["/page"] * 1000, 64)
    with check("nginx: serves the host a file of 8 MiB, four times at once"):
        large = content("nginx", 8 * MEBIBYTE)
        at_once(lambda _: new_connection("/large", large), range(4), 4)
    with check("nginx: passes 256 requests on to the host, 64 at a time"):
        at_once(lambda count: keep_alive(count, "/host/page"), [4] * 64, 64)
    with check("nginx: passes an upload of 4 MiB on to the host"):
        upload()


class Redis:
    """A client that knows integers and strings."""

    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", REDIS), PATIENCE)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        request = b"*%d\r\n" % len(words)
        request += b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.socket.sendall(request)
        line = self.file.readline()
        if line.startswith(b"-"):
            raise AssertionError(line.decode())
        if line.startswith(b"$"):
            return self.file.read(int(line[1:]) + 2)[:-2]
        return line[1:-2]

    def close(self):
        self.file.close()
        self.socket.close()


def increment(count):
    redis = Redis()
    for _ in range(count):
        redis.call(b"INCR", b"host")
    redis.close()


def check_redis():
    with check("redis: counts 2000 requests of 50 clients of the host"):
        at_once(increment, [40] * 50, 50)
        redis = Redis()
        expect(redis.call(b"GET", b"host"), b"2000", "count")
        redis.close()
    with check("redis: keeps 4 MiB for the host"):
        value = content("value", 4 * MEBIBYTE)
        redis = Redis()
        redis.call(b"SET", b"value", value)
        if redis.call(b"GET", b"value") != value:
            raise AssertionError("what came back is not what was sent")
        redis.close()


def check_streams():
    with check("python3: asyncio in the guest serves 100 connections of the host at once"):
        streams.run(streams.many, STREAMS)
    with check("python3: asyncio in the guest sends 16 MiB to the host and back"):
        streams.run(streams.large, STREAMS)
    with check("python3: asyncio in the guest reads on after its own end of file"):
        streams.run(streams.after_bye, STREAMS)


CHECKS = {
    "/check/nginx": check_nginx,
    "/check/redis": check_redis,
    "/check/streams": check_streams,
}


# ---


async def serve_streams(ports, file):
    server = await streams.Server().start("127.0.0.1", 0)
    ports["STREAMS_OF_HOST"] = server.sockets[0].getsockname()[1]
    with open(file + ".new", "w", encoding="ascii") as output:
        for name, value in ports.items():
            output.write(f"{name}={value}\n")
    os.rename(file + ".new", file)
    await server.serve_forever()


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    web = WebServer(("127.0.0.1", 0), WebHandler)
    any_port, port_53 = name_servers()
    for server in filter(None, (web, any_port, port_53)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {
        "NGINX": NGINX,
        "REDIS": REDIS,
        "STREAMS": STREAMS,
        "WEB_OF_HOST": web.server_port,
        "NAMES_OF_HOST": any_port.server_address[1],
        "NAMESERVER": port_53.server_address[0] if port_53 else "",
    }
    asyncio.run(serve_streams(ports, sys.argv[1]))


main()
