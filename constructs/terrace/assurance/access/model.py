"""What a stack lets anyone reach or do, as two graphs in the same words on every cloud.

A *path* is allowed network traffic from a source to a destination. A *grant* is what a principal may do, as one verb on
one object. Readers (`access/<cloud>/`) compute both from the resources of a stack; `declared.py` derives what should
exist from the environment. `compare` returns every difference.

Words for sources and destinations of paths: the parties `control`, `nodes`, `endpoints`, `database`, `cache`,
`streams`, `entry`; `internet` for a range with public addresses that no setting names; `on-premises`; `range NAME` for
a range of `cluster.api_access.public_from`, `destination NAME` for one of `network.egress.destinations`; `cloud NAME`
for a service of the cloud (its own ranges, tags or prefix lists); `range CIDR` for any other range; `unknown TEXT` for
a source that the reader cannot resolve.

Words for principals: `module NAME`; `component NAME` (velero, external-secrets, database-bootstrap, ...); `pipeline
plan` and `pipeline apply`; `people admin`; `group NAME`, a group of people, and `sign-in NAME`, the role with which its
members sign in to AWS; `nodes`; `cluster`; `service NAME`, an identity of the stack that a service
of the cloud uses, by its purpose; `cloud NAME`, a service principal or agent of the cloud; `pods NAMESPACE/ACCOUNT` and
`workflow SUBJECT`, who may act as an identity; `account`, the identities of the own account to which their own policies
grant it; `foreign NAME`, a principal outside the account and its organisation; `anyone`.

Words for objects: `lake/LAYER/PRODUCT`, `lake/artifacts/MODULE`, `lake/LAYER` for all of a layer, `lake/backups`,
`lake/audit`, ...; `secrets/MODULE`, `secrets/database-admin`; `keys/PURPOSE`; `database/ROLE`; `cache/USER`;
`streams/TOPIC`; `registry/NAME`; `identities/PRINCIPAL`; `network`; `entry`; `dns/entry`; `detection`; `backups`;
`volumes`; `state`; `kubernetes`; `monitoring`; `account`. `KIND/*` is all of a kind, also those outside the stack;
`everything` is all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from terrace.capabilities import access

Protocol = access.Protocol
Verb = access.Verb
VERBS: tuple[Verb, ...] = get_args(Verb)

ALL_PORTS = (0, 65535)


@dataclass(frozen=True, order=True)
class Path:
    """Allowed traffic. `ports` are the first and the last one. `by` are the resources that allow it, as construct paths
    (an address, if a resource has none), in the order of the path; they do not distinguish paths."""

    source: str
    destination: str
    protocol: Protocol
    ports: tuple[int, int]
    by: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination} on {self.traffic}"

    @property
    def traffic(self) -> str:
        """Protocol and ports: "tcp 443", "udp 8000-9000", "all ports"."""
        if self.ports == ALL_PORTS:
            return "all ports" if self.protocol == "all" else f"all {self.protocol} ports"
        first, last = self.ports
        return f"{self.protocol} {first}" if first == last else f"{self.protocol} {first}-{last}"

    def covers(self, other: "Path") -> bool:
        """Whether all traffic of `other` is traffic of this path."""
        return (
            (self.source, self.destination) == (other.source, other.destination)
            and self.protocol in (other.protocol, "all")
            and self.ports[0] <= other.ports[0]
            and other.ports[1] <= self.ports[1]
        )


@dataclass(frozen=True, order=True)
class Grant:
    """What a principal may do. `by` are the resources that grant it; they do not distinguish grants."""

    principal: str
    verb: Verb
    object: str
    by: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.principal} may {self.verb} {self.object}"

    def covers(self, other: "Grant") -> bool:
        """Whether it includes `other`: the same principal; the same verb or `administer`; the same object, the part of
        the lake that it is in, all of its kind, or everything."""
        kind = other.object.partition("/")[0]
        return (
            self.principal == other.principal
            and self.verb in (other.verb, "administer")
            and (
                self.object in (other.object, f"{kind}/*", "everything")
                or (kind == "lake" and other.object.startswith(f"{self.object}/"))
            )
        )


@dataclass(frozen=True, order=True)
class Unknown:
    """Something that can open a path or grant a right, and that the reader does not understand. Always a difference,
    unless it is because of its `type` and the extension that makes it states that the type does neither."""

    text: str
    by: str
    type: str = ""


@dataclass(frozen=True)
class Access:
    """The two graphs of a stack, and what the reader did not understand."""

    paths: tuple[Path, ...] = ()
    grants: tuple[Grant, ...] = ()
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True)
class Declared:
    """What the environment declares. What is in `allowed` may exist, what is in `required` has to.

    Required is what an environment asks for; allowed is, besides, what the cloud itself needs. `reasons` has, for each
    path or grant that this cloud alone has, the reason and its source.
    """

    required_paths: tuple[Path, ...] = ()
    required_grants: tuple[Grant, ...] = ()
    allowed_paths: tuple[Path, ...] = ()
    allowed_grants: tuple[Grant, ...] = ()
    reasons: tuple[tuple[Path | Grant, str], ...] = ()


@dataclass(frozen=True)
class Differences:
    """What differs between a stack and its environment. Each list is sorted."""

    undeclared: tuple[Path | Grant, ...]
    missing: tuple[Path | Grant, ...]
    unknown: tuple[Unknown, ...]


def compare(found: Access, declared: Declared) -> Differences:
    """Every path and grant that no declared one covers, and every required one that no found one covers."""
    paths = (*declared.required_paths, *declared.allowed_paths)
    grants = (*declared.required_grants, *declared.allowed_grants)
    return Differences(
        undeclared=(*_uncovered(found.paths, paths), *_uncovered(found.grants, grants)),
        missing=(
            *_uncovered(declared.required_paths, found.paths),
            *_uncovered(declared.required_grants, found.grants),
        ),
        unknown=tuple(sorted(set(found.unknown))),
    )


Edge = TypeVar("Edge", Path, Grant)


def _uncovered(ones: Iterable[Edge], covering: Iterable[Edge]) -> Iterator[Edge]:
    covering = tuple(covering)
    exact = set(covering)
    distinct = {(one, one.by[-1:]): one for one in ones}  # each resource that allows the same is a difference
    for one in sorted(distinct.values(), key=lambda one: (one, one.by)):
        if one not in exact and not any(other.covers(one) for other in covering):
            yield one


def changes(old: Access, new: Access) -> tuple[list[Path | Grant], list[Path | Grant]]:
    """The edges that only the old and only the new one has."""
    before: list[Path | Grant] = [*old.paths, *old.grants]
    after: list[Path | Grant] = [*new.paths, *new.grants]
    kept = set(before) & set(after)
    removed = [one for one in before if one not in kept]
    added = [one for one in after if one not in kept]
    return sorted(removed, key=str), sorted(added, key=str)


def sentences(removed: Sequence[Path | Grant], added: Sequence[Path | Grant]) -> list[str]:
    """What a change does, one line for each edge."""
    return [*(f"+ {one}{_by(one)}" for one in added), *(f"- {one}{_by(one)}" for one in removed)]


def _by(one: Path | Grant) -> str:
    return f", by {' and '.join(one.by)}" if one.by else ""
