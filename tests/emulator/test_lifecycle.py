"""Starting, finding and stopping the server, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from terrace import distribution
from terrace.emulator import Emulator, EmulatorError, start, status
from terrace.errors import UsageError


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory whose emulator, if any, is stopped after the test."""
    yield tmp_path / "emulator"
    running = status("aws", tmp_path / "emulator") if (tmp_path / "emulator").exists() else None
    if running:
        running.stop()


def ended(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_start_is_idempotent_and_replaces_a_crashed_server(directory: Path) -> None:
    first = start("aws", directory, parent=os.getpid())
    assert start("aws", directory) == first == status("aws", directory)
    with pytest.raises(UsageError, match="account id 111122223333 is running, not with account id 999999999999"):
        start("aws", directory, account={"account_id": "999999999999"})

    os.kill(first.pid, signal.SIGKILL)
    assert ended(first.pid)
    assert status("aws", directory) is None  # the pid file is still there
    second = start("aws", directory, account={"account_id": "999999999999"}, region="eu-west-3", parent=os.getpid())
    assert (second.account, second.region) == ({"account_id": "999999999999"}, "eu-west-3")
    assert second.pid != first.pid

    second.stop()
    assert ended(second.pid)
    assert status("aws", directory) is None
    assert not (directory / "emulator.json").exists()
    second.stop()  # nothing to do


def test_a_pid_file_of_another_process_is_stale(directory: Path) -> None:
    directory.mkdir()
    stale = {
        "cloud": "aws",
        "pid": os.getpid(),
        "started": 1.0,
        "proxy_port": 1,
        "backend_port": 2,
        "account": "111122223333",
        "region": "eu-central-1",
    }
    (directory / "emulator.json").write_text(json.dumps(stale))
    assert status("aws", directory) is None
    emulator = Emulator(directory=directory, **stale)  # type: ignore[arg-type]
    emulator.stop()  # must not end the test's own process, whose pid it has
    (directory / "emulator.json").write_text("half a file")
    assert status("aws", directory) is None


def test_the_server_ends_with_its_parent(directory: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from terrace.emulator import start;"
        "print(start('aws', Path(sys.argv[1]), parent=os.getpid()).pid)"
    )
    pid = int(subprocess.check_output([sys.executable, "-c", program, str(directory)], timeout=60))
    assert ended(pid)
    assert status("aws", directory) is None


def test_a_failed_start_reports_the_end_of_the_log(directory: Path) -> None:
    (directory / "ca.pem").mkdir(parents=True)  # the server writes a file of this name
    with pytest.raises(EmulatorError, match=r"(?s)exited during its start.*IsADirectoryError") as caught:
        start("aws", directory)
    assert "emulator.log" in caught.value.where


def test_a_server_that_does_not_respond_in_time_is_ended(directory: Path) -> None:
    with pytest.raises(EmulatorError, match="did not respond within 0 s"):
        start("aws", directory, timeout=0.01)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(directory) in (p.info["cmdline"] or [])]


def test_an_unknown_cloud_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no emulator for cloud 'oracle'"):
        start("oracle", tmp_path)


# variables of a shell that lead to a real account
REAL = {
    "AWS_PROFILE": "production",
    "AWS_DEFAULT_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_SECURITY_TOKEN": "real",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/production",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
    "AWS_CONFIG_FILE": "/home/user/.aws/config",
    "AWS_CA_BUNDLE": "/etc/company.pem",
    "https_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
    "no_proxy": "amazonaws.com",
}


def test_a_child_inherits_no_variable_of_a_real_account(emulator: Emulator) -> None:
    base = {"PATH": "/bin", "TF_VAR_seed": "x", "HOME": "/home/user", **REAL}
    child = emulator.child_environment(base)
    assert {name: child[name] for name in ("PATH", "TF_VAR_seed", "HOME")} == {
        name: base[name] for name in ("PATH", "TF_VAR_seed", "HOME")
    }
    ours = emulator.environment()
    assert {name for name in child if name in REAL} == {name for name in REAL if name in ours}
    assert not set(child.values()) & set(REAL.values()) - set(ours.values())
    assert child["NO_PROXY"] == ""


def test_a_child_reaches_only_the_emulator_despite_real_credentials(emulator: Emulator, tmp_path: Path) -> None:
    home = tmp_path / ".aws"
    home.mkdir()
    (home / "credentials").write_text("[default]\naws_access_key_id = real\naws_secret_access_key = real\n")
    program = (
        "import boto3; session = boto3.Session();"
        "print(session.get_credentials().access_key, session.client('sts').get_caller_identity()['Account'])"
    )
    environment = emulator.child_environment({**os.environ, **REAL, "HOME": str(tmp_path)})
    output = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True, timeout=60)
    assert output.split() == ["emulated", emulator.account["account_id"]]


def test_a_missing_extra_is_reported_with_the_package_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terrace.emulator.lifecycle._REQUIRED_PACKAGES", ("moto", "not_installed_here"))
    with pytest.raises(UsageError, match="needs packages that are not installed: not_installed_here") as caught:
        start("aws", tmp_path)
    assert caught.value.hint == distribution.install("emulator")


def test_listing_what_is_not_emulated_has_no_slow_imports() -> None:
    program = (
        "import sys; from terrace.emulator import not_emulated; not_emulated('aws');"
        "print(*{'moto', 'boto3', 'botocore', 'cryptography', 'trustme', 'flask', 'werkzeug'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == []
