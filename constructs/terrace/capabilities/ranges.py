"""How many nodes a network has addresses for. Each cloud's `ranges.py` has the numbers."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class NodeRoom:
    """A range that limits the nodes of a cluster. `of` is what its addresses are for.

    A node takes `each` addresses, and one that an upgrade adds takes `each_added`. The cloud reserves `reserved`
    addresses of each range. Nodes are spread evenly over several ranges, such as one for each zone.
    """

    of: str
    cidrs: tuple[str, ...]
    each: int
    each_added: int
    reserved: int = 0

    @property
    def addresses(self) -> int:
        return sum(IPv4Network(cidr).num_addresses - self.reserved for cidr in self.cidrs)

    def needed(self, nodes: int, added: int) -> int:
        """The addresses that so many nodes take, while an upgrade adds some."""
        return nodes * self.each + added * self.each_added

    def __str__(self) -> str:
        has = "has" if len(self.cidrs) == 1 else "have"
        return f"{', '.join(self.cidrs)} {has} {self.addresses} addresses of {self.of}"
