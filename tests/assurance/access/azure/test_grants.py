"""Rights on Azure."""

from typing import Any

import pytest

from terrace.assurance.access.model import Grant
from tests.assurance.access.azure.conftest import Read
from tests.assurance.mutants import Edit, add, point, put, to

GRANT, IDENTITY, TRUST = (
    "azurerm_role_assignment",
    "azurerm_user_assigned_identity",
    "azurerm_federated_identity_credential",
)
SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000021"
HOME = f"{SUBSCRIPTION}/resourceGroups/dpf-prod"
ABOVE = "/providers/Microsoft.Management/managementGroups/x"
OUTSIDER = "77777777-7777-4777-8777-777777777777"


def assign(role: str, scope: Any, principal: Any = OUTSIDER, **more: Any) -> Edit:
    kind = "role_definition_id" if "/" in role else "role_definition_name"
    return add(GRANT, "other/right", {kind: role, "scope": scope, "principal_id": principal, **more})


def undeclared(read: Read, *edits: Edit) -> set[str]:
    return {str(one) for one in read(*edits)[1].undeclared if isinstance(one, Grant)}


def test_a_role_by_its_id_is_the_role(read: Read) -> None:
    owner = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    assert undeclared(read, assign(owner, SUBSCRIPTION)) == {f"foreign {OUTSIDER} may administer everything"}


@pytest.mark.parametrize(
    ("scope", "object"),
    [
        (SUBSCRIPTION, "lake/*"),
        (to("azurerm_resource_group", "group", "id"), "lake/home"),
        (to("azurerm_resource_group", "group-recovery", "id"), "lake/recovery"),
        (f"{SUBSCRIPTION}/resourceGroups/dpf-prod", "lake/home"),
        (f"{SUBSCRIPTION}/resourceGroups/other", "lake/outside other"),
        (to("azurerm_storage_account", "lake/gold/account", "id"), "lake/gold/*"),
        (f"{HOME}/providers/Microsoft.Storage/storageAccounts/dpfprodgold17b71d", "lake/gold/*"),
        (ABOVE, f"lake/outside {ABOVE}"),
    ],
)
def test_the_object_is_as_wide_as_the_scope(read: Read, scope: Any, object: str) -> None:
    assert undeclared(read, assign("Storage Blob Data Reader", scope)) == {f"foreign {OUTSIDER} may read-data {object}"}


def test_a_resource_of_the_same_name_in_another_subscription_is_outside(read: Read) -> None:
    found = undeclared(
        read,
        assign(
            "Key Vault Secrets User",
            "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/dpf-prod/providers/Microsoft.KeyVault"
            "/vaults/dpf-prod-0b9305",
        ),
    )
    assert all("secrets/outside" in one for one in found)


@pytest.mark.parametrize(
    "edit",
    [
        assign("Cosmos DB Operator", SUBSCRIPTION),
        assign(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OUTSIDER}", "/x"),
        put(GRANT, "pipelines/plan-state", "condition", "@Principal[x] StringEquals 'y'"),
        add("azurerm_batch_account", "other/batch", {"name": "x"}),
    ],
)
def test_what_is_not_understood_is_unknown(read: Read, edit: Edit) -> None:
    assert len(read(edit)[1].unknown) == 1


def test_a_name_beside_another_id_is_evaluated(read: Read) -> None:
    both = put(GRANT, "workloads/module-spark-gold-write", "role_definition_name", "Storage Blob Data Owner")
    assert "module spark may change-policy lake/gold" in undeclared(read, both)


def test_a_role_that_deletes_but_does_not_write_is_not_enough(read: Read) -> None:
    path = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    edit = put(
        "azurerm_role_definition", "blob-writer", "permissions.0.data_actions", [f"{path}/read", f"{path}/delete"]
    )
    _, differences = read(edit)
    assert "module spark may write-data lake/gold/orders" in {str(one) for one in differences.missing}
    assert "module spark may write-data lake/gold/orders in part" in {str(one) for one in differences.undeclared}


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"subject": "repo:acme/terrace:pull_request"}, "workflow repo:acme/terrace:pull_request"),
        ({"issuer": "https://example.net"}, "foreign repo:acme/terrace:environment:prod of https://example.net"),
        (
            {"audience": ["https://github.com/acme"]},
            "foreign repo:acme/terrace:environment:prod of https://token.actions.githubusercontent.com with another"
            " audience",
        ),
    ],
)
def test_another_token_is_another_principal(read: Read, changes: dict[str, Any], who: str) -> None:
    edits = [put(TRUST, "pipelines/environment", name, value) for name, value in changes.items()]
    assert undeclared(read, *edits) == {f"{who} may assume identities/pipeline apply"}


def test_an_identity_given_to_a_service_is_assumed_by_it(read: Read) -> None:
    attached = put("azurerm_managed_redis", "cache/server", "identity.identity_ids", [])
    apply = point("azurerm_managed_redis", "cache/server", "identity.identity_ids", (IDENTITY, "pipelines/apply"), "id")
    assert undeclared(read, attached, apply) == {"cloud cache may assume identities/pipeline apply"}


def test_the_output_of_database_roles_decides_who_logs_in(read: Read) -> None:
    def edit(stack: dict[str, Any]) -> None:
        stack["output"]["database"]["value"]["roles"]["superset"] = "dpf-prod-module-spark"

    _, differences = read(edit)
    assert {str(one) for one in differences.undeclared} == {"module spark may connect database/superset"}
    assert {str(one) for one in differences.missing} == {"module superset may connect database/superset"}


def test_a_copy_to_another_subscription_is_read_by_it(read: Read) -> None:
    edit = put("azurerm_storage_object_replication", "lake/gold/replication", "destination_storage_account_id", "/x/y")
    assert undeclared(read, edit) == {"foreign /x/y may read-data lake/gold"}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_each_row_of_azure_has_a_reason(environment: str) -> None:
    from terrace.assurance.access.azure.declared import declared
    from terrace.assurance.checks import Subject
    from terrace.assurance.view import View
    from terrace.environment import load, target
    from tests.conftest import ROOT

    loaded = load(environment, project=ROOT, cloud="azure").environment
    found = declared(Subject(View({}), loaded, target(loaded)))
    assert all(reason for _, reason in found.reasons)
    explained = {row for row, _ in found.reasons}
    assert {*found.allowed_paths, *found.allowed_grants} <= explained
