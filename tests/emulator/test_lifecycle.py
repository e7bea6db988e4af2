"""Starting, finding and stopping, with real processes."""

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

from terrace.emulator import Emulator, EmulatorError, start, status
from terrace.errors import UsageError


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory whose emulator, if there is one, is stopped at the end."""
    yield tmp_path / "emulator"
    left = status("aws", tmp_path / "emulator") if (tmp_path / "emulator").exists() else None
    if left:
        left.stop()


def gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_start_again_stop_and_start_after_a_crash(directory: Path) -> None:
    first = start("aws", directory, parent=os.getpid())
    assert start("aws", directory) == first == status("aws", directory)
    with pytest.raises(UsageError, match="account id 111122223333 is running, account id 999999999999 was asked for"):
        start("aws", directory, account={"account_id": "999999999999"})

    os.kill(first.pid, signal.SIGKILL)
    assert gone(first.pid)
    assert status("aws", directory) is None  # the pid file is still there
    second = start("aws", directory, account={"account_id": "999999999999"}, region="eu-west-3", parent=os.getpid())
    assert (second.account, second.region) == ({"account_id": "999999999999"}, "eu-west-3")
    assert second.pid != first.pid

    second.stop()
    assert gone(second.pid)
    assert status("aws", directory) is None
    assert not (directory / "emulator.json").exists()
    second.stop()  # nothing to do


def test_a_pid_file_that_names_another_process_is_stale(directory: Path) -> None:
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
    found = Emulator(directory=directory, **stale)  # type: ignore[arg-type]
    found.stop()  # must not end us, whose number it has
    (directory / "emulator.json").write_text("half a file")
    assert status("aws", directory) is None


def test_it_ends_with_its_parent(directory: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from terrace.emulator import start;"
        "print(start('aws', Path(sys.argv[1]), parent=os.getpid()).pid)"
    )
    pid = int(subprocess.check_output([sys.executable, "-c", program, str(directory)], timeout=60))
    assert gone(pid)
    assert status("aws", directory) is None


def test_a_server_that_dies_shows_the_end_of_its_log(directory: Path) -> None:
    (directory / "ca.pem").mkdir(parents=True)  # where it wants to write a file
    with pytest.raises(EmulatorError, match=r"(?s)ended at once.*IsADirectoryError") as caught:
        start("aws", directory)
    assert "emulator.log" in caught.value.where


def test_one_that_does_not_answer_in_time_is_not_left_behind(directory: Path) -> None:
    with pytest.raises(EmulatorError, match="did not answer within 0 s"):
        start("aws", directory, timeout=0.01)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(directory) in (p.info["cmdline"] or [])]


def test_a_cloud_that_cannot_be_emulated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no emulator for cloud 'oracle'"):
        start("oracle", tmp_path)


# what a shell may hold that leads to a real account
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
    "AWS_CONFIG_FILE": "/home/somebody/.aws/config",
    "AWS_CA_BUNDLE": "/etc/company.pem",
    "https_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
    "no_proxy": "amazonaws.com",
}


def test_nothing_of_the_shell_that_names_an_account_reaches_a_child(emulator: Emulator) -> None:
    base = {"PATH": "/bin", "TF_VAR_seed": "x", "HOME": "/home/somebody", **REAL}
    child = emulator.child_environment(base)
    assert {name: child[name] for name in ("PATH", "TF_VAR_seed", "HOME")} == {
        name: base[name] for name in ("PATH", "TF_VAR_seed", "HOME")
    }
    ours = emulator.environment()
    assert {name for name in child if name in REAL} == {name for name in REAL if name in ours}
    assert not set(child.values()) & set(REAL.values()) - set(ours.values())
    assert child["NO_PROXY"] == ""


def test_a_child_with_real_credentials_in_the_shell_reaches_the_emulator_only(
    emulator: Emulator, tmp_path: Path
) -> None:
    home = tmp_path / ".aws"
    home.mkdir()
    (home / "credentials").write_text("[default]\naws_access_key_id = real\naws_secret_access_key = real\n")
    program = (
        "import boto3; session = boto3.Session();"
        "print(session.get_credentials().access_key, session.client('sts').get_caller_identity()['Account'])"
    )
    environment = emulator.child_environment({**os.environ, **REAL, "HOME": str(tmp_path)})
    said = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True, timeout=60)
    assert said.split() == ["emulated", emulator.account["account_id"]]


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrace.emulator.lifecycle._NEEDED", ("moto", "not_installed_here"))
    with pytest.raises(UsageError, match="needs not_installed_here, which is not installed") as caught:
        start("aws", tmp_path)
    assert caught.value.hint == "pip install 'terrace[emulator]'"


def test_asking_about_it_loads_nothing_heavy() -> None:
    program = (
        "import sys; from terrace.emulator import not_emulated; not_emulated('aws');"
        "print(*{'moto', 'boto3', 'botocore', 'cryptography', 'flask', 'werkzeug'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == []
