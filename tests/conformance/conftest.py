"""Stacks of all clouds with their real providers and without an account: synthesized once per cloud, planned once each.

The files of a run are in its temporary directory, which all workers share.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from terrace.assurance.evaluation import Result, Status
from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment import binary, mirror, offline
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Diagnostic, Event
from terrace.deployment.terraform import Terraform
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.conftest import ROOT

PROVIDERS = {cloud: facts(cloud).provider for cloud in CLOUDS}


@dataclass(frozen=True)
class Evaluated:
    """The real provider's diagnostics of a stack and of its plan, and the plan."""

    stack: dict[str, Any]
    plan: dict[str, Any]
    validated: list[str]
    warned: list[str]


class Conformance:
    """The offline deployments of a run, each opened on demand."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared

    def evaluated(self, cloud: str, environment: str) -> Evaluated:
        """Initialize, validate and plan the stack; only the first worker runs it."""
        saved = self.shared / f"evaluated-{environment}-{cloud}.json"
        with FileLock(saved.with_suffix(".lock")):
            if not saved.exists():
                warned: list[str] = []

                def collect(event: Event) -> None:
                    if isinstance(event, Diagnostic) and event.severity == "warning":
                        warned.append(sentence(event))

                with self.opened(cloud, environment) as (deployment, terraform):
                    validated = [sentence(diagnostic) for diagnostic in terraform.validate()]
                    planned = offline.plan(replace(deployment, on_event=collect), terraform)
                saved.write_text(json.dumps([planned.stack, planned.plan, validated, sorted(set(warned))]))
            return Evaluated(*json.loads(saved.read_text()))

    @contextmanager
    def opened(self, cloud: str, environment: str) -> Iterator[tuple[Deployment, Terraform]]:
        """A stack with its provider installed. Skips the test if the provider is not available."""
        host = binary.locate(ROOT).registry_host
        try:
            mirror.choose(providers=[PROVIDERS[cloud]], host=host)
        except TerraceError as error:
            pytest.skip(f"{PROVIDERS[cloud]}: {error}")
        written = self.synthesized(cloud)
        with offline.offline_deployment(Project(ROOT, scratch=self.shared), environment, cloud) as deployment:
            stack = deployment.project.stack(environment)
            with FileLock(self.shared / f"opened-{environment}-{cloud}.lock"):
                stack.mkdir(parents=True, exist_ok=True)
                shutil.copy(written / "stacks" / environment / "cdk.tf.json", stack)
                terraform = deployment.terraform(stack)
            yield deployment, terraform

    def synthesized(self, cloud: str) -> Path:
        """Every environment on a cloud, synthesized for an offline plan."""
        out = self.shared / f"cdktf.out-offline-{cloud}"
        with FileLock(self.shared / f"offline-{cloud}.lock"):
            if not (out / "done").exists():
                surrounding = {n: v for n, v in os.environ.items() if not n.startswith("TERRACE_")}
                surrounding |= {"TERRACE_OUT": str(out), "TERRACE_CLOUD": cloud}
                surrounding |= {"TERRACE_OFFLINE": "1", "TERRACE_STATE": "local"}
                subprocess.run([sys.executable, "-m", "stacks"], cwd=ROOT, env=surrounding, check=True)
                (out / "done").touch()
        return out


def sentence(diagnostic: Diagnostic) -> str:
    """A diagnostic in one line."""
    return f"{diagnostic.severity} {diagnostic.address}: {diagnostic.summary} {diagnostic.detail}".strip()


Seen = Callable[[Evaluated, Sequence[Result]], None]
STATUSES: tuple[Status, ...] = ("holds", "prepared", "excepted", "not_required", "broken", "unproven")


@pytest.fixture
def seen(cloud: str, environment: str, record_property: Callable[[str, object], None]) -> Seen:
    """Record the counts of a plan for the table at the end; a skipped test has a row, too."""
    record_property("plan", [cloud, environment])

    def note(evaluated: Evaluated, results: Sequence[Result]) -> None:
        counts = Counter(result.status for result in results)
        warnings = len(evaluated.validated) + len(evaluated.warned)
        facts = sum(len(result.observations) for result in results)
        record_property(
            "seen", [len(evaluated.plan["resource_changes"]), warnings, facts, *(counts[status] for status in STATUSES)]
        )

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts of each plan."""
    columns = ("cloud", "environment", "resources", "warnings", "facts", *STATUSES)
    rows = []
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        properties = dict(getattr(report, "user_properties", ()))
        if "plan" in properties and report.when == "call":
            rows.append([*properties["plan"], *properties.get("seen", [report.outcome])])
    if rows:
        terminalreporter.section("guarantees on real plans")
        terminalreporter.write_line("".join(f"{column:>12}" for column in columns))
        for row in sorted(rows, key=lambda row: [str(word) for word in row[:2]]):
            terminalreporter.write_line("".join(f"{word:>12}" for word in row))


@pytest.fixture(scope="session")
def conformance(shared: Path) -> Conformance:
    return Conformance(shared)
