"""An AWS emulator that records the requests it receives: `python -m tests.live.aws.recorder` is its server process."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from terrace import emulator
from terrace.emulator import process
from terrace.emulator.aws import server
from terrace.emulator.contract import Backend, Options
from tests.live.aws.replay import Application, Request, deterministic
from tests.live.recording import ROOT

_READS = re.compile("Describe|Get|List|BatchGet|Lookup|Search|Simulate|AssumeRole")
_HEADERS = ("x-amz-", "content-type", "content-md5", "if-", "authorization")
_SIGNING = ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent")


@contextmanager
def recording_emulator(directory: Path, account: Mapping[str, str], region: str) -> Iterator[emulator.Emulator]:
    """Run the server process; `requests` reads what it recorded afterwards."""
    command = [sys.executable, "-m", "tests.live.aws.recorder", str(directory), json.dumps(dict(account)), region]
    with subprocess.Popen(command, cwd=ROOT) as serving:
        try:
            while (running := emulator.status("aws", directory)) is None:
                assert serving.poll() is None, "the emulator ended"
                time.sleep(0.2)
            yield running
        finally:
            serving.terminate()


def requests(directory: Path) -> tuple[Any, ...]:
    return tuple(json.loads((directory / "requests.json").read_text()))


class Recorder:
    """A WSGI application that passes one request at a time to an emulator and keeps those that may change its state.

    These are the writing requests that succeed and the first of each reading one: some resources, such as a default
    VPC, are created when they are first read.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._read: set[tuple[Any, ...]] = set()
        self.requests: list[Request] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        environ.pop("wsgi.input_terminated", None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        statuses: list[str] = []

        def start(status: str, headers: Any, *more: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *more)

        with self._lock, deterministic(len(self.requests)):
            answer = b"".join(self._application(environ, start))
            status = int(statuses[0].split()[0])
            if status < 400 and self._may_change_state(environ, body):
                self.requests.append(_request(environ, body, status))
        return [answer]

    def _may_change_state(self, environ: dict[str, Any], body: bytes) -> bool:
        if _writes(environ, body):
            return True
        read = (environ["HTTP_HOST"], environ["REQUEST_URI"], environ.get("HTTP_X_AMZ_TARGET"), body)
        is_first = read not in self._read
        self._read.add(read)
        return is_first


def _writes(environ: dict[str, Any], body: bytes) -> bool:
    """The query and JSON protocols name the operation and send even reads as POST."""
    operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    if not operation and (action := re.match(rb"(?:.*&)?Action=(\w+)", body)):
        operation = action[1].decode()
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS") and not _READS.match(operation)


def _request(environ: dict[str, Any], body: bytes, status: int) -> Request:
    sent = {name[5:].lower().replace("_", "-"): str(value) for name, value in environ.items() if name[:5] == "HTTP_"}
    sent["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    headers = {n: value for n, value in sent.items() if n.startswith(_HEADERS) and n not in _SIGNING and value}
    if scope := re.search(r"Credential=[^,]+", headers.get("authorization", "")):
        headers["authorization"] = f"AWS4-HMAC-SHA256 {scope[0]}"
    return Request(
        environ["REQUEST_METHOD"], environ["HTTP_HOST"], environ["REQUEST_URI"], headers, body.decode(), status
    )


def main() -> None:
    directory, account, region = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
    genuine = server.backend

    def recording(*arguments: Any) -> Backend:
        backend = genuine(*arguments)
        application = Recorder(backend.application)

        def close() -> None:
            (directory / "requests.json").write_text(json.dumps(application.requests))

        return replace(backend, application=application, close=close)

    server.backend = recording
    process.serve("aws", directory, account, region, Options(), None)


if __name__ == "__main__":
    main()
