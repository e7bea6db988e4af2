"""A real plan by the real provider before any account exists, and an apply against the provider's mocks.

No cloud is asked for anything. Both are needed, for each sees what the other does not: a plan runs the provider's own
checks of what is to change, a mocked apply its schema and every value that is known only after something was made.
What a cloud's provider needs for it is in `Facts.offline` of the cloud.
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
from terrace.deployment.changes import Owner, Summary, summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Listener, Workspace, ignore
from terrace.project.discovery import Project

TERRAFORM_TEST = "mocked.tftest.json"
_EPHEMERAL = re.compile(r"\$\{ephemeral\.[^{}]*\}")


@dataclass(frozen=True)
class OfflinePlan:
    """`plan` in Terraform's JSON format, `stack` as synthesized."""

    plan: dict[str, Any]
    stack: dict[str, Any]
    summary: Summary


@contextmanager
def opened(
    project: Project,
    environment: str,
    cloud: str,
    *,
    environ: Mapping[str, str] = os.environ,
    provider_mirror: Path | None = None,
    say: Callable[[str], None] = lambda sentence: None,
    listener: Listener = ignore,
    lines: Owner = lambda construct: None,
) -> Iterator[Deployment]:
    """A deployment in a scratch of its own, that reaches no account: as if nothing existed yet.

    Its state is empty and its plans are no plans of the project's, so nothing here is what `terrace apply` would take.
    """
    needs = facts(cloud).offline
    scratch = project.working_directory / "offline" / f"{environment}-{cloud}"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with needs.credentials() as credentials:
        kept = {name: value for name, value in environ.items() if not name.startswith(needs.variables)}
        yield Deployment(
            project=Project(project.root, scratch=scratch),
            environment=environment,
            cloud=cloud,
            variables=kept | credentials | {"TERRACE_OFFLINE": "1"},
            provider_mirror=provider_mirror,
            state="local",
            say=say,
            listener=listener,
            lines=lines,
        )


def plan(deployment: Deployment, workspace: Workspace) -> OfflinePlan:
    """Plan, read the plan, and keep none of it. Raises what planning raises."""
    path = deployment.project.plans / f"{deployment.name}-offline-{os.getpid()}.tfplan"
    try:
        workspace.plan(path, listener=deployment.listener)
        shown = workspace.show(path)
    finally:
        path.unlink(missing_ok=True)
    summary = summarize(shown, workspace.construct_paths(), deployment.lines)
    return OfflinePlan(shown, json.loads(workspace.stack_file.read_text()), summary)


def apply_to_mocks(deployment: Deployment, workspace: Workspace) -> None:
    """Apply a copy of the stack to mocks of its providers, and take it down again. Raises faults.TerraformFailed.

    Mocks know no ephemeral resources, so the copy has a fixed word where the stack has an ephemeral value.
    """
    stack: dict[str, Any] = json.loads(workspace.stack_file.read_text())
    directory = workspace.directory.with_name(f"{workspace.directory.name}-mocked")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    mocked = json.loads(_EPHEMERAL.sub("mocked", json.dumps({k: v for k, v in stack.items() if k != "ephemeral"})))
    (directory / "cdk.tf.json").write_text(json.dumps(mocked, indent=2))
    test = mocked_test(stack, facts(deployment.cloud).offline)
    (directory / TERRAFORM_TEST).write_text(json.dumps(test, indent=2) + "\n")
    lock = workspace.directory / ".terraform.lock.hcl"
    if lock.is_file():
        shutil.copy(lock, directory)
    copy = replace(workspace, directory=directory, data=workspace.data.with_name(f"{workspace.data.name}-mocked"))
    copy.init(source="mocked", listener=deployment.listener)
    copy.test(listener=deployment.listener)


def mocked_test(stack: Mapping[str, Any], needs: Offline) -> dict[str, Any]:
    """The content of a `.tftest.json` that applies the stack to mocks of its providers, aliases and all.

    What every resource of a type writes itself is left out: OpenTofu takes no answer for it. Source: Terraform
    documentation, "Mocks", version 1.11.
    """
    referred = references(stack)
    answers = {}
    for type, group in stack.get("resource", {}).items():
        written = set.intersection(*(set(body) for body in group.values()))
        told = needs.mocked(type, referred.get(type, set()))
        if defaults := {name: value for name, value in told.items() if name not in written}:
            answers[type] = {"defaults": defaults}
    providers = {
        provider: [
            ({"alias": block["alias"]} if block.get("alias") else {}) | {"mock_resource": _of(provider, answers)}
            for block in (written if isinstance(written, list) else [written])
        ]
        for provider, written in stack.get("provider", {}).items()
    }
    return {"mock_provider": providers, "run": {"apply": {"command": "apply"}}}


def references(stack: Mapping[str, Any]) -> dict[str, set[str]]:
    """Resource type to the attributes that something in the stack refers to."""
    types = "|".join(sorted(stack.get("resource", {}), key=len, reverse=True))
    found: dict[str, set[str]] = {}
    for type, attribute in re.findall(rf"\b({types})\.[A-Za-z0-9_-]+\.([a-z0-9_]+)", json.dumps(stack)):
        found.setdefault(type, set()).add(attribute)
    return found


def _of(provider: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers for one provider's resources: their types begin with its name."""
    return {type: answer for type, answer in answers.items() if type.startswith(f"{provider}_")}
