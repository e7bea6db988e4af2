"""A rehearsed restore: a real PostgreSQL server on this machine, lost and brought back to a chosen moment.

pgBackRest keeps an encrypted repository and the archived WAL. Rows are written, then the table is dropped and the data
directory deleted; the restore goes to a moment before that. The server listens on a socket in a private directory only.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from terrace.errors import TerraceError, UsageError

NOT_COVERED = (
    "the cloud's managed database, which is restored to a new instance: minutes to hours, and its address changes",
    "a copy in the recovery region, and the network between regions",
    "secrets, DNS and the modules that connect again",
    "a database of production size: the duration grows with the size",
)
_SERVERS = Path("/usr/lib/postgresql")
_STANZA = "rehearsal"
_WAIT_SECONDS = 60.0


class MissingTools(UsageError):
    """PostgreSQL or pgBackRest is not installed."""


@dataclass(frozen=True)
class Measured:
    """`rto_milliseconds` from the start of the restore to the first answered query; `rpo_milliseconds` from the newest
    restored row to the moment that was asked for. `rows_expected` were written by then."""

    rto_milliseconds: int
    rpo_milliseconds: int
    rows: int
    rows_expected: int
    same_content: bool
    later_rows: int
    checksum_failures: int
    backup_bytes: int
    server: str

    @property
    def whole(self) -> bool:
        """Whether the restored data is exactly that of the chosen moment."""
        return (
            self.rows == self.rows_expected
            and self.same_content
            and self.later_rows == 0
            and self.checksum_failures == 0
        )

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"whole": self.whole}


def tools() -> tuple[Path, Path]:
    """The directory of PostgreSQL's programs and the path of pgbackrest. Raises MissingTools."""
    found = sorted(_SERVERS.glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(3))
    initdb = found[-1] if found else Path(shutil.which("initdb") or "")
    pgbackrest = shutil.which("pgbackrest")
    missing = [name for name, there in (("PostgreSQL", initdb.name), ("pgBackRest", pgbackrest)) if not there]
    if missing or not pgbackrest:
        raise MissingTools(
            f"{' and '.join(missing)} not installed", hint="on Debian or Ubuntu: apt-get install postgresql pgbackrest"
        )
    return initdb.parent, Path(pgbackrest)


def rehearse(
    *, rows: int = 100_000, writing_seconds: float = 2.0, on_step: Callable[[str], None] = lambda step: None
) -> Measured:
    """Lose a server and restore it. Raises MissingTools, TerraceError if a step fails.

    PostgreSQL refuses to run as root: for root, everything runs as the user `postgres`.
    """
    programs, pgbackrest = tools()
    with tempfile.TemporaryDirectory(prefix="terrace-restore-") as scratch:
        root = Path(scratch)
        owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(root, owner)
        server = _Server(root, owner, programs, pgbackrest)
        try:
            return _measured(server, rows, writing_seconds, on_step)
        finally:
            server.stop()


def _measured(server: "_Server", rows: int, writing_seconds: float, on_step: Callable[[str], None]) -> Measured:
    on_step("create a server with an encrypted repository")
    server.create()
    server.query("create table written (id bigint generated always as identity, at timestamptz, payload text)")
    server.query(
        f"insert into written (at, payload) select clock_timestamp(), md5(n::text) from generate_series(1, {rows}) n"
    )
    on_step("back it up")
    server.backrest("--type=full", "--start-fast", "backup")
    on_step("write rows, and choose the moment to go back to")
    _write(server, writing_seconds)
    moment = server.query("select clock_timestamp()")
    time.sleep(0.5)
    _write(server, writing_seconds / 2)
    until = f"where at <= '{moment}'"
    content = "md5(string_agg(id || payload, ',' order by id))"
    expected, digest = server.query(f"select count(*) || ' ' || {content} from written {until}").split()
    on_step("drop the table and lose the data directory")
    server.query("drop table written")
    server.lose()
    on_step(f"restore to {moment}")
    started = time.monotonic()
    server.backrest("--type=time", f"--target={moment}", "--target-action=promote", "restore")
    server.start()
    server.wait_for_promotion()
    restored = time.monotonic() - started
    found, same = server.query(f"select count(*) || ' ' || {content} from written").split()
    newest = f"'{moment}'::timestamptz - max(at)"
    lost = float(server.query(f"select extract(epoch from {newest}) from written where at <= '{moment}'"))
    later = int(server.query(f"select count(*) from written where at > '{moment}'"))
    version = server.query("show server_version").split()[0]
    server.stop()
    on_step("verify every page")
    return Measured(
        rto_milliseconds=round(restored * 1000),
        rpo_milliseconds=round(lost * 1000),
        rows=int(found),
        rows_expected=int(expected),
        same_content=same == digest,
        later_rows=later,
        checksum_failures=server.bad_pages(),
        backup_bytes=sum(path.stat().st_size for path in server.repository.rglob("*") if path.is_file()),
        server=f"PostgreSQL {version}",
    )


