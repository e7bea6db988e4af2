"""`terrace kube` and `terrace connect`."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.environment import load, target
from terrace.workloads import standins
from tests.cli.conftest import Command


def outputs(terrace: Command, **changes: Any) -> None:
    """Write the outputs of dev's foundation, as an apply does."""
    environment = load("dev", project=terrace.small.root).environment
    text = standins.stand_ins(environment, target(environment)).model_dump_json().replace("stand-in-", "real-")
    document = json.loads(text)
    for name, value in changes.items():
        document[name] |= value
    file = terrace.small.root / ".terrace" / "outputs" / "dev-aws.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document))


def test_a_kubeconfig_calls_this_command_and_holds_no_credential(terrace: Command) -> None:
    outputs(terrace)
    printed = terrace.run("kube", "config", "dev")
    assert printed.returncode == 0, printed.stderr
    document = YAML(typ="safe").load(printed.stdout)
    (user,) = document["users"]
    assert user["user"]["exec"]["command"] == "terrace"
    assert user["user"]["exec"]["args"][-5:] == ["kube", "token", "dev", "--cloud", "aws"]
    assert set(user["user"]) == {"exec"}
    (cluster,) = document["clusters"]
    assert cluster["cluster"]["server"] == "https://real-cluster.invalid"
    assert document["current-context"] == "dpf-dev-aws"


def test_write_changes_only_its_own_entries(terrace: Command, tmp_path: Path) -> None:
    outputs(terrace)
    file = tmp_path / "config"
    other = {"name": "other", "cluster": {"server": "https://other.example.com"}}
    stale = {"name": "dpf-dev-aws", "cluster": {"server": "https://stale.example.com"}}
    existing = {"apiVersion": "v1", "kind": "Config", "preferences": {"colors": True}, "current-context": "other"}
    file.write_text(json.dumps(existing | {"clusters": [stale, other], "users": None}))
    for _ in range(2):
        written = terrace.run("kube", "config", "dev", "--write", KUBECONFIG=f"{file}{os.pathsep}/nowhere")
        assert written.stdout == f"context dpf-dev-aws in {file}\n"
    document = YAML(typ="safe").load(file.read_text())
    servers = {one["name"]: one["cluster"]["server"] for one in document["clusters"]}
    assert servers == {"other": "https://other.example.com", "dpf-dev-aws": "https://real-cluster.invalid"}
    assert [one["name"] for one in document["users"]] == ["dpf-dev-aws"]
    assert document["preferences"] == {"colors": True} and document["current-context"] == "dpf-dev-aws"
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_kubeconfig_is_not_changed(terrace: Command, tmp_path: Path) -> None:
    outputs(terrace)
    file = tmp_path / "config"
    file.write_text("- a\n")
    refused = terrace.run("kube", "config", "dev", "--write", KUBECONFIG=str(file))
    assert refused.returncode == 2 and "the file is not a kubeconfig" in refused.stderr
    assert file.read_text() == "- a\n"


@pytest.mark.parametrize("arguments", [("kube", "config", "dev"), ("connect", "dev", "database")])
def test_without_a_foundation_there_is_nothing_to_connect_to(terrace: Command, arguments: tuple[str, ...]) -> None:
    refused = terrace.run(*arguments)
    assert refused.returncode == 1
    assert "its foundation has no outputs" in refused.stderr and "terrace apply dev" in refused.stderr


def test_connect_says_whether_this_machine_reaches_the_database(terrace: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outputs(terrace, database={"host": "127.0.0.1", "port": port, "name": "platform"})
        reached = terrace.run("connect", "dev", "database")
    assert reached.returncode == 0, reached.stderr
    assert f"psql 'host=127.0.0.1 port={port} dbname=platform sslmode=verify-full" in reached.stdout
    refused = terrace.run("connect", "dev", "database")
    assert refused.returncode == 1
    assert f"this machine does not reach the database 127.0.0.1:{port}" in refused.stderr
    assert "hint: connect through the VPN" in refused.stderr


def test_connect_names_the_modules_that_exist(terrace: Command) -> None:
    outputs(terrace)
    refused = terrace.run("connect", "dev", "airflw")
    assert refused.returncode == 2
    assert "module 'airflw' is not enabled in dev" in refused.stderr and "Did you mean 'airflow'?" in refused.stderr
    unknown = terrace.run("connect", "dev", "airflow")
    assert unknown.returncode == 2 and "--service NAME:PORT" in unknown.stderr
    invalid = terrace.run("connect", "dev", "airflow", "--service", "web")
    assert invalid.returncode == 2 and "invalid --service 'web'; expected NAME:PORT" in invalid.stderr
