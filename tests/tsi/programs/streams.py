# SPDX-License-Identifier: Apache-2.0
"""A server on asyncio's streams, and what its clients check. Both run in the
guest and on the host: only the direction of the connections differs.

The first line of a connection says what the client wants:
  echo   everything back, and after the client's end of file the number of bytes
  bye    the server's end of file first; it reads on until the client's
  bytes  how many bytes the clients of 'bye' have sent
"""
import asyncio
import os

from report import content, expect

BLOCK = 65536
MEBIBYTE = 1 << 20


class Server:
    def __init__(self):
        self.after_bye = 0

    async def echo(self, reader, writer):
        size = 0
        while block := await reader.read(BLOCK):
            size += len(block)
            writer.write(block)
            await writer.drain()
        writer.write(b"%d\n" % size)

    async def bye(self, reader, writer):
        writer.write(b"bye\n")
        writer.write_eof()
        while block := await reader.read(BLOCK):
            self.after_bye += len(block)

    async def bytes(self, _reader, writer):
        writer.write(b"%d\n" % self.after_bye)

    async def serve(self, reader, writer):
        actions = {b"echo\n": self.echo, b"bye\n": self.bye, b"bytes\n": self.bytes}
        try:
            await actions[await reader.readline()](reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    async def start(self, address, port):
        return await asyncio.start_server(self.serve, address, port, backlog=256)


async def echo(port, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send():
        writer.write(b"echo\n" + data)
        await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    back = await reader.read(-1)
    await sending
    writer.close()
    await writer.wait_closed()
    expect(len(back), len(data) + len(b"%d\n" % len(data)), "bytes that came back")
    if back != data + b"%d\n" % len(data):
        raise AssertionError("what came back is not what was sent")


async def many(port, count=100):
    """All connections are open at once before the first ends."""
    data = content("many", BLOCK)
    await asyncio.gather(*(echo(port, data[i:] + data[:i]) for i in range(count)))


async def large(port):
    """More than any buffer on the way holds, in both directions at once."""
    await echo(port, content("large", 16 * MEBIBYTE))


async def after_bye(port):
    """The server's end of file does not keep the client from sending."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"bye\n")
    expect(await reader.read(-1), b"bye\n", "what came before the end of file")
    writer.write(content("bye", MEBIBYTE))
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    # The server may be about to read the last of it.
    for _ in range(50):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"bytes\n")
        received = int(await reader.read(-1))
        writer.close()
        await writer.wait_closed()
        if received >= MEBIBYTE:
            break
        await asyncio.sleep(0.1)
    expect(received, MEBIBYTE, "bytes that arrived")


def run(client, port):
    async def limited():
        await asyncio.wait_for(client(port), int(os.environ["PATIENCE"]))

    asyncio.run(limited())
