"""Adoption finds the import ids of what a killed apply created."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from terrace import emulator
from terrace.azure import names
from terrace.capabilities.adoption import Candidate
from terrace.emulator.azure import DEFAULT_ACCOUNT
from terrace.errors import TerraceError
from terrace.live.azure.adopt import BY_NAME, OVERWRITTEN, find
from terrace.live.azure.adopt_listing import BY_LISTING, Account
from tests.conftest import Foundations
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot

ENVIRONMENTS = ("dev", "staging", "prod")
SUBSCRIPTION = f"/subscriptions/{DEFAULT_ACCOUNT['subscription_id']}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/g"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_type_of_the_foundation_is_found_in_one_way(environment: str, foundation: Foundations) -> None:
    tables = [set(BY_NAME), set(BY_LISTING), set(OVERWRITTEN)]
    types = foundation(environment, "azure").document["resource"]
    assert {type: count for type in types if (count := sum(type in table for table in tables)) != 1} == {}


def found(type: str, **values: Any) -> str | None:
    candidate = Candidate(f"{type}.it", type, values, "", DEFAULT_ACCOUNT["subscription_id"])
    return find([candidate], environment="dev", variables={"PATH": ""}).get(f"{type}.it")


@pytest.mark.parametrize(
    ("type", "values", "identity"),
    [
        ("azurerm_resource_group", {"name": "g"}, GROUP),
        (
            "azurerm_virtual_network",
            {"name": "n", "resource_group_name": "g"},
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/n",
        ),
        ("azurerm_virtual_network", {"name": "n"}, None),  # the group is known only after the apply
        ("azurerm_subnet_network_security_group_association", {"subnet_id": "/s"}, "/s"),
        ("azurerm_monitor_diagnostic_setting", {"name": "logs", "target_resource_id": "/t"}, "/t|logs"),
        (
            "azurerm_role_definition",
            {"scope": GROUP, "role_definition_id": "r"},
            f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/r|{GROUP}",
        ),
        ("azurerm_management_lock", {"scope": "/s", "name": "keep"}, "/s/providers/Microsoft.Authorization/locks/keep"),
        ("azurerm_postgresql_flexible_server_configuration", {"name": "n", "server_id": "/s"}, None),  # overwritten
        ("azurerm_key_vault_key", {"name": "lake"}, None),  # its vault is known only after the apply
    ],
)
def test_a_name_gives_the_id_without_a_call(type: str, values: dict[str, Any], identity: str | None) -> None:
    assert found(type, **values) == identity


def listed(site: Site, type: str, values: dict[str, Any]) -> str | None:
    account = Account(names.settings(site.target).subscription_id, {}, site.reader)
    return BY_LISTING[type](account, values)


def grant_of(site: Site, purpose: str, role: str, bucket: Any) -> tuple[str | None, str | None]:
    """The import id of an existing role assignment, and of one that does not exist."""
    scope = names.container_id(site.target, bucket)
    values = {"scope": scope, "principal_id": site.principal(purpose), "role_definition_name": role}
    return listed(site, "azurerm_role_assignment", values), listed(
        site, "azurerm_role_assignment", {**values, "role_definition_name": "Owner"}
    )


def custom_grant_of(site: Site, purpose: str, bucket: Any) -> tuple[str | None, str | None]:
    """As grant_of, of a custom role, which Terraform gives by its id."""
    role = names.role_id(site.target, names.guid(site.target, names.BLOB_WRITER))
    scope = names.container_id(site.target, bucket)
    values = {"scope": scope, "principal_id": site.principal(purpose), "role_definition_id": role}
    other = {**values, "role_definition_id": names.role_id(site.target, names.guid(site.target, "other"))}
    return listed(site, "azurerm_role_assignment", values), listed(site, "azurerm_role_assignment", other)


@pytest.mark.parametrize(
    ("search", "arguments"),
    [(grant_of, ("module-spark", "Storage Blob Data Reader", "bronze")), (custom_grant_of, ("velero", "backups"))],
)
def test_a_role_assignment_is_found_by_principal_role_and_scope(
    snapshot: Snapshot, search: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    existing, absent = snapshot.run(search, *arguments)
    assert f"/containers/{arguments[-1]}/providers/Microsoft.Authorization/roleAssignments/" in existing
    assert absent is None


def replication_of(site: Site) -> str | None:
    source, copy = (names.account_id(site.target, "gold", recovery=away) for away in (False, True))
    values = {"source_storage_account_id": source, "destination_storage_account_id": copy}
    return listed(site, "azurerm_storage_object_replication", values)


def test_a_replication_is_found_on_both_accounts(snapshot: Snapshot) -> None:
    source, _, copy = snapshot.run(replication_of).partition(";")
    assert source.rpartition("/")[2] == copy.rpartition("/")[2]
    assert "dpf-prod-recovery" in copy


def plans_of(site: Site) -> list[str | None]:
    kinds = ("KeyVaults", "Api")
    return [listed(site, "azurerm_security_center_subscription_pricing", {"resource_type": kind}) for kind in kinds]


def test_a_paid_defender_plan_is_adopted(snapshot: Snapshot) -> None:
    paid, free = snapshot.run(plans_of)
    assert paid.endswith("/pricings/KeyVaults")
    assert free is None


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables of a child process: proxy, certificates and credentials of an emulator."""
    running = emulator.start("azure", tmp_path_factory.mktemp("azure"), parent=os.getpid())
    yield running.child_environment({"PATH": os.environ["PATH"]})
    running.stop()


def test_keys_and_secrets_are_found_with_their_version_through_the_childs_proxy(
    variables: dict[str, str],
) -> None:
    account = Account(DEFAULT_ACCOUNT["subscription_id"], variables)
    reader, vault = account.reader, f"{GROUP}/providers/Microsoft.KeyVault/vaults/killed-apply"
    reader.write(GROUP, {"location": "germanywestcentral"})
    properties = {
        "tenantId": DEFAULT_ACCOUNT["tenant_id"],
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    reader.write(vault, {"location": "germanywestcentral", "properties": properties})
    first = reader.keys("killed-apply").create_rsa_key("lake", size=2048).id
    second = reader.keys("killed-apply").create_rsa_key("lake", size=2048).id
    secret = reader.secrets("killed-apply").set_secret("airflow-app", "emulated").id

    def id_of(type: str, name: str) -> str | None:
        values = {"key_vault_id": vault, "name": name}
        candidate = Candidate("it", type, values, "", DEFAULT_ACCOUNT["subscription_id"])
        return find([candidate], environment="dev", variables=variables).get("it")

    assert id_of("azurerm_key_vault_key", "lake") == second != first
    assert id_of("azurerm_key_vault_key", "missing") is None
    assert id_of("azurerm_key_vault_secret", "airflow-app") == secret


def test_an_account_that_cannot_be_asked_is_an_error_and_not_a_nothing(variables: dict[str, str]) -> None:
    candidate = Candidate("it", "azurerm_key_vault_key", {"key_vault_id": "/v/vault", "name": "lake"}, "", "s")
    wrong = {**variables, "ARM_CLIENT_SECRET": "another", "AZURE_CLIENT_SECRET": "another"}
    with pytest.raises(TerraceError):
        find([candidate], environment="dev", variables=wrong)
