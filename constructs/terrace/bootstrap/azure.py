"""The state home on Azure: a resource group with a key vault, a log workspace, and the storage account of the states.

Sources: Azure Storage documentation, "Security recommendations for Blob storage", "Customer-managed keys", "Blob
versioning"; Azure resource reference, vaults/keys, which creates a key without access to the vault's data.
"""

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terrace.azure import names
from terrace.azure.state import CONTAINER
from terrace.bootstrap import VERSION_DAYS, Foreign, Setting
from terrace.calls import Absent, CredentialsError
from terrace.calls.azure import explained
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.azure.session import Reader
from terrace.live.azure.versions import version

_SOFT_DELETE_DAYS = 30
_LOG_DAYS = 90
_KEY_BITS = 3072
_USE_KEY = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
_WRITE_BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"  # Storage Blob Data Contributor
_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")
_CHECKS = 3


def settings(environment: Environment, target: Target) -> list[Setting]:
    """The settings of group, key, log and account, in the order in which they depend on each other."""
    reader = Reader.of(target)
    reader.check_account()
    site = _Site(environment, target, reader)
    tags = {"managed-by": "terrace", "project": environment.project}
    place = {"location": target.region, "tags": tags}
    vault = {
        "tenantId": names.settings(target).tenant_id,
        "sku": {"family": "A", "name": "premium"},
        "enableRbacAuthorization": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Disabled",  # Storage reaches it as a trusted service
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
    }
    key = {"properties": {"kty": "RSA", "keySize": _KEY_BITS, "rotationPolicy": _rotation()}, "tags": tags}
    log = {"sku": {"name": "PerGB2018"}, "retentionInDays": _LOG_DAYS}
    return [
        site.part("resource group", site.group, place),
        site.part("identity", site.identity, place),
        site.part("key vault", site.vault, {**place, "properties": vault}),
        Setting(
            site.shown("key vault", site.vault),
            "purge protection",
            "on",
            lambda: "on" if site.properties(site.vault).get("enablePurgeProtection") else "off",
            lambda: reader.patch(site.vault, {"properties": {"enablePurgeProtection": True}}),
        ),
        site.part("key", site.key, key),
        site.granted("key", site.key, _USE_KEY, "the account's identity", site.identity_principal),
        site.part("log workspace", site.workspace, {**place, "properties": log}),
        *site.account_settings(place),
        *site.blob_settings(),
        Setting(
            site.account_shown,
            "lifecycle",
            f"old versions expire after {VERSION_DAYS} days",
            site.old_versions,
            site.expire_old_versions,
            lambda found: found == "old versions never expire early",
        ),
        Setting(
            site.account_shown,
            "diagnostic log",
            f"workspace {site.workspace.rpartition('/')[2]}",
            site.logging,
            site.log,
            bool,
        ),
        site.granted("storage account", site.account, _WRITE_BLOBS, "who runs this", site.own_principal),
    ]


def destroy(environment: Environment, target: Target) -> list[str]:
    """See terrace.bootstrap.destroy. A vault with purge protection keeps its name and key for 90 days."""
    reader = Reader.of(target)
    reader.check_account()
    site = _Site(environment, target, reader)
    for id in (site.account, site.workspace):
        try:
            reader.get(id)
        except Absent:
            continue
        reader.write(id, None)
    try:
        reader.get(site.vault)
    except Absent:
        return []
    return [
        f"{site.shown('key vault', site.vault)} in resource group {site.group.rpartition('/')[2]}; delete the group "
        "when no copy of a state is needed"
    ]


