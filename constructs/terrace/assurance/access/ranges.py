"""The names of address ranges: a party of the network, a range that the environment names, or none of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from terrace.environment.schema import Environment

_Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Ranges:
    """Names of ranges. `parties` has the ranges of each party of the network."""

    parties: Mapping[str, tuple[str, ...]]
    environment: Environment

    def names(self, cidr: str) -> tuple[str, ...]:
        """What a range contains, in the words of `model`: one name, or several if it is wider than one party.

        A range inside that of a party has the party's name. A range that contains public addresses and that no setting
        names is `internet`; any other one is `range CIDR`. Raises ValueError for text that is not a range.
        """
        network = ip_network(cidr, strict=False)
        inside = [name for name, known in self._known() if _within(network, known)]
        if inside:
            return tuple(dict.fromkeys(inside))
        if not network.is_private:
            return ("internet",)
        contained = [name for name, known in self._parties() if _within(known, network)]
        return (*dict.fromkeys(contained), f"range {network}")

    def is_public(self, cidrs: list[str]) -> bool:
        """Whether ranges together contain the whole public internet, such as 0.0.0.0/1 and 128.0.0.0/1."""
        networks = [ip_network(cidr, strict=False) for cidr in cidrs]
        fourth = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
        sixth = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
        return any(one.prefixlen == 0 for one in fourth) or any(one.prefixlen == 0 for one in sixth)

    def _parties(self) -> Iterator[tuple[str, _Network]]:
        for party, cidrs in self.parties.items():
            if party == "streams" and not self.environment.streams:
                continue  # another party has the range
            for cidr in cidrs:
                yield party, ip_network(cidr)

    def _known(self) -> Iterator[tuple[str, _Network]]:
        yield from self._parties()
        network = self.environment.network
        for cidr in network.hybrid.peer_cidrs if network.hybrid else ():
            yield "on-premises", ip_network(cidr)
        for name, cidr in self.environment.api_ranges.items():
            yield f"range {name}", ip_network(cidr)
        for name, destination in network.egress.destinations.items():
            if ip_network(destination.cidr).prefixlen:
                yield f"destination {name}", ip_network(destination.cidr)


def _within(inner: _Network, outer: _Network) -> bool:
    return type(inner) is type(outer) and inner.subnet_of(outer)  # type: ignore[arg-type]
