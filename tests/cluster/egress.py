"""The API server's way to the cluster's network: an HTTP CONNECT proxy on a Unix socket.

Without it, the API server dials the addresses of webhooks and aggregated APIs itself, which do not exist here and may be
routed off the machine. The proxy connects only to loopback ports that a test has mapped, and refuses all other targets.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path


class EgressProxy:
    """`targets` maps "host:port", as the API server dials it, to a port on loopback. `allowed` and `refused` list the
    targets of the connections so far."""

    def __init__(self) -> None:
        self.targets: dict[str, int] = {}
        self.allowed: list[str] = []
        self.refused: list[str] = []

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(4096)
                if not received:
                    return
                head += received
            target = head.split(b" ", 2)[1].decode()
            port = self.targets.get(target)
            if port is None:
                self.refused.append(target)
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                return
            self.allowed.append(target)
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_copy, args=(upstream, connection), daemon=True)
                back.start()
                _copy(connection, upstream)
                back.join()

    def run(self, listener: socket.socket) -> None:
        """Serve until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()


def _copy(source: socket.socket, destination: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            destination.sendall(data)
    with contextlib.suppress(OSError):
        destination.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def egress_proxy(path: Path) -> Iterator[EgressProxy]:
    """A proxy that listens on the Unix socket `path`."""
    proxy = EgressProxy()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=proxy.run, args=(listener,), daemon=True).start()
        yield proxy
