"""Requests of modules' identities on Azure, and the role assignments of a synthesized stack that decide on them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from terrace.modules.enabled import EnabledModule
from tests.conftest import SynthesizedStack
from tests.privileges.expectations import Case, Lake, has_database, secrets_of

AUDIENCE = "api://AzureADTokenExchange"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_INSIDE = "blobServices/default/containers"
_DELEGATE = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
_SECRETS = "Microsoft.KeyVault/vaults/secrets"


@dataclass(frozen=True)
class Definition:
    """A role: actions on resources, and data actions on what they contain. `*` stands for any text."""

    actions: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    not_data: tuple[str, ...] = ()


ROLES = {
    "Storage Blob Data Reader": Definition((f"{_CONTAINERS}/read", _DELEGATE), (f"{_BLOBS}/read",)),
    "Storage Blob Data Contributor": Definition(
        (f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", _DELEGATE),
        tuple(f"{_BLOBS}/{word}" for word in ("delete", "read", "write", "move/action", "add/action")),
    ),
    "Storage Blob Data Owner": Definition((f"{_CONTAINERS}/*", _DELEGATE), (f"{_BLOBS}/*",)),
    "Key Vault Secrets User": Definition(data=(f"{_SECRETS}/getSecret/action", f"{_SECRETS}/readMetadata/action")),
    "Key Vault Secrets Officer": Definition(
        ("Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/operations/read"), (f"{_SECRETS}/*",)
    ),
    "Azure Event Hubs Data Receiver": Definition(
        ("Microsoft.EventHub/*/eventhubs/consumergroups/read",), ("Microsoft.EventHub/*/receive/action",)
    ),
    "Azure Event Hubs Data Sender": Definition(
        ("Microsoft.EventHub/*/eventhubs/read",), ("Microsoft.EventHub/*/send/action",)
    ),
    "Reader": Definition(("*/read",)),
    "Contributor": Definition(
        ("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
}
"""Azure's definitions of the built-in roles that modules have, and of wider ones. Source: Azure documentation, "Azure
built-in roles". The last two and the officer are shortened to what the requests ask for."""

READ = ("read",)
WRITE = ("add/action", "delete", "move/action", "write")
ADD = "add/action"
NO_DATA = (
    "deleteBlobVersion/action", "filter/action", "immutableStorage/runAsSuperUser/action", "manageOwnership/action",
    "modifyPermissions/action", "permanentDelete/action", "runAsSuperUser/action", "tags/read", "tags/write",
)  # fmt: skip
NO_CONTAINER = (
    "clearLegalHold/action", "delete", "getAcl/action", "immutabilityPolicies/delete", "immutabilityPolicies/write",
    "lease/action", "setAcl/action", "setLegalHold/action", "write",
)  # fmt: skip
SECRET = ("getSecret/action", "readMetadata/action")
NO_SECRET = (
    "backup/action", "delete", "purge/action", "recover/action", "restore/action", "setSecret/action", "update/action",
)  # fmt: skip
KEY = ("decrypt/action", "encrypt/action", "read", "sign/action", "unwrap/action", "wrap/action")
NO_RESOURCE = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/locks/delete",
    "Microsoft.Cache/redisEnterprise/databases/listKeys/action",
    "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.ContainerRegistry/registries/push/write",
    "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.DBforPostgreSQL/flexibleServers/administrators/write",
    "Microsoft.DBforPostgreSQL/flexibleServers/write",
    "Microsoft.Insights/actionGroups/write",
    "Microsoft.Insights/diagnosticSettings/delete",
    "Microsoft.Insights/diagnosticSettings/write",
    "Microsoft.KeyVault/vaults/accessPolicies/write",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.Network/dnsZones/A/write",
    "Microsoft.OperationalInsights/workspaces/delete",
    "Microsoft.Resources/deployments/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Security/automations/write",
    "Microsoft.Security/defenderForStorageSettings/write",
    "Microsoft.Security/pricings/write",
    "Microsoft.Storage/storageAccounts/delete",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/regeneratekey/action",
    "Microsoft.Storage/storageAccounts/write",
    _DELEGATE,
)


