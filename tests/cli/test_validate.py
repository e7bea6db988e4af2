"""`terrace validate` as it is typed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from terrace.cli.main import run

ROOT = Path(__file__).parents[2]
Terrace = Callable[..., tuple[int, str, str]]


@pytest.fixture
def terrace(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terrace:
    """Run the command in a project that holds a copy of our environments and modules; returns code, stdout, stderr."""
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TERRACE_CLOUD", raising=False)

    def typed(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


def test_all_are_valid(terrace: Terrace) -> None:
    assert terrace("validate") == (
        0,
        "dev: valid (dev, aws, frankfurt)\n"
        "prod: valid (prod, aws, frankfurt)\n"
        "staging: valid (staging, aws, frankfurt)\n",
        "",
    )


def test_one_environment_is_compared_with_the_others(terrace: Terrace) -> None:
    accounts = Path("environments/clouds/aws.yaml")
    staging = re.search(r"staging:.*?account_id: \"?(\d+)", accounts.read_text(), re.S)
    prod = re.search(r"prod:.*?account_id: \"?(\d+)", accounts.read_text(), re.S)
    assert staging and prod
    accounts.write_text(accounts.read_text().replace(prod[1], staging[1]))
    code, out, _ = terrace("validate", "prod")
    assert code == 1 and f"'{staging[1]}' is also the account of staging, and both environments own it." in out
    assert terrace("validate", "dev") == (0, "dev: valid (dev, aws, frankfurt)\n", "")  # no conflict of its own


def test_every_problem_of_every_environment_and_exit_code_1(terrace: Terrace) -> None:
    prod = Path("environments/prod.yaml")
    prod.write_text(prod.read_text().replace("size: large", "size: lage").replace("zones: 3", "zones: 2"))
    code, out, err = terrace("validate")
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "dev: valid (dev, aws, frankfurt)",
        "staging: valid (staging, aws, frankfurt)",
        "environments/prod.yaml:11:10 network.zones: 2 is too few; prod needs at least 3 (NET-1).",
        "environments/prod.yaml:36:9 cache.size: invalid value 'lage'. "
        "Did you mean 'large'? Expected one of: small, medium, large, xlarge.",
    ]


def test_a_fault_of_the_base_is_told_once(terrace: Terrace) -> None:
    base = Path("environments/base.yaml")
    base.write_text(base.read_text().replace("rotation_days: 365", "rotation_days: 400"))
    code, out, _ = terrace("validate", "dev", "staging")
    assert code == 1
    assert out == "environments/base.yaml:29:18 keys.rotation_days: 400 is out of range. Expected 90 to 365 days.\n"


def test_a_file_by_its_path(terrace: Terrace) -> None:
    assert terrace("validate", "environments/dev.yaml")[:2] == (
        0,
        "environments/dev.yaml: valid (dev, aws, frankfurt)\n",
    )


def test_an_environment_that_is_not_there(terrace: Terrace) -> None:
    code, out, err = terrace("validate", "pord")
    assert (code, out) == (2, "")
    assert "unknown environment 'pord'" in err and "Did you mean 'prod'?" in err


def test_another_cloud(terrace: Terrace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert terrace("validate", "prod", "--cloud", "gcp")[1] == "prod: valid (prod, gcp, frankfurt)\n"
    monkeypatch.setenv("TERRACE_CLOUD", "azure")
    assert terrace("validate", "prod")[1] == "prod: valid (prod, azure, frankfurt)\n"
    monkeypatch.setenv("TERRACE_CLOUD", "oracle")
    code, _, err = terrace("validate", "prod")
    assert code == 2 and "TERRACE_CLOUD: unknown cloud 'oracle'" in err


CLOUD = re.compile(r"aws|azure|gcp|google|amazon|microsoft", re.IGNORECASE)


def test_an_environment_names_its_cloud_in_one_line_and_nowhere_else() -> None:
    for file in sorted((ROOT / "environments").glob("*.yaml")):
        named = [line for line in file.read_text().splitlines() if CLOUD.search(line)]
        assert named == ([] if file.stem == "base" else ["cloud: aws"]), file.name


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_another_cloud_is_one_line(terrace: Terrace, cloud: str) -> None:
    for name in ("dev", "staging", "prod"):
        file = Path(f"environments/{name}.yaml")
        file.write_text(file.read_text().replace("cloud: aws\n", f"cloud: {cloud}\n"))
    assert terrace("validate") == (
        0,
        f"dev: valid (dev, {cloud}, frankfurt)\n"
        f"prod: valid (prod, {cloud}, frankfurt)\n"
        f"staging: valid (staging, {cloud}, frankfurt)\n",
        "",
    )


def test_a_file_without_a_name_is_not_overlooked(terrace: Terrace) -> None:
    Path("environments/qa.yaml").write_text("extends: base.yaml\ntier: dev\n")
    code, out, _ = terrace("validate")
    assert code == 1
    assert out.splitlines()[-1].startswith("environments/qa.yaml:1:1 unused file: it has no `name`")


def test_a_project_without_environments(terrace: Terrace) -> None:
    for file in Path("environments").glob("*.yaml"):
        file.unlink()
    assert terrace("validate")[:2] == (1, "no environments in environments/\n")


def test_json(terrace: Terrace) -> None:
    Path("environments/qa.yaml").write_text(
        "extends: dev.yaml\nname: qa\naws: {account_id: '444455556666', admin_role: admins}\ncache: {size: huge}\n"
    )
    code, out, _ = terrace("validate", "--json")
    report = json.loads(out)
    assert code == 1 and report["valid"] is False
    assert report["environments"]["dev"] == []
    (problem,) = report["environments"]["qa"]
    assert problem == {
        "where": "environments/qa.yaml:4:15",
        "path": "cache.size",
        "message": "invalid value 'huge'.",
        "hint": "Expected one of: small, medium, large, xlarge.",
    }


def test_it_needs_nothing_on_path_and_loads_no_cdk() -> None:
    """As a process, with an empty PATH: neither Node nor anything else is there to be called."""
    program = (
        "import sys\n"
        "from terrace.cli.main import run\n"
        "code = run(['validate'])\n"
        "heavy = {'jsii', 'cdktn', 'constructs', 'boto3', 'rich', 'psutil'} & {m.split('.')[0] for m in sys.modules}\n"
        "print(sorted(heavy))\n"
        "sys.exit(code)\n"
    )
    variables = {"PATH": "", "HOME": os.environ.get("HOME", "")}
    completed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.splitlines()[-1] == "[]"
