"""A PostgreSQL server as a cloud makes one: TLS, a platform database, and an administrator who is no superuser."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from terrace.emulator.engines import USER, free_port
from terrace.errors import TerraceError

_SUPERUSER = "postgres"
_OF_THE_CLOUD = ("rds_iam", "rds_superuser")
_START_SECONDS = 60.0


class ServerError(TerraceError):
    """The server could not be started, or refused a statement."""


@dataclass(frozen=True)
class Server:
    """A running server on loopback that answers as `host`. `home` has its files, and a password file for libpq."""

    host: str
    port: int
    home: Path
    programs: Path
    tls: bool

    def environment(self, user: str, database: str) -> dict[str, str]:
        """The variables with which libpq connects. The password is in the password file."""
        tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(self.home / "ca.pem")}
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "PGHOST": self.host, "PGHOSTADDR": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user,
            "PGDATABASE": database, "PGPASSFILE": str(self.home / "passwords"), "PGTZ": "UTC",
        } | (tls if self.tls else {"PGSSLMODE": "disable"})  # fmt: skip

    def sql(self, *statements: str, database: str = "postgres", user: str = _SUPERUSER) -> str:
        """Run statements, and return what they print. Raises ServerError."""
        done = self.ask("\n".join(f"{one};" for one in statements), database=database, user=user)
        if done.returncode:
            raise ServerError(f"the database refused a statement: {done.stderr.strip()}", where=str(self.home / "log"))
        return done.stdout.strip()

    def ask(
        self, statement: str, *, database: str = "postgres", user: str = _SUPERUSER
    ) -> subprocess.CompletedProcess[str]:
        """Run SQL."""
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        return subprocess.run(
            command, env=self.environment(user, database), input=statement, capture_output=True, text=True
        )

    def let_in(self, role: str) -> str:
        """Give a role a password, as a cloud's token would let it in. Returns its line of a password file."""
        password = secrets.token_hex(16)
        self.sql(f"alter role \"{role}\" password '{password}'")
        file, start = self.home / "passwords", f"*:*:*:{role}:"
        others = [line for line in file.read_text().splitlines() if not line.startswith(start)]
        line = f"{start}{password}"
        file.write_text("\n".join([*others, line, ""]))  # libpq reads the first line of a role
        return line


@contextmanager
def running(programs: Path, host: str, *, tls: bool, admin: str, password: str, database: str) -> Iterator[Server]:
    """A new server, stopped and deleted at the end. It refuses to run as root, so that root runs it as another user."""
    with tempfile.TemporaryDirectory(prefix="terrace-flow-postgres-") as name:
        home = Path(name)
        home.chmod(0o711)
        superuser = secrets.token_hex(16)
        (home / "initial").write_text(superuser)
        if tls:
            _certificate(home, host)
        (home / "data").mkdir(mode=0o700)
        for path in (home / "data", home / "initial", home / "server.key"):
            if USER and path.exists():
                shutil.chown(path, USER)
        initialize: list[str | Path] = [
            programs / "initdb", "-D", home / "data", "-U", _SUPERUSER, "-A", "scram-sha-256", "--no-sync",
            "-E", "UTF8", "--locale", "C", "--pwfile", home / "initial",
        ]  # fmt: skip
        done = subprocess.run(initialize, user=USER, cwd=home, capture_output=True, text=True)
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip()}")
        (home / "initial").unlink()
        kind = "hostssl" if tls else "host"
        (home / "data" / "pg_hba.conf").write_text(f"{kind} all all 127.0.0.1/32 scram-sha-256\n")
        with (home / "passwords").open("w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(f"*:*:*:{_SUPERUSER}:{superuser}\n*:*:*:{admin}:{password}\n")
        server = Server(host, free_port(), home, programs, tls)
        with (home / "log").open("w") as log:
            process = subprocess.Popen(_command(server), user=USER, cwd=home, stdout=log, stderr=log)
            try:
                _await(server, process)
                server.sql(
                    f"create role \"{admin}\" login createdb createrole password '{password}'",
                    *(f"create role {role}" for role in _OF_THE_CLOUD),
                    f'create database "{database}" owner "{admin}"',
                    f'grant {", ".join(_OF_THE_CLOUD)}, pg_read_all_data to "{admin}" with admin option',
                )
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _command(server: Server) -> Sequence[str | Path]:
    options = {
        "listen_addresses": "127.0.0.1", "port": str(server.port), "unix_socket_directories": "", "fsync": "off",
    }  # fmt: skip
    if server.tls:
        options |= {
            "ssl": "on", "ssl_cert_file": str(server.home / "server.pem"),
            "ssl_key_file": str(server.home / "server.key"),
        }  # fmt: skip
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [server.programs / "postgres", "-D", server.home / "data", *settings]


def _certificate(home: Path, host: str) -> None:
    import trustme

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(home / "ca.pem")
    issued = authority.issue_cert(host)
    issued.private_key_pem.write_to_path(home / "server.key")
    (home / "server.key").chmod(0o600)
    for pem in issued.cert_chain_pems:
        pem.write_to_path(home / "server.pem", append=True)


def _await(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Wait for a login, since the port is open earlier."""
    limit = time.monotonic() + _START_SECONDS
    while server.ask("select 1").returncode:
        if process.poll() is not None or time.monotonic() > limit:
            raise ServerError(f"PostgreSQL did not start: {(server.home / 'log').read_text()[-1000:]}")
        time.sleep(0.1)
