"""`terrace doctor`."""

import json
from pathlib import Path

from tests.scripts.conftest import Command


def test_it_says_what_is_there(terrace: Command) -> None:
    ended = terrace.run("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(ended.stdout)}
    assert list(findings) == ["Python", "Node", "Terraform", "providers", "AWS credentials", "emulator"]
    assert ended.returncode == 0
    assert findings["Terraform"]["detail"].startswith("Terraform 1.")


def test_a_missing_terraform_is_named_with_a_way_to_get_it(terrace: Command) -> None:
    ended = terrace.run("doctor", TERRACE_TERRAFORM="/nowhere/terraform")
    assert ended.returncode == 1
    assert "missing Terraform        TERRACE_TERRAFORM: there is no program '/nowhere/terraform'" in ended.stdout
    assert "→ give the path of a Terraform binary" in ended.stdout


def test_credentials_are_found_but_never_shown(terrace: Command, tmp_path: Path) -> None:
    ended = terrace.run(
        "doctor", AWS_ACCESS_KEY_ID="not-a-key-id", AWS_SECRET_ACCESS_KEY="not-a-key", HOME=str(tmp_path)
    )
    line = next(line for line in ended.stdout.splitlines() if "AWS credentials" in line)
    assert line.startswith("ok ") and "from env" in line
    assert "not-a-key" not in ended.stdout
