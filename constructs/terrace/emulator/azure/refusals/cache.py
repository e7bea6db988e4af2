"""Refusals of Managed Redis. Source: Azure Managed Redis documentation: persistence, active geo-replication, modules,
Entra authentication."""

from terrace.emulator.azure.kind import Refused, Resource, find

_PERIODS = {"rdbFrequency": ("1h", "6h", "12h"), "aofFrequency": ("1s", "always")}


def _refused(code: str, message: str) -> Refused:
    return Refused(400, code, message)


def invalid_database_name(resource: Resource) -> Refused | None:
    """Source: REST reference, Databases - Create: the only database is named default."""
    if resource.id.name != "default":
        return _refused("InvalidDatabaseName", f"The database must be named 'default', not '{resource.id.name}'.")
    return None


def two_persistence_modes(resource: Resource) -> Refused | None:
    """Source: "Configure data persistence": RDB or AOF, not both."""
    if resource.get("persistence.rdbEnabled") and resource.get("persistence.aofEnabled"):
        return _refused("InvalidPersistence", "RDB and AOF persistence cannot both be enabled.")
    return None


def invalid_persistence_frequency(resource: Resource) -> Refused | None:
    """Source: "Configure data persistence": RDB each 1, 6 or 12 hours, AOF each second."""
    for word, periods in _PERIODS.items():
        period = resource.get(f"persistence.{word}")
        if period and period not in periods:
            return _refused("InvalidPersistence", f"{word} must be one of {', '.join(periods)}, not {period}.")
    return None


def persistence_with_geo_replication(resource: Resource) -> Refused | None:
    """Source: "Active geo-replication", prerequisites: no persistence."""
    persists = resource.get("persistence.rdbEnabled") or resource.get("persistence.aofEnabled")
    if persists and resource.get("geoReplication.groupNickname"):
        return _refused("InvalidGeoReplication", "Active geo-replication does not work with data persistence.")
    return None


def search_with_eviction(resource: Resource) -> Refused | None:
    """Source: "Use Redis modules": RediSearch needs NoEviction and the EnterpriseCluster policy."""
    modules = {module.get("name") for module in resource.get("modules", [])}
    eviction, policy = resource.get("evictionPolicy", "VolatileLRU"), resource.get("clusteringPolicy", "OSSCluster")
    if "RediSearch" in modules and (eviction != "NoEviction" or policy == "OSSCluster"):
        return _refused("InvalidModule", "RediSearch needs the NoEviction policy and the EnterpriseCluster policy.")
    return None


def unknown_access_policy(resource: Resource) -> Refused | None:
    """Source: "Use Microsoft Entra for authentication": the access policy is named default."""
    if resource.get("accessPolicyName") != "default":
        return _refused(
            "InvalidAccessPolicy", f"The access policy '{resource.get('accessPolicyName')}' does not exist."
        )
    return None


def geo_replication_sku(resource: Resource) -> Refused | None:
    """Source: "Active geo-replication", prerequisites: not with B0 and B1."""
    instance = find(resource.parent, "sku.name", "")
    if resource.get("geoReplication.groupNickname") and instance in ("Balanced_B0", "Balanced_B1"):
        return _refused("InvalidGeoReplication", f"Active geo-replication is not available with {instance}.")
    return None


INSTANCE = ()
DATABASE = (
    invalid_database_name,
    two_persistence_modes,
    invalid_persistence_frequency,
    persistence_with_geo_replication,
    search_with_eviction,
    geo_replication_sku,
)
ACCESS = (unknown_access_policy,)
