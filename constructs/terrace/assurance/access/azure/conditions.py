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


@dataclass(frozen=True)
class Narrowing:
    """How a condition narrows an assignment: `blobs` are patterns of actions on blobs, each with the object that it
    is limited to, `unprivileged` limits the assignment of roles to those that cannot assign others. `understood` is
    whether it has a known form."""

    blobs: tuple[tuple[str, str], ...] = ()
    unprivileged: bool = False
    understood: bool = True

    def limit(self, actions: Iterable[str]) -> str:
        """The object that all these actions on blobs are limited to; empty if one of them is not limited."""
        found = {next((to for limited, to in self.blobs if fnmatchcase(action, limited)), "") for action in actions}
        return next((to for to in ("", STATES, BUNDLES) if to in found), "")


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
    for clause in clauses:
        tests = [_TEST.fullmatch(test) for test in clause["tests"].split(" AND ")]
        if roles := _ROLES.fullmatch(clause["tests"]):
            denied[clause["actions"]] = {guid.strip().lower() for guid in roles["guids"].split(",")}
        elif all(tests):
            found = {(match["attribute"], match["operator"], match["value"]) for match in tests if match}
            if object := _limited(found, target):
                limits[clause["lists"] or ""].add((clause["actions"], object))
        else:
            return Narrowing(understood=False)
    changes = [f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete")]
    # a limit that excludes lists counts beside a limit of lists
    lists = (f"{_BLOBS}/read", STATES) in limits["SubOperationMatches"]
    blobs = limits[""] | (limits["NOT SubOperationMatches"] if lists else set())
    return Narrowing(tuple(sorted(blobs)), all(denied.get(change, set()) >= PRIVILEGED for change in changes))


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
