"""Adoption: the contract between what plans an import and each cloud's search for resources that already exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Candidate:
    """A resource that a plan would create and that may already exist. `values` are those known at plan time.

    `region` and `account` (subscription, project) are its provider's, where the provider block names them.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    region: str = ""
    account: str = ""


class Finder(Protocol):
    """`terrace.live.<cloud>.adopt.find`: the import ids of candidates that exist, or may exist.

    A candidate whose name determines its id gets that id, whether it exists or not. Any other candidate is looked up by
    its tags or by listing, and left out if the cloud has no such resource.
    """

    def __call__(
        self, candidates: Sequence[Candidate], *, environment: str, variables: Mapping[str, str]
    ) -> dict[str, str]: ...
