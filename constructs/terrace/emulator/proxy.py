"""The loopback proxy that sends every request for a cloud's own host names to an emulated control plane.

A client sends `CONNECT host:443`; the proxy ends TLS for that host with a certificate of its private authority and
forwards the decrypted bytes to the backend, which finds the service by the Host header. The proxy refuses every host
that does not belong to the emulated cloud, so a child process cannot reach a real account.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Collection

from terrace.emulator.certificates import CertificateAuthority

log = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_HEAD_SECONDS = 10  # for the request line and its headers
_TLS_SECONDS = 15
_CLOSE_SECONDS = 3  # for a client that does not complete the TLS shutdown
_DISCONNECTED = (OSError, EOFError, asyncio.TimeoutError)  # ssl.SSLError is an OSError


class Proxy:
    """Ends TLS for `allowed` hosts (with all their subdomains) and forwards to `backend`, (address, port)."""

    def __init__(self, authority: CertificateAuthority, allowed: Collection[str], backend: tuple[str, int]) -> None:
        self._authority = authority
        self._allowed = tuple(suffix.lower().lstrip(".") for suffix in allowed)
        self._backend = backend
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.refused: Counter[str] = Counter()  # refused hosts or request lines, and how often

    async def start(self, address: str = "127.0.0.1", port: int = 0) -> int:
        """Listen and return the port, a free one when `port` is 0. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._accept, address, port, limit=_CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end every open connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        return len(self._connections)

    def allows(self, host: str) -> bool:
        return any(host == suffix or host.endswith(f".{suffix}") for suffix in self._allowed)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # the task that asyncio creates for a coroutine logs a traceback when it is cancelled
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._handle(reader, writer)
        except _DISCONNECTED as error:
            log.debug("connection ended: %r", error)
        finally:
            await _close(writer)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.LimitOverrunError, asyncio.IncompleteReadError, TimeoutError):
            await _reply(writer, "400 Bad Request", "expected a proxy request")
            return
        request_line = head.split(b"\r\n", 1)[0].decode("latin-1")
        host = _connect_target(request_line)
        if host is None or not self.allows(host):
            target = host or request_line
            self.refused[target] += 1
            log.warning("refused: %s", target)
            await _reply(writer, "403 Forbidden", f"the emulator refuses {target}: not a host of the emulated cloud")
            return
        context = self._authority.server_context(host)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        async with asyncio.timeout(_TLS_SECONDS):
            await writer.start_tls(context)
        backend_reader, backend_writer = await asyncio.open_connection(*self._backend)
        try:
            await _forward(reader, writer, backend_reader, backend_writer)
        finally:
            await _close(backend_writer)


def _connect_target(request_line: str) -> str | None:
    """The host of `CONNECT host:443 HTTP/1.1`; None for any other request line."""
    parts = request_line.split()
    if len(parts) != 3 or parts[0] != "CONNECT":
        return None
    host, _, port = parts[1].rpartition(":")
    return host.lower().rstrip(".") if host and port == "443" else None


async def _reply(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _forward(
    client_reader: asyncio.StreamReader,
    client_writer: asyncio.StreamWriter,
    backend_reader: asyncio.StreamReader,
    backend_writer: asyncio.StreamWriter,
) -> None:
    """Pipe both ways until the backend closes; a client that has sent everything may still wait for its response."""
    upward = asyncio.create_task(_pipe(client_reader, backend_writer))
    try:
        await _pipe(backend_reader, client_writer)
    finally:
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        if writer.can_write_eof():  # plain TCP: the backend notices the client's end; TLS has no half-close
            with contextlib.suppress(*_DISCONNECTED):
                writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(*_DISCONNECTED):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await writer.wait_closed()
