"""Names and ids on Azure, computed from the target alone, so that they are known before the resources exist.

Globally unique names end in a short hash of subscription, deployment and resource, and are cut to Azure's maximum
length. Loads no CDK. Source of lengths and characters: Azure documentation, "Naming rules and restrictions for Azure
resources".
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping

from terrace.azure.existing import PRIVATE_ZONES
from terrace.capabilities.ci import Pipeline
from terrace.capabilities.existing import SubnetKind
from terrace.capabilities.identity import LakeRight
from terrace.capabilities.keys import RECOVERY_PURPOSES, Purpose
from terrace.capabilities.observability import LogGroup
from terrace.capabilities.spec import Access
from terrace.capabilities.target import AzureSettings, Target

HASH_LENGTH = 6
BLOB_READER = "Storage Blob Data Reader"
"""The built-in role for reading blobs."""
BLOB_WRITER, BLOB_ADDER, SNAPSHOT_WRITER = "blob-writer", "blob-adder", "snapshot-writer"
"""The purposes of the roles for writing blobs and for snapshots of volumes, and their constructs' ids."""
_KINDS: Mapping[str, SubnetKind] = {
    "entry": "entry",
    "nodes": "nodes",
    "control": "control",
    "database": "data",
    "endpoints": "endpoints",
    "cache": "endpoints",
    "streams": "endpoints",
}
"""The kind of an existing subnet that stands for each subnet."""
TOPIC_VERBS: Mapping[Access, str] = {
    "read": "Azure Event Hubs Data Receiver",
    "write": "Azure Event Hubs Data Sender",
}
"""The role of an access to a topic. Source: "Authorize access to Event Hubs resources using Microsoft Entra ID"."""
STATE_KEY = "state"
"""The key of the state home in its vault."""
RECOVERY_KEYS: tuple[Purpose, ...] = (*RECOVERY_PURPOSES, "audit")
"""Purposes with a key in the recovery region; the copies of the lake write their audit logs to an account there."""
PRIVILEGED_ROLES = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)
"""Owner, User Access Administrator, Role Based Access Control Administrator, whose holder can assign any other role.
Source: "Azure built-in roles", Privileged."""
PAIRS = {
    "germanywestcentral": "germanynorth",
    "francecentral": "francesouth",
    "swedencentral": "swedensouth",
    "uksouth": "ukwest",
    "switzerlandnorth": "switzerlandwest",
    "eastus": "westus",
    "westus2": "westcentralus",
    "canadacentral": "canadaeast",
    "japaneast": "japanwest",
    "southeastasia": "eastasia",
    "australiaeast": "australiasoutheast",
    "centralindia": "southindia",
    "brazilsouth": "southcentralus",
}
"""Region to its paired region, where geo-redundant services copy to; it is not configurable. Source: "Azure region
pairs"."""

ALERT_REGIONS = (
    "centralindia", "eastus", "eastus2", "germanywestcentral", "northcentralus", "southcentralus", "southindia",
    "swedencentral", "westus", "westus2",
)  # fmt: skip
"""Regions that store and process action groups; in other regions they are "global", and Azure chooses where. Source:
Azure Monitor documentation, "Action groups", global and regional processing."""


def settings(target: Target) -> AzureSettings:
    """The Azure settings of a target on Azure."""
    assert isinstance(target.settings, AzureSettings)
    return target.settings


def subscription(target: Target) -> str:
    """The subscription's id in the form of a scope."""
    return f"/subscriptions/{settings(target).subscription_id}"


def group(target: Target, *, recovery: bool = False) -> str:
    """The resource group of a region's resources; 90 characters at most."""
    return f"{target.prefix}-recovery" if recovery else target.prefix


WATCHERS = "NetworkWatcherRG"
"""Azure's own resource group of network watchers."""


def watcher(target: Target) -> str:
    """The network watcher of the region, as Azure names it."""
    return f"NetworkWatcher_{target.region}"


def group_id(target: Target, *, recovery: bool = False) -> str:
    """The resource group's id."""
    return f"{subscription(target)}/resourceGroups/{group(target, recovery=recovery)}"


