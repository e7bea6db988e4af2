"""The server process: one cloud's backend, the proxy in front of it, and control pages, all on loopback.

It writes `emulator.json` (the pid file: process id, start time, ports) once it serves requests, and removes it when it
stops. It stops on SIGTERM, on Ctrl-C, and when the process `parent` ends.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
from werkzeug.serving import WSGIRequestHandler, make_server

from terrace.capabilities.cloud import implementation
from terrace.emulator.certificates import CertificateAuthority
from terrace.emulator.contract import Account, Backend, Faults, Options, cloud_module
from terrace.emulator.engines import Endpoint, Engines
from terrace.emulator.journal import Journal
from terrace.emulator.proxy import Proxy

log = logging.getLogger("terrace.emulator")

CONTROL = "/_emulator/"
_PARENT_SECONDS = 0.5


def serve(cloud: str, directory: Path, account: Account, region: str, options: Options, parent: int | None) -> None:
    """Run until a signal or the parent's end. Logs to stderr, which `start` redirects to the log file."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    suffixes = cloud_module(cloud).HOST_SUFFIXES
    backend: Backend = implementation("terrace.emulator", cloud, "server").backend(account, region, options)
    asyncio.run(_run(cloud, directory, account, region, options, parent, suffixes, backend))


async def _run(
    cloud: str,
    directory: Path,
    account: Account,
    region: str,
    options: Options,
    parent: int | None,
    suffixes: Iterable[str],
    backend: Backend,
) -> None:
    authority = CertificateAuthority()
    (directory / "ca.pem").write_bytes(authority.pem)
    control = Control(backend, options.faults, Journal(directory / "requests.jsonl"))
    engines = Engines(authority, backend.databases, options.postgres) if options.engines else None
    server = make_server(
        "127.0.0.1", 0, control, threaded=True, request_handler=backend.request_handler or WSGIRequestHandler
    )
    proxy = Proxy(authority, tuple(suffixes), ("127.0.0.1", server.server_port))
    if engines:
        control.changed, control.endpoints = engines.changed, engines.endpoints
        engines.changed()  # those of a saved state
    control.refused = lambda: dict(proxy.refused)
    control.open_connections = lambda: proxy.open_connections
    proxy_port = await proxy.start()
    threading.Thread(target=server.serve_forever, name="backend", daemon=True).start()

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    record = directory / "emulator.json"
    process = psutil.Process()
    temporary = directory / f"emulator.json.{process.pid}"
    temporary.write_text(
        json.dumps(
            {
                "cloud": cloud,
                "pid": process.pid,
                "started": process.create_time(),
                "proxy_port": proxy_port,
                "backend_port": server.server_port,
                "account": dict(account),
                "region": region,
            }
        )
    )
    temporary.replace(record)
    log.info("%s emulator: proxy %s, backend %s, account %s", cloud, proxy_port, server.server_port, dict(account))
    watch = asyncio.create_task(_end_with(parent, ended)) if parent else None
    try:
        await ended.wait()
    finally:
        if watch:
            watch.cancel()
        await proxy.stop()
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(record.read_text())["pid"] == process.pid:
                record.unlink()
        if engines:
            engines.stop()
        backend.close()
        log.info("stopped")
        logging.shutdown()
        # do not wait for request threads whose client has disconnected
        os._exit(0)


async def _end_with(parent: int, ended: asyncio.Event) -> None:
    """Set `ended` when the process `parent` has ended, even if its id was reused."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(parent)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(_PARENT_SECONDS)
    log.info("parent process %s has ended", parent)
    ended.set()


class Control:
    """Serves the control pages to direct callers on loopback; logs all other requests, throttles them if that fault is
    injected, and passes them to the backend."""

    def __init__(self, backend: Backend, faults: Faults, journal: Journal) -> None:
        self._backend = backend
        self._faults = faults
        self._journal = journal
        self._count = itertools.count(1)
        self.refused: Callable[[], dict[str, int]] = dict
        self.open_connections: Callable[[], int] = int
        self.changed: Callable[[], None] = lambda: None
        self.endpoints: Callable[[], list[Endpoint]] = list

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        # a request through the proxy always has one of the cloud's hosts
        direct = str(environ.get("HTTP_HOST", "")).startswith("127.0.0.1:")
        if not (direct and path.startswith(CONTROL)):
            body: Iterable[bytes] = self._cloud(environ, self._journal.logged(environ, start_response))
            if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
                self.changed()
            return body
        pages: dict[str, Callable[[], Any]] = {
            "health": lambda: {"pid": os.getpid(), "open_connections": self.open_connections()},
            "inventory": lambda: [asdict(resource) for resource in self._backend.inventory()],
            "unsupported": lambda: [asdict(call) for call in self._backend.unsupported()],
            "decisions": lambda: [asdict(decision) for decision in self._backend.decisions()],
            "refused": self.refused,
            "endpoints": lambda: [asdict(endpoint) for endpoint in self.endpoints()],
        }
        page = pages.get(path.removeprefix(CONTROL))
        content = json.dumps(page() if page else {"pages": sorted(pages)}).encode()
        start_response(
            "200 OK" if page else "404 Not Found",
            [("Content-Type", "application/json"), ("Content-Length", str(len(content)))],
        )
        return [content]

    def _cloud(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        every = self._faults.throttle_every
        if every and next(self._count) % every == 0 and (response := self._backend.throttled(environ)):
            status, headers, body = response
            start_response(status, headers)
            return [body]
        chunks: Iterable[bytes] = self._backend.application(environ, start_response)
        return chunks
