"""The proxy of a real server process, and a proxy in front of an echo server."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from terrace.emulator import Emulator
from terrace.emulator.certificates import CertificateAuthority
from terrace.emulator.proxy import Proxy

HOST = "sts.eu-central-1.amazonaws.com"


def signed_for(service: str) -> dict[str, str]:
    """The header that identifies the service to the backend, which does not check the signature."""
    scope = f"AWS4-HMAC-SHA256 Credential=emulated/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    return {"Authorization": scope}


def dial(emulator: Emulator, request: str) -> tuple[socket.socket, bytes]:
    """A connection to the proxy after a request line, and the proxy's response."""
    connection = socket.create_connection(("127.0.0.1", emulator.proxy_port), timeout=10)
    connection.sendall(f"{request}\r\n\r\n".encode())
    return connection, connection.recv(4096)


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT example.com:443 HTTP/1.1",
        "CONNECT evilamazonaws.com:443 HTTP/1.1",
        "CONNECT amazonaws.com.example.com:443 HTTP/1.1",
        f"CONNECT {HOST}:80 HTTP/1.1",
        f"GET http://{HOST}/ HTTP/1.1",
        "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1",
        "nonsense",
    ],
)
def test_other_hosts_are_refused_and_reported(emulator: Emulator, request_line: str) -> None:
    connection, answer = dial(emulator, request_line)
    connection.close()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert any(refused in request_line for refused in emulator.refused())


def test_an_endless_head_is_a_bad_request(emulator: Emulator) -> None:
    with socket.create_connection(("127.0.0.1", emulator.proxy_port), timeout=10) as connection:
        connection.sendall(b"x" * 200_000)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(64).startswith(b"HTTP/1.1 400 ")


def test_the_host_certificate_is_trusted_only_through_the_emulators_authority(emulator: Emulator) -> None:
    connection, answer = dial(emulator, f"CONNECT {HOST}:443 HTTP/1.1")
    assert answer.startswith(b"HTTP/1.1 200 ")
    with ssl.create_default_context(cafile=str(emulator.ca)).wrap_socket(connection, server_hostname=HOST) as tls:
        names = tls.getpeercert()["subjectAltName"]
    assert names == (("DNS", HOST),)

    # the machine's own trust store does not trust it
    connection, _ = dial(emulator, f"CONNECT {HOST}:443 HTTP/1.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname=HOST)
    connection.close()


def test_the_authority_key_is_not_on_disk(emulator: Emulator) -> None:
    written = [path.read_bytes() for path in emulator.directory.iterdir() if path.is_file()]
    assert not any(b"PRIVATE KEY" in content for content in written)


def caller(emulator: Emulator) -> int:
    answer = requests.post(
        f"https://{HOST}/",
        data={"Action": "GetCallerIdentity", "Version": "2011-06-15"},
        headers=signed_for("sts"),
        proxies={"https": emulator.proxy},
        verify=str(emulator.ca),
        timeout=30,
    )
    assert emulator.account["account_id"] in answer.text
    return answer.status_code


def test_concurrent_requests(emulator: Emulator) -> None:
    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(lambda _: caller(emulator), range(96))) == [200] * 96


def test_large_bodies_in_both_directions(emulator: Emulator) -> None:
    body = bytes(range(256)) * 4 * 1024 * 8  # 8 MiB, more than any buffer in between
    url = "https://large.s3.us-east-1.amazonaws.com/"

    def call(method: str, key: str = "", data: bytes = b"") -> requests.Response:
        return requests.request(
            method,
            url + key,
            data=data,
            headers=signed_for("s3"),
            proxies={"https": emulator.proxy},
            verify=str(emulator.ca),
            timeout=60,
        )

    assert call("PUT").ok
    assert call("PUT", "key", body).ok
    assert call("GET", "key").content == body
    assert call("DELETE", "key").ok
    assert call("DELETE").ok


def test_disconnecting_clients_leave_no_open_connection(emulator: Emulator) -> None:
    for _ in range(10):
        socket.create_connection(("127.0.0.1", emulator.proxy_port)).close()
        connection, _ = dial(emulator, f"CONNECT {HOST}:443 HTTP/1.1")
        connection.close()  # before TLS
        connection, _ = dial(emulator, f"CONNECT {HOST}:443 HTTP/1.1")
        connection.sendall(b"this is not TLS")
        connection.close()
        connection, _ = dial(emulator, f"CONNECT {HOST}:443 HTTP/1.1")
        context = ssl.create_default_context(cafile=str(emulator.ca))
        tls = context.wrap_socket(connection, server_hostname=HOST)
        tls.sendall(b"POST / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nContent-Length: 100\r\n\r\nhalf")
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # sends a reset on close
        tls.close()
    deadline = time.monotonic() + 20
    while emulator.open_connections() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert emulator.open_connections() == 0
    assert caller(emulator) == 200


@contextlib.asynccontextmanager
async def proxied_echo(
    tmp_path: Path,
) -> AsyncIterator[tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter, list[bytes]]]:
    """A TLS connection through a proxy to an echo server; the list gets b"" when the server sees the end."""
    received: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            received.append(data)
            writer.write(data)
            await writer.drain()
        received.append(b"")
        writer.close()

    backend = await asyncio.start_server(echo, "127.0.0.1", 0)
    authority = CertificateAuthority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    proxy = Proxy(authority, ["cloud.example"], backend.sockets[0].getsockname())
    port = await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"CONNECT api.cloud.example:443 HTTP/1.1\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    await writer.start_tls(context, server_hostname="api.cloud.example")
    try:
        yield proxy, reader, writer, received
    finally:
        writer.close()
        await proxy.stop()
        backend.close()


def test_one_connection_serves_many_requests(tmp_path: Path) -> None:
    async def run() -> None:
        async with proxied_echo(tmp_path) as (_, reader, writer, _received):
            for word in (b"one", b"two", b"three"):
                writer.write(word)
                assert await reader.readexactly(len(word)) == word

    asyncio.run(run())


def test_the_backend_sees_that_a_client_disconnected(tmp_path: Path) -> None:
    async def run() -> None:
        async with proxied_echo(tmp_path) as (proxy, reader, writer, received):
            writer.write(b"word")
            await reader.readexactly(4)
            writer.close()
            async with asyncio.timeout(5):
                while b"" not in received or proxy.open_connections:
                    await asyncio.sleep(0.01)

    asyncio.run(run())


def test_stopping_ends_open_connections(tmp_path: Path) -> None:
    async def run() -> None:
        async with proxied_echo(tmp_path) as (proxy, _reader, _writer, _received):
            assert proxy.open_connections == 1
            async with asyncio.timeout(5):
                await proxy.stop()
            assert proxy.open_connections == 0

    asyncio.run(run())


def test_host_names_are_compared_by_label(tmp_path: Path) -> None:
    proxy = Proxy(CertificateAuthority(), ["cloud.example", ".other.example"], ("127.0.0.1", 1))
    allowed = ["cloud.example", "api.cloud.example", "a.b.other.example"]
    refused = ["xcloud.example", "cloud.example.com", "example", ""]
    assert [proxy.allows(name) for name in allowed + refused] == [True] * 3 + [False] * 4