def pipelines_group(target: Target) -> str:
    """The resource group of the pipelines' identities, in which no pipeline may write."""
    return f"{target.prefix}-pipelines"


def pipelines_group_id(target: Target) -> str:
    """The id of that group."""
    return f"{subscription(target)}/resourceGroups/{pipelines_group(target)}"


def pipeline_id(target: Target, pipeline: Pipeline) -> str:
    """The identity of a pipeline."""
    group = pipelines_group_id(target)
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity(target, f'ci-{pipeline}')}"


def id(target: Target, kind: str, name: str, *, recovery: bool = False) -> str:
    """A resource's id; `kind` is provider and type, such as Microsoft.KeyVault/vaults."""
    return f"{group_id(target, recovery=recovery)}/providers/{kind}/{name}"


def role_id(target: Target, guid: str) -> str:
    """The id of a role in the subscription."""
    return f"{subscription(target)}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def role(target: Target, purpose: str) -> str:
    """A custom role's name; unique in the tenant. Its GUID is `guid(target, purpose)`."""
    return f"{target.prefix}-{purpose}"


def blob_writer(target: Target) -> str:
    """The custom role for writing blobs."""
    return role(target, BLOB_WRITER)


def blob_adder(target: Target) -> str:
    """The custom role for adding blobs."""
    return role(target, BLOB_ADDER)


def snapshot_writer(target: Target) -> str:
    """The custom role for snapshots of volumes."""
    return role(target, SNAPSHOT_WRITER)


def policy_id(guid: str, *, initiative: bool = False) -> str:
    """The id of an Azure built-in policy or initiative."""
    return f"/providers/Microsoft.Authorization/policy{'Set' if initiative else ''}Definitions/{guid}"


def hashed(target: Target, thing: str) -> str:
    """Six characters that distinguish equal names in different subscriptions, and names that are equal when cut."""
    text = f"{settings(target).subscription_id}/{target.prefix}/{thing}"
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def guid(target: Target, thing: str) -> str:
    """A stable UUID, for resources whose name must be one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id(target)}/{thing}"))


def _flat(target: Target, thing: str, length: int) -> str:
    """Only a-z and 0-9: as much of the prefix and `thing` as fits before the hash."""
    readable = f"{target.prefix}{thing}".replace("-", "")
    return f"{readable[: length - HASH_LENGTH]}{hashed(target, thing)}"


def _hyphened(target: Target, thing: str, length: int) -> str:
    """A letter first, no double hyphen: as much of the prefix as fits before the hash."""
    return f"{target.prefix[: length - HASH_LENGTH - 1].rstrip('-')}-{hashed(target, thing)}"


def vault(target: Target, site: str = "") -> str:
    """A key vault's name: global, 24 characters; `site` is recovery, or geo for the paired region."""
    return _hyphened(target, f"vault{site}", 24)


def vault_id(target: Target, site: str = "") -> str:
    """A vault, by default the home vault, which has the secrets too; `site` as for `vault`."""
    return id(target, "Microsoft.KeyVault/vaults", vault(target, site), recovery=bool(site))


def key_url(target: Target, purpose: Purpose, site: str = "") -> str:
    """A key's URL without a version, for services that follow a rotation."""
    place, name = key_id(target, purpose, site).split("/")[-3::2]
    return f"https://{place}.vault.azure.net/keys/{name}"


def key_id(target: Target, purpose: Purpose, site: str = "") -> str:
    """A key as the scope of a role assignment: an existing one, or the foundation's own."""
    own = f"{vault_id(target, site)}/keys/{purpose}"
    return own if site else target.existing.keys.get(purpose, own)


def secret_id(target: Target, name: str) -> str:
    """A secret as the scope of a role assignment."""
    return f"{vault_id(target)}/secrets/{name}"


def identity(target: Target, purpose: str) -> str:
    """A user-assigned identity's name; 128 characters at most."""
    return f"{target.prefix}-{purpose}"