def _write(server: "_Server", seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        server.query("insert into written (at, payload) values (clock_timestamp(), md5(random()::text))")


class _Server:
    """One server, its socket, its repository and their configuration in a private directory."""

    def __init__(self, root: Path, owner: str, programs: Path, pgbackrest: Path) -> None:
        self.root, self.owner, self.programs, self.pgbackrest = root, owner, programs, pgbackrest
        self.data, self.repository = root / "data", root / "repository"
        self.configuration = root / "pgbackrest.conf"

    def create(self) -> None:
        """An empty server that archives its WAL, and the repository."""
        settings = {
            "global": {
                "repo1-path": self.repository,
                "repo1-cipher-type": "aes-256-cbc",
                "repo1-cipher-pass": secrets.token_urlsafe(48),
                "lock-path": self.root / "lock",
                "log-path": self.root / "log",
                "log-level-console": "warn",
                "log-level-file": "off",
            },
            _STANZA: {"pg1-path": self.data, "pg1-socket-path": self.root, "pg1-user": self.owner},
        }
        lines = [
            line
            for section, values in settings.items()
            for line in (f"[{section}]", *(f"{key}={value}" for key, value in values.items()))
        ]
        self.configuration.touch(mode=0o600)
        self.configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if os.geteuid() == 0:
            shutil.chown(self.configuration, self.owner)
        self._program("initdb", "--pgdata", str(self.data), "--data-checksums", "--auth=peer", "--username", self.owner)
        archive = f"{self.pgbackrest} --config={self.configuration} --stanza={_STANZA} archive-push %p"
        parameters = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.root),
            "archive_mode": "on",
            "archive_command": archive,
            "archive_timeout": "5",
            "wal_level": "replica",
            "timezone": "UTC",
        }
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in parameters.items())
        self.start()
        self.backrest("stanza-create")

    def start(self) -> None:
        log = str(self.root / "server.log")
        self._program("pg_ctl", "start", "--wait", "--silent", "--pgdata", str(self.data), "--log", log)

    def stop(self) -> None:
        """Stop it if it runs."""
        if (self.data / "postmaster.pid").exists():
            self._program("pg_ctl", "stop", "--mode=immediate", "--silent", "--pgdata", str(self.data))

    def lose(self) -> None:
        """Crash it and delete its data; the archived WAL remains."""
        segment = self.query("select pg_walfile_name(pg_switch_wal())")
        archived = f"select coalesce(last_archived_wal >= '{segment}', false) from pg_stat_archiver"
        self._wait(lambda: self.query(archived) == "t", f"{segment} in the archive")
        self.stop()
        shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.data, self.owner)

    def wait_for_promotion(self) -> None:
        self._wait(lambda: self.query("select pg_is_in_recovery()") == "f", "the end of the recovery")

    def query(self, sql: str) -> str:
        """The only value of a query, as text."""
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
        return self._program("psql", *options, f"--host={self.root}", "--dbname=postgres", "--command", sql).strip()

    def backrest(self, *arguments: str) -> None:
        self._run([str(self.pgbackrest), f"--config={self.configuration}", f"--stanza={_STANZA}", *arguments])

    def bad_pages(self) -> int:
        """How many pages have a wrong checksum; the server must be stopped cleanly."""
        self.start()
        self._program("pg_ctl", "stop", "--mode=fast", "--silent", "--pgdata", str(self.data))
        output = self._program("pg_checksums", "--check", "--pgdata", str(self.data))
        return int(next(line.split(":")[1] for line in output.splitlines() if line.startswith("Bad checksums")))

    def _program(self, name: str, *arguments: str) -> str:
        return self._run([str(self.programs / name), *arguments])

    def _run(self, command: Sequence[str]) -> str:
        user = {"user": self.owner, "group": self.owner, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.root / "output").open("w+", encoding="utf-8") as output:  # a pipe would stay open in the server
            finished = subprocess.run(
                command,
                cwd=self.root,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PGUSER": self.owner},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **user,  # type: ignore[call-overload]
            )
            output.seek(0)
            text = output.read()
        if finished.returncode != 0:
            raise TerraceError(f"{Path(command[0]).name} failed: {' '.join(text.split())[-400:]}")
        return str(text)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TerraceError(f"timed out after {_WAIT_SECONDS:.0f} s, waiting for {what}")
            time.sleep(0.1)
