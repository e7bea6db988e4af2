"""What an upgrade does to a deployment: the stack of an old release beside the present one, and a rehearsal of both.

A CDK address ends in a hash of its construct's path, so a construct that moves is a destroy and a create unless the
stack has a `moved` block. A resource whose name changes is replaced, whatever its address.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from terrace.deployment import bootstrapped, changes, lifecycle
from terrace.deployment.changes import Summary, stateful
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import construct_paths
from terrace.errors import TerraceError, UsageError
from terrace.project import basis, synthesis
from terrace.project.discovery import Project
from terrace.project.git import git
from terrace.project.stack_ids import stack_id
from terrace.state.local import LocalHome

PAGES = Path("docs/upgrades")

Kind = Literal["create", "delete", "move", "rename"]


@dataclass(frozen=True, order=True)
class Difference:
    """One resource that the two stacks do not share. `after` is the new address of a move; `attributes` are the names
    that a rename changes, each `name: old -> new`."""

    kind: Kind
    address: str
    type: str
    construct: str
    after: str = ""
    attributes: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Whether it destroys something that holds data."""
        return self.type in stateful() and self.kind in ("delete", "rename")

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "address": self.address,
            "type": self.type,
            "construct": self.construct,
            "after": self.after,
            "attributes": list(self.attributes),
            "loses_data": self.loses_data,
        }


@contextmanager
def checked_out(project: Project, ref: str) -> Iterator[Project]:
    """The project at `ref`, in a worktree of its own, with today's environments. Raises UsageError for no such ref."""
    with tempfile.TemporaryDirectory(prefix="terrace-upgrade-") as scratch:
        top = Path(_git(project.root, "rev-parse", "--show-toplevel"))
        tree = Path(scratch) / "old"
        _git(project.root, "worktree", "add", "--detach", str(tree), ref)
        try:
            root = tree / project.root.relative_to(top)
            shutil.rmtree(root / "environments", ignore_errors=True)
            shutil.copytree(project.root / "environments", root / "environments")
            yield Project(root)
        finally:
            _git(project.root, "worktree", "remove", "--force", str(tree))


def _git(root: Path, *arguments: str) -> str:
    finished = git(root, *arguments)
    if finished.returncode != 0:
        message = finished.stderr.strip().splitlines()
        raise UsageError(
            f"git {arguments[0]} failed: {message[-1] if message else 'no error message'}",
            where=str(root),
            hint="--from takes a tag, a branch or a commit of this repository",
        )
    return finished.stdout.strip()


