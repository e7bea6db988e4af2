"""Conditions of role assignments (ABAC): those that the stack uses, evaluated. Any other one is unknown.

Source: Azure documentation, "Azure role assignment condition format and syntax".
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from terrace.assurance.access.azure.built_in import PRIVILEGED
from terrace.azure import names
from terrace.capabilities.target import Target

STATES, BUNDLES = "state", "state/plans"
"""The objects that conditions limit blobs to: the environment's states with what is beside them, bundles of plans."""
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_BLOBS = f"{_ACCOUNTS}/blobServices/containers/blobs"
_CLAUSE = re.compile(
    r"\(\(!\(ActionMatches\{'(?P<actions>[^']+)'\}(?: AND (?P<lists>(?:NOT )?SubOperationMatches)\{'Blob\.List'\})?\)\)"
    r" OR \((?P<tests>[^()]+)\)\)"
)
_ROLES = re.compile(
    r"@(Request|Resource)\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]"
    r" ForAnyOfAllValues:GuidNotEquals \{(?P<guids>[0-9a-fA-F, -]*)\}"
)
_TEST = re.compile(r"(?P<attribute>@(?:Resource|Request)\[[^\]]+\]) (?P<operator>\w+) '(?P<value>[^']*)'")


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
    text = " ".join(str(condition or "").split())
    if not text:
        return Narrowing()
    clauses = list(_CLAUSE.finditer(text))
    if " AND ".join(clause[0] for clause in clauses) != text:
        return Narrowing(understood=False)
    denied: dict[str, set[str]] = {}
    limits: dict[str, set[tuple[str, str]]] = {
        "": set(),
        "NOT SubOperationMatches": set(),
        "SubOperationMatches": set(),
    }
    folders: dict[str, dict[str, frozenset[str]]] = {lists: {} for lists in limits}
    for clause in clauses:
        tests = [_TEST.fullmatch(test) for test in clause["tests"].split(" AND ")]
        if roles := _ROLES.fullmatch(clause["tests"]):
            denied[clause["actions"]] = {guid.strip().lower() for guid in roles["guids"].split(",")}
        elif inside := _folders(clause["tests"]):
            folders[clause["lists"] or ""][clause["actions"]] = inside
        elif all(tests):
            found = {(match["attribute"], match["operator"], match["value"]) for match in tests if match}
            if object := _limited(found, target):
                limits[clause["lists"] or ""].add((clause["actions"], object))
        elif not all(_TEST.fullmatch(test) for test in clause["tests"].split(" OR ")):
            return Narrowing(understood=False)
    changes = [f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete")]
    # a limit that excludes lists counts beside a limit of lists
    lists = (f"{_BLOBS}/read", STATES) in limits["SubOperationMatches"]
    blobs = limits[""] | (limits["NOT SubOperationMatches"] if lists else set())
    listed = folders["SubOperationMatches"].get(f"{_BLOBS}/read")
    within = folders["NOT SubOperationMatches"] if listed else {}
    return Narrowing(
        tuple(sorted(blobs)),
        tuple((actions, inside | (listed or frozenset())) for actions, inside in {**folders[""], **within}.items()),
        all(denied.get(change, set()) >= PRIVILEGED for change in changes),
    )


def _folders(text: str) -> frozenset[str]:
    """The folders in one of which a blob or a list has to be; none for other tests."""
    found = set()
    for test in text.split(" OR "):
        parts = _TEST.fullmatch(test)
        attribute, form = _FOLDERS.get(parts["operator"], ("", _TEST)) if parts else ("", _TEST)
        match = form.fullmatch(parts["value"]) if parts and parts["attribute"] == attribute else None
        if match is None:
            return frozenset()
        found.add(match["folder"])
    return frozenset(found)


def _limited(tests: Collection[tuple[str, str, str]], target: Target) -> str:
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
