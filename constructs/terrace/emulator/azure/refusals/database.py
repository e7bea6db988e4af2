"""Refusals of PostgreSQL Flexible Server. Source: its documentation: compute options, high availability, networking
with private access, read replicas, data encryption, Entra authentication, extensions, limits."""

import re

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find, location
from terrace.emulator.azure.refusals.keys import vault_of

_SERVER = "Microsoft.DBforPostgreSQL/flexibleServers"
# source: "PostgreSQL extensions", version 16
_EXTENSIONS = frozenset(
    word
    for line in (
        "address_standardizer address_standardizer_data_us age amcheck anon azure_ai azure_local_ai azure_storage",
        "bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance fuzzystrmatch hll hstore",
        "hypopg",
        "intagg intarray isn lo login_hook ltree oracle_fdw orafce pageinspect pg_buffercache pg_cron pg_diskann",
        "pg_failover_slots pg_freespacemap pg_hint_plan pg_partman pg_prewarm pg_repack pg_squeeze pg_stat_statements",
        "pg_trgm pg_visibility pgaudit pgcrypto pglogical pgrouting pgrowlocks pgstattuple plpgsql plv8 postgis",
        "postgis_raster postgis_sfcgal postgis_tiger_geocoder postgis_topology postgres_fdw postgres_protobuf semver",
        "session_variable sslinfo tablefunc tds_fdw timescaledb topn tsm_system_rows tsm_system_time unaccent",
        "uuid-ossp vector",
    )
    for word in line.split()
)


def _tier(resource: Resource) -> str:
    return str(find(resource.body, "sku.tier", ""))


def _is_new(resource: Resource) -> bool:
    return resource.old is None and resource.get("createMode", "Default") in ("Default", "Create")


def server_name_taken(resource: Resource) -> Refused | None:
    """The name is globally unique. Source: "Naming rules"."""
    taken = resource.store.named(_SERVER, resource.id.name)
    if taken and taken.id.lower() != resource.id.key:
        return Refused(409, "ServerNameAlreadyExists", f"Specified server name '{resource.id.name}' is already used.")
    return None


def high_availability_on_burstable(resource: Resource) -> Refused | None:
    """Source: "High availability", limitations: not on the Burstable tier."""
    if _tier(resource) == "Burstable" and resource.get("highAvailability.mode", "Disabled") != "Disabled":
        message = "High availability is not supported for the Burstable compute tier."
        return Refused(400, "HADisabledForBurstable", message)
    return None


def standby_in_the_same_zone(resource: Resource) -> Refused | None:
    """Source: "High availability", zone-redundant: the standby is in another zone."""
    zone, standby = resource.get("availabilityZone"), resource.get("highAvailability.standbyAvailabilityZone")
    if resource.get("highAvailability.mode") == "ZoneRedundant" and zone and zone == standby:
        message = f"The standby of a zone-redundant server cannot be in the zone of the primary, {zone}."
        return Refused(400, "InvalidStandbyAvailabilityZone", message)
    return None


def no_authentication_method(resource: Resource) -> Refused | None:
    """Source: "Microsoft Entra authentication": at least one authentication method is enabled."""
    password = resource.get("authConfig.passwordAuth", "Enabled")
    if password == "Disabled" and resource.get("authConfig.activeDirectoryAuth", "Disabled") == "Disabled":
        message = "Password authentication and Microsoft Entra authentication cannot both be disabled."
        return Refused(400, "InvalidAuthConfig", message)
    return None


def administrator_missing(resource: Resource) -> Refused | None:
    """Source: REST reference, Servers - Create: login and password are required with password authentication."""
    if _is_new(resource) and resource.get("authConfig.passwordAuth", "Enabled") == "Enabled":
        for word in ("administratorLogin", "administratorLoginPassword"):
            if not resource.get(word):
                message = f"Parameter '{word}' is required while password authentication is enabled."
                return Refused(400, "MissingRequiredParameter", message)
    return None