def identity_id(target: Target, purpose: str, *, recovery: bool = False) -> str:
    """A user-assigned identity's id."""
    return id(target, "Microsoft.ManagedIdentity/userAssignedIdentities", identity(target, purpose), recovery=recovery)


def bucket(target: Target, name: str, *, recovery: bool = False) -> str:
    """The storage account of a bucket: global, 24 characters of a-z and 0-9. Its container has the bucket's name."""
    return _flat(target, f"{name}{'recovery' if recovery else ''}", 24)


def account_id(target: Target, name: str, *, recovery: bool = False) -> str:
    """The id of a bucket's storage account."""
    return id(target, "Microsoft.Storage/storageAccounts", bucket(target, name, recovery=recovery), recovery=recovery)


def container_id(target: Target, name: str) -> str:
    """The id of a bucket's container, the scope for roles on its objects."""
    return f"{account_id(target, name)}/blobServices/default/containers/{name}"


def flow_account(target: Target) -> str:
    """The storage account of flow logs."""
    return _flat(target, "flow", 24)


def flow_account_id(target: Target) -> str:
    """The storage account of flow logs."""
    return id(target, "Microsoft.Storage/storageAccounts", flow_account(target))


def workspace_id(target: Target) -> str:
    """The Log Analytics workspace that all logs go to: an existing one, or the foundation's own."""
    if target.existing.monitoring:
        return target.existing.monitoring.id
    return id(target, "Microsoft.OperationalInsights/workspaces", target.prefix)


def log_group(target: Target, name: LogGroup) -> str:
    """The workspace's table of a log group; Azure sets the names. Source: Azure Monitor logs reference."""
    tables: dict[LogGroup, str] = {
        "flow": "NTANetAnalytics",
        "cluster": "AKSAudit",
        "postgresql": "PGSQLServerLogs",
        "upgrade": "PGSQLServerLogs",
        "cache-slow": "REDConnectionEvents",
        "cache-engine": "REDConnectionEvents",
        "trail": "AzureActivity",
        "waf": "AGWFirewallLogs",
        "containers": "ContainerLogV2",
        "hosts": "Syslog",
        "dataplane": "AKSControlPlane",
        "performance": "InsightsMetrics",
    }
    return tables[name]


def topic_id(target: Target, severity: str) -> str:
    """The action group of a severity."""
    return id(target, "Microsoft.Insights/actionGroups", f"{target.prefix}-{severity}")


def topic_region(target: Target) -> str:
    """The region of action groups: the home region if it supports them, else `global`."""
    return target.region if target.region in ALERT_REGIONS else "global"


def cluster_id(target: Target) -> str:
    """The AKS cluster: an existing one, or the foundation's own."""
    if target.existing.cluster:
        return target.existing.cluster.id
    return id(target, "Microsoft.ContainerService/managedClusters", target.prefix)


def database(target: Target) -> str:
    """The PostgreSQL server's name: global, 63 characters of a-z, 0-9 and -."""
    return f"{target.prefix}-{hashed(target, 'database')}"


def database_id(target: Target) -> str:
    """The PostgreSQL server."""
    return id(target, "Microsoft.DBforPostgreSQL/flexibleServers", database(target))


def cache_id(target: Target) -> str:
    """The Managed Redis instance."""
    return id(target, "Microsoft.Cache/redisEnterprise", target.prefix)


def streams(target: Target) -> str:
    """The name of the namespace of event hubs: global, 50 characters."""
    return _hyphened(target, "streams", 50)


def streams_id(target: Target) -> str:
    """The namespace of event hubs."""
    return id(target, "Microsoft.EventHub/namespaces", streams(target))


def registry(target: Target) -> str:
    """The name of the foundation's own registry: global, 50 characters of a-z and 0-9."""
    return _flat(target, "registry", 50)


def registry_id(target: Target) -> str:
    """The container registry: an existing one, or the foundation's own."""
    return target.existing.registry or id(target, "Microsoft.ContainerRegistry/registries", registry(target))


def images(target: Target) -> str:
    """What the nodes may pull images from: an existing registry, or those of the foundation's group."""
    return target.existing.registry or group_id(target)


