"""trivy on the JSON of a plan."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.scanners.accepted import Finding

RATED = ("HIGH", "CRITICAL")


def scan(trivy: Path, plan: dict[str, Any], environment: str, directory: Path) -> list[Finding]:
    """The findings rated high or critical."""
    directory.mkdir(parents=True, exist_ok=True)
    configuration = references_only(plan["configuration"])
    (directory / "tfplan.json").write_text(json.dumps({**plan, "configuration": configuration}))
    options = ["--skip-check-update", "--skip-version-check", "--quiet", "--format", "json"]
    finished = subprocess.run([trivy, "config", *options, directory], capture_output=True, text=True, check=True)
    return sorted(
        Finding(found["ID"], found["CauseMetadata"].get("Resource", ""), environment)
        for found in _misconfigurations(json.loads(finished.stdout))
        if found["Severity"] in RATED
    )


def references_only(value: Any) -> Any:
    """The configuration without the text of an expression that has references.

    Of a stack in JSON syntax Terraform writes both (`constant_value` and `references`), and trivy reads one of the two
    at random. Of a stack in HCL it writes references only.
    """
    if isinstance(value, dict):
        referring = bool(value.get("references"))
        return {
            name: references_only(one) for name, one in value.items() if not (referring and name == "constant_value")
        }
    if isinstance(value, list):
        return [references_only(one) for one in value]
    return value


def _misconfigurations(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for result in report.get("Results") or []:
        yield from result.get("Misconfigurations") or []
