"""Puts the messages of topics into bronze as they came in, each once.

Usage: land.py FILE. FILE has `kafka` (properties of the client), `topics` (topic to the address of its folder),
`seconds` and `bytes` (after which messages become an object) and `port` (of the metrics; 0: none). Exit codes: 0 it was
told to end, or its certificate was renewed, 2 wrong usage; another one is an error. The next process goes on from the
last position.

A position is written twice. Before an object is, the position's metadata says which message it ends with; after it, the
position moves behind it. So a process that ends in between, and one that lost the partition meanwhile, make the same
object under the same name, which the lake accepts once.
"""

import base64
import gzip
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MESSAGES = 20_000
"""Messages of an object, at most."""

Put = Callable[[str, bytes], None]
"""Writes an object by its name, unless there is one of this name."""


class Batch:
    """Messages of a partition that become an object. `end` is the last one's offset, where an earlier process has
    decided on it."""

    def __init__(self, end: int | None = None) -> None:
        self.end = end
        self.messages: list[Any] = []
        self.size = 0
        self.since = time.monotonic()

    def add(self, message: Any) -> None:
        if not self.messages:
            self.since = time.monotonic()
        self.messages.append(message)
        self.size += len(message.key() or b"") + len(message.value() or b"")

    def name(self) -> str:
        first = self.messages[0]
        return f"{_hour(first)}/{first.partition():05}-{first.offset():020}.jsonl.gz"

    def content(self) -> bytes:
        """The same messages give the same bytes."""
        return gzip.compress(b"".join(_line(one) for one in self.messages), 6, mtime=0)


def _hour(message: Any) -> str:
    return datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC).strftime("date=%Y-%m-%d/hour=%H")


def _line(message: Any) -> bytes:
    """A message as JSON; keys, values and those of headers are any bytes, in Base64."""
    found = {
        "topic": message.topic(), "partition": message.partition(), "offset": message.offset(),
        "timestamp": message.timestamp()[1], "key": _text(message.key()), "value": _text(message.value()),
        "headers": [[name, _text(value)] for name, value in message.headers() or ()],
    }  # fmt: skip
    return json.dumps(found, separators=(",", ":")).encode() + b"\n"


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


