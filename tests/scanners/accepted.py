"""policies/scanners.yaml: the findings of outside scanners that stay, compared with what a scanner reports."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.conftest import ROOT

FILE = ROOT / "policies" / "scanners.yaml"
ENVIRONMENTS = ("dev", "prod")

Scanner = Literal["trivy", "prowler"]


@dataclass(frozen=True, order=True)
class Finding:
    """`resource` is an address of Terraform in a plan (trivy), or an ARN (prowler)."""

    id: str
    resource: str
    environment: str


class Accepted(BaseModel):
    """A kind of finding that stays. `resources` are patterns; each has to match a finding."""

    model_config = ConfigDict(extra="forbid")

    scanner: Scanner
    id: str
    resources: Literal["all"] | list[str]
    environments: list[Literal["dev", "prod"]] = Field(default=list(ENVIRONMENTS), min_length=1)
    reason: str = Field(min_length=20)

    @property
    def patterns(self) -> list[str]:
        return ["*"] if self.resources == "all" else self.resources

    def covers(self, finding: Finding) -> bool:
        return (
            finding.id == self.id
            and finding.environment in self.environments
            and any(fnmatchcase(finding.resource, pattern) for pattern in self.patterns)
        )


def accepted(scanner: Scanner) -> list[Accepted]:
    written: dict[str, Any] = yaml.safe_load(FILE.read_text())
    entries = [Accepted.model_validate(entry) for entry in written["accepted"]]
    return [entry for entry in entries if entry.scanner == scanner]


def compare(findings: Sequence[Finding], entries: Sequence[Accepted]) -> list[str]:
    """What the list lacks, and what it names that no longer occurs."""
    lacking = {finding for finding in findings if not any(entry.covers(finding) for entry in entries)}
    problems = [f"not accepted in {one.environment}: {one.id} {one.resource}" for one in sorted(lacking)]
    for entry in entries:
        covered = [finding for finding in findings if entry.covers(finding)]
        places = {finding.environment for finding in covered}
        problems += [f"no longer occurs in {name}: {entry.id}" for name in entry.environments if name not in places]
        problems += [
            f"no longer occurs: {entry.id} {pattern}"
            for pattern in entry.patterns
            if not any(fnmatchcase(finding.resource, pattern) for finding in covered)
        ]
    return problems


def table(scanner: Scanner) -> str:
    """The accepted findings as a Markdown table, for docs/scanners.md."""
    rows = ["| check | resources | environments | why it stays |", "|---|---|---|---|"]
    for entry in accepted(scanner):
        resources = "all" if entry.resources == "all" else ", ".join(f"`{pattern}`" for pattern in entry.resources)
        rows.append(f"| `{entry.id}` | {resources} | {', '.join(entry.environments)} | {entry.reason.strip()} |")
    return "\n".join(rows)


def installed(scanner: Scanner) -> Path:
    """The scanner's binary, which TERRACE_TRIVY or TERRACE_PROWLER names. Skips the test without it."""
    name = f"TERRACE_{scanner.upper()}"
    if not os.environ.get(name):
        pytest.skip(f"{scanner} is not installed: {name} is not set")
    return Path(os.environ[name])