@dataclass(frozen=True)
class Assignment:
    """A role on a scope, under a condition."""

    definition: Definition
    scope: str
    condition: str = ""


@dataclass(frozen=True)
class Subscription:
    """What exists in the subscription, by its id."""

    stack: SynthesizedStack
    group: str

    def id(self, reference: str) -> str:
        """An id, with the references of the stack resolved."""
        return re.sub(r"\$\{[^}]+\}", lambda found: self._resource(found.group()), reference)

    def _resource(self, reference: str) -> str:
        type, name, attribute = reference.removeprefix("${").removesuffix("}").split(".", 2)
        body = self.stack.document["resource"][type][name]
        kinds = {
            "azurerm_storage_account": "Microsoft.Storage/storageAccounts",
            "azurerm_eventhub_namespace": "Microsoft.EventHub/namespaces",
            "azurerm_key_vault": "Microsoft.KeyVault/vaults",
            "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
        }
        if (type, attribute) == ("azurerm_resource_group", "id"):
            return f"{self.group.rsplit('/', 1)[0]}/{body['name']}"
        if (type, attribute) == ("azurerm_eventhub", "id"):
            return f"{self.id(body['namespace_id'])}/eventhubs/{body['name']}"
        assert attribute == "id" and type in kinds, f"no id for {reference}"
        assert (
            self.stack.document["resource"]["azurerm_resource_group"]["group"]["name"] == self.group.rsplit("/", 1)[1]
        )
        return f"{self.group}/providers/{kinds[type]}/{body['name']}"

    def containers(self) -> list[tuple[str, str]]:
        """(bucket, container id) of each container; the flow logs' account has none of the stack's."""
        return [
            (
                path.split("/")[1],
                f"{self.id(body['storage_account_id'])}/blobServices/default/containers/{body['name']}",
            )
            for path, body in self.stack.all("azurerm_storage_container")
        ]

    def assignments(self, identity: str) -> list[Assignment]:
        """The role assignments of an identity, by its construct path."""
        found = []
        for path, body in self.stack.all("azurerm_role_assignment"):
            principal = body["principal_id"]
            if "azurerm_user_assigned_identity." not in principal or self.stack.resolve(principal) != identity:
                continue
            condition = body.get("condition", "")
            assert not condition or body["condition_version"] == "2.0", path
            assert _is_known(condition), f"{path} has a condition, which is not evaluated"
            found.append(Assignment(self.definition(path, body), self.id(body["scope"]), condition))
        return found

    def definition(self, path: str, assignment: Mapping[str, Any]) -> Definition:
        """The role of an assignment: one of the stack by its id, or a known built-in one by its name."""
        id, name = assignment.get("role_definition_id"), assignment.get("role_definition_name")
        assert (id is None) != (name is None), f"{path}: not exactly one of a role's id and a role's name"
        if name is not None:
            assert name in ROLES, f"{path}: its role's actions are not known"
            return ROLES[name]
        type, key, attribute = id.removeprefix("${").removesuffix("}").split(".")
        known = (type, attribute) == ("azurerm_role_definition", "role_definition_resource_id")
        assert known, f"{path}: its role's actions are not known"
        role = self.stack.document["resource"][type][key]
        scope = f"{self.id(assignment['scope'])}/"
        assert any(scope.startswith(f"{self.id(one)}/") for one in role["assignable_scopes"]), f"{path} is out of scope"

        def listed(kind: str) -> tuple[str, ...]:
            return tuple(action for block in role["permissions"] for action in block.get(kind, ()))

        denied = listed("not_actions"), listed("not_data_actions")
        assert len(role["permissions"]) == 1 or not any(denied), f"{path}: exceptions in one of several blocks"
        return Definition(listed("actions"), listed("data_actions"), *denied)


