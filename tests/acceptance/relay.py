"""TCP relays on loopback, each a thread of its own: one delays and breaks, one plants old answers."""

import asyncio
import re
import threading
import time


class Relay:
    """Passes connections on to `target`; each direction takes `delay` seconds."""

    def __init__(self, target, delay=0.0):
        self.target, self.delay = target, delay
        self.port = 0
        self._writers = set()
        self._flowing = None  # asyncio.Event
        self._refusing = False
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()

    def break_for(self, seconds, cut):
        """Passes nothing on for so long; a cut ends all connections, too, and refuses new ones."""
        self._loop.call_soon_threadsafe(self._break, cut)
        time.sleep(seconds)
        self._loop.call_soon_threadsafe(self._mend)

    def _break(self, cut):
        self._flowing.clear()
        self._refusing = cut
        for writer in self._writers if cut else ():
            writer.transport.abort()

    def _mend(self):
        self._refusing = False
        self._flowing.set()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, far_writer}
        try:
            if self._refusing:
                return
            await self._serve(reader, writer, far_reader, far_writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers -= {writer, far_writer}
            writer.close()
            far_writer.close()

    async def _serve(self, reader, writer, far_reader, far_writer):
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader, writer):
        """Everything at its time: what comes meanwhile does not wait longer for it."""
        loop = asyncio.get_running_loop()
        data = b"more"
        while data:
            data = await reader.read(65536)
            await self._flowing.wait()
            loop.call_later(self.delay, writer.write if data else self._end,
                            data if data else writer)

    @staticmethod
    def _end(writer):
        try:
            writer.write_eof()
        except OSError:
            pass  # it has ended, too


class ReplayingRelay(Relay):
    """Answers one plain GET in `every` with what it has seen first for that path: a planted fault.

    Only for GET, one request after the other, answers with Content-Length.
    """

    def __init__(self, target, every):
        self.every, self.asked, self.replayed = every, 0, 0
        self.first = {}  # path and language → answer
        super().__init__(target)

    async def _serve(self, reader, writer, far_reader, far_writer):
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            far_writer.write(request)
            head = await far_reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            bodiless = head.split(b" ", 2)[1] in (b"204", b"304")
            body = await far_reader.readexactly(0 if bodiless else int(length.group(1)))
            writer.write(self._answer(request, head + body))
            await writer.drain()

    def _answer(self, request, answer):
        if not answer.startswith(b"HTTP/1.1 200 ") or re.search(rb"\r\n(Range|If-)", request):
            return answer
        etag = re.search(rb"(?i)\r\netag: (\S+)", answer).group(1)
        known_etag, known = self.first.setdefault(request, (etag, answer))
        self.asked += 1
        if known_etag != etag and self.asked >= self.every:
            self.asked = 0
            self.replayed += 1
            return known
        return answer
