"""Networks, firewalls, routers."""

from typing import Any

import pytest

from tests.emulator.gcp.conftest import REGION, Google, Json
from tests.emulator.gcp.refusals.wrong import (
    COMPUTE,
    NAT,
    NET,
    ROUTER,
    ROUTERS,
    SUBNETWORK,
    SUBNETWORKS,
    Wrong,
    accepted,
    ids,
    networked,
    refused,
)
from tests.emulator.gcp.test_round_trips import AT

FIREWALL = {"name": "deny", "network": NET, "direction": "EGRESS", "denied": [{"IPProtocol": "all"}]}
ROUTE = {
    "name": "out",
    "network": NET,
    "destRange": "0.0.0.0/0",
    "nextHopGateway": f"{AT}/global/gateways/default-internet-gateway",
}


def nat(**changed: Any) -> Json:
    return {"nats": [NAT | changed]}


FIREWALLS, ROUTES = f"{COMPUTE}/global/firewalls", f"{COMPUTE}/global/routes"


ADDRESS = f"{AT}/regions/{REGION}/addresses/out"
TUNNELS = f"{COMPUTE}/regions/{REGION}/vpnTunnels"


def with_address(google: Google) -> None:
    google.network()
    google.make(f"{COMPUTE}/regions/{REGION}/addresses", {"name": "out"})


def with_gateway(google: Google) -> None:
    google.network()
    google.make(f"{COMPUTE}/regions/{REGION}/vpnGateways", {"name": "office", "network": NET})


WRONG = (
    Wrong("host-bits", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.9.0.1/20"}, "Invalid CIDR", needs=networked),
    Wrong("too-small", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.9.0.0/30"}, "prefix length", needs=networked),
    Wrong("overlap", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.0.8.0/24"}, "conflicts", needs=networked),
    Wrong("overlap-secondary", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.1.8.0/24"}, "conflicts", needs=networked),
    Wrong("egress-sources", FIREWALLS, FIREWALL, {"sourceRanges": ["10.0.0.0/8"]}, "egress rules", needs=networked),
    Wrong("allow-and-deny", FIREWALLS, FIREWALL, {"allowed": [{"IPProtocol": "tcp"}]}, "Exactly one", needs=networked),
    Wrong("priority", FIREWALLS, FIREWALL, {"priority": 70000}, "priority", needs=networked),
    Wrong(
        "tags-and-accounts",
        FIREWALLS,
        FIREWALL,
        {"targetTags": ["web"], "targetServiceAccounts": ["a@b.iam.gserviceaccount.com"]},
        "same firewall rule",
        needs=networked,
    ),
    Wrong("two-hops", ROUTES, ROUTE, {"nextHopIp": "10.0.0.9"}, "Exactly one next hop", needs=networked),
    Wrong(
        "nat-no-address",
        ROUTERS,
        ROUTER,
        nat(natIpAllocateOption="MANUAL_ONLY"),
        "must be",
        needs=networked,
    ),
    Wrong(
        "nat-mapping",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, enableEndpointIndependentMapping=True),
        "cannot both",
        needs=networked,
    ),
    Wrong(
        "nat-ports",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, minPortsPerVm=100),
        "powers of two",
        needs=networked,
    ),
    Wrong("public-asn", ROUTERS, ROUTER, {"bgp": {"asn": 15169}}, "private one", needs=networked),
    Wrong(
        "peer-without-interface",
        ROUTERS,
        ROUTER,
        {"bgpPeers": [{"name": "office", "interfaceName": "if-0"}]},
        "does not exist",
        needs=networked,
    ),
    Wrong("packet-size", f"{COMPUTE}/global/networks", {"name": "net"}, {"mtu": 9000}, "1300 to 8896"),
    Wrong(
        "psc-name",
        f"{COMPUTE}/global/forwardingRules",
        {"name": "googleapis", "target": "all-apis"},
        {"name": "google-apis"},
        "For Google APIs",
    ),
    Wrong("nat-automatic-address", ROUTERS, ROUTER, nat(natIps=[ADDRESS]), "cannot be given", needs=with_address),
    Wrong(
        "nat-most-ports",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, minPortsPerVm=64, maxPortsPerVm=32),
        "must be greater",
        needs=networked,
    ),
    Wrong(
        "peer-afar",
        ROUTERS,
        ROUTER,
        {
            "interfaces": [{"name": "if-0"}],
            "bgpPeers": [{"name": "office", "interfaceName": "if-0", "peerIpAddress": "10.0.0.1"}],
        },
        "link-local",
        needs=networked,
    ),
    Wrong("first-ike", TUNNELS, {"name": "tunnel", "ikeVersion": 2}, {"ikeVersion": 3}, "Must be 1 or 2"),
    Wrong(
        "static-tunnel",
        TUNNELS,
        {"name": "tunnel"},
        {"vpnGateway": f"{AT}/regions/{REGION}/vpnGateways/office"},
        "dynamic routing",
        needs=with_gateway,
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
