"""Starts, finds and stops the emulator's server process.

Its directory contains `emulator.json` (the pid file), `ca.pem`, `emulator.log`, `requests.jsonl` (the request log,
without secrets) and configuration files for the cloud's own tools.
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

from terrace import distribution
from terrace.emulator.contract import Account, Options, Resource, UnsupportedCall, cloud_module
from terrace.emulator.decisions import Decision
from terrace.emulator.engines import Endpoint
from terrace.emulator.issuers import Issuers
from terrace.errors import TerraceError, UsageError

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ASK_SECONDS = 60.0
_LOG_LINES = 15
_CLOCK_SECONDS = 2.0

# packages of the `emulator` extra; without this check the server fails with an ImportError that only its log shows
_REQUIRED_PACKAGES = ("cryptography", "trustme", "joserfc", "moto", "werkzeug", "flask")


class EmulatorError(TerraceError):
    """The emulator could not be started, or does not respond."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Its ports listen on 127.0.0.1 only."""

    cloud: str
    directory: Path
    pid: int
    started: float  # start time of the process in seconds since 1970: a pid may be reused
    proxy_port: int
    backend_port: int  # plain HTTP, for tools that take an endpoint instead of a proxy
    account: Account  # with the keys of contract's DEFAULT_ACCOUNT
    region: str

    @property
    def log(self) -> Path:
        return self.directory / "emulator.log"

    @property
    def ca(self) -> Path:
        """The certificate of its private certificate authority."""
        return self.directory / "ca.pem"

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}"

    def environment(self) -> dict[str, str]:
        """The variables that let a child process reach this emulator and nothing else.

        They are not enough on their own: a child that also inherits a profile or a role from the shell may still try
        to reach a real account. `child_environment` removes those too.
        """
        variables: dict[str, str] = {
            "HTTPS_PROXY": self.proxy,
            "HTTP_PROXY": self.proxy,
            "NO_PROXY": "",
            "SSL_CERT_FILE": str(self.ca),
            "REQUESTS_CA_BUNDLE": str(self.ca),
            "CHECKPOINT_DISABLE": "1",  # the proxy refuses Terraform's check for a newer version anyway
            **cloud_module(self.cloud).environment(self),
        }
        return variables

    def removed_variables(self, base: Mapping[str, str]) -> list[str]:
        """The names in `base` that a child must not inherit: other proxies, and credentials of a real account."""
        is_foreign = cloud_module(self.cloud).is_foreign
        ours = self.environment()
        return sorted(name for name in base if name not in ours and (_is_proxy(name) or is_foreign(name)))

    def child_environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` (usually `os.environ`) without variables that lead to a real account, plus `environment()`."""
        removed = set(self.removed_variables(base))
        return {name: value for name, value in base.items() if name not in removed} | self.environment()

    def inventory(self) -> list[Resource]:
        """The resources, without those of an empty account."""
        return [Resource(**entry) for entry in self._ask("inventory")]

    def unsupported(self) -> list[UnsupportedCall]:
        """The unsupported calls since the start; each got a 400."""
        return [UnsupportedCall(**entry) for entry in self._ask("unsupported")]

    def refused(self) -> dict[str, int]:
        """The hosts outside the cloud that a child tried to reach, and how often."""
        counts: dict[str, int] = self._ask("refused")
        return counts

    def endpoints(self) -> list[Endpoint]:
        """The PostgreSQL servers on this machine that belong to resources, with `Options(engines=True)`."""
        return [Endpoint(**entry) for entry in self._ask("endpoints")]

    def decisions(self) -> list[Decision]:
        """What the identities of requests were allowed and refused, with `Options(rights=True)`."""
        return [Decision(**entry) for entry in self._ask("decisions")]

    def open_connections(self) -> int:
        """The number of clients that are connected to the proxy."""
        return int(self._ask("health")["open_connections"])

    def is_running(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return self._is(process) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def _is(self, process: psutil.Process) -> bool:
        # the start time is computed from the boot time, which changes when the clock is set
        return abs(process.create_time() - self.started) < _CLOCK_SECONDS

    def wait(self) -> None:
        """Block until the process ends."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if self._is(process):
                process.wait()

    def stop(self) -> None:
        """End the process. Does nothing when it is not running."""
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
            recorded = _read(self.directory)
            if recorded is not None and recorded.pid == self.pid:
                _record(self.directory).unlink(missing_ok=True)

    def _ask(self, page: str, timeout: float = _ASK_SECONDS) -> Any:
        # connect directly, not through a proxy of the environment
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.backend_port}/_emulator/{page}", timeout=timeout) as response:
                return json.load(response)
        except (OSError, ValueError) as error:
            raise EmulatorError(
                f"the {self.cloud} emulator does not respond: {error}",
                where=str(self.directory),
                hint=f"see {self.log}, then run `terrace emulator start`",
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
    """Start the emulator of `cloud`, or return the one that already runs in `directory`.

    The process is detached and runs until `stop`; with `parent` it ends when that process ends, and `foreground` makes
    the calling process the parent. Raises EmulatorError when it exits or does not respond within `timeout` seconds,
    UsageError when an emulator with another account runs in that directory, the `emulator` extra is not installed,
    the cloud does not support an option or the file of issuers is not valid.
    """
    _require_extra()
    module = cloud_module(cloud)
    account = dict(account or module.DEFAULT_ACCOUNT)
    _require_supported(cloud, options)
    Issuers(options.issuers)
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        running = status(cloud, directory)
        if running is not None:
            if running.account != account:
                raise UsageError(
                    f"an emulator with {_described(running.account)} is running, not with {_described(account)}",
                    where=str(directory),
                    hint="run `terrace emulator stop` first",
                )
            return running
        _record(directory).unlink(missing_ok=True)
        command = [sys.executable, "-m", "terrace.emulator", cloud, str(directory)]
        command += ["--account", json.dumps(account), "--region", region or module.DEFAULT_REGION]
        command += ["--faults", json.dumps(asdict(options.faults))]
        if options.state is not None:
            command += ["--state", str(options.state.resolve())]
        if options.issuers is not None:
            command += ["--issuers", str(options.issuers.resolve())]
        if options.rights:
            command.append("--rights")
        if options.engines:
            command.append("--engines")
        if options.postgres is not None:
            command += ["--postgres", str(options.postgres.resolve())]
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
                start_new_session=True,  # a Ctrl-C in the terminal interrupts the caller, which stops the server
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
    recorded = _read(directory.resolve())
    return recorded if recorded is not None and recorded.cloud == cloud and recorded.is_running() else None


def _await_start(process: subprocess.Popen[bytes], directory: Path, timeout: float) -> Emulator:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EmulatorError(
                f"the emulator exited during its start (exit code {process.returncode})\n{_log_end(directory)}",
                where=str(directory / "emulator.log"),
            )
        recorded = _read(directory)
        if recorded is not None and recorded.pid == process.pid:
            with contextlib.suppress(EmulatorError):
                recorded._ask("health", timeout=5)
                return recorded
        time.sleep(0.05)
    raise EmulatorError(
        f"the emulator did not respond within {timeout:.0f} s\n{_log_end(directory)}",
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
    except (OSError, ValueError, TypeError):  # absent or unreadable: treated as stale
        return None


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Allow one start or stop at a time. The lock is released when the process ends."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_proxy(name: str) -> bool:
    # curl, Python and Go also read these in lower case, and some prefer it
    return name.lower() in {"http_proxy", "https_proxy", "no_proxy", "all_proxy"}


def _server_environment(base: Mapping[str, str], is_foreign: Any) -> dict[str, str]:
    return {name: value for name, value in base.items() if not _is_proxy(name) and not is_foreign(name)}


def _described(account: Account) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in account.items())


def _require_supported(cloud: str, options: Options) -> None:
    module = cloud_module(cloud)
    if options.state is not None and not module.SAVES_STATE:
        raise UsageError(f"the {cloud} emulator cannot save its resources between runs", hint="omit the state folder")
    requested = {name for name, value in asdict(options.faults).items() if value}
    if unsupported := sorted(requested - module.FAULTS):
        raise UsageError(
            f"the {cloud} emulator does not support the fault {', '.join(unsupported)}",
            hint=f"supported: {', '.join(sorted(module.FAULTS))}",
        )


def _require_extra() -> None:
    missing = [name for name in _REQUIRED_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the emulator needs packages that are not installed: {', '.join(missing)}",
            hint=distribution.install("emulator"),
        )
