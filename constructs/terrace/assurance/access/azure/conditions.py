"""Conditions of role assignments (ABAC): those that the stack uses, evaluated. Any other one is unknown.

Source: Azure documentation, "Azure role assignment condition format and syntax".
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from terrace.authorization.azure.conditions import Comparison, clauses
from terrace.authorization.azure.roles import PRIVILEGED
from terrace.azure import names
from terrace.capabilities.target import Target

STATES, BUNDLES = "state", "state/plans"
"""The objects that conditions limit blobs to: the environment's states with what is beside them, bundles of plans."""
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_BLOBS = f"{_ACCOUNTS}/blobServices/containers/blobs"
_FOLDERS = {
    "StringLike": (f"@Resource[{_BLOBS}:path]", re.compile(r"(?P<folder>[^*?]*[^*?/])/\*")),
    "StringStartsWith": (f"@Request[{_BLOBS}:prefix]", re.compile(r"(?P<folder>.*[^/])/")),
}
"""How a test names a folder: the attribute and the value, by operator."""


@dataclass(frozen=True)
class Narrowing:
    """How a condition narrows an assignment: `blobs` are patterns of actions on blobs, each with the object that it
    is limited to, `folders` the same with folders of any container; `unprivileged` limits the assignment of roles to
    those that cannot assign others. `understood` is whether it has a known form."""

    blobs: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, frozenset[str]], ...] = ()
    unprivileged: bool = False
    understood: bool = True

    def limit(self, actions: Iterable[str]) -> str:
        """The object that all these actions on blobs are limited to; empty if one of them is not limited."""
        found = {next((to for limited, to in self.blobs if fnmatchcase(action, limited)), "") for action in actions}
        return next((to for to in ("", STATES, BUNDLES) if to in found), "")

    def within(self, actions: Iterable[str]) -> frozenset[str]:
        """The folders of a container that these actions on blobs are limited to; none if one of them is not limited."""
        found = [
            next((to for limited, to in self.folders if fnmatchcase(action, limited)), frozenset[str]())
            for action in actions
        ]
        return frozenset().union(*found) if all(found) else frozenset()


def narrowing(condition: object, target: Target) -> Narrowing:
    """Evaluate a condition. One that narrows nothing, such as `StringLike '*'`, counts as none."""
    text = str(condition or "")
    if not text.strip():
        return Narrowing()
    found = clauses(text)
    if found is None:
        return Narrowing(understood=False)
    denied: dict[str, frozenset[str]] = {}
    limits: dict[str, set[tuple[str, str]]] = {
        "": set(),
        "NOT SubOperationMatches": set(),
        "SubOperationMatches": set(),
    }
    folders: dict[str, dict[str, frozenset[str]]] = {lists: {} for lists in limits}
    for clause in found:
        if clause.excluded:
            denied[clause.actions] = clause.excluded
        elif inside := _folders(clause.tests):
            folders[clause.lists][clause.actions] = inside
        elif clause.every and (object := _limited(clause.tests, target)):
            limits[clause.lists].add((clause.actions, object))
    changes = [f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete")]
    # a limit that excludes lists counts beside a limit of lists
    lists = (f"{_BLOBS}/read", STATES) in limits["SubOperationMatches"]
    blobs = limits[""] | (limits["NOT SubOperationMatches"] if lists else set())
    listed = folders["SubOperationMatches"].get(f"{_BLOBS}/read")
    within = folders["NOT SubOperationMatches"] if listed else {}
    return Narrowing(
        tuple(sorted(blobs)),
        tuple((actions, inside | (listed or frozenset())) for actions, inside in {**folders[""], **within}.items()),
        all(denied.get(change, frozenset()) >= PRIVILEGED for change in changes),
    )


def _folders(tests: Iterable[Comparison]) -> frozenset[str]:
    """The folders in one of which a blob or a list has to be; none for other tests."""
    found = set()
    for test in tests:
        attribute, form = _FOLDERS.get(test.operator, ("", re.compile("")))
        match = form.fullmatch(test.value) if test.attribute == attribute else None
        if match is None:
            return frozenset()
        found.add(match["folder"])
    return frozenset(found)


def _limited(tests: Collection[Comparison], target: Target) -> str:
    """The object that blobs are limited to: those of a path in the container of states. Empty for none."""
    container = {
        (f"@Resource[{_ACCOUNTS}:name]", "StringEquals", names.state_bucket(target)),
        (f"@Resource[{_ACCOUNTS}/blobServices/containers:name]", "StringEquals", "state"),
    }
    paths = {
        (f"@Resource[{_BLOBS}:path]", "StringLike", f"{target.environment}/*"): STATES,
        (f"@Resource[{_BLOBS}:path]", "StringLike", names.plan_bundles(target)): BUNDLES,
        (f"@Request[{_BLOBS}:prefix]", "StringStartsWith", f"{target.environment}/"): STATES,
    }
    if not container <= set(tests):
        return ""
    return next((object for path, object in paths.items() if path in tests), "")
