"""An optional site-to-site link to on-premises (NET-7)."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field

from terrace.capabilities.spec import Cidr, Spec


class HybridSpec(Spec):
    peer_address: IPv4Address
    """Public address of the on-premises device."""
    peer_asn: Annotated[int, Field(ge=1, le=4_294_967_294)] = 65010
    """BGP autonomous system number of the device."""
    peer_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)]
    """Ranges behind the device; they must not overlap the network's range."""


@dataclass(frozen=True)
class HybridHandle:
    """`connection` identifies the VPN connection."""

    connection: str
