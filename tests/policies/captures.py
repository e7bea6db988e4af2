"""Writes capture files in the format that sysdig and Falco read: one process per event, each in its own container.

The format is a sequence of blocks (libscap, version 1.2): header, machine, processes, then events with parameters.
"""

import ipaddress
import json
import struct
from dataclasses import dataclass

# Types of blocks and events, flags of an opened file.
HEADER, MACHINE, PROCESSES, EVENT, INTERFACES, USERS, LARGE_EVENT = 0x0A0D0D0A, 0x201, 0x215, 0x216, 0x219, 0x220, 0x221
WRITTEN, SOCKET, CONNECT, EXECVE, OPENAT, CONTAINER = 8, 18, 22, 292, 306, 324
READ, WRITE = 1, 2

START = 1_700_000_000 * 10**9
ENOENT, ECONNREFUSED, EINPROGRESS = -2, -111, -115


@dataclass(frozen=True)
class Process:
    name: str
    arguments: tuple[str, ...] = ()
    path: str = ""
    parent: str = "containerd-shim"
    terminal: int = 0
    image: str = "registry.example.com/app"  # empty: a process of the node
    namespace: str = "app"


@dataclass(frozen=True)
class Started:
    result: int = 0


@dataclass(frozen=True)
class Opened:
    path: str
    flags: int = READ
    result: int = 5


@dataclass(frozen=True)
class Connected:
    address: str  # a path for a Unix socket
    port: int = 0
    result: int = 0


@dataclass(frozen=True)
class Sent:
    """A write to a socket that was connected before."""

    connection: Connected
    result: int


Action = Started | Opened | Connected | Sent


def capture(events: list[tuple[Process, Action]]) -> bytes:
    """A capture of these events; the process of the n-th event has the id 1000 + n."""
    processes = _process(1, 0, "systemd", "")
    blocks = []
    for number, (process, action) in enumerate(events):
        pid, parent, container = 1000 + number, 100_000 + number, f"{number + 1:012x}{0:052x}" if process.image else ""
        processes += _process(parent, 1, process.parent, container) + _process(pid, parent, "before", container)
        start = START + number * 1000
        if container:
            blocks.append(_container(start, container, process))
        # The process gets its name by an execve. A program that fails to start another one keeps its name.
        blocks.append(_execve(start + 10, pid, parent, process, container, 0))
        match action:
            case Started() if action.result:
                blocks.append(_execve(start + 20, pid, parent, process, container, action.result))
            case Opened():
                blocks.append(_openat(start + 20, pid, action))
            case Connected():
                blocks.append(_connect(start + 20, pid, action))
            case Sent():
                blocks += [_connect(start + 20, pid, action.connection), _write(start + 30, pid, action.result)]
    machine = struct.pack("<IQQ128sQQQQ", 1, 1 << 30, 1 << 22, b"node", START, 0, 0, 0)
    return b"".join(
        [
            _block(HEADER, struct.pack("<IHHq", 0x1A2B3C4D, 1, 2, -1)),
            _block(MACHINE, machine),
            _block(INTERFACES, b""),
            _block(USERS, b""),
            _block(PROCESSES, processes),
            *blocks,
        ]
    )


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _process(pid: int, parent: int, name: str, container: str) -> bytes:
    path = _counted(f"/usr/bin/{name}")
    body = struct.pack("<QQQQQ", pid, pid, parent, pid, pid)
    body += _counted(name) + path + path + _counted("") + _counted("/")
    body += struct.pack("<QIIIIIIQQ", 1024, 1, 1000, 1000, 0, 0, 0, 0, 0)
    body += _counted("") + struct.pack("<qq", pid, pid) + _counted(_cgroup(container)) + _counted("/")
    body += struct.pack("<i", -1)
    return struct.pack("<I", len(body) + 4) + body


def _counted(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode()


def _cgroup(container: str) -> str:
    return f"cpu=/kubepods/besteffort/pod1/{container}\0" if container else "cpu=/\0"


def _event(time: int, pid: int, kind: int, parameters: list[bytes]) -> bytes:
    large = kind == CONTAINER
    lengths = struct.pack(f"<{len(parameters)}{'I' if large else 'H'}", *map(len, parameters))
    data = lengths + b"".join(parameters)
    header = struct.pack("<HQQIHI", 0, time, pid, 26 + len(data), kind, len(parameters))
    return _block(LARGE_EVENT if large else EVENT, header + data)


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def _long(value: int) -> bytes:
    return struct.pack("<q", value)


def _int(value: int) -> bytes:
    return struct.pack("<i", value)


def _container(time: int, container: str, process: Process) -> bytes:
    labels = {"io.kubernetes.pod.namespace": process.namespace, "io.kubernetes.pod.name": "pod-0"}
    description = {
        "id": container[:12],
        "type": 7,
        "name": "container",
        "image": f"{process.image}:1",
        "imagerepo": process.image,
        "imagetag": "1",
        "Mounts": [],
        "labels": labels,
        "lookup_state": 1,
    }
    return _event(time, 2**64 - 1, CONTAINER, [_text(json.dumps({"container": description}))])


def _execve(time: int, pid: int, parent: int, process: Process, container: str, result: int) -> bytes:
    path = process.path or f"/usr/bin/{process.name}"
    parameters = [_long(result), _text(path), b"".join(map(_text, process.arguments))]
    parameters += [_long(pid), _long(pid), _long(parent), _text("/"), _long(1024), _long(0), _long(0)]
    parameters += [_int(0), _int(0), _int(0), _text(process.name), _cgroup(container).encode(), b""]
    parameters += [_int(process.terminal), _long(pid), _int(-1), _int(0)]
    return _event(time, pid, EXECVE, [_text(path)]) + _event(time + 1, pid, EXECVE + 1, parameters)


def _openat(time: int, pid: int, action: Opened) -> bytes:
    enter = [_long(-100), _text(action.path), _int(action.flags), _int(0)]
    return _event(time, pid, OPENAT, enter) + _event(time + 1, pid, OPENAT + 1, [_long(action.result), *enter, _int(0)])


def _connect(time: int, pid: int, action: Connected) -> bytes:
    if action.address.startswith("/"):
        family, address = 1, _text(action.address)
        connection = struct.pack("<QQ", 1, 2) + address
    else:
        destination = ipaddress.ip_address(action.address)
        family = 2 if destination.version == 4 else 10
        source = ipaddress.ip_address("10.0.0.1" if destination.version == 4 else "fd00::1")
        address = destination.packed + struct.pack("<H", action.port)
        connection = source.packed + struct.pack("<H", 40000) + address
    return b"".join(
        [
            _event(time, pid, SOCKET, [_int(family), _int(1), _int(0)]),
            _event(time + 1, pid, SOCKET + 1, [_long(4)]),
            _event(time + 2, pid, CONNECT, [_long(4), bytes([family]) + address]),
            _event(time + 3, pid, CONNECT + 1, [_long(action.result), bytes([family]) + connection]),
        ]
    )


def _write(time: int, pid: int, result: int) -> bytes:
    enter = _event(time, pid, WRITTEN, [_long(4), _int(result)])
    return enter + _event(time + 1, pid, WRITTEN + 1, [_long(result), bytes(result)])