def password_too_simple(resource: Resource) -> Refused | None:
    """Source: "Create a server": 8 to 128 characters of at least three kinds, without the login's name."""
    password = str(resource.get("administratorLoginPassword", ""))
    if not password:
        return None
    kinds = sum(bool(re.search(kind, password)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"))
    login = str(resource.get("administratorLogin", "")).lower()
    if not 8 <= len(password) <= 128 or kinds < 3 or (login and login in password.lower()):
        message = (
            "Password validation failed. The password does not meet policy requirements: it is not complex enough."
        )
        return Refused(400, "PasswordNotComplex", message)
    return None


def subnet_not_delegated(resource: Resource) -> Refused | None:
    """Source: "Network with private access": the subnet is delegated to flexible servers."""
    subnet = resource.get("network.delegatedSubnetResourceId")
    delegations = find(resource.other(subnet), "properties.delegations", [])
    if subnet and not any(find(d, "properties.serviceName") == _SERVER for d in delegations):
        return Refused(400, "InvalidSubnetDelegation", f"The subnet {subnet} is not delegated to {_SERVER}.")
    return None


def zone_missing(resource: Resource) -> Refused | None:
    """Source: "Network with private access": a delegated subnet needs a private DNS zone."""
    network = resource.get("network", {})
    if network.get("delegatedSubnetResourceId") and not network.get("privateDnsZoneArmResourceId"):
        message = "A server in a delegated subnet needs a private DNS zone."
        return Refused(400, "MissingPrivateDnsZone", message)
    return None


def invalid_zone_name(resource: Resource) -> Refused | None:
    """Source: "Network with private access": ends with postgres.database.azure.com, differs from the server's."""
    zone = parse(str(resource.get("network.privateDnsZoneArmResourceId", ""))).name.lower()
    if zone and not zone.endswith(".postgres.database.azure.com"):
        message = f"The private DNS zone '{zone}' must end with '.postgres.database.azure.com'."
        return Refused(400, "InvalidPrivateDnsZoneName", message)
    if zone == f"{resource.id.name.lower()}.postgres.database.azure.com":
        message = f"The private DNS zone '{zone}' cannot have the name of the server."
        return Refused(400, "InvalidPrivateDnsZoneName", message)
    return None


def zone_not_linked(resource: Resource) -> Refused | None:
    """Source: "Network with private access": the zone must be linked to the network."""
    zone, subnet = (resource.get(f"network.{w}") for w in ("privateDnsZoneArmResourceId", "delegatedSubnetResourceId"))
    if not zone or not subnet:
        return None
    network = parse(subnet).parent.lower()
    links = resource.store.children(zone, "virtualNetworkLinks")
    if not any(str(find(i.body, "properties.virtualNetwork.id", "")).lower() == network for i in links):
        message = f"The private DNS zone {zone} is not linked to the virtual network {network}."
        return Refused(400, "PrivateDnsZoneNotLinkedToVnet", message)
    return None


def invalid_replica_source(resource: Resource) -> Refused | None:
    """Source: "Read replicas", considerations: the source exists and is not Burstable."""
    if resource.get("createMode") != "Replica" or resource.old is not None:
        return None
    source = resource.get("sourceServerResourceId")
    if not source:
        return Refused(400, "MissingRequiredParameter", "A replica needs 'sourceServerResourceId'.")
    if find(resource.other(source), "sku.tier") == "Burstable":
        return Refused(
            400, "ReplicaNotSupportedForBurstable", "Read replicas are not supported for the Burstable tier."
        )
    return None


def storage_reduced(resource: Resource) -> Refused | None:
    """Source: "Storage options": it cannot be reduced."""
    old, new = find(resource.old, "properties.storage.storageSizeGB", 0), resource.get("storage.storageSizeGB", 0)
    if new and new < old:
        return Refused(400, "StorageSizeCannotBeReduced", f"The storage cannot be reduced from {old} GB to {new} GB.")
    return None


def geo_key_missing(resource: Resource) -> Refused | None:
    """Source: "Data encryption": a geo-redundant backup needs its own key in the paired region."""
    if resource.get("backup.geoRedundantBackup") != "Enabled" or not resource.get("dataEncryption.primaryKeyURI"):
        return None
    key = resource.get("dataEncryption.geoBackupKeyURI")
    if not key or not resource.get("dataEncryption.geoBackupUserAssignedIdentityId"):
        message = "Geo-redundant backups of a server with a customer-managed key need a second key and identity."
        return Refused(400, "GeoBackupKeyRequired", message)
    vault = vault_of(key, resource.store)
    if vault and location(vault.body.get("location")) == resource.location:
        message = f"The key of geo-redundant backups must be in the paired region, not in {resource.location}."
        return Refused(400, "GeoBackupKeyInvalidRegion", message)
    return None


def extension_unknown(resource: Resource) -> Refused | None:
    """Source: "PostgreSQL extensions", the list for version 16."""
    if resource.id.name.lower() != "azure.extensions":
        return None
    requested = {name.strip().lower() for name in str(resource.get("value", "")).split(",") if name.strip()}
    if unknown := sorted(requested - _EXTENSIONS - {"off"}):
        message = f"The value for configuration azure.extensions is invalid: {', '.join(unknown)}."
        return Refused(400, "InvalidParameterValue", message)
    return None


def administrator_without_entra(resource: Resource) -> Refused | None:
    """Source: "Manage Microsoft Entra users": it must be enabled on the server."""
    if find(resource.parent, "properties.authConfig.activeDirectoryAuth", "Disabled") != "Enabled":
        message = "Microsoft Entra authentication is not enabled on the server."
        return Refused(400, "AadAuthOperationCannotBePerformedWhenAadAuthIsDisabled", message)
    return None


def firewall_of_private_server(resource: Resource) -> Refused | None:
    """Source: "Network with private access": firewall rules need public access."""
    if find(resource.parent, "properties.network.delegatedSubnetResourceId"):
        message = "Firewall rule operations cannot be requested for a private access enabled server."
        return Refused(400, "FirewallRuleNotAllowedForPrivateServer", message)
    return None


SERVER = (
    server_name_taken,
    high_availability_on_burstable,
    standby_in_the_same_zone,
    no_authentication_method,
    administrator_missing,
    password_too_simple,
    subnet_not_delegated,
    zone_missing,
    invalid_zone_name,
    zone_not_linked,
    invalid_replica_source,
    storage_reduced,
    geo_key_missing,
)
SERVER_DELETE = ()
SETTING = (extension_unknown,)
ADMINISTRATOR = (administrator_without_entra,)
FIREWALL_RULE = (firewall_of_private_server,)
VIRTUAL_ENDPOINT = ()
