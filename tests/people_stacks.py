"""Foundations in which a group of people reads files of the lake."""

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.conftest import ROOT

ACCESS = """\
access:
  - {groups: [data-engineers], layers: [bronze, silver], schemas: [raw], personal_data: clear, files: true}
  - {groups: [analysts], layers: [gold], schemas: [marts], rows: {country: [DE]}}
  - {groups: [support], layers: [gold], schemas: [marts], products: [orders], personal_data: clear}
"""
ROLE = "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_DataEngineers_0123456789abcdef"
IDS = {"aws": ROLE, "azure": "00000000-0000-4000-8000-000000000013", "gcp": "engineers@example.com"}
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: order_id}
      - {name: email, customProperties: [{property: mask, value: hash}]}
      - {name: country}
"""


class PeopleStacks(Protocol):
    """dev on a cloud, and its foundation's stack."""

    def __call__(self, cloud: str) -> tuple[Environment, dict[str, Any]]: ...


def synthesized(shared: Path, cloud: str) -> tuple[Environment, dict[str, Any]]:
    """dev and its stack, in a copy of this repository's environments with the rules, below the run's directory."""
    project, saved = shared / "people", shared / f"people-{cloud}.json"
    with FileLock(shared / "people.lock"):
        if not project.exists():
            _copy(project)
        if not saved.exists():
            made = Project(project)
            synthesize(made, "dev", cloud=cloud, state="local")
            shutil.copy(made.stack("dev") / "cdk.tf.json", saved)
    return load("dev", project=project, cloud=cloud).environment, json.loads(saved.read_text())


def _copy(project: Path) -> None:
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, project / folder)
    shutil.copy(ROOT / "cdktf.json", project)
    (project / "contracts").mkdir()
    (project / "contracts" / "orders.yaml").write_text(CONTRACT)
    _replace(project / "environments" / "base.yaml", "observability:\n", f"{ACCESS}\nobservability:\n")
    _replace(project / "environments" / "base.yaml", "analysts: viewer}", "analysts: viewer, support: viewer}")
    product = "  - name: orders\n"
    _replace(project / "environments" / "base.yaml", product, f"{product}    contract: contracts/orders.yaml\n")
    for cloud in CLOUDS:
        settings = project / "environments" / "clouds" / f"{cloud}.yaml"
        groups = f"groups: {{data-engineers: {IDS[cloud]}}}\n\nenvironments:\n"
        _replace(settings, "environments:\n", groups)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