def private_zone(target: Target, service: str) -> str:
    """The name of the private DNS zone of a service, or of the foundation's own names."""
    own = {
        "database": f"{target.prefix}.private.postgres.database.azure.com",
        "internal": f"{target.prefix}.internal",
    }
    return own.get(service) or PRIVATE_ZONES[service].format(region=target.region)


def existing_zone(target: Target, service: str) -> str | None:
    """The private DNS zone of a service, if it is an existing one."""
    network, name = target.existing.network, private_zone(target, service)
    zones = network.private_zones if network else ()
    return next((zone for zone in zones if zone.rpartition("/")[2] == name), None)


def private_zone_id(target: Target, service: str) -> str:
    """The private DNS zone of a service: an existing one, or the foundation's own."""
    own = id(target, "Microsoft.Network/privateDnsZones", private_zone(target, service))
    return existing_zone(target, service) or own


def network_id(target: Target) -> str:
    """The virtual network: an existing one, or the foundation's own."""
    if target.existing.network:
        return target.existing.network.id
    return id(target, "Microsoft.Network/virtualNetworks", target.prefix)


def subnet_id(target: Target, name: str) -> str:
    """A subnet of the virtual network. In an existing one, the private endpoints of cache and streams are beside the
    others."""
    if target.existing.network:
        kind: SubnetKind = _KINDS[name]
        return target.existing.network.subnets[kind][0]
    return f"{network_id(target)}/subnets/{name}"


def geo_region(target: Target) -> str | None:
    """The paired region of the home region, if the environment has a recovery region; the two may differ."""
    return PAIRS.get(target.region, target.recovery_region) if target.recovery_region else None


def state_bucket(target: Target) -> str:
    """The storage account with the remote state of all the project's environments in the subscription."""
    project = target.prefix.removesuffix(f"-{target.environment}")
    text = f"{settings(target).subscription_id}/{project}/state"
    readable = f"{project.replace('-', '')}state"
    computed = f"{readable[: 24 - HASH_LENGTH]}{hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]}"
    return target.state_bucket or computed


def plan_bundles(target: Target) -> str:
    """The pattern of the paths of bundles of plans, beside the environment's states."""
    return f"{target.environment}/azure/*/plans/*"


def state_vault_id(target: Target) -> str:
    """The vault of the state home, in the group of the state home."""
    group = f"{target.prefix.removesuffix(f'-{target.environment}')}-state"
    return f"{subscription(target)}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{state_vault(target)}"


def state_vault(target: Target) -> str:
    """The vault with the key of the state home, which seals bundles too; global, 24 characters."""
    project = target.prefix.removesuffix(f"-{target.environment}")
    text = f"{settings(target).subscription_id}/{project}/state-vault"
    return f"{project[: 24 - 7 - HASH_LENGTH]}-state-{hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]}"


def below(folders: Iterable[str], right: LakeRight) -> str:
    """The condition (ABAC) that limits a role on a container to the blobs of folders, and to lists of their names
    (LAKE-7). The accounts have flat namespaces (LAKE-3), which have no access control lists.

    A principal has a role on a scope once, whatever the condition: one assignment is for all folders. Sources: Azure
    documentation, "Troubleshoot Azure RBAC", RoleAssignmentExists; Azure Storage documentation, "Actions and attributes
    for Azure role assignment conditions for Azure Blob Storage".
    """
    blobs, names = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs", sorted(folders)
    listing = "SubOperationMatches{'Blob.List'}"  # it has a prefix instead of a path
    paths = " OR ".join(f"@Resource[{blobs}:path] StringLike '{name}/*'" for name in names)
    prefixes = " OR ".join(f"@Request[{blobs}:prefix] StringStartsWith '{name}/'" for name in names)
    return (
        f"((!(ActionMatches{{'{blobs}/{'read' if right == 'read' else '*'}'}} AND NOT {listing})) OR ({paths}))"
        f" AND ((!(ActionMatches{{'{blobs}/read'}} AND {listing})) OR ({prefixes}))"
    )
