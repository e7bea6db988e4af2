"""Live resources that grant rights on Azure: role assignments, identities and who acts as them, logins, policies."""

from collections.abc import Iterator
from typing import Any

from terrace.azure import names
from terrace.azure.permissions import ARM_TYPES
from terrace.capabilities.identity import given_secret
from terrace.capabilities.keys import PURPOSES
from terrace.capabilities.lake import BUCKETS
from terrace.live.azure.access_network import firewall, of_group
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.lookup import role_name
from terrace.live.document import Document

_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_AUTHORIZATION = "Microsoft.Authorization"
_ELSEWHERE = (
    "azurerm_automation_account", "azurerm_local_network_gateway", "azurerm_network_security_group",
    "azurerm_user_assigned_identity", "azurerm_virtual_network_gateway",
)  # fmt: skip
_KINDS = {type: kind for type, kind in ARM_TYPES.items() if "*" not in kind and type not in _ELSEWHERE}
"""Types of resources that act as an identity, or that a right is on. The others are added with more attributes."""
_READ = {kind.lower() for kind in ARM_TYPES.values()}
_FIREWALLS = {"azurerm_storage_account": "network_rules", "azurerm_key_vault": "network_acls"}
_PATHS = {"ci-plan": "pipelines/plan", "ci-apply": "pipelines/apply", "velero": "backup/velero",
          "cluster-control": "cluster/control", "cluster-kubelet": "cluster/kubelet",
          "database-admin": "database/admin", "entry": "entry/user"}  # fmt: skip
"""Purposes of identities to their construct paths."""
_SITES = ("", "recovery", "geo")


def read(deployment: Deployment, document: Document) -> None:
    """Add the identities, the role assignments and what grants rights besides."""
    region = deployment.target.region
    for group in deployment.all_groups:
        with document.listing("managed identities", group):
            for identity in deployment.pages(f"{group}/providers/{_IDENTITIES}"):
                _identity(deployment, document, identity)
    for group in deployment.groups:
        for type, kind in _KINDS.items():
            with document.listing(kind, group):
                for one in deployment.pages(f"{group}/providers/{kind}"):
                    _resource(deployment, document, type, one)
        with document.listing("resources with an identity", group):
            _others(deployment, document, group)
    for step in (_roles, _assignments, _logins):
        with document.listing(step.__name__.strip("_"), region):
            step(deployment, document)
    _places(deployment, document)


def _identity(deployment: Deployment, document: Document, identity: dict[str, Any]) -> None:
    name, id = identity["name"], str(identity["id"])
    attributes = {"name": name, "resource_group_name": of_group(id)}
    path = _path(deployment, name.removeprefix(f"{deployment.prefix}-"))
    ids = {str(at(identity, "principalId")): "principal_id"}
    document.add("azurerm_user_assigned_identity", name, attributes, path=path, ids=ids)
    with document.listing(f"credentials of {name}", of_group(id)):
        for one in deployment.pages(f"{id}/federatedIdentityCredentials"):
            trusted = {
                "issuer": at(one, "issuer"),
                "subject": at(one, "subject"),
                "audience": at(one, "audiences"),
                "user_assigned_identity_id": id,
            }
            shown = f"credential {one['name']} of {name}"
            document.add("azurerm_federated_identity_credential", f"{name}_{one['name']}", trusted, path=shown)


def _path(deployment: Deployment, purpose: str) -> str:
    """The construct path of an identity of the foundation; empty for another one."""
    environment = deployment.environment
    workloads = {f"module-{name}" for name in environment.foundation_modules} | set(environment.component_accounts)
    if purpose in _PATHS:
        return _PATHS[purpose]
    key = purpose.removesuffix("-key")
    if key != purpose and key.removesuffix("-recovery") in PURPOSES:
        return f"keys/{key}-user"
    return f"workloads/{purpose}" if purpose in workloads else ""


def _resource(deployment: Deployment, document: Document, type: str, one: dict[str, Any]) -> None:
    name, id = one["name"], str(one["id"])
    held = one.get("identity") or {}
    attributes: dict[str, Any] = {
        "name": name,
        "resource_group_name": of_group(id),
        "identity": {"identity_ids": list(held.get("userAssignedIdentities") or {})},
    }
    ids = {str(held["principalId"]): "identity[0].principal_id"} if held.get("principalId") else {}
    if type in _FIREWALLS:
        attributes[_FIREWALLS[type]] = firewall(one)
        attributes["public_network_access_enabled"] = at(one, "publicNetworkAccess", "Enabled") != "Disabled"
    if type == "azurerm_kubernetes_cluster":
        kubelet = at(one, "identityProfile.kubeletidentity.resourceId")
        attributes["kubelet_identity"] = {"user_assigned_identity_id": kubelet}
        ids[str(at(one, "oidcIssuerProfile.issuerURL"))] = "oidc_issuer_url"
    document.add(type, name, attributes, path=_place(deployment, type, id), ids=ids)
    if type == "azurerm_key_vault":
        _vault_policies(document, one)
    if type == "azurerm_storage_account":
        with document.listing(f"storage account {name}", of_group(id)):
            _account(deployment, document, id)


