"""Real PostgreSQL servers behind the emulated clouds' servers, on loopback, while the cloud's server exists.

Each has the cloud's host name in its certificate, TLS only, the administrator with the password that the cloud's own
secrets tell, its databases, and those of its parameters that this machine's PostgreSQL knows. Where that cannot encrypt
connections, the endpoint says so.
"""

import contextlib
import ctypes
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.emulator.certificates import CertificateAuthority

log = logging.getLogger("terrace.emulator")

_OLDEST = 15
_MISSING = "this machine has no PostgreSQL server: install PostgreSQL 15 or newer and start the emulator again"
_OWN = (
    *("port", "listen_", "unix_", "ssl", "hba_", "ident_", "data_", "config_", "external_", "log_", "logging_"),
    *("shared_buffers", "huge_"),
)
"""Parameters that this machine decides."""
_SECONDS = 60


@dataclass(frozen=True)
class Database:
    """A server as the cloud's resources describe it. `roles` are what the administrator is a member of; `logins`
    are roles that the cloud's API makes, and `functions` what the cloud adds to its database `postgres`."""

    id: str
    host: str
    user: str
    password: str
    databases: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens. `state` is "ready", "starting" or the reason why it does not run; `tls` says whether it
    encrypts connections."""

    id: str
    engine: str
    host: str
    address: str
    port: int
    user: str
    state: str
    tls: bool = True


def _unprivileged() -> str | None:
    if os.getuid() != 0:
        return None
    users = {one.pw_name for one in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in users), None)


USER = _unprivileged()
"""The user that runs a server, which refuses to run as root; None: the user of this process."""


def programs() -> Path | None:
    """The folder of the server's programs, as Debian and others lay it; none without a server."""
    found = (path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name) >= _OLDEST)
    folders = sorted(found, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    candidates = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


class Engines:
    """Keeps the running servers equal to what `wanted` returns, in a thread of its own."""

    def __init__(
        self, authority: "CertificateAuthority", wanted: Callable[[], list[Database]], postgres: Path | None = None
    ) -> None:
        """`postgres` is the folder of the programs for a machine without a server."""
        self._authority, self._wanted, self._postgres = authority, wanted, postgres
        self._changed, self._ended = threading.Event(), False
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {}
        self._endpoints: dict[str, Endpoint] = {}
        # a server ends with the thread that started it, so this one lives as long as the emulator
        self._thread = threading.Thread(target=self._run, name="engines", daemon=True)
        self._thread.start()

    def changed(self) -> None:
        """The cloud's resources may have changed."""
        self._changed.set()

    def endpoints(self) -> list[Endpoint]:
        with self._lock:
            return sorted(self._endpoints.values(), key=lambda endpoint: endpoint.id)

    def stop(self) -> None:
        self._ended = True
        self._changed.set()
        self._thread.join(_SECONDS)

    def _run(self) -> None:
        while not self._ended:
            self._changed.wait()
            self._changed.clear()
            try:
                self._reconcile([] if self._ended else self._wanted())
            except Exception as error:  # a request may change the resources meanwhile, and says so again
                log.warning("the servers are not up to date: %r", error)
        self._reconcile([])

    def _reconcile(self, wanted: list[Database]) -> None:
        named = {database.id: database for database in wanted}
        for id in [id for id, server in self._servers.items() if named.get(id) != server.database]:
            if id not in named:
                self._servers.pop(id).remove()
                log.info("stopped the PostgreSQL server of %s", id)
        with self._lock:
            self._endpoints = {id: each for id, each in self._endpoints.items() if id in named}
        for id, database in named.items():
            server = self._servers.get(id)
            if server is not None and server.database == database:
                continue
            self._report(database, 0, "starting")
            folder = programs() or self._postgres
            if folder is None:
                self._report(database, 0, _MISSING)
                continue
            try:
                if server is None:
                    server = self._servers[id] = _Server(folder, database, self._authority)
                else:
                    server.change(database)
            except (OSError, subprocess.SubprocessError) as error:
                log.error("the PostgreSQL server of %s did not start: %s", id, error)
                self._report(database, 0, f"failed: {error}")
                continue
            self._report(database, server.port, "ready", tls=server.tls)
            log.info("the PostgreSQL server of %s listens on port %s", id, server.port)

    def _report(self, database: Database, port: int, state: str, *, tls: bool = True) -> None:
        endpoint = Endpoint(database.id, "postgres", database.host, "127.0.0.1", port, database.user, state, tls)
        with self._lock:
            self._endpoints[database.id] = endpoint


class _Server:
    """A process and its folder."""

    def __init__(self, folder: Path, database: Database, authority: "CertificateAuthority") -> None:
        self._programs, self.port = folder, free_port()
        self.database = replace(database, password="", databases=(), parameters=(), logins=())
        self._home = Path(tempfile.mkdtemp(prefix="terrace-engine-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            key, chain = authority.certificate(database.host)
            (self._home / "server.key").write_bytes(key)
            (self._home / "server.key").chmod(0o600)
            (self._home / "server.pem").write_bytes(chain)
            for path in (self._home, *self._home.iterdir()):
                if USER:
                    shutil.chown(path, USER)
            self._call("initdb", "-D", "data", "-U", "emulator", "-A", "trust", "--no-sync", "-E", "UTF8")
            self.tls = bool(self._call("postgres", "-C", "ssl_library", "-D", "data").strip())
            kind = "hostssl" if self.tls else "host"
            (self._home / "data" / "pg_hba.conf").write_text(f"{kind} all all 127.0.0.1/32 scram-sha-256\n")
            names = [name for name in database.roles if name != database.user]
            self._sql([f"CREATE ROLE {_name(name)} NOLOGIN" for name in names])
            self._sql([f"CREATE ROLE {_name(database.user)} LOGIN CREATEROLE CREATEDB"])
            self._sql([f"GRANT {_name(name)} TO {_name(database.user)} WITH ADMIN OPTION" for name in names])
            self._sql(list(database.functions))
            self._sql([f"ALTER DATABASE postgres OWNER TO {_name(database.user)}"])
            self.change(database)
        except BaseException:
            self.remove()
            raise

    def change(self, database: Database) -> None:
        """Another password, more databases or other parameters: with a restart."""
        self._end()
        password = database.password.replace("'", "''")
        self._sql([f"ALTER ROLE {_name(database.user)} PASSWORD '{password}'"])
        new = [name for name in database.databases if name not in (*self.database.databases, "postgres")]
        self._sql([f"CREATE DATABASE {_name(name)} OWNER {_name(database.user)}" for name in new])
        logins = [name for name in database.logins if name not in self.database.logins]
        self._sql([f"CREATE ROLE {_name(name)} LOGIN" for name in logins])
        self._sql([f"GRANT {_name(name)} TO {_name(database.user)} WITH ADMIN OPTION" for name in logins])
        options = {
            **self._known(dict(database.parameters)),
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", "fsync": "off",
        }  # fmt: skip
        if self.tls:
            files = {"ssl_cert_file": "server.pem", "ssl_key_file": "server.key"}
            options |= {"ssl": "on", **{name: str(self._home / file) for name, file in files.items()}}
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in options.items())
        (self._home / "data" / "postgresql.conf").write_text("".join(lines))
        self._begin()
        self.database = database

    def remove(self) -> None:
        self._end()
        shutil.rmtree(self._home, ignore_errors=True)

    def _known(self, parameters: dict[str, str]) -> dict[str, str]:
        """The parameters that this server knows, without those of the cloud's own extensions."""
        described = self._call("postgres", "--describe-config").decode()
        names = {line.split("\t")[0] for line in described.splitlines()}
        kept = {
            name: value
            for name, value in parameters.items()
            if name in names and not name.startswith(_OWN) and value and "{" not in value
        }
        if libraries := kept.pop("shared_preload_libraries", ""):
            found = self._programs.resolve().parent / "lib"
            present = [one for one in libraries.replace(" ", "").split(",") if (found / f"{one}.so").exists()]
            kept["shared_preload_libraries"] = ",".join(present)
        return kept

    def _begin(self) -> None:
        with (self._home / "log").open("wb") as output:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data"],
                user=USER, cwd=self._home, stdout=output, stderr=output, preexec_fn=_end_with_parent,
            )  # fmt: skip
        for _ in range(_SECONDS * 10):
            text = (self._home / "log").read_text(errors="replace")
            if "ready to accept connections" in text:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                raise OSError(text.strip().rpartition("\n")[2])
        raise OSError("it did not respond in time")

    def _end(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # a fast shutdown
            try:
                self._process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _sql(self, statements: list[str]) -> None:
        """Statements as superuser, while the server does not run."""
        if statements:
            text = "".join(f"{statement};\n" for statement in statements)
            self._call("postgres", "--single", "-D", "data", "postgres", sent=text)

    def _call(self, program: str, *arguments: str, sent: str = "") -> bytes:
        done = subprocess.run(
            [self._programs / program, *arguments],
            user=USER, cwd=self._home, input=sent.encode(), capture_output=True, timeout=_SECONDS,
        )  # fmt: skip
        if done.returncode or b"ERROR:" in done.stderr:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise OSError(
                next((line for line in lines if "rror:" in line or "ERROR:" in line or "FATAL:" in line), program)
            )
        return done.stdout


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """On Linux the kernel ends the server when the emulator ends without stopping it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG
