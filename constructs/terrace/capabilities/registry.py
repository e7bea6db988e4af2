"""The private image registry: one repository per module, immutable tags, images scanned on push (K8S-10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class SignaturesSpec(Spec):
    keys: Annotated[
        tuple[Annotated[str, Field(pattern=r"^-----BEGIN PUBLIC KEY-----\n(.|\n)+-----END PUBLIC KEY-----\n?$")], ...],
        Field(min_length=1),
    ]
    """Public keys in PEM; one of them must have signed each image."""
    images: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Images that must be signed, with * for any characters; none: the images of the environment's own registry."""
    transparency_log: bool = True
    """Whether signatures must be in sigstore's public transparency log."""


class RegistrySpec(Spec):
    scanning: Literal["on_push", "continuous"]
    """on_push: scan images when they are pushed; continuous: also when new vulnerabilities are published."""
    untagged_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days until untagged images are deleted."""
    signatures: SignaturesSpec | None = None
    """Signatures without which the cluster admits no image; none: signatures are not verified."""


@dataclass(frozen=True)
class RegistryHandle:
    """`address` is the beginning of every address in the registry; `repositories` maps a module to the address of its
    images."""

    address: str
    repositories: Mapping[str, str]
