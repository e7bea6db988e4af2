"""A plan by the real provider without an account, and an apply to the provider's mocks. No request leaves the machine.

The two complement each other: a plan runs the provider's own validation of each change; a mocked apply checks the
schema and every value that is known only after an apply. The settings of each cloud's provider for this are in
`Facts.offline` of the cloud.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Offline, facts
from terrace.deployment.changes import EnvironmentLine, Summary, summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import OnEvent, Terraform, ignore
from terrace.project.discovery import Project
from terrace.project.stack_ids import Layer, stack_id

TERRAFORM_TEST = "mocked.tftest.json"
_EPHEMERAL = re.compile(r"\$\{ephemeral\.[^{}]*\}")


@dataclass(frozen=True)
class OfflinePlan:
    """`plan` in Terraform's JSON format, `stack` as synthesized."""

    plan: dict[str, Any]
    stack: dict[str, Any]
    summary: Summary


@contextmanager
def offline_deployment(
    project: Project,
    environment: str,
    cloud: str,
    *,
    layer: Layer = "foundation",
    environ: Mapping[str, str] = os.environ,
    provider_mirror: Path | None = None,
    on_message: Callable[[str], None] = lambda message: None,
    on_event: OnEvent = ignore,
    environment_line: EnvironmentLine = lambda construct: None,
) -> Iterator[Deployment]:
    """A deployment without an account and with an empty state.

    Its files are in `.terrace/offline/`, apart from the project's state and plans: `terrace apply` never uses them.
    """
    settings = facts(cloud).offline
    scratch = project.working_directory / "offline" / f"{stack_id(environment, layer)}-{cloud}"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with settings.credentials() as credentials:
        variables = {name: value for name, value in environ.items() if not name.startswith(settings.variables)}
        yield Deployment(
            project=Project(project.root, scratch=scratch),
            environment=environment,
            cloud=cloud,
            variables=variables | credentials | {"TERRACE_OFFLINE": "1"},
            provider_mirror=provider_mirror,
            state="local",
            layer=layer,
            on_message=on_message,
            on_event=on_event,
            environment_line=environment_line,
        )


def plan(deployment: Deployment, terraform: Terraform) -> OfflinePlan:
    """Plan, read the plan and delete its file. Raises what `Terraform.plan` raises."""
    path = deployment.project.plans / f"{deployment.name}-offline-{os.getpid()}.tfplan"
    try:
        terraform.plan(path, on_event=deployment.on_event)
        content = terraform.show(path)
    finally:
        path.unlink(missing_ok=True)
    summary = summarize(content, terraform.construct_paths(), deployment.environment_line)
    return OfflinePlan(content, json.loads(terraform.stack_file.read_text()), summary)


def apply_to_mocks(deployment: Deployment, terraform: Terraform) -> None:
    """Apply a copy of the stack to mocks of its providers, and destroy it. Raises TerraformFailed."""
    stack: dict[str, Any] = json.loads(terraform.stack_file.read_text())
    directory = terraform.directory.with_name(f"{terraform.directory.name}-mocked")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / "cdk.tf.json").write_text(json.dumps(mockable(stack), indent=2))
    test = mocked_test(stack, facts(deployment.cloud).offline)
    (directory / TERRAFORM_TEST).write_text(json.dumps(test, indent=2) + "\n")
    lock = terraform.directory / ".terraform.lock.hcl"
    if lock.is_file():
        shutil.copy(lock, directory)
    mocked_data = terraform.data_directory.with_name(f"{terraform.data_directory.name}-mocked")
    copy = replace(terraform, directory=directory, data_directory=mocked_data)
    copy.init(source="mocked", on_event=deployment.on_event)
    copy.test(on_event=deployment.on_event)


def mockable(stack: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a stack with a fixed string for each ephemeral value: mocks do not support ephemeral resources."""
    without = {key: value for key, value in stack.items() if key != "ephemeral"}
    copy: dict[str, Any] = json.loads(_EPHEMERAL.sub("mocked", json.dumps(without)))
    return copy


def mocked_test(stack: Mapping[str, Any], settings: Offline) -> dict[str, Any]:
    """The content of a `.tftest.json` that applies the stack to mocks of its providers, including aliases.

    Attributes that every resource of a type sets are left out: OpenTofu accepts no default for them. Source: Terraform
    documentation, "Mocks", version 1.11.
    """
    referred = references(stack)
    mocks = {}
    for type, group in stack.get("resource", {}).items():
        always_set = set.intersection(*(set(body) for body in group.values()))
        values = settings.mocked(type, referred.get(type, set()))
        if defaults := {name: value for name, value in values.items() if name not in always_set}:
            mocks[type] = {"defaults": defaults}
    providers = {
        provider: [
            ({"alias": block["alias"]} if block.get("alias") else {}) | _mocks_of(provider, mocks)
            for block in (blocks if isinstance(blocks, list) else [blocks])
        ]
        for provider, blocks in stack.get("provider", {}).items()
    }
    return {"mock_provider": providers, "run": {"apply": {"command": "apply"}}}


def references(stack: Mapping[str, Any]) -> dict[str, set[str]]:
    """Resource type to the attributes that the stack refers to."""
    types = "|".join(sorted(stack.get("resource", {}), key=len, reverse=True))
    referred: dict[str, set[str]] = {}
    for type, attribute in re.findall(rf"\b({types})\.[A-Za-z0-9_-]+\.([a-z0-9_]+)", json.dumps(stack)):
        referred.setdefault(type, set()).add(attribute)
    return referred


def _mocks_of(provider: str, mocks: Mapping[str, Any]) -> dict[str, Any]:
    """The mocks of one provider's resource types, which begin with its name, as `mock_resource`; none may be empty."""
    own = {type: mock for type, mock in mocks.items() if type.startswith(f"{provider}_")}
    return {"mock_resource": own} if own else {}
