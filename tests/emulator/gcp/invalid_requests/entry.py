"""Load balancers, certificates and DNS zones."""

from tests.emulator.gcp.conftest import REGION, Google
from tests.emulator.gcp.invalid_requests.invalid_request import (
    COMPUTE,
    InvalidRequest,
    with_record,
    with_zone,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME

ARMOR = {
    "name": "armor",
    "rules": [
        {
            "priority": 2147483647,
            "action": "deny(403)",
            "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
        }
    ],
}
RECORD = {"name": "api.example.com.", "type": "A", "ttl": 300, "rrdatas": ["192.0.2.9"]}
CHANGES = f"dns/dns/v1/{PROJECT_NAME}/managedZones/zone/changes"


def with_endpoints(google: Google) -> None:
    google.network()
    google.send(f"{COMPUTE}/global/healthChecks", {"name": "check", "type": "TCP"})
    group = {"name": "pods", "network": f"{PROJECT_NAME}/global/networks/net", "networkEndpointType": "GCE_VM_IP_PORT"}
    google.send(f"{COMPUTE}/zones/{REGION}-a/networkEndpointGroups", group)


INVALID_REQUESTS = (
    InvalidRequest(
        "timeout-above-interval",
        f"{COMPUTE}/global/healthChecks",
        {"name": "check", "type": "TCP"},
        {"timeoutSec": 30},
        "checkIntervalSec",
    ),
    InvalidRequest(
        "profile", f"{COMPUTE}/global/sslPolicies", {"name": "tls"}, {"profile": "CUSTOM"}, "customFeatures"
    ),
    InvalidRequest(
        "no-default-rule",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": [ARMOR["rules"][0] | {"priority": 7}]},
        "default rule",
    ),
    InvalidRequest(
        "rate-window",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": [ARMOR["rules"][0] | {"rateLimitOptions": {"rateLimitThreshold": {"count": 9, "intervalSec": 45}}}]},
        "intervalSec",
    ),
    InvalidRequest(
        "no-dot",
        f"dns/dns/v1/{PROJECT_NAME}/managedZones",
        {"name": "zone", "dnsName": "example.com."},
        {"dnsName": "example.com"},
        "dot",
    ),
    InvalidRequest(
        "outside-its-zone",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"name": "www.example.org."}]},
        "not in the zone",
        setup=with_zone,
    ),
    InvalidRequest(
        "no-address",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"rrdatas": ["example.org."]}]},
        "of type A",
        setup=with_zone,
    ),
    InvalidRequest(
        "cname-conflict",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"name": "www.example.com.", "type": "CNAME", "rrdatas": ["a.example.org."]}]},
        "conflicts",
        setup=with_record,
    ),
    InvalidRequest(
        "wildcard",
        f"certificatemanager/v1/{PROJECT_NAME}/locations/global/certificates?certificateId=all",
        {"managed": {"domains": ["example.com"]}},
        {"managed": {"domains": ["*.example.com"]}},
        "DNS authorizations",
    ),
    InvalidRequest(
        "duplicate-priority",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": ARMOR["rules"] * 2},
        "same priority",
    ),
    InvalidRequest(
        "zone-name",
        f"dns/dns/v1/{PROJECT_NAME}/managedZones",
        {"name": "zone", "dnsName": "example.com."},
        {"name": "Zone"},
        "managedZone.name",
    ),
    InvalidRequest(
        "no-data",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"rrdatas": []}]},
        "has no data",
        setup=with_zone,
    ),
    InvalidRequest(
        "no-domain",
        f"certificatemanager/v1/{PROJECT_NAME}/locations/global/certificates?certificateId=all",
        {"managed": {"domains": ["example.com"]}},
        {"managed": {"domains": []}},
        "1 to 100 domains",
    ),
    InvalidRequest(
        "no-health-check",
        f"{COMPUTE}/global/backendServices",
        {
            "name": "web",
            "healthChecks": [f"{PROJECT_NAME}/global/healthChecks/check"],
            "backends": [{"group": f"{PROJECT_NAME}/zones/{REGION}-a/networkEndpointGroups/pods"}],
        },
        {"healthChecks": None},
        "must have a health check",
        setup=with_endpoints,
    ),
)
