"""Starting, finding and stopping the emulator's server process.

Its directory holds `emulator.json` (the pid file), `ca.pem`, `emulator.log`, `requests.jsonl` (each request, without
what may be secret) and what the cloud's own tools want to find in a file.
"""

import contextlib
import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from terrace.emulator.contract import Account, Options, Resource, UnsupportedCall, cloud_module
from terrace.errors import TerraceError, UsageError

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ASK_SECONDS = 60.0
_LOG_LINES = 15
_CLOCK_SECONDS = 2.0

# what the `emulator` extra brings; without it the server would die with an ImportError in a log file
_NEEDED = ("cryptography", "moto", "werkzeug", "flask")


class EmulatorError(TerraceError):
    """The emulator could not be started, or does not answer."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator. All of its ports listen on 127.0.0.1."""

    cloud: str
    directory: Path
    pid: int
    started: float  # of the process, in seconds since 1970: tells it from a later one with the same number
    proxy_port: int
    backend_port: int  # plain HTTP, for tools that take an endpoint instead of a proxy
    account: Account  # what names it: see contract.DEFAULT_ACCOUNT
    region: str

    @property
    def log(self) -> Path:
        return self.directory / "emulator.log"

    @property
    def ca(self) -> Path:
        """The certificate of its private authority."""
        return self.directory / "ca.pem"

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}"

    def environment(self) -> dict[str, str]:
        """What to set for a child process, so that it reaches this emulator and nothing else.

        Setting is half of it: a child that also inherits a profile or a role of the shell may still look for a real
        account. `child_environment` leaves those out as well.
        """
        variables: dict[str, str] = {
            "HTTPS_PROXY": self.proxy,
            "HTTP_PROXY": self.proxy,
            "NO_PROXY": "",
            "SSL_CERT_FILE": str(self.ca),
            "REQUESTS_CA_BUNDLE": str(self.ca),
            "CHECKPOINT_DISABLE": "1",  # Terraform's question for a newer one would be refused anyway
            **cloud_module(self.cloud).environment(self),
        }
        return variables

    def removed_variables(self, base: Mapping[str, str]) -> list[str]:
        """The names in `base` that must not reach a child: other proxies, and credentials of a real account."""
        is_foreign = cloud_module(self.cloud).is_foreign
        ours = self.environment()
        return sorted(name for name in base if name not in ours and (_is_proxy(name) or is_foreign(name)))

    def child_environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` (mostly `os.environ`) without any way to a real account, plus `environment()`."""
        removed = set(self.removed_variables(base))
        return {name: value for name, value in base.items() if name not in removed} | self.environment()

    def inventory(self) -> list[Resource]:
        """What exists, without what the cloud itself puts into an empty account."""
        return [Resource(**entry) for entry in self._ask("inventory")]

    def unsupported(self) -> list[UnsupportedCall]:
        """The calls that were answered with 400 since the start."""
        return [UnsupportedCall(**entry) for entry in self._ask("unsupported")]

    def refused(self) -> dict[str, int]:
        """The hosts that a child asked for and that are not the cloud's, with how often."""
        answer: dict[str, int] = self._ask("refused")
        return answer

    def open_connections(self) -> int:
        """How many clients the proxy serves at this moment."""
        return int(self._ask("health")["open_connections"])

    def is_running(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return self._is(process) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def _is(self, process: psutil.Process) -> bool:
        # the time of start is reckoned from the boot time, which moves when the clock is set
        return abs(process.create_time() - self.started) < _CLOCK_SECONDS

    def wait(self) -> None:
        """Block until it ends."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if self._is(process):
                process.wait()

    def stop(self) -> None:
        """End the process and forget all it held. Nothing happens when it is not running."""
        with _locked(self.directory):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(self.pid)
                if self._is(process):
                    process.terminate()
                    try:
                        process.wait(_STOP_SECONDS)
                    except psutil.TimeoutExpired:
                        process.kill()
                        process.wait(_STOP_SECONDS)
            found = _read(self.directory)
            if found is not None and found.pid == self.pid:
                _record(self.directory).unlink(missing_ok=True)

    def _ask(self, page: str, timeout: float = _ASK_SECONDS) -> Any:
        # no proxy of the environment, the emulator's own one included, stands between us and our own process
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.backend_port}/_emulator/{page}", timeout=timeout) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise EmulatorError(
                f"the {self.cloud} emulator does not answer: {error}",
                where=str(self.directory),
                hint=f"see {self.log}, then `terrace emulator start`",
            ) from error


def start(
    cloud: str,
    directory: Path,
    *,
    account: Account | None = None,
    region: str | None = None,
    options: Options = Options(),
    parent: int | None = None,
    foreground: bool = False,
    timeout: float = _START_SECONDS,
) -> Emulator:
    """Start the emulator of `cloud`, or return the one that runs in `directory` already.

    The process is detached and lives until `stop`; with `parent` it ends when that process does, and `foreground` is
    short for our own process as the parent. Raises EmulatorError when it dies or does not answer within `timeout`
    seconds, UsageError when one with another account runs in that directory, the `emulator` extra is missing or the
    cloud cannot do what `options` ask for.
    """
    _require_extra()
    module = cloud_module(cloud)
    account = dict(account or module.DEFAULT_ACCOUNT)
    _require_able(cloud, options)
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        running = status(cloud, directory)
        if running is not None:
            if running.account != account:
                raise UsageError(
                    f"an emulator with {_named(running.account)} is running, {_named(account)} was asked for",
                    where=str(directory),
                    hint="`terrace emulator stop` first",
                )
            return running
        _record(directory).unlink(missing_ok=True)
        command = [sys.executable, "-m", "terrace.emulator", cloud, str(directory)]
        command += ["--account", json.dumps(account), "--region", region or module.DEFAULT_REGION]
        command += ["--faults", json.dumps(asdict(options.faults))]
        if options.state is not None:
            command += ["--state", str(options.state.resolve())]
        if foreground and parent is None:
            parent = os.getpid()
        if parent is not None:
            command += ["--parent", str(parent)]
        with (directory / "emulator.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env=_server_environment(os.environ, module.is_foreign),
                start_new_session=True,  # a Ctrl-C in the terminal is for the caller, who stops us in good order
            )
        try:
            return _await_start(process, directory, timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise


def status(cloud: str, directory: Path) -> Emulator | None:
    """The emulator of `cloud` that runs in `directory`; None when there is none, or only a stale pid file."""
    cloud_module(cloud)
    found = _read(directory.resolve())
    return found if found is not None and found.cloud == cloud and found.is_running() else None


def _await_start(process: subprocess.Popen[bytes], directory: Path, timeout: float) -> Emulator:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EmulatorError(
                f"the emulator ended at once (exit code {process.returncode})\n{_log_end(directory)}",
                where=str(directory / "emulator.log"),
            )
        found = _read(directory)
        if found is not None and found.pid == process.pid:
            with contextlib.suppress(EmulatorError):
                found._ask("health", timeout=5)
                return found
        time.sleep(0.05)
    raise EmulatorError(
        f"the emulator did not answer within {timeout:.0f} s\n{_log_end(directory)}",
        where=str(directory / "emulator.log"),
    )


def _log_end(directory: Path) -> str:
    lines = (directory / "emulator.log").read_text(errors="replace").splitlines()
    return "\n".join(lines[-_LOG_LINES:])


def _record(directory: Path) -> Path:
    return directory / "emulator.json"


def _read(directory: Path) -> Emulator | None:
    try:
        return Emulator(directory=directory, **json.loads(_record(directory).read_text()))
    except (OSError, ValueError, TypeError):  # absent, or not ours to understand: as good as stale
        return None


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One start or stop at a time. The lock falls with the process that holds it."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_proxy(name: str) -> bool:
    # curl, Python and Go read these in lower case as well, and some prefer it
    return name.lower() in {"http_proxy", "https_proxy", "no_proxy", "all_proxy"}


def _server_environment(base: Mapping[str, str], is_foreign: Any) -> dict[str, str]:
    return {name: value for name, value in base.items() if not _is_proxy(name) and not is_foreign(name)}


def _named(account: Account) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in account.items())


def _require_able(cloud: str, options: Options) -> None:
    module = cloud_module(cloud)
    if options.state is not None and not module.KEEPS_STATE:
        raise UsageError(
            f"the {cloud} emulator keeps nothing between its runs", hint="leave out the folder of its state"
        )
    asked = {name for name, value in asdict(options.faults).items() if value}
    if unable := sorted(asked - module.FAULTS):
        raise UsageError(
            f"the {cloud} emulator cannot be told to make the fault {', '.join(unable)}",
            hint=f"it can make: {', '.join(sorted(module.FAULTS))}",
        )


def _require_extra() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the emulator needs {', '.join(missing)}, which is not installed",
            hint="pip install 'terrace[emulator]'",
        )
