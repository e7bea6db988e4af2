"""Microsoft.Network's DNS zones, public and private."""

from collections.abc import Mapping

from terrace.emulator.azure.ids import ResourceId
from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import network as refused
from terrace.emulator.azure.store import Body, Store


def _start_of_authority(resource: Resource) -> Mapping[str, Body]:
    """The SOA record of a new zone, which the provider reads."""
    record = {"email": "azuredns-hostmaster.microsoft.com", "host": "azureprivatedns.net", "serialNumber": 1}
    times = {"expireTime": 2419200, "minimumTTL": 300, "minimumTtl": 300, "refreshTime": 3600, "retryTime": 300}
    return {
        f"{resource.id.path}/SOA/@": {"properties": {"TTL": 3600, "ttl": 3600, "soaRecord": record | times}},
    }


def _name_servers(resource: Resource) -> Body:
    servers = [f"ns{number}-0{number}.azure-dns.{end}." for number, end in enumerate(("com", "net", "org", "info"), 1)]
    return {"nameServers": servers, "maxNumberOfRecordSets": 10000, "zoneType": "Public"}


def _fqdn(resource: Resource) -> Body:
    zone = resource.id.parent.rpartition("/")[2]
    return {"fqdn": f"{zone}." if resource.id.name == "@" else f"{resource.id.name}.{zone}."}


def _records(id: ResourceId, store: Store, query: Mapping[str, str]) -> list[Body]:
    """All records of a zone, of any type."""
    depth = id.owner.count("/") + 2
    records = [item for item in store.below(id.owner) if item.id.count("/") == depth]
    return [{"id": item.id, "name": item.id.rpartition("/")[2], "type": item.type, **item.body} for item in records]


_RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
_record = Kind(computed=_fqdn, stateless=True)

KINDS = {
    "Microsoft.Network/privateDnsZones": Kind(
        operation=202, creates=_start_of_authority, delete_rules=refused.PRIVATE_ZONE_DELETE, rules=refused.PRIVATE_ZONE
    ),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": Kind(
        operation=202, required=("virtualNetwork.id",), rules=refused.ZONE_LINK
    ),
    "Microsoft.Network/dnsZones": Kind(creates=_start_of_authority, computed=_name_servers, stateless=True),
    **{f"Microsoft.Network/{zone}/{type}": _record for zone in ("dnsZones", "privateDnsZones") for type in _RECORDS},
}

COLLECTIONS = {
    **{
        f"Microsoft.Network/{zone}/{name}": _records
        for zone in ("dnsZones", "privateDnsZones")
        for name in ("ALL", "recordsets")
    },
}
