"""Refusals of load balancers, certificates and DNS zones: Compute Engine, Certificate Manager, Cloud DNS."""

import ipaddress
from collections import Counter
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses, refuses_delete

DEFAULT_PRIORITY = 2147483647
BUILT_IN_RECORDS = ("NS", "SOA")  # at a zone's apex, created and deleted with the zone
RATE_INTERVALS = (10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700, 3600)


@refuses("compute", "healthChecks")
def timeout(check: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, healthChecks, timeoutSec: not longer than checkIntervalSec (both 5 by default)."""
    seconds, interval = int(check.get("timeoutSec", 5)), int(check.get("checkIntervalSec", 5))
    if seconds > interval:
        yield f"Invalid value for field 'resource.timeoutSec': '{seconds}'. Must not exceed checkIntervalSec."


@refuses("compute", "sslPolicies")
def features_of_a_profile(policy: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, sslPolicies, customFeatures: only with the profile CUSTOM, which requires them."""
    if (policy.get("profile") == "CUSTOM") != bool(policy.get("customFeatures")):
        yield "customFeatures must be specified when the profile is CUSTOM, and only then."


@refuses("compute", "securityPolicies")
def default_rule(policy: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Armor documentation, "Security policy overview": a default rule; unique priorities."""
    priorities = Counter(int(rule.get("priority", -1)) for rule in policy.get("rules", ()))
    if priorities and DEFAULT_PRIORITY not in priorities:
        yield f"A security policy must have a default rule with priority {DEFAULT_PRIORITY}."
    for priority, count in priorities.items():
        if count > 1:
            yield f"Multiple rules cannot have the same priority {priority}."


@refuses("compute", "securityPolicies")
def rate_windows(policy: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, securityPolicies, rateLimitThreshold.intervalSec."""
    for rule in policy.get("rules", ()):
        options = rule.get("rateLimitOptions") or {}
        for field in ("rateLimitThreshold", "banThreshold"):
            interval = (options.get(field) or {}).get("intervalSec")
            if interval is not None and int(interval) not in RATE_INTERVALS:
                yield f"Invalid value for field '{field}.intervalSec': '{interval}'. One of {RATE_INTERVALS}."


@refuses("compute", "backendServices")
def backend_health_check(service: Json, call: Call) -> Iterator[str]:
    """Source: Compute Engine API, backendServices, healthChecks: required for zonal endpoint groups and
    instance groups."""
    groups = [str(backend.get("group")) for backend in service.get("backends", ())]
    if any("/zones/" in group for group in groups) and not service.get("healthChecks"):
        yield "A backend service with instance or zonal network endpoint groups must have a health check."


@refuses("dns", "managedZones")
def dns_name(zone: Json, call: Call) -> Iterator[str]:
    """Source: Cloud DNS API, managedZones: dnsName is fully qualified; it ends in a dot."""
    if not str(zone.get("dnsName", "")).endswith("."):
        yield f"Invalid value for 'entity.managedZone.dnsName': '{zone.get('dnsName')}': it must end in a dot."


@refuses("dns", "managedZones")
def name_of_a_zone(zone: Json, call: Call) -> Iterator[str]:
    """Source: Cloud DNS API, managedZones.name: 1 to 63 lower-case letters, digits and hyphens."""
    name = str(zone.get("name", ""))
    if not (0 < len(name) <= 63 and name[0].isalpha() and name == name.lower() and name.replace("-", "").isalnum()):
        yield f"Invalid value for 'entity.managedZone.name': '{name}'"


@refuses("dns", "rrsets")
def record_in_zone(record: Json, call: Call) -> Iterator[str]:
    """Source: Cloud DNS API, changes.create: a record is in its zone and has data."""
    zone = call.store.get(call.key.rpartition("/")[0]) or {}
    name = str(record.get("name", ""))
    if not f".{name}".endswith(f".{zone.get('dnsName')}"):
        yield f"Invalid value for 'entity.change.additions': '{name}' is not in the zone '{zone.get('dnsName')}'."
    if not record.get("rrdatas") and not record.get("routingPolicy"):
        yield f"Invalid value for 'entity.change.additions': '{name}' has no data."


@refuses("dns", "rrsets")
def address_records(record: Json, call: Call) -> Iterator[str]:
    """Source: Cloud DNS documentation, "Records overview", A and AAAA."""
    version = {"A": 4, "AAAA": 6}.get(str(record.get("type")))
    for data in record.get("rrdatas", ()) if version else ():
        try:
            fits = ipaddress.ip_address(data).version == version
        except ValueError:
            fits = False
        if not fits:
            yield f"Invalid value for 'entity.change.additions.rrdata': '{data}' of type {record['type']}."


@refuses("dns", "rrsets")
def cname_conflict(record: Json, call: Call) -> Iterator[str]:
    """Source: Cloud DNS documentation, "Records overview", CNAME: no other record has its name."""
    deleted = {(each["name"], each["type"]) for each in call.body.get("deletions", ())}
    existing = [each for _, each in call.store.below(call.key.replace("/changes", "/rrsets"))]
    others = [each["type"] for each in existing if each["name"] == record["name"] and each["type"] != record["type"]]
    others = [kind for kind in others if (record["name"], kind) not in deleted]
    if others and "CNAME" in (record["type"], *others):
        yield f"The resource record set '{record['name']}' conflicts with a CNAME record of that name."


@refuses_delete("dns", "managedZones")
def zone_is_empty(zone: Json, call: Call) -> Iterator[Refused]:
    """Source: Cloud DNS API, managedZones.delete: containerNotEmpty."""
    records = [each for _, each in call.store.below(f"{call.key}/rrsets")]
    if any(each["type"] not in BUILT_IN_RECORDS or each["name"] != zone["dnsName"] for each in records):
        text = f"The resource named '{zone['name']}' cannot be deleted because it is not empty"
        yield Refused(400, "FAILED_PRECONDITION", text, "containerNotEmpty")


@refuses("certificatemanager", "certificates")
def domains_are_authorized(certificate: Json, call: Call) -> Iterator[str]:
    """Source: Certificate Manager API, certificates: wildcards need DNS authorizations; 1 to 100 domains."""
    managed = certificate.get("managed") or {}
    domains = managed.get("domains", [])
    if managed and not 0 < len(domains) <= 100:
        yield "A managed certificate must have 1 to 100 domains."
    if any(domain.startswith("*.") for domain in domains) and not managed.get("dnsAuthorizations"):
        yield "Wildcard domains are only supported with DNS authorizations."
