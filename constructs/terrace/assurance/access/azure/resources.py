"""The resources of a stack by their Azure ids, and their words in the access model."""

from collections.abc import Mapping
from dataclasses import dataclass

from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference, Resource
from terrace.azure import names
from terrace.azure.permissions import ARM_TYPES
from terrace.capabilities.identity import BOOTSTRAP

ANY = "*"
"""The site of a whole subscription."""
_KINDS = {type: kind for type, kind in ARM_TYPES.items() if "*" not in kind}
"""Types to those of Azure, for resources that a group contains."""
_CHILDREN: Mapping[str, tuple[str, str, str]] = {
    "azurerm_key_vault_key": ("azurerm_key_vault", "key_vault_id", "keys"),
    "azurerm_key_vault_secret": ("azurerm_key_vault", "key_vault_id", "secrets"),
    "azurerm_key_vault_certificate": ("azurerm_key_vault", "key_vault_id", "secrets"),
    "azurerm_storage_container": ("azurerm_storage_account", "storage_account_id", "blobServices/default/containers"),
    "azurerm_eventhub": ("azurerm_eventhub_namespace", "namespace_id", "eventhubs"),
    "azurerm_subnet": ("azurerm_virtual_network", "virtual_network_name", "subnets"),
}
"""Type to the type above it, the attribute that names it, and the part of the id between the two. A certificate is
read as the secret of its name."""
_SINGLE: Mapping[str, str] = {
    "azurerm_application_gateway": "entry",
    "azurerm_container_registry": "registry/*",
    "azurerm_data_protection_backup_vault": "backups",
    "azurerm_disk_encryption_set": "volumes",
    "azurerm_dns_zone": "dns/entry",
    "azurerm_eventhub_namespace": "streams/*",
    "azurerm_kubernetes_cluster": "kubernetes",
    "azurerm_log_analytics_workspace": "detection",
    "azurerm_managed_redis": "cache/server",
    "azurerm_monitor_action_group": "detection",
    "azurerm_nat_gateway": "network",
    "azurerm_network_security_group": "network",
    "azurerm_private_dns_zone": "dns/private",
    "azurerm_public_ip": "network",
    "azurerm_subnet": "network",
    "azurerm_virtual_network": "network",
    "azurerm_web_application_firewall_policy": "entry",
}
"""Types of which the stack has one, or whose resources are one object of the model."""
_ONE_OF = ("network", "entry", "detection", "backups", "volumes", "kubernetes", "costs")
"""Kinds of which the home group has one object."""


@dataclass(frozen=True)
class Scope:
    """What a right holds on: a resource of the stack with its `objects` by kind, or all resources of a `site`.

    A site is `home` or `recovery` for the stack's groups, `*` for the subscription, else `outside ID`.
    """

    site: str
    objects: Mapping[str, str] | None = None


