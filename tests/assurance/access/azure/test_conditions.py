"""Conditions of role assignments."""

import pytest

from terrace.assurance.access.azure.conditions import Narrowing, narrowing
from terrace.azure import names
from terrace.azure.names import below
from terrace.environment import load, target
from tests.conftest import ROOT

TARGET = target(load("prod", project=ROOT, cloud="azure").environment)
OWNER, ACCESS, RBAC = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)
ACCOUNT = names.state_bucket(TARGET)
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def roles(action: str, source: str, guids: str) -> str:
    return (
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR"
        f" (@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
        f" ForAnyOfAllValues:GuidNotEquals {{{guids}}}))"
    )


def blobs(account: str, container: str, path: str, operator: str = "StringEquals", actions: str = "*") -> str:
    account_test = f"@Resource[Microsoft.Storage/storageAccounts:name] {operator} '{account}'"
    container_test = (
        f"@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] {operator} '{container}'"
    )
    path_test = f"@Resource[{BLOBS}:path] StringLike '{path}'"
    return f"((!(ActionMatches{{'{BLOBS}/{actions}'}})) OR ({account_test} AND {container_test} AND {path_test}))"


def without_lists(condition: str) -> str:
    return condition.replace("'})) OR", "'} AND NOT SubOperationMatches{'Blob.List'})) OR")


def lists(prefix: str) -> str:
    limited = blobs(ACCOUNT, "state", prefix, actions="read").replace(
        f"@Resource[{BLOBS}:path] StringLike", f"@Request[{BLOBS}:prefix] StringStartsWith"
    )
    return limited.replace("'})) OR", "'} AND SubOperationMatches{'Blob.List'})) OR")


@pytest.mark.parametrize(
    ("condition", "reads", "writes"),
    [
        (below(["orders"], "write"), "orders", "orders"),
        (below(["stock", "orders"], "write"), "orders stock", "orders stock"),
        (below(["orders"], "read"), "orders", ""),
        (below(["orders/new"], "write"), "orders/new", "orders/new"),
        (below(["orders"], "write").replace("'orders/*'", "'orders*'"), "", ""),
        (below(["orders"], "write").replace("'orders/*'", "'*'"), "", ""),
        (below(["orders", "stock"], "write").replace("'stock/*'", "'*'"), "", ""),
        (below(["orders"], "write").replace("StartsWith 'orders/'", "StartsWith 'orders'"), "", ""),
        (below(["orders"], "write").replace("StartsWith 'orders/'", "StartsWith ''"), "", ""),
        (
            below(["orders"], "write").replace("StartsWith 'orders/'", "StartsWith 'other/'"),
            "orders other",
            "orders other",
        ),
        (below(["orders"], "write").partition(" AND ((!")[0], "", ""),
    ],
)
def test_folders_limit_blobs_and_lists(condition: str, reads: str, writes: str) -> None:
    narrowed = narrowing(condition, TARGET)
    assert narrowed.understood
    assert narrowed.within([f"{BLOBS}/read"]) == set(reads.split())
    assert narrowed.within([f"{BLOBS}/write", f"{BLOBS}/delete"]) == set(writes.split())


def test_no_condition_narrows_nothing() -> None:
    assert narrowing(None, TARGET) == Narrowing()


def test_the_roles_that_assign_others_are_excluded() -> None:
    every = f"{OWNER}, {ACCESS}, {RBAC}"
    both = f"{roles('write', 'Request', every)} AND {roles('delete', 'Resource', every)}"
    assert narrowing(both, TARGET) == Narrowing(unprivileged=True)


@pytest.mark.parametrize(
    "condition",
    [
        roles("write", "Request", f"{OWNER}, {ACCESS}, {RBAC}"),
        f"{roles('write', 'Request', OWNER)} AND {roles('delete', 'Resource', f'{OWNER}, {ACCESS}, {RBAC}')}",
    ],
)
def test_excluding_a_part_is_not_excluding(condition: str) -> None:
    assert narrowing(condition, TARGET) == Narrowing()


def test_blobs_are_narrowed_to_the_environments_state() -> None:
    found = narrowing(blobs(ACCOUNT, "state", "prod/*"), TARGET)
    assert found.limit([f"{BLOBS}/read", f"{BLOBS}/write"]) == "state"


def test_creating_blobs_is_narrowed_to_bundles_of_plans() -> None:
    found = narrowing(blobs(ACCOUNT, "state", "prod/azure/*/plans/*", actions="add/action"), TARGET)
    assert found.limit([f"{BLOBS}/add/action"]) == "state/plans"
    assert found.limit([f"{BLOBS}/add/action", f"{BLOBS}/write"]) == ""  # nothing limits writing


def test_a_limit_that_excludes_lists_needs_one_of_lists() -> None:
    reading = without_lists(blobs(ACCOUNT, "state", "prod/*", actions="read"))
    assert narrowing(f"{reading} AND {lists('prod/')}", TARGET).limit([f"{BLOBS}/read"]) == "state"
    for condition in (reading, f"{reading} AND {lists('')}", f"{reading} AND {lists('p')}", lists("prod/")):
        found = narrowing(condition, TARGET)
        assert found.understood
        assert found.limit([f"{BLOBS}/read"]) == ""


@pytest.mark.parametrize(
    "condition",
    [
        blobs("*", "*", "*", "StringLike"),
        blobs("other", "state", "prod/*"),
        blobs(ACCOUNT, "state", "*"),
        blobs(ACCOUNT, "other", "prod/*"),
        blobs(ACCOUNT, "state", "prod/*").replace(f"@Resource[{BLOBS}:path]", f"@Request[{BLOBS}:path]"),
        blobs(ACCOUNT, "state", "prod/*", actions="tags/read"),
    ],
)
def test_a_condition_that_does_not_narrow_counts_as_none(condition: str) -> None:
    assert narrowing(condition, TARGET).limit([f"{BLOBS}/read"]) == ""


@pytest.mark.parametrize(
    "condition",
    [
        "@Principal[x] StringEquals 'y'",
        "true",
        f"{roles('write', 'Request', OWNER)} OR true",
    ],
)
def test_an_unknown_form_is_not_understood(condition: str) -> None:
    assert not narrowing(condition, TARGET).understood
