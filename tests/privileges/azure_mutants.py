"""Changes to a stack's role assignments on Azure that give a module more, or less, than it declares."""

from collections.abc import Callable
from typing import Any

from terrace.azure.names import below
from tests.conftest import SynthesizedStack

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"


def _set(type: str, path: str, **keys: Any) -> Callable[[SynthesizedStack], None]:
    return lambda stack: stack.one(type, path).update(keys)


def _gold(**keys: Any) -> Callable[[SynthesizedStack], None]:
    return _set("azurerm_role_assignment", "workloads/module-superset-gold-read", **keys)


def _secret(**keys: Any) -> Callable[[SynthesizedStack], None]:
    return _set("azurerm_role_assignment", "workloads/module-superset-secret", **keys)


def _writer(**keys: Any) -> Callable[[SynthesizedStack], None]:
    """Superset gets the role for writing blobs, with other permissions; it only declares that it reads gold."""

    def change(stack: SynthesizedStack) -> None:
        grant = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")
        del grant["role_definition_name"]
        grant["role_definition_id"] = "${azurerm_role_definition.blob-writer.role_definition_resource_id}"
        (permissions,) = stack.one("azurerm_role_definition", "blob-writer")["permissions"]
        permissions.update(keys)

    return change


def _foreign_role(stack: SynthesizedStack) -> None:
    _writer()(stack)
    role = stack.one("azurerm_role_definition", "blob-writer")
    role["assignable_scopes"] = [f"{_SUBSCRIPTION}/resourceGroups/elsewhere"]


def _gold_moved_up(stack: SynthesizedStack) -> None:
    """From the container to its account: the container's own requests stay the same, its account's do not."""
    grant = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")
    grant["scope"] = grant["scope"].split("/blobServices/")[0]


def _unlimited(stack: SynthesizedStack) -> None:
    grant = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")
    del grant["condition"], grant["condition_version"]


def _limited(stack: SynthesizedStack, old: str, new: str) -> None:
    grant = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")
    assert old in grant["condition"]
    grant["condition"] = grant["condition"].replace(old, new)


def _secret_moved_up(stack: SynthesizedStack) -> None:
    grant = stack.one("azurerm_role_assignment", "workloads/module-superset-secret")
    grant["scope"] = grant["scope"].split("/secrets/")[0]


def _another_grant(stack: SynthesizedStack) -> None:
    """Superset's identity gets a grant of airflow's."""
    own = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")
    stack.one("azurerm_role_assignment", "workloads/module-airflow-bronze-write")["principal_id"] = own["principal_id"]


def _administrator(stack: SynthesizedStack) -> None:
    own = stack.one("azurerm_role_assignment", "workloads/module-superset-gold-read")["principal_id"]
    administrators = "azurerm_postgresql_flexible_server_active_directory_administrator"
    stack.one(administrators, "database/administrators")["object_id"] = own


MUTANTS = {
    "the account instead of the container": (_gold_moved_up, "generateUserDelegationKey/action on"),
    "the resource group": (_gold(scope="${azurerm_resource_group.group.id}"), "/containers/silver/blobs/"),
    "the subscription": (_gold(scope=_SUBSCRIPTION), "/containers/bronze/blobs/"),
    "writing what it reads": (_writer(), "containers/blobs/write on"),
    "writing what it reads, and its container": (
        _gold(role_definition_name="Storage Blob Data Contributor"),
        "containers/delete on",
    ),
    "a role that deletes containers": (_writer(actions=[f"{_CONTAINERS}/delete"]), "containers/delete on"),
    "a role with every action": (_writer(actions=["*"]), "storageAccounts/blobServices/containers/write on"),
    "a role with every data action": (_writer(data_actions=["*"]), "blobs/runAsSuperUser/action on"),
    "a role that does not read": (_writer(not_data_actions=[f"{_CONTAINERS}/blobs/read"]), "containers/blobs/read on"),
    "owning what it reads": (_gold(role_definition_name="Storage Blob Data Owner"), "blobs/runAsSuperUser/action on"),
    "the whole container": (_unlimited, "blobs/read on /subscriptions/"),
    "another product": (
        _gold(condition=below(["other"], "read")),
        "/containers/gold/blobs/other/table/part-0.parquet is allowed",
    ),
    "a folder without its slash": (
        lambda stack: _limited(stack, "orders/*", "orders*"),
        "blobs/orders-eu/table/part-0.parquet is allowed",
    ),
    "lists of the whole container": (
        lambda stack: _limited(stack, "StringStartsWith 'orders/'", "StringStartsWith ''"),
        "listing '' is allowed",
    ),
    "lists of a folder without its slash": (
        lambda stack: _limited(stack, "StartsWith 'orders/'", "StartsWith 'orders'"),
        "listing 'orders-eu/' is allowed",
    ),
    "no data": (_gold(role_definition_name="Reader"), "containers/blobs/read on"),
    "the whole vault": (_secret_moved_up, "/secrets/airflow-app is allowed"),
    "writing its secret": (_secret(role_definition_name="Key Vault Secrets Officer"), "secrets/setSecret/action on"),
    "changing anything": (
        _gold(role_definition_name="Contributor", scope=_SUBSCRIPTION),
        "Microsoft.Storage/storageAccounts/listKeys/action on",
    ),
    "a grant of another module": (_another_grant, "/containers/bronze/blobs/"),
    "another service account": (
        _set(
            "azurerm_federated_identity_credential",
            "workloads/module-superset-identity",
            subject="system:serviceaccount:superset:default",
        ),
        "acting as it by",
    ),
    "the database's administrator": (_administrator, "administering the database server is allowed"),
    "no cache": (
        lambda stack: stack.document["resource"].pop("azurerm_managed_redis_access_policy_assignment"),
        "login to the cache is denied",
    ),
}
"""Name to the change of dev's stack and a part of the finding that it must give superset."""

UNKNOWN = {
    "role": (_gold(role_definition_name="DNS Zone Contributor"), "actions are not known"),
    "role by its id": (
        _gold(role_definition_name=None, role_definition_id=f"{_SUBSCRIPTION}/x.y.z"),
        "actions are not known",
    ),
    "role of another group": (_foreign_role, "out of scope"),
    "condition": (_gold(condition="@Resource[x] StringEquals 'y'"), "has a condition"),
}
"""What the evaluation does not know, which it must refuse rather than leave out, and a part of the message."""
