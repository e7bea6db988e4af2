"""Ranges of the network's subnets. Loads no CDK."""

from ipaddress import IPv4Network
from typing import Literal

from terrace.errors import ContractError

_Party = Literal["control", "database", "endpoints", "cache", "entry", "nodes"]


def layout(cidr: str) -> dict[_Party | str, str]:
    """Subnets of a /16 to /20: nodes take an eighth, everything else small ranges of another. A subnet
    spans all zones on Azure. Raises ContractError if the range is too small.
    """
    eighths = list(IPv4Network(cidr).subnets(prefixlen_diff=3))
    if eighths[0].prefixlen > 23:
        raise ContractError(f"{cidr} is too small for the network's subnets", where="network.cidr", hint="/16 to /20")
    small = [str(part) for part in eighths[4].subnets(new_prefix=26)]
    parties: tuple[_Party | str, ...] = ("control", "database", "endpoints", "cache", "entry", "GatewaySubnet")
    return {"nodes": str(eighths[0]), **dict(zip(parties, small, strict=False))}
