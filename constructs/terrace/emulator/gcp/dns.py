"""Cloud DNS: record sets are changed through changes; a zone is created with NS and SOA records."""

from terrace.emulator.gcp.call import Call, Refused, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now, number
from terrace.emulator.gcp.quirks import check_write, completes, required, responds


@completes("dns", "managedZones")
def _zone(call: Call, zone: Json, key: str) -> None:
    if not any((zone.get("privateVisibilityConfig") or {}).values()):
        zone.pop("privateVisibilityConfig", None)
    zone.setdefault("visibility", "public")
    servers = zone.setdefault("nameServers", [f"ns-cloud-a{each}.googledomains.com." for each in range(1, 5)])
    soa = f"{servers[0]} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
    for kind, data in zip(("NS", "SOA"), (servers, [soa]), strict=True):
        record = {"kind": "dns#resourceRecordSet", "name": zone["dnsName"], "type": kind, "ttl": 21600}
        if f"{key}/rrsets/{zone['dnsName']}:{kind}" not in call.store:
            call.store.put(f"{key}/rrsets/{zone['dnsName']}:{kind}", record | {"rrdatas": data})


@responds("dns", "changes.create")
def _change(call: Call) -> Json:
    zone = call.key.rpartition("/")[0]
    required(call, zone)
    deleted = {f"{zone}/rrsets/{record['name']}:{record['type']}" for record in call.body.get("deletions", ())}
    added = {f"{zone}/rrsets/{each['name']}:{each['type']}": each for each in call.body.get("additions", ())}
    for key in deleted:
        if key not in call.store:
            raise missing(name_of(key))
    for key in added:
        if key in call.store and key not in deleted:
            raise Refused(409, "ALREADY_EXISTS", f"The resource '{name_of(key)}' already exists")
    for record in added.values():
        check_write(call, record, "rrsets")
    for key in deleted:
        call.store.remove(key)
    for key, record in added.items():
        call.store.put(key, {"kind": "dns#resourceRecordSet", **record})
    id = number(call.key, now(), digits=6)
    return {"kind": "dns#change", "startTime": now(), **call.body, "id": id, "status": "done"}


@responds("dns", "changes.get")
def _changed(call: Call) -> Json:
    return {"kind": "dns#change", "id": call.name.rpartition("/")[2], "status": "done", "startTime": now()}


@responds("dns", "resourceRecordSets.list")
def _records(call: Call) -> Json:
    required(call, call.key.rpartition("/")[0])
    records = [record for _, record in call.store.below(call.key)]
    criteria = {field: value for field, value in call.query.items() if field in ("name", "type")}
    return {
        "kind": "dns#resourceRecordSetsListResponse",
        "rrsets": [each for each in records if all(each[field] == value for field, value in criteria.items())],
    }
