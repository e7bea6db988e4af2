"""Ranges of the network's subnets, and Google's own. Loads no CDK."""

from ipaddress import IPv4Network
from typing import NamedTuple

GOOGLE_APIS = "199.36.153.4/30"
"""restricted.googleapis.com: Google's APIs without the internet. Source: VPC documentation, "Private Google Access"."""
LOAD_BALANCERS = ("35.191.0.0/16", "130.211.0.0/22")
"""Source ranges of Google's proxies and health checks. Source: Cloud Load Balancing, "Firewall rules"."""


class _Layout(NamedTuple):
    """Ranges of subnets. A subnet on Google Cloud spans all zones of the region."""

    nodes: str
    pods: str
    services: str
    data: str
    control: str
    recovery: str


def layout(cidr: str) -> _Layout:
    """The second half of a /16 to /20 is for pods; of the first half, nodes and services take a quarter secondary, data
    a sixteenth.

    The control plane's range is a /28, as GKE requires; the recovery region has a range for endpoints.
    """
    network = IPv4Network(cidr)
    first, second = network.subnets(prefixlen_diff=1)
    eighths = list(first.subnets(prefixlen_diff=2))
    data, recovery, small, _ = eighths[1].subnets(prefixlen_diff=2)
    control = next(small.subnets(new_prefix=28))
    return _Layout(
        nodes=str(eighths[0]),
        pods=str(second),
        services=str(eighths[2]),
        data=str(data),
        control=str(control),
        recovery=str(recovery),
    )
