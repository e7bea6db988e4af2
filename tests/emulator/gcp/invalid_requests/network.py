"""Networks, firewalls, routers."""

from typing import Any

from tests.emulator.gcp.conftest import REGION, Google, Json
from tests.emulator.gcp.invalid_requests.invalid_request import (
    COMPUTE,
    NAT,
    NET,
    ROUTER,
    ROUTERS,
    SUBNETWORK,
    SUBNETWORKS,
    InvalidRequest,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME, with_network

FIREWALL = {"name": "deny", "network": NET, "direction": "EGRESS", "denied": [{"IPProtocol": "all"}]}
ROUTE = {
    "name": "out",
    "network": NET,
    "destRange": "0.0.0.0/0",
    "nextHopGateway": f"{PROJECT_NAME}/global/gateways/default-internet-gateway",
}


def nat(**changed: Any) -> Json:
    return {"nats": [NAT | changed]}


FIREWALLS, ROUTES = f"{COMPUTE}/global/firewalls", f"{COMPUTE}/global/routes"


ADDRESS = f"{PROJECT_NAME}/regions/{REGION}/addresses/out"
TUNNELS = f"{COMPUTE}/regions/{REGION}/vpnTunnels"


def with_address(google: Google) -> None:
    google.network()
    google.send(f"{COMPUTE}/regions/{REGION}/addresses", {"name": "out"})


def with_gateway(google: Google) -> None:
    google.network()
    google.send(f"{COMPUTE}/regions/{REGION}/vpnGateways", {"name": "office", "network": NET})


INVALID_REQUESTS = (
    InvalidRequest(
        "host-bits", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.9.0.1/20"}, "Invalid CIDR", setup=with_network
    ),
    InvalidRequest(
        "too-small", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.9.0.0/30"}, "prefix length", setup=with_network
    ),
    InvalidRequest("overlap", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.0.8.0/24"}, "conflicts", setup=with_network),
    InvalidRequest(
        "overlap-secondary", SUBNETWORKS, SUBNETWORK, {"ipCidrRange": "10.1.8.0/24"}, "conflicts", setup=with_network
    ),
    InvalidRequest(
        "egress-sources", FIREWALLS, FIREWALL, {"sourceRanges": ["10.0.0.0/8"]}, "egress rules", setup=with_network
    ),
    InvalidRequest(
        "allow-and-deny", FIREWALLS, FIREWALL, {"allowed": [{"IPProtocol": "tcp"}]}, "Exactly one", setup=with_network
    ),
    InvalidRequest("priority", FIREWALLS, FIREWALL, {"priority": 70000}, "priority", setup=with_network),
    InvalidRequest(
        "tags-and-accounts",
        FIREWALLS,
        FIREWALL,
        {"targetTags": ["web"], "targetServiceAccounts": ["a@b.iam.gserviceaccount.com"]},
        "same firewall rule",
        setup=with_network,
    ),
    InvalidRequest("two-hops", ROUTES, ROUTE, {"nextHopIp": "10.0.0.9"}, "Exactly one next hop", setup=with_network),
    InvalidRequest(
        "nat-no-address",
        ROUTERS,
        ROUTER,
        nat(natIpAllocateOption="MANUAL_ONLY"),
        "must be",
        setup=with_network,
    ),
    InvalidRequest(
        "nat-mapping",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, enableEndpointIndependentMapping=True),
        "cannot both",
        setup=with_network,
    ),
    InvalidRequest(
        "nat-ports",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, minPortsPerVm=100),
        "powers of two",
        setup=with_network,
    ),
    InvalidRequest("public-asn", ROUTERS, ROUTER, {"bgp": {"asn": 15169}}, "private one", setup=with_network),
    InvalidRequest(
        "peer-without-interface",
        ROUTERS,
        ROUTER,
        {"bgpPeers": [{"name": "office", "interfaceName": "if-0"}]},
        "does not exist",
        setup=with_network,
    ),
    InvalidRequest("packet-size", f"{COMPUTE}/global/networks", {"name": "net"}, {"mtu": 9000}, "1300 to 8896"),
    InvalidRequest(
        "psc-name",
        f"{COMPUTE}/global/forwardingRules",
        {"name": "googleapis", "target": "all-apis"},
        {"name": "google-apis"},
        "For Google APIs",
    ),
    InvalidRequest(
        "nat-automatic-address", ROUTERS, ROUTER, nat(natIps=[ADDRESS]), "cannot be given", setup=with_address
    ),
    InvalidRequest(
        "nat-most-ports",
        ROUTERS,
        ROUTER,
        nat(enableDynamicPortAllocation=True, minPortsPerVm=64, maxPortsPerVm=32),
        "must be greater",
        setup=with_network,
    ),
    InvalidRequest(
        "peer-not-link-local",
        ROUTERS,
        ROUTER,
        {
            "interfaces": [{"name": "if-0"}],
            "bgpPeers": [{"name": "office", "interfaceName": "if-0", "peerIpAddress": "10.0.0.1"}],
        },
        "link-local",
        setup=with_network,
    ),
    InvalidRequest("ike-version", TUNNELS, {"name": "tunnel", "ikeVersion": 2}, {"ikeVersion": 3}, "Must be 1 or 2"),
    InvalidRequest(
        "tunnel-without-router",
        TUNNELS,
        {"name": "tunnel"},
        {"vpnGateway": f"{PROJECT_NAME}/regions/{REGION}/vpnGateways/office"},
        "dynamic routing",
        setup=with_gateway,
    ),
)