class Resources:
    """Finds the resources of a stack by reference or by exact id. A resource of the same name elsewhere is not one."""

    def __init__(self, stack: Subject) -> None:
        self._stack, self._view, self._target = stack, stack.view, stack.target
        self._by_id: dict[str, Resource] = {}
        for resource in stack.view:
            if resource.type in _KINDS or resource.type in _CHILDREN:
                self._by_id[self.id(resource).lower()] = resource

    def id(self, resource: Resource) -> str:
        """The id of a resource of a known type; empty if its parent is not in the stack."""
        name = self._view.text(resource.get("name", ""))
        if resource.type in _CHILDREN:
            above, attribute, between = _CHILDREN[resource.type]
            value = resource.get(attribute)
            parent = self._view.target(value)
            if parent is not None:
                return f"{self.id(parent)}/{between}/{name}"
            text = str(value)
            return f"{text if '/' in text else self._inside(_KINDS[above], text)}/{between}/{name}"
        return self._inside(_KINDS[resource.type], name, str(self._view.text(resource.get("resource_group_name", ""))))

    def _inside(self, kind: str, name: str, group: str = "") -> str:
        above = f"{names.subscription(self._target)}/resourceGroups/{group or names.group(self._target)}"
        return f"{above}/providers/{kind}/{name}"

    def at(self, value: object) -> Resource | None:
        """The resource that an attribute refers to, None if it is not in the stack."""
        if isinstance(value, Reference):
            return self._view.target(value)
        return self._by_id.get(str(value).rstrip("/").lower()) or self._view.target(value)

    def scope(self, value: object) -> Scope:
        """The scope of a role assignment."""
        resource = self.at(value)
        if resource is not None and resource.type == "azurerm_resource_group":
            return Scope(self._site(self._view.text(resource.get("name"))))
        if resource is not None:
            return Scope("", objects(resource))
        text = str(value).rstrip("/")
        if text.lower() == names.state_vault_id(self._target).lower():
            return Scope("", {"keys": "keys/state", "secrets": "secrets/state", "certificates": "certificates/state"})
        subscription = names.subscription(self._target)
        if text.lower() == subscription.lower():
            return Scope(ANY)
        above = f"{subscription}/resourceGroups/".lower()
        if text.lower().startswith(above) and "/" not in text[len(above) :]:
            return Scope(self._site(text[len(above) :]))
        return Scope(f"outside {text or '/'}")

    def _site(self, group: str) -> str:
        sites = {
            names.group(self._target): "home",
            names.group(self._target, recovery=True): "recovery",
            names.pipelines_group(self._target): "pipelines",
        }
        return sites.get(group, f"outside {group}")


def objects(resource: Resource) -> dict[str, str]:
    """The objects of the model that a resource holds, by kind."""
    area, _, rest = resource.path.partition("/")
    last = resource.path.rpartition("/")[2]
    if resource.type == "azurerm_storage_account":
        return {"lake": f"lake/{rest.removesuffix('/account') if area == 'lake' else last.removesuffix('-account')}/*"}
    if resource.type == "azurerm_storage_container":
        return {"lake": f"lake/{rest.partition('/')[0]}"}
    if resource.type == "azurerm_key_vault":
        return {kind: f"{kind}/{last}" for kind in ("keys", "secrets", "certificates")}
    if resource.type == "azurerm_key_vault_key":
        return {"keys": f"keys/{last}"}
    if resource.type == "azurerm_key_vault_secret":
        return {"secrets": f"secrets/{last}"}
    if resource.type == "azurerm_key_vault_certificate":
        return {kind: f"{kind}/{area}" for kind in ("secrets", "certificates")}
    if resource.type == "azurerm_postgresql_flexible_server":
        return {"database": f"database/{last}"}
    if resource.type == "azurerm_eventhub":
        return {"streams": f"streams/{resource.get('name')}"}
    if resource.type == "azurerm_user_assigned_identity":
        return {"identities": f"identities/{identity(resource)}"}
    single = _SINGLE.get(resource.type)
    return {single.partition("/")[0]: single} if single else {"other": f"other/{resource}"}


def identity(resource: Resource) -> str:
    """The principal of a user-assigned identity of the stack, by its construct path."""
    area, _, name = resource.path.partition("/")
    if area == "workloads" and name.startswith("module-"):
        return f"module {name.removeprefix('module-')}"
    if area == "workloads" or resource.path == "backup/velero":
        return f"component {name}"
    known = {
        "pipelines/plan": "pipeline plan",
        "pipelines/apply": "pipeline apply",
        "cluster/control": "cluster",
        "cluster/kubelet": "nodes",
        "database/admin": f"component {BOOTSTRAP}",
        "entry/user": "service entry",
    }
    if area == "keys":
        return f"service {name.removesuffix('-user')}-key"
    return known.get(resource.path, f"service {resource.path}")


def all_of(kind: str, site: str) -> str:
    """The object for all resources of a kind in a site."""
    if kind == "registry" and site in (ANY, "home"):
        return "registry/*"
    return kind if kind in _ONE_OF and site == "home" else f"{kind}/{site}"


def whole(site: str) -> str:
    """The object for all resources of a site."""
    return "everything" if site == ANY else f"account/{site}"