@dataclass(frozen=True)
class _Site:
    environment: Environment
    target: Target
    reader: Reader

    @property
    def group(self) -> str:
        return f"{names.subscription(self.target)}/resourceGroups/{self.environment.project}-state"

    def _id(self, kind: str, name: str) -> str:
        return f"{self.group}/providers/{kind}/{name}"

    @property
    def identity(self) -> str:
        return self._id("Microsoft.ManagedIdentity/userAssignedIdentities", f"{self.environment.project}-state")

    @property
    def vault(self) -> str:
        return self._id("Microsoft.KeyVault/vaults", names.state_vault(self.target))

    @property
    def key(self) -> str:
        return f"{self.vault}/keys/{names.STATE_KEY}"

    @property
    def workspace(self) -> str:
        return self._id("Microsoft.OperationalInsights/workspaces", f"{self.environment.project}-state")

    @property
    def account(self) -> str:
        return self._id("Microsoft.Storage/storageAccounts", names.state_bucket(self.target))

    @property
    def blobs(self) -> str:
        return f"{self.account}/blobServices/default"

    @property
    def container(self) -> str:
        return f"{self.blobs}/containers/{CONTAINER}"

    @property
    def account_shown(self) -> str:
        return self.shown("storage account", self.account)

    def shown(self, noun: str, id: str) -> str:
        return f"{noun} {id.rpartition('/')[2]}"

    def get(self, id: str) -> dict[str, Any]:
        self.reader.forget()
        return self.reader.get(id)

    def properties(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(id).get("properties") or {}
        return found

    def part(self, noun: str, id: str, body: dict[str, Any]) -> Setting:
        """That a resource exists."""
        return Setting(
            self.shown(noun, id),
            "exists",
            "yes",
            lambda: "yes" if self.get(id) else "",
            lambda: self.reader.write(id, body),
        )

    def granted(self, noun: str, scope: str, role: str, who: str, principal: Any) -> Setting:
        """That a principal has a role on a resource."""

        def id() -> str:
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{role}/{principal()[0]}")
            return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"

        def grant() -> None:
            object_id, kind = principal()
            properties = {"roleDefinitionId": names.role_id(self.target, role), "principalId": object_id}
            self.reader.write(id(), {"properties": properties | ({"principalType": kind} if kind else {})})

        return Setting(self.shown(noun, scope), "role", who, lambda: who if self.get(id()) else "", grant)

    def identity_principal(self) -> tuple[str, str]:
        return str(self.properties(self.identity)["principalId"]), "ServicePrincipal"

    def own_principal(self) -> tuple[str, str]:
        """The object id in the caller's token: an owner of the subscription has no right to its blobs by that."""
        token = self.reader.credential.get_token("https://management.azure.com/.default").token
        try:
            claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
            return str(claims["oid"]), ""
        except (ValueError, KeyError, IndexError) as error:
            raise CredentialsError("the token of these credentials names no principal") from error

    def account_settings(self, place: Mapping[str, Any]) -> list[Setting]:
        wanted: dict[str, tuple[str, Any]] = {
            "plain HTTP": ("supportsHttpsTrafficOnly", True),
            "oldest TLS": ("minimumTlsVersion", "TLS1_2"),
            "anonymous access": ("allowBlobPublicAccess", False),
            "shared keys": ("allowSharedKeyAccess", False),
            "copies to other tenants": ("allowCrossTenantReplication", False),
        }
        words = {"plain HTTP": {True: "refused", False: "allowed"}}
        refused = {True: "allowed", False: "refused"}

        def as_word(name: str, value: Any) -> str:
            return str(value) if isinstance(value, str) else words.get(name, refused)[bool(value)]

        def setting(name: str, property: str, value: Any) -> Setting:
            # without a value, Azure allows shared keys, and copies to other tenants in old accounts
            return Setting(
                self.account_shown,
                name,
                as_word(name, value),
                lambda: as_word(name, self.properties(self.account).get(property, value is False)),
                lambda: self.reader.patch(self.account, {"properties": {property: value}}),
                lambda found: name == "oldest TLS" and found > value,
            )

        body = {
            **place,
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS" if len(self.target.zones) > 1 else "Standard_LRS"},
            "identity": self._identity(),
            "properties": {
                **dict(wanted.values()),
                "defaultToOAuthAuthentication": True,
                "isLocalUserEnabled": False,
                "encryption": {**self._encryption(), "requireInfrastructureEncryption": True},
            },
        }
        return [
            Setting(
                self.account_shown,
                "exists",
                "yes",
                self.account_exists,
                lambda: self.reader.write(self.account, body),
            ),
            *(setting(name, property, value) for name, (property, value) in wanted.items()),
            Setting(
                self.account_shown,
                "encryption",
                f"key {self._vault_uri()}/keys/state",
                self.encryption,
                lambda: self.reader.patch(
                    self.account, {"identity": self._identity(), "properties": {"encryption": self._encryption()}}
                ),
                lambda found: found.startswith("key "),
            ),
        ]

    def account_exists(self) -> str:
        """Raises Foreign if the name, which is global, is taken elsewhere."""
        for _ in range(_CHECKS):
            try:
                return "yes" if self.get(self.account) else ""
            except Absent:
                if self._is_available():
                    raise
            time.sleep(1)  # another run may be creating it
        name = names.state_bucket(self.target)
        raise Foreign(
            f"storage account {name} is in another subscription or resource group",
            hint=f"the environment is in subscription {names.settings(self.target).subscription_id}, group "
            f"{self.group.rpartition('/')[2]}; set state.bucket to a name that is not taken",
        )

    def _is_available(self) -> bool:
        from azure.core.rest import HttpRequest

        path = f"{names.subscription(self.target)}/providers/Microsoft.Storage/checkNameAvailability"
        body = {"name": names.state_bucket(self.target), "type": "Microsoft.Storage/storageAccounts"}
        with explained(path):
            request = HttpRequest("POST", f"{path}?api-version={version(self.account)}", json=body)
            response = self.reader.client.send_request(request)
            response.raise_for_status()
            return bool(response.json()["nameAvailable"])

    def _vault_uri(self) -> str:
        return f"https://{self.vault.rpartition('/')[2]}.vault.azure.net"

    def _identity(self) -> dict[str, Any]:
        return {"type": "UserAssigned", "userAssignedIdentities": {self.identity: {}}}

    def _encryption(self) -> dict[str, Any]:
        return {
            "keySource": "Microsoft.Keyvault",
            "keyvaultproperties": {"keyname": "state", "keyvaulturi": f"{self._vault_uri()}/"},
            "identity": {"userAssignedIdentity": self.identity},
        }

    def encryption(self) -> str:
        found = self.properties(self.account).get("encryption", {})
        if str(found.get("keySource", "")).lower() != "microsoft.keyvault":
            return "Azure's own key"
        key = found.get("keyvaultproperties") or found.get("keyVaultProperties") or {}
        return f"key {str(key.get('keyvaulturi')).rstrip('/')}/keys/{key.get('keyname')}"

    def blob_settings(self) -> list[Setting]:
        def days(policy: str) -> str:
            found = self.properties(self.blobs).get(policy, {})
            return f"{found.get('days', 0)} days" if found.get("enabled") else "off"

        def kept(name: str, policy: str) -> Setting:
            wanted = {"enabled": True, "days": _SOFT_DELETE_DAYS}
            return Setting(
                self.account_shown,
                name,
                f"{_SOFT_DELETE_DAYS} days",
                lambda: days(policy),
                lambda: self._merge(self.blobs, {policy: wanted}),
                lambda found: found != "off" and int(found.split()[0]) >= _SOFT_DELETE_DAYS,
            )

        return [
            Setting(
                self.account_shown,
                "versioning",
                "on",
                lambda: "on" if self.properties(self.blobs).get("isVersioningEnabled") else "off",
                lambda: self._merge(self.blobs, {"isVersioningEnabled": True}),
            ),
            kept("soft delete", "deleteRetentionPolicy"),
            kept("soft delete of containers", "containerDeleteRetentionPolicy"),
            self.part("container", self.container, {"properties": {"publicAccess": "None"}}),
        ]

    def _merge(self, id: str, properties: dict[str, Any]) -> None:
        """Write properties of a resource that is written as a whole."""
        self.reader.write(id, {"properties": {**self.properties(id), **properties}})

    @property
    def _policy(self) -> str:
        return f"{self.account}/managementPolicies/default"

    def _rules(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self.properties(self._policy)["policy"]["rules"]
            return found
        except Absent:
            return []

    def old_versions(self) -> str:
        rules = self._rules()
        early = [days for rule in rules if (days := _days(rule)) < VERSION_DAYS]
        if early:
            return f"old versions expire after {min(early)} days"
        return "old versions never expire early" if rules else ""

    def expire_old_versions(self) -> None:
        """Add Terrace's rule, and lengthen rules of others that remove old versions earlier."""
        ends = {"delete": {"daysAfterCreationGreaterThan": VERSION_DAYS}}
        kept = [rule for rule in self._rules() if rule.get("name") != "terrace"]
        for rule in kept:
            if _days(rule) < VERSION_DAYS:
                rule["definition"]["actions"]["version"] = ends
        definition = {"filters": {"blobTypes": ["blockBlob"]}, "actions": {"version": ends}}
        own = {"name": "terrace", "enabled": True, "type": "Lifecycle", "definition": definition}
        self.reader.write(self._policy, {"properties": {"policy": {"rules": [*kept, own]}}})

    @property
    def _diagnostics(self) -> str:
        return f"{self.blobs}/providers/Microsoft.Insights/diagnosticSettings/terrace"

    def logging(self) -> str:
        found = self.properties(self._diagnostics)
        return f"workspace {str(found.get('workspaceId', '')).rpartition('/')[2]}"

    def log(self) -> None:
        logs = [{"category": category, "enabled": True} for category in _LOGS]
        self.reader.write(self._diagnostics, {"properties": {"workspaceId": self.workspace, "logs": logs}})


def _rotation() -> dict[str, Any]:
    yearly = {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}}
    return {"lifetimeActions": [yearly], "attributes": {"expiryTime": "P2Y"}}


def _days(rule: dict[str, Any]) -> float:
    """The days after which a rule removes an old version; a rule that does not is as one that does so late."""
    actions = rule["definition"]["actions"].get("version", {})
    return float(actions.get("delete", {}).get("daysAfterCreationGreaterThan", 10**6))