def _place(deployment: Deployment, type: str, id: str) -> str:
    """The construct path of a resource whose path the model reads."""
    target, name = deployment.target, named(id)
    if type == "azurerm_data_protection_backup_vault" and of_group(id) == deployment.prefix:
        return "backup/vault" if name == deployment.prefix else ""
    if type == "azurerm_logic_app_workflow" and name.startswith(f"{deployment.prefix}-"):
        return f"cost/{name.removeprefix(f'{deployment.prefix}-')}"
    if type == "azurerm_postgresql_flexible_server":
        server = named(names.database_id(target))
        return "database/server" if name == server else f"database/{name.removeprefix(f'{server}-')}"
    if type == "azurerm_key_vault":
        found = (site for site in _SITES if same(id, names.vault_id(target, site)))
        return next((f"keys/vault{f'-{site}' if site else ''}" for site in found), "")
    if type == "azurerm_storage_account":
        if same(id, names.flow_account_id(target)):
            return "observability/flow-account"
        return next((f"{path}/account" for path, account in _accounts(deployment) if same(id, account)), "")
    return ""


def _accounts(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """The path and the id of the storage account of each bucket."""
    for recovery in (False, True):
        for bucket in BUCKETS:
            path = f"lake/{bucket}{'-recovery' if recovery else ''}"
            yield path, names.account_id(deployment.target, bucket, recovery=recovery)


def _account(deployment: Deployment, document: Document, id: str) -> None:
    """Add the containers of a storage account, its local users and its copies."""
    area = next((path for path, account in _accounts(deployment) if same(id, account)), f"storage/{named(id)}")
    for one in deployment.pages(f"{id}/blobServices/default/containers"):
        attributes = {"name": one["name"], "storage_account_id": id}
        path = f"{area}/container-{one['name']}"
        document.add("azurerm_storage_container", f"{named(id)}_{one['name']}", attributes, path=path)
    for user in deployment.pages(f"{id}/localUsers"):
        attributes = {"name": user["name"], "storage_account_id": id}
        document.add("azurerm_storage_account_local_user", user["name"], attributes)
    for policy in deployment.pages(f"{id}/objectReplicationPolicies"):
        source, destination = (
            _account_id(deployment, at(policy, end)) for end in ("sourceAccount", "destinationAccount")
        )
        if same(source, id):
            ends = {"source_storage_account_id": source, "destination_storage_account_id": destination}
            shown = f"copy of {named(source)} to {named(destination)}"
            document.add("azurerm_storage_object_replication", policy["name"], ends, path=shown)


def _account_id(deployment: Deployment, account: object) -> str:
    """The id of an account of a copy, which Azure writes as an id or as a name."""
    known = (id for _, id in _accounts(deployment) if named(id) == str(account))
    return str(account) if "/" in str(account) else next(known, str(account))


def _vault_policies(document: Document, vault: dict[str, Any]) -> None:
    """Add the access policies of a vault, if it uses them."""
    if at(vault, "enableRbacAuthorization", False):
        return
    for policy in at(vault, "accessPolicies", []):
        rights = policy.get("permissions", {})
        attributes = {
            "object_id": policy.get("objectId"),
            "secret_permissions": rights.get("secrets"),
            "key_permissions": rights.get("keys"),
            "certificate_permissions": rights.get("certificates"),
        }
        shown = f"access policy of {policy.get('objectId')} in vault {vault['name']}"
        document.add(
            "azurerm_key_vault_access_policy", f"{vault['name']}_{policy.get('objectId')}", attributes, path=shown
        )


def _others(deployment: Deployment, document: Document, group: str) -> None:
    """Add resources of other types that act as a managed identity, such as virtual machines."""
    for one in deployment.pages(f"{group}/resources"):
        held = (one.get("identity") or {}).get("userAssignedIdentities")
        if held and str(one["type"]).lower() not in _READ:
            type = f"azurerm_{str(one['type']).rpartition('/')[2].lower()}"
            document.add(type, one["name"], {"identity": {"identity_ids": list(held)}})


def _roles(deployment: Deployment, document: Document) -> None:
    """Add the subscription's own roles; a group lists those that can be assigned only in it."""
    places = (names.subscription(deployment.target), *deployment.all_groups)
    listed = [
        one for place in places for one in deployment.pages(f"{place}/providers/{_AUTHORIZATION}/roleDefinitions")
    ]
    for name, role in {str(one["name"]): one for one in listed}.items():
        if at(role, "type") != "CustomRole":
            continue
        blocks = [
            {
                "actions": one.get("actions", []),
                "not_actions": one.get("notActions", []),
                "data_actions": one.get("dataActions", []),
                "not_data_actions": one.get("notDataActions", []),
            }
            for one in at(role, "permissions", [])
        ]
        attributes = {"name": at(role, "roleName"), "permissions": blocks}
        ids = {names.role_id(deployment.target, name): "role_definition_resource_id"}
        document.add("azurerm_role_definition", name, attributes, path=f"role {at(role, 'roleName')}", ids=ids)


def _assignments(deployment: Deployment, document: Document) -> None:
    """Add the role assignments on the subscription and on the environment's groups and resources."""
    target = deployment.target
    places = [names.subscription(target)]
    if target.existing.registry and not target.existing.registry.startswith(f"{places[0]}/"):
        places.append(target.existing.registry)
    listed = [
        one for place in places for one in deployment.pages(f"{place}/providers/{_AUTHORIZATION}/roleAssignments")
    ]
    for one in listed:
        scope, principal = str(at(one, "scope")), str(at(one, "principalId"))
        nodes = target.existing.cluster and target.existing.cluster.nodes
        if not (_is_own(deployment, scope) or document.knows(principal) or principal == nodes):
            continue
        attributes = {
            "scope": scope,
            "principal_id": principal,
            **_role(deployment, document, str(at(one, "roleDefinitionId"))),
            "condition": at(one, "condition"),
        }
        name = named(one["id"])
        document.add("azurerm_role_assignment", name, attributes, path=f"role assignment {name}")


def _role(deployment: Deployment, document: Document, definition: str) -> dict[str, str]:
    """The role of an assignment: one of the subscription by its id, one of Azure by its name."""
    id = names.role_id(deployment.target, named(definition))
    if document.knows(id):
        return {"role_definition_id": id}
    return {"role_definition_name": role_name(deployment, definition)}


def _is_own(deployment: Deployment, scope: str) -> bool:
    """Whether a scope is the subscription, a group of the environment or in one. Scopes above are not the
    environment's."""
    if same(scope, names.subscription(deployment.target)):
        return True
    return any(same(scope, group) or scope.lower().startswith(f"{group.lower()}/") for group in deployment.all_groups)


def _logins(deployment: Deployment, document: Document) -> None:
    for one in deployment.pages(f"{names.database_id(deployment.target)}/administrators"):
        attributes = {"object_id": at(one, "objectId") or one["name"], "tenant_id": at(one, "tenantId")}
        shown = f"administrator {one['name']} of the database"
        document.add(
            "azurerm_postgresql_flexible_server_active_directory_administrator", one["name"], attributes, path=shown
        )
    for one in deployment.pages(f"{names.cache_id(deployment.target)}/databases/default/accessPolicyAssignments"):
        user = at(one, "user.objectId")
        shown = f"login {one['name']} of the cache"
        document.add("azurerm_managed_redis_access_policy_assignment", one["name"], {"object_id": user}, path=shown)
    modules = deployment.environment.foundation_modules.values()
    roles = {one.name: names.identity(deployment.target, f"module-{one.name}") for one in modules if one.needs.database}
    document.output("database", {"roles": roles})


def _places(deployment: Deployment, document: Document) -> None:
    """Add the keys, secrets and certificates that a role may be assigned on; by themselves they grant nothing."""
    target = deployment.target
    for site in _SITES if target.recovery_region else _SITES[:1]:
        for purpose in PURPOSES:
            attributes = {"name": purpose, "key_vault_id": names.vault_id(target, site)}
            path = f"keys/{purpose}{'-recovery' if site else ''}"
            document.add("azurerm_key_vault_key", f"{site}{purpose}", attributes, path=path)
    home = {"key_vault_id": names.vault_id(target)}
    for module in deployment.environment.foundation_modules.values():
        secrets = {f"{module.name}-app": module.name}
        for given in module.given_secrets:
            secrets[given_secret(module.name, given, target.prefix)] = f"{module.name}-{given}"
        for name, word in secrets.items():
            document.add("azurerm_key_vault_secret", name, {**home, "name": name}, path=f"secrets/{word}")
    if deployment.environment.network.entry:
        document.add("azurerm_key_vault_certificate", "entry", {**home, "name": "entry"}, path="entry/certificate")
