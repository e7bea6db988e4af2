"""The private image registry: one repository per module, immutable tags, images scanned on push (K8S-10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class RegistrySpec(Spec):
    scanning: Literal["on_push", "continuous"]
    """on_push: scan images when they are pushed; continuous: also when new vulnerabilities are published."""
    untagged_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days until untagged images are deleted."""


@dataclass(frozen=True)
class RegistryHandle:
    """`address` is the beginning of every address in the registry; `repositories` maps a module to the address of its
    images."""

    address: str
    repositories: Mapping[str, str]
