"""The private image registry: a repository a module, immutable tags, scanned on push (K8S-10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class RegistrySpec(Spec):
    scanning: Literal["on_push", "continuous"]
    """Scan images when pushed, or also whenever new vulnerabilities become known."""
    untagged_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days after which untagged images are removed."""


@dataclass(frozen=True)
class RegistryHandle:
    """Module to the address its images are pulled from."""

    repositories: Mapping[str, str]
