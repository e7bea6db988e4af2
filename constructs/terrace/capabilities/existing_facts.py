"""What the facts of a cloud have of existing resources. Loads no pydantic, as the facts do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from terrace.capabilities.existing import ExistingSpec, SubnetKind
    from terrace.capabilities.network import Group


class Form(NamedTuple):
    """The form of an id, whose groups `region` and `account` have to be those of the environment."""

    pattern: str
    example: str


class Kind(NamedTuple):
    """A kind of existing resource: the form of its ids, and the type and construct path that it would have as one of
    the foundation's own. `{name}` in a path is the purpose of a key, the party of a security group, or the name of a
    DNS zone."""

    form: Form
    type: str
    path: str


class Subnets(NamedTuple):
    """How many subnets of a kind a cloud needs at least, and the construct path of one, with its `{number}`."""

    least: int
    path: str


@dataclass(frozen=True)
class ExistingFacts:
    """What a cloud knows of existing resources: `EXISTING` in its `existing.py`.

    `subnets` are the kinds that it uses, with `subnet_per_zone` one in each zone. `group` are security groups, if an
    environment names them, and `groups` the parties that always have one. `private_zones` are the names, with
    `{region}`, of the `private_zone`s that can be existing ones. `nodes` is what identifies the nodes, if
    these need the right to pull images. `unused_keys` are purposes whose key cannot be an existing one, with the
    reason. `certificate_authority` is why a cluster needs one; `find_authority`, `find_issuer` and
    `find_workspace` say how to find what is needed besides an id. `no_monitoring` is why a cloud has no `monitoring`.
    `recovery`: an environment with a recovery region may have an existing network.
    """

    key: Kind
    network: Kind
    subnet: Kind
    cluster: Kind
    registry: Kind
    dns_zone: Kind
    subnets: "Mapping[SubnetKind, Subnets]"
    subnet_per_zone: bool = False
    monitoring: Kind | None = None
    group: Kind | None = None
    private_zone: Kind | None = None
    private_zones: tuple[str, ...] = ()
    groups: "tuple[Group, ...]" = ()
    nodes: Form | None = None
    node_range: bool = False
    recovery: bool = False
    unused_keys: Mapping[str, str] = field(default_factory=dict)
    certificate_authority: str = ""
    find_authority: str = ""
    find_issuer: str = ""
    find_workspace: str = ""
    no_monitoring: str = ""
    zone_named_as_domain: bool = False

    def places(self, existing: "ExistingSpec") -> Iterator[tuple[str, str, str]]:
        """The id, the type and the construct path of each existing resource, as if the foundation had made it."""
        for purpose, id in existing.keys.items():
            yield id, self.key.type, self.key.path.format(name=purpose)
        if cluster := existing.cluster:
            yield from ((id, self.cluster.type, self.cluster.path) for id in (cluster.id, cluster.issuer) if id)
        if existing.registry:
            yield existing.registry, self.registry.type, self.registry.path
        if existing.monitoring and self.monitoring:
            yield existing.monitoring.id, self.monitoring.type, self.monitoring.path
        if existing.dns_zone:
            yield existing.dns_zone, self.dns_zone.type, self.dns_zone.path
        network = existing.network
        if network is None:
            return
        yield network.id, self.network.type, self.network.path
        for kind, ids in network.subnets.items():
            for number, id in enumerate(ids):
                yield id, self.subnet.type, self.subnets[kind].path.format(number=number)
        if self.group:
            for group, id in network.groups.items():
                yield id, self.group.type, self.group.path.format(name=group)
        if self.private_zone:
            for id in network.private_zones:
                yield id, self.private_zone.type, self.private_zone.path.format(name=id.rpartition("/")[2])
