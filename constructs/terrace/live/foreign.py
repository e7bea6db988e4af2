"""What is in a deployment's network and account that Terraform did not create: the cluster's own load balancers, disks
and interfaces, and what people made by hand. It blocks a destroy, or remains after it.

A cloud's `foreign.py` has a list of kinds; what belongs to Terraform is known by tag, by name or by its owner.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from terrace.calls import Absent
from terrace.live import Leftover, Obstacle

Deployment = TypeVar("Deployment")


class Kind(NamedTuple, Generic[Deployment]):
    """One kind of foreign resource. `find` yields ids; `remedy` has a `{}` for the id.

    `outlives` is whether it remains when the network and the cluster are deleted.
    """

    service: str
    type: str
    find: Callable[[Deployment], Iterable[str]]
    remedy: str
    outlives: bool = True


def obstacles(deployment: Deployment, kind: "Kind[Deployment]") -> Iterator[Obstacle]:
    """An obstacle for each foreign resource of a kind."""
    for id in kind.find(deployment):
        message = "was not created by Terraform" + (" and would remain" if kind.outlives else "")
        yield Obstacle("blocks", f"{kind.type} {id}", message, kind.remedy.format(id))


def preflight_checks(
    kinds: "Sequence[Kind[Deployment]]",
) -> list[Callable[[Deployment], Iterator[Obstacle]]]:
    """A preflight check for each kind, with the kind's name for the message when it cannot be read."""
    checks: list[Callable[[Deployment], Iterator[Obstacle]]] = []
    for kind in kinds:

        def check(deployment: Deployment, kind: "Kind[Deployment]" = kind) -> Iterator[Obstacle]:
            return obstacles(deployment, kind)

        check.__name__ = f"foreign {kind.service} {kind.type}"
        checks.append(check)
    return checks


def leftovers(deployment: Deployment, kind: "Kind[Deployment]", region: str) -> Iterator[Leftover]:
    """The foreign resources of a kind that still exist."""
    try:
        for id in kind.find(deployment):
            yield Leftover(kind.service, kind.type, id, region, "owner")
    except Absent:
        return  # the network does not exist any more
