"""The way in: checks, policies, names."""

import pytest

from tests.emulator.gcp.conftest import REGION, Google
from tests.emulator.gcp.refusals.wrong import COMPUTE, Wrong, accepted, ids, refused, with_record, with_zone
from tests.emulator.gcp.test_round_trips import AT

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
CHANGES = f"dns/dns/v1/{AT}/managedZones/zone/changes"


def with_endpoints(google: Google) -> None:
    google.network()
    google.make(f"{COMPUTE}/global/healthChecks", {"name": "check", "type": "TCP"})
    group = {"name": "pods", "network": f"{AT}/global/networks/net", "networkEndpointType": "GCE_VM_IP_PORT"}
    google.make(f"{COMPUTE}/zones/{REGION}-a/networkEndpointGroups", group)


WRONG = (
    Wrong(
        "impatient-check",
        f"{COMPUTE}/global/healthChecks",
        {"name": "check", "type": "TCP"},
        {"timeoutSec": 30},
        "checkIntervalSec",
    ),
    Wrong("profile", f"{COMPUTE}/global/sslPolicies", {"name": "tls"}, {"profile": "CUSTOM"}, "customFeatures"),
    Wrong(
        "no-default-rule",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": [ARMOR["rules"][0] | {"priority": 7}]},
        "default rule",
    ),
    Wrong(
        "rate-window",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": [ARMOR["rules"][0] | {"rateLimitOptions": {"rateLimitThreshold": {"count": 9, "intervalSec": 45}}}]},
        "intervalSec",
    ),
    Wrong(
        "no-dot",
        f"dns/dns/v1/{AT}/managedZones",
        {"name": "zone", "dnsName": "example.com."},
        {"dnsName": "example.com"},
        "dot",
    ),
    Wrong(
        "outside-its-zone",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"name": "www.example.org."}]},
        "not in the zone",
        needs=with_zone,
    ),
    Wrong(
        "no-address",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"rrdatas": ["example.org."]}]},
        "of type A",
        needs=with_zone,
    ),
    Wrong(
        "cname-beside",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"name": "www.example.com.", "type": "CNAME", "rrdatas": ["a.example.org."]}]},
        "conflicts",
        needs=with_record,
    ),
    Wrong(
        "wildcard",
        f"certificatemanager/v1/{AT}/locations/global/certificates?certificateId=all",
        {"managed": {"domains": ["example.com"]}},
        {"managed": {"domains": ["*.example.com"]}},
        "DNS authorizations",
    ),
    Wrong(
        "one-priority-twice",
        f"{COMPUTE}/global/securityPolicies",
        ARMOR,
        {"rules": ARMOR["rules"] * 2},
        "same priority",
    ),
    Wrong(
        "zone-name",
        f"dns/dns/v1/{AT}/managedZones",
        {"name": "zone", "dnsName": "example.com."},
        {"name": "Zone"},
        "managedZone.name",
    ),
    Wrong(
        "no-data",
        CHANGES,
        {"additions": [RECORD]},
        {"additions": [RECORD | {"rrdatas": []}]},
        "has no data",
        needs=with_zone,
    ),
    Wrong(
        "no-domain",
        f"certificatemanager/v1/{AT}/locations/global/certificates?certificateId=all",
        {"managed": {"domains": ["example.com"]}},
        {"managed": {"domains": []}},
        "1 to 100 domains",
    ),
    Wrong(
        "unchecked",
        f"{COMPUTE}/global/backendServices",
        {
            "name": "web",
            "healthChecks": [f"{AT}/global/healthChecks/check"],
            "backends": [{"group": f"{AT}/zones/{REGION}-a/networkEndpointGroups/pods"}],
        },
        {"healthChecks": None},
        "must have a health check",
        needs=with_endpoints,
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
