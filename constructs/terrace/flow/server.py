"""The PostgreSQL server behind an emulated cloud's, and how the flow logs in: as the cloud's administrator, who is no
superuser, and as roles that it lets in."""

import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from terrace.emulator import Emulator
from terrace.errors import TerraceError

_START_SECONDS = 60.0


class ServerError(TerraceError):
    """The server could not be started, or refused a statement."""


@dataclass(frozen=True)
class Server:
    """A running server on loopback that answers as `host`. `passwords` is a password file for libpq; `authority` is the
    file with the server's certificate authority, None if it cannot encrypt connections."""

    host: str
    port: int
    admin: str
    passwords: Path
    programs: Path
    authority: Path | None

    def environment(self, user: str, database: str) -> dict[str, str]:
        """The variables with which libpq connects."""
        tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(self.authority)}
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "PGHOST": self.host, "PGHOSTADDR": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user,
            "PGDATABASE": database, "PGPASSFILE": str(self.passwords), "PGTZ": "UTC",
        } | (tls if self.authority else {"PGSSLMODE": "disable"})  # fmt: skip

    def sql(self, *statements: str, database: str = "postgres", user: str = "") -> str:
        """Run statements, by default as the administrator, and return what they print. Raises ServerError."""
        done = self.ask("\n".join(f"{one};" for one in statements), database=database, user=user)
        if done.returncode:
            raise ServerError(f"the database refused a statement: {done.stderr.strip()}")
        return done.stdout.strip()

    def ask(self, statement: str, *, database: str = "postgres", user: str = "") -> subprocess.CompletedProcess[str]:
        """Run SQL."""
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        env = self.environment(user or self.admin, database)
        return subprocess.run(command, env=env, input=statement, capture_output=True, text=True)

    def let_in(self, role: str) -> str:
        """Give a role a password, as a cloud's token would let it in. Returns its line of a password file."""
        password = secrets.token_hex(16)
        self.sql(f"alter role \"{role}\" password '{password}'")
        return self.remember(role, password)

    def remember(self, role: str, password: str) -> str:
        """Write a role's line of the password file, and return it."""
        start = f"*:*:*:{role.replace(':', chr(92) + ':')}:"
        written = self.passwords.read_text().splitlines() if self.passwords.exists() else []
        line = f"{start}{password}"
        self.passwords.touch(mode=0o600)
        # libpq reads the first line of a role
        self.passwords.write_text("\n".join([*(one for one in written if not one.startswith(start)), line, ""]))
        return line


def behind(emulated: Emulator, host: str, admin: tuple[str, str], passwords: Path, programs: Path) -> Server:
    """The server of `host`, once it lets the administrator in with a password. Raises ServerError."""
    limit, said = time.monotonic() + _START_SECONDS, ""
    while time.monotonic() < limit:
        endpoint = next((one for one in emulated.endpoints() if one.host == host), None)
        if endpoint is not None and endpoint.state == "ready":
            found = Server(
                host, endpoint.port, admin[0], passwords, programs, emulated.ca if endpoint.tls else None
            )  # fmt: skip
            found.remember(*admin)
            done = found.ask("select 1")  # the port is open earlier
            if not done.returncode:
                return found
            said = done.stderr.strip()
        elif endpoint is not None and endpoint.state != "starting":
            raise ServerError(f"PostgreSQL does not run: {endpoint.state}", where=str(emulated.log))
        time.sleep(0.1)
    raise ServerError(f"PostgreSQL did not start: {said}", where=str(emulated.log))