def is_allowed(
    assignments: list[Assignment], action: str, scope: str, *, data: bool = False, listed: str | None = None
) -> bool:
    """Whether an assignment at the scope or above it allows the action, under its condition. `listed` is the prefix
    of a list of blobs. Source: Azure documentation, "Understand scope for Azure RBAC" and "How Azure RBAC determines if
    a user has access to a resource"."""
    for one in assignments:
        above = f"{scope.lower()}/".startswith(f"{one.scope.lower().rstrip('/')}/")
        granted = one.definition.data if data else one.definition.actions
        denied = one.definition.not_data if data else one.definition.not_actions
        if not (above and _matches(granted, action) and not _matches(denied, action)):
            continue
        if not data or _holds(one.condition, action, scope.partition("/blobs/")[2], listed):
            return True
    return False


_TEST = re.compile(
    r"@(?:Resource|Request)\[[^\]]+blobs:(?P<attribute>path|prefix)\] (?P<operator>StringLike|StringStartsWith)"
    r" '(?P<value>[^']*)'"
)
_CLAUSE = re.compile(
    r"\(\(!\(ActionMatches\{'(?P<actions>[^']+)'\} AND (?P<but>NOT )?SubOperationMatches\{'Blob\.List'\}\)\)"
    r" OR \((?P<tests>[^()]+)\)\)"
)


def _is_known(condition: str) -> bool:
    """Whether a condition is one that `_holds` evaluates."""
    clauses = list(_CLAUSE.finditer(condition))
    tests = [test for clause in clauses for test in clause["tests"].split(" OR ")]
    return " AND ".join(clause[0] for clause in clauses) == condition and all(map(_TEST.fullmatch, tests))


def _holds(condition: str, action: str, path: str, listed: str | None) -> bool:
    """Whether a condition holds: each clause is about other actions, or one of its tests is true. Source: Azure
    documentation, "Azure role assignment condition format and syntax"."""
    lists = listed is not None
    for clause in _CLAUSE.finditer(condition):
        if _matches((clause["actions"],), action) and lists is not bool(clause["but"]):
            # a list has a prefix, and every other request has a path
            own = [test for test in _TEST.finditer(clause["tests"]) if (test["attribute"] == "prefix") is lists]
            if not any(_is(test["operator"], test["value"], listed if listed is not None else path) for test in own):
                return False
    return True


def _is(operator: str, value: str, found: str) -> bool:
    if operator == "StringStartsWith":
        return found.startswith(value)
    return re.fullmatch(".*".join(re.escape(part) for part in value.split("*")), found) is not None


@cache
def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(re.escape(part) for part in pattern.lower().split("*")), action.lower()) is not None
        for pattern in patterns
    )


def subscription_of(stack: SynthesizedStack) -> Subscription:
    """Data of the lake and the vault is reached by role assignments alone: no account keys, no access policies."""
    for path, account in stack.all("azurerm_storage_account"):
        if path.startswith("lake/"):
            assert account["shared_access_key_enabled"] is False and account["local_user_enabled"] is False
    for _, vault in stack.all("azurerm_key_vault"):
        assert vault["rbac_authorization_enabled"] is True
    resources = stack.document["resource"]
    assert not {"azurerm_key_vault_access_policy", "azurerm_storage_account_sas"} & set(resources)
    secret = next(iter(resources["azurerm_key_vault_secret"].values()))
    return Subscription(stack, secret["key_vault_id"].split("/providers/")[0])


def cases(stack: SynthesizedStack, lakes: list[Lake]) -> list[Case]:
    """Every module's requests: what it declares on every resource of its kind, and what no module may do."""
    subscription = subscription_of(stack)
    return [case for lake in lakes for case in _cases(subscription, lake)]


