"""Object storage: the lake's layers and the platform's own buckets (LAKE-1 to LAKE-8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import LAYERS, Layer, Spec

Bucket = Literal["bronze", "silver", "gold", "platinum", "artifacts", "backups", "audit", "access"]
BUCKETS: tuple[Bucket, ...] = (*LAYERS, "artifacts", "backups", "audit", "access")
"""`access` has the access logs of the others and of the load balancer; `audit` the audit logs of control-plane
calls."""
GRANTED: tuple[Bucket, ...] = (*LAYERS, "artifacts")
"""Buckets that modules may read and write."""
REPLICATED: tuple[Bucket, ...] = (*LAYERS, "artifacts", "backups")
ALIASES: Mapping[str, Layer] = {"raw": "bronze", "staging": "silver", "curated": "gold"}
"""Common zone names, and the layer that each one means."""


class LifecycleSpec(Spec):
    """Days after which objects move or expire (LAKE-4). S3 moves objects to infrequent access after 30 days or
    later."""

    cool_after_days: Annotated[int, Field(ge=30, le=3650)]
    """Days until objects move to a cheaper tier with instant reads."""
    archive_after_days: Annotated[int, Field(ge=60, le=3650)]
    """Days until objects move to the archive tier with instant reads."""
    expire_after_days: Annotated[int, Field(ge=61, le=10950)] | None = None
    """Days until objects are deleted; none: never."""
    superseded_after_days: Annotated[int, Field(ge=1, le=3650)]
    """Days until overwritten and deleted versions are removed."""


class ImmutabilitySpec(Spec):
    """How long objects in bronze cannot be changed or deleted (LAKE-3)."""

    days: Annotated[int, Field(ge=1, le=3650)]
    """Days after the write."""
    mode: Literal["governance", "compliance"]
    """governance: privileged identities may remove the lock; compliance: not even the account's owner may."""


class LakeSpec(Spec):
    lifecycle: Mapping[Bucket, LifecycleSpec]
    """One rule per bucket (LAKE-4)."""
    immutability: ImmutabilitySpec
    """The lock of bronze; the audit bucket has the same mode, with `audit.retention_days`."""
    replicate: bool
    """Copy to the recovery region (LAKE-5)."""
    sensitive_data_discovery: bool
    """Search bronze for sensitive data, such as personal data and credentials (LAKE-8). The cloud charges by volume."""


@dataclass(frozen=True)
class ExtraBucketHandle:
    """A bucket of an extension: its name, its identifier in policies, and what a resource that uses it depends on."""

    name: str
    id: str
    ready: tuple[Any, ...]


@dataclass(frozen=True)
class LakeHandle:
    """Names of buckets, their identifiers in policies, and the URIs of those that modules may use, known at synth; a
    resource that writes to them depends on `ready`."""

    names: Mapping[Bucket, str]
    ids: Mapping[Bucket, str]
    uris: Mapping[Bucket, str]
    ready: tuple[Any, ...]