class Landing:
    """One member of the group of consumers."""

    def __init__(self, consumer: Any, places: dict[str, Put], seconds: float, most: int) -> None:
        self.consumer, self.places, self.seconds, self.most = consumer, places, seconds, most
        self.batches: dict[tuple[str, int], Batch] = {}
        self.landed = dict.fromkeys(places, 0)
        self.objects = dict.fromkeys(places, 0)
        consumer.subscribe(list(places), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def step(self, wait: float) -> None:
        """Take the next message, if one comes in time, and write what is due."""
        message = self.consumer.poll(wait)
        if message is not None:
            if message.error():
                raise RuntimeError(str(message.error()))
            self._take(message)
        for batch in list(self.batches.values()):
            if batch.messages and batch.end is None and time.monotonic() - batch.since >= self.seconds:
                self._land(batch)

    def _take(self, message: Any) -> None:
        place = message.topic(), message.partition()
        batch = self.batches.setdefault(place, Batch())
        over = message.offset() > batch.end if batch.end is not None else bool(
            batch.messages and _hour(message) != _hour(batch.messages[0])
        )  # fmt: skip
        if over:
            self._land(batch)
            batch = self.batches[place]
        batch.add(message)
        full = batch.size >= self.most or len(batch.messages) >= MESSAGES
        if message.offset() == batch.end or (batch.end is None and full):
            self._land(batch)

    def _land(self, batch: Batch) -> None:
        from confluent_kafka import TopicPartition

        if batch.messages:  # none: what was decided on is no longer in the topic
            first, last = batch.messages[0], batch.messages[-1]
            topic, partition = first.topic(), first.partition()
            if batch.end is None:
                self._commit(TopicPartition(topic, partition, first.offset(), metadata=str(last.offset())))
            self.places[topic](batch.name(), batch.content())
            self._commit(TopicPartition(topic, partition, last.offset() + 1, metadata=""))
            self.landed[topic] += len(batch.messages)
            self.objects[topic] += 1
            self.batches[topic, partition] = Batch()
        else:
            batch.end = None

    def _commit(self, position: Any) -> None:
        for one in self.consumer.commit(offsets=[position], asynchronous=False):
            if one.error:
                raise RuntimeError(str(one.error))

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        for one in consumer.committed(partitions, timeout=30):
            self.batches[one.topic, one.partition] = Batch(int(one.metadata) if one.metadata else None)

    def _revoked(self, _: Any, partitions: list[Any]) -> None:
        """What is not written is read again by the next member."""
        for one in partitions:
            self.batches.pop((one.topic, one.partition), None)

    def metrics(self) -> str:
        now = time.monotonic()
        waiting = [now - one.since for one in list(self.batches.values()) if one.messages]
        lines = [f"landing_oldest_seconds {max(waiting, default=0.0):.1f}"]
        for topic in self.places:
            lines.append(f'landing_messages_total{{topic="{topic}"}} {self.landed[topic]}')
            lines.append(f'landing_objects_total{{topic="{topic}"}} {self.objects[topic]}')
        return "".join(f"{line}\n" for line in lines)


def place(address: str) -> Put:
    """Writes objects below an address: s3://, abfss:// or gs://. Each request has a checksum, and is refused if
    the name is taken."""
    found = urlsplit(address)
    folder = found.path.strip("/")
    return {"s3": _s3, "abfss": _azure, "gs": _google}[found.scheme](found.netloc, folder)


def _s3(bucket: str, folder: str) -> Put:
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client("s3")

    def put(name: str, content: bytes) -> None:
        try:
            client.put_object(
                Bucket=bucket, Key=f"{folder}/{name}", Body=content, IfNoneMatch="*", ChecksumAlgorithm="SHA256"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    return put


def _azure(location: str, folder: str) -> Put:
    from azure.core.exceptions import ResourceExistsError
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import ContainerClient

    container, _, host = location.partition("@")
    account = f"https://{host.replace('.dfs.', '.blob.')}"
    client = ContainerClient(account, container, credential=DefaultAzureCredential(), max_single_put_size=2**28)

    def put(name: str, content: bytes) -> None:
        with suppress(ResourceExistsError):
            client.upload_blob(f"{folder}/{name}", content, validate_content=True)

    return put


def _google(bucket: str, folder: str) -> Put:
    from google.api_core.exceptions import PreconditionFailed
    from google.cloud import storage

    found = storage.Client().bucket(bucket)

    def put(name: str, content: bytes) -> None:
        with suppress(PreconditionFailed):
            found.blob(f"{folder}/{name}").upload_from_string(content, if_generation_match=0, checksum="crc32c")

    return put


def _serve(landing: Landing, port: int) -> None:
    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(landing.metrics().encode())

        def log_message(self, *_: Any) -> None:
            pass

    threading.Thread(target=ThreadingHTTPServer(("", port), Metrics).serve_forever, daemon=True).start()


def open_(wanted: dict[str, Any]) -> Landing:
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            **wanted["kafka"],
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "queued.max.messages.kbytes": 4096,
        }
    )
    places = {topic: place(address) for topic, address in wanted["topics"].items()}
    return Landing(consumer, places, wanted["seconds"], wanted["bytes"])


def main(file: Path) -> None:
    wanted = json.loads(file.read_text(encoding="utf-8"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    landing = open_(wanted)
    certificate = Path(wanted["kafka"].get("ssl.certificate.location", file))
    made = certificate.stat().st_mtime_ns
    if wanted["port"]:
        _serve(landing, wanted["port"])
    try:
        while certificate.stat().st_mtime_ns == made:  # the client reads a renewed one when it starts
            landing.step(1.0)
    finally:
        landing.consumer.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} FILE", file=sys.stderr)
        sys.exit(2)
    main(Path(sys.argv[1]))