def synthesized(project: Project, stack: str, cloud: str, *, state: str = "", python: str = "") -> dict[str, Any]:
    """The stack of a project as plain data. A checkout that contains the library uses its own.

    `python` is the interpreter of a release whose library is installed elsewhere. Raises SynthesisFailed.
    """
    inside = [str(path) for path in (project.root, project.root / "constructs") if path.is_dir()]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([*inside, os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as scratch:
        isolated = Project(project.root, synthesized_to=Path(scratch))
        (directory,) = synthesis.synthesize(
            isolated, stack, cloud=cloud, state=state, environ=variables, python=python or sys.executable
        )
        content: dict[str, Any] = json.loads((directory / "cdk.tf.json").read_text(encoding="utf-8"))
        return content


def bootstrap_of(
    project: Project, foundation: Mapping[str, Any], environment: str, cloud: str, *, python: str = ""
) -> dict[str, Any] | None:
    """The bootstrap that a foundation rests on; None for one of a release that had none. Raises SynthesisFailed."""
    if not basis.basis(foundation):
        return None
    return synthesized(project, stack_id(environment, "bootstrap"), cloud, state="local", python=python)


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> list[Difference]:
    """What the new stack creates, deletes, moves and renames; `prefix` begins the names of all its resources.

    What it forgets (`removed`, without a destroy) remains and is no difference.
    """
    before, after = _resources(old), _resources(new)
    old_paths, new_paths = construct_paths(old), construct_paths(new)
    moved = {one["from"]: one["to"] for one in new.get("moved", []) if one["from"] in before and one["to"] in after}
    imported = {one["to"] for one in new.get("import", [])}
    forgotten = {one["from"] for one in new.get("removed", []) if one.get("lifecycle") == {"destroy": False}}
    found = []
    for address, body in before.items():
        type = address.partition(".")[0]
        construct = old_paths.get(address, "")
        target = moved.get(address, address)
        if target not in after and address in forgotten:
            continue
        if target not in after:
            found.append(Difference("delete", address, type, construct))
            continue
        if target != address:
            found.append(Difference("move", address, type, construct, after=target))
        if names := tuple(_renamed(body, after[target], prefix)):
            found.append(Difference("rename", target, type, new_paths.get(target, ""), attributes=names))
    arrived = set(moved.values()) | imported | set(before)
    found += [
        Difference("create", address, address.partition(".")[0], new_paths.get(address, ""))
        for address in after
        if address not in arrived
    ]
    return sorted(found)


def _resources(stack: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {f"{type}.{name}": body for type, group in stack.get("resource", {}).items() for name, body in group.items()}


def _renamed(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The arguments that are names of the resource itself, and differ: text that begins with the computed prefix."""
    for key, value in old.items():
        other = new.get(key)
        if isinstance(value, str) and value.startswith(prefix) and isinstance(other, str) and other != value:
            yield f"{key}: {value} -> {other}"


def unexplained(found: Iterable[Difference], root: Path) -> list[Difference]:
    """The differences that lose data and that no page of docs/upgrades/ names by construct path or address."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / PAGES).glob("*.md")))
    return [
        one
        for one in found
        if one.loses_data and one.address not in pages and (not one.construct or one.construct not in pages)
    ]


def rehearse(
    deployment: Deployment,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    old_bootstrap: Mapping[str, Any] | None = None,
    bootstrap: Mapping[str, Any] | None = None,
) -> Summary:
    """Apply the old stack to an emulated cloud, and return what the plan of the new one changes.

    Where a release has a bootstrap, it is applied before: it adopts what the old foundation made and forgets. The
    deployment must be an emulated one with a local state and without a gate. Raises what plan and apply raise, and
    TerraceError if the bootstrap changes or destroys something in place of adopting it.
    """
    if deployment.synthesize or deployment.gate or deployment.state != "local":
        raise TerraceError("a rehearsal needs a deployment with a local state, without a gate and without synthesis")
    if old_bootstrap:
        _bootstrap(deployment, old_bootstrap)
    _write(deployment, old)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    _write(deployment, new)
    if bootstrap:
        applied = _bootstrap(deployment, bootstrap)
        if lost := [one for one in applied if one.verb in ("replace", "destroy")]:
            raise TerraceError(f"the bootstrap does not adopt what exists: {', '.join(map(str, lost))}")
        bootstrapped.forget(deployment, LocalHome(deployment.project.working_directory / "state"))
    return lifecycle.plan(deployment).summary


def _write(deployment: Deployment, stack: Mapping[str, Any]) -> None:
    directory = deployment.project.stack(deployment.stack_id)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "cdk.tf.json").write_text(json.dumps(stack, indent=2), encoding="utf-8")


def _bootstrap(deployment: Deployment, stack: Mapping[str, Any]) -> tuple[changes.Change, ...]:
    """Apply a bootstrap, which adopts what exists; returns its changes."""
    first = replace(deployment, layer="bootstrap")
    _write(first, stack)
    applied = lifecycle.apply(first, confirm=lambda saved: True, recover=True)
    return tuple(applied.summary.changes) if applied else ()


def losses(summary: Summary, root: Path) -> list[changes.Change]:
    """The replacements and destroys of a rehearsal that lose data and that no page of docs/upgrades/ names."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / PAGES).glob("*.md")))
    return [
        one for one in summary.losses if one.address not in pages and (not one.construct or one.construct not in pages)
    ]