def _cases(subscription: Subscription, lake: Lake) -> Iterator[Case]:
    module = lake.module
    stack, identity = subscription.stack, f"workloads/module-{module.name}"
    assignments = subscription.assignments(identity)

    def case(declared: bool, action: str, scope: str, *, data: bool = False, listed: str | None = None) -> Case:
        allowed = is_allowed(assignments, action, scope, data=data, listed=listed)
        note = "" if listed is None else f", listing {listed!r}"
        return Case(module.name, f"{action} on {scope}{note}", declared, allowed)

    for bucket, container in subscription.containers():
        for folder in lake.folders:
            read, write = lake.reads(bucket, folder), lake.writes(bucket, folder)
            for word in (*READ, *WRITE, *NO_DATA):
                declared = (read and word in READ) or (write and word in WRITE)
                declared = declared or (lake.adds(bucket, folder) and word == ADD)
                blob = f"{container}/blobs/{folder}/table/part-0.parquet"
                yield case(declared, f"{_BLOBS}/{word}", blob, data=True)
            for prefix in (folder, f"{folder}/", f"{folder}/table/"):
                yield case(read and prefix != folder, f"{_BLOBS}/read", container, data=True, listed=prefix)
        yield case(False, f"{_BLOBS}/read", container, data=True, listed="")
        yield case(False, f"{_BLOBS}/read", f"{container}/blobs/part-0.parquet", data=True)
        yield case(lake.uses(bucket), f"{_CONTAINERS}/read", container)
        for word in NO_CONTAINER:
            yield case(False, f"{_CONTAINERS}/{word}", container)
        for action in NO_RESOURCE:
            yield case(False, action, container.split("/blobServices/")[0])
    for path, body in stack.all("azurerm_key_vault_secret"):
        own = path.removeprefix("secrets/") in secrets_of(module)
        for word in (*SECRET, *NO_SECRET):
            scope = f"{subscription.id(body['key_vault_id'])}/secrets/{body['name']}"
            yield case(own and word in SECRET, f"{_SECRETS}/{word}", scope, data=True)
    for _, body in stack.all("azurerm_key_vault_key"):
        for word in KEY:
            scope = f"{subscription.id(body['key_vault_id'])}/keys/{body['name']}"
            yield case(False, f"Microsoft.KeyVault/vaults/keys/{word}", scope, data=True)
    for _, body in stack.all("azurerm_eventhub_namespace"):
        for topic, access in lake.topics.items():
            scope = f"{subscription.group}/providers/Microsoft.EventHub/namespaces/{body['name']}/eventhubs/{topic}"
            for verb, word in (("read", "receive"), ("write", "send")):
                action = f"Microsoft.EventHub/namespaces/messages/{word}/action"
                yield case(access == verb, action, scope, data=True)
    above = [subscription.group.split("/resourceGroups/")[0], subscription.group]
    inside = [f"{subscription.group}/providers/Microsoft.Other/things/{name}" for name in ("one", "two")]
    for scope in (*above, *inside):
        for action in NO_RESOURCE:
            yield case(False, action, scope)
    yield from _logins(subscription, module, identity)


def _logins(subscription: Subscription, module: EnabledModule, identity: str) -> Iterator[Case]:
    """Who acts as the identity, and as whom the identity logs in to the database and the cache."""
    stack = subscription.stack

    def is_own(reference: Any) -> bool:
        text = str(reference)
        return "azurerm_user_assigned_identity." in text and stack.resolve(text) == identity

    trusted = [
        (body["issuer"], body["subject"], body["audience"])
        for _, body in stack.all("azurerm_federated_identity_credential")
        if is_own(body["user_assigned_identity_id"])
    ]
    control_plane = stack.one("azurerm_kubernetes_cluster", "cluster/control-plane")["//"]["metadata"]["uniqueId"]
    issuer = f"${{azurerm_kubernetes_cluster.{control_plane}.oidc_issuer_url}}"
    pods = [(issuer, f"system:serviceaccount:{module.namespace}:{module.name}", [AUDIENCE])]
    yield Case(module.name, f"acting as it by {trusted}", True, trusted == pods)
    administrators = stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    administers = any(is_own(body["object_id"]) for _, body in administrators)
    yield Case(module.name, "administering the database server", False, administers)
    outputs: Mapping[str, Any] = {name: one["value"] for name, one in stack.document["output"].items()}
    user = stack.one("azurerm_user_assigned_identity", identity)["name"]
    for other, role in outputs["database"]["roles"].items():
        declared = other == module.name and has_database(module)
        yield Case(module.name, f"login as the database role of {other}", declared, role == user)
    if has_database(module):
        yield Case(module.name, "login to the database", True, module.name in outputs["database"]["roles"])
    caches = [
        body for _, body in stack.all("azurerm_managed_redis_access_policy_assignment") if is_own(body["object_id"])
    ]
    yield Case(module.name, "login to the cache", module.needs.cache, bool(caches))
