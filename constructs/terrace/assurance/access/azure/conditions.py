"""Conditions of role assignments (ABAC): those that the stack uses, evaluated. Any other one is unknown.

Source: Azure documentation, "Azure role assignment condition format and syntax".
"""

import re
from dataclasses import dataclass

from terrace.assurance.access.azure.roles import PRIVILEGED
from terrace.azure import names
from terrace.capabilities.target import Target

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_CLAUSE = re.compile(r"\(\(!\(ActionMatches\{'(?P<actions>[^']+)'\}\)\) OR \((?P<tests>[^()]+)\)\)")
_ROLES = re.compile(
    r"@(Request|Resource)\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]"
    r" ForAnyOfAllValues:GuidNotEquals \{(?P<guids>[0-9a-fA-F, -]*)\}"
)
_TEST = re.compile(r"@Resource\[(?P<attribute>[^\]]+)\] (?P<operator>\w+) '(?P<value>[^']*)'")


@dataclass(frozen=True)
class Narrowing:
    """How a condition narrows an assignment: `state` limits blobs to those of the environment's state, `unprivileged`
    the assignment of roles to those that cannot assign others. `understood` is whether it has a known form."""

    state: bool = False
    unprivileged: bool = False
    understood: bool = True


def narrowing(condition: object, target: Target) -> Narrowing:
    """Evaluate a condition. One that narrows nothing, such as `StringLike '*'`, counts as none."""
    text = " ".join(str(condition or "").split())
    if not text:
        return Narrowing()
    clauses = list(_CLAUSE.finditer(text))
    if " AND ".join(clause[0] for clause in clauses) != text:
        return Narrowing(understood=False)
    denied: dict[str, set[str]] = {}
    state = False
    for clause in clauses:
        tests = clause["tests"].split(" AND ")
        if roles := _ROLES.fullmatch(clause["tests"]):
            denied[clause["actions"]] = {guid.strip().lower() for guid in roles["guids"].split(",")}
        elif all(_TEST.fullmatch(test) for test in tests):
            state |= clause["actions"] == f"{_ACCOUNTS}/blobServices/containers/blobs/*" and _own_state(tests, target)
        else:
            return Narrowing(understood=False)
    changes = [f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete")]
    return Narrowing(state, all(denied.get(change, set()) >= PRIVILEGED for change in changes))


def _own_state(tests: list[str], target: Target) -> bool:
    """Whether blobs are limited to the environment's in the container of states."""
    expected = {
        (f"{_ACCOUNTS}:name", "StringEquals", names.state_bucket(target)),
        (f"{_ACCOUNTS}/blobServices/containers:name", "StringEquals", "state"),
        (f"{_ACCOUNTS}/blobServices/containers/blobs:path", "StringLike", f"{target.environment}/*"),
    }
    found = {
        (match["attribute"], match["operator"], match["value"]) for test in tests if (match := _TEST.fullmatch(test))
    }
    return expected <= found
