"""A PostgreSQL server for tests: on loopback, with TLS only, run by a user other than root."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from terrace.emulator.engines import USER, free_port

HOST = "database.example.com"
"""The name on the server's certificate."""
SUPERUSER, PASSWORD = "postgres", "superuser-password"


@dataclass(frozen=True)
class Server:
    """A running server. `authority` is the file of its certificate authority."""

    port: int
    authority: Path
    programs: Path

    def environment(
        self, user: str, password: str, database: str = "postgres", tls: str = "verify-full"
    ) -> dict[str, str]:
        """The environment variables with which libpq connects."""
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PGHOST": HOST,
            "PGHOSTADDR": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGDATABASE": database,
            "PGSSLMODE": tls,
            "PGSSLROOTCERT": str(self.authority),
            "HOME": "/nonexistent",
        }

    def try_sql(
        self,
        statement: str,
        *,
        user: str = SUPERUSER,
        password: str = PASSWORD,
        database: str = "postgres",
        tls: str = "verify-full",
    ) -> subprocess.CompletedProcess[str]:
        """Run SQL."""
        return subprocess.run(
            ["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement],
            env=self.environment(user, password, database, tls),
            capture_output=True,
            text=True,
            timeout=30,
        )  # fmt: skip

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Run statements as superuser, one by one, and return what the last one prints."""
        done = None
        for statement in statements:
            done = self.try_sql(statement, database=database)
            assert done.returncode == 0, done.stderr
        return done.stdout.strip() if done else ""

    def definitions(self) -> str:
        """Roles and all databases without their data, as the server dumps them."""
        done = subprocess.run(
            ["pg_dumpall", "--schema-only", "--no-role-passwords"],
            env=self.environment(SUPERUSER, PASSWORD),
            capture_output=True,
            text=True,
            check=True,
        )
        # newer versions write a random word into the dump
        return "\n".join(
            line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))
        )


@contextmanager
def prepared(programs: Path) -> Iterator[Path]:
    """A folder with the data and certificates of a server."""
    with tempfile.TemporaryDirectory(prefix="terrace-postgres-") as name:
        home = Path(name)
        ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        ca.cert_pem.write_to_path(home / "ca.pem")
        certificate = ca.issue_cert(HOST)
        certificate.private_key_pem.write_to_path(home / "server.key")
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(home / "server.pem", append=True)
        (home / "password").write_text(PASSWORD)
        (home / "server.key").chmod(0o600)
        home.chmod(0o755)
        _give(home)
        subprocess.run(
            [programs / "initdb", "-D", home / "data", "-U", SUPERUSER, "-A", "scram-sha-256", "--no-sync",
             "--pwfile", home / "password"],
            user=USER, cwd=home, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        (home / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        yield home


@contextmanager
def server(programs: Path, fresh: Path) -> Iterator[Server]:
    """A server with a copy of the prepared data."""
    with tempfile.TemporaryDirectory(prefix="terrace-postgres-") as name:
        home = Path(name) / "home"
        Path(name).chmod(0o755)
        shutil.copytree(fresh, home)
        _give(home)
        port = free_port()
        options = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off", "ssl": "on",
            "ssl_cert_file": home / "server.pem", "ssl_key_file": home / "server.key",
            "shared_preload_libraries": "pgaudit" if _has_pgaudit(programs) else "",
        }  # fmt: skip
        with (home / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in options.items())
        with (home / "log").open("w") as log:
            process = subprocess.Popen([programs / "postgres", "-D", home / "data"], user=USER, cwd=home, stderr=log)
            try:
                yield _ready(Server(port, home / "ca.pem", programs), home / "log")
            finally:
                process.terminate()
                process.wait(timeout=20)


def _give(home: Path) -> None:
    """Give the files to the server's user."""
    if USER:
        for path in (home, *home.rglob("*")):
            shutil.chown(path, USER)


def _has_pgaudit(programs: Path) -> bool:
    return (programs.resolve().parent / "lib" / "pgaudit.so").exists()


def _ready(server: Server, log: Path) -> Server:
    for _ in range(300):
        if server.try_sql("select 1").returncode == 0:
            return server
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()}")
