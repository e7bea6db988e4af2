"""Ranges of the network's subnets. Loads no CDK."""

from ipaddress import IPv4Network
from typing import NamedTuple


class _Layout(NamedTuple):
    """Ranges of subnets by position of the zone. Positions are fixed, so that another zone moves no subnet."""

    public: tuple[str, ...]
    nodes: tuple[str, ...]
    data: tuple[str, ...]
    control: tuple[str, ...]


def layout(cidr: str) -> _Layout:
    """Three zones' subnets in a /16 to /20: nodes take an eighth each, every other kind small ranges of one eighth.

    Small ranges are 1/256 of the network but at least a /26: a load balancer requires a /27, and a control subnet has
    up to seventeen endpoints besides the API's interfaces. Two eighths stay free.
    """
    network = IPv4Network(cidr)
    eighths = list(network.subnets(prefixlen_diff=3))

    def small(eighth: IPv4Network) -> tuple[str, ...]:
        ranges = eighth.subnets(new_prefix=min(network.prefixlen + 8, 26))
        return tuple(str(subnet) for subnet, _ in zip(ranges, range(3), strict=False))

    return _Layout(
        public=small(eighths[0]),
        nodes=tuple(str(eighth) for eighth in eighths[1:4]),
        data=small(eighths[4]),
        control=small(eighths[5]),
    )
