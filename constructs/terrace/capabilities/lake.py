"""Object storage: the lake's layers and the platform's own buckets (LAKE-1 to LAKE-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import LAYERS, Layer, Spec

Bucket = Literal["bronze", "silver", "gold", "platinum", "artifacts", "backups", "audit", "access"]
BUCKETS: tuple[Bucket, ...] = (*LAYERS, "artifacts", "backups", "audit", "access")
"""`access` takes the access logs of the others and of the load balancer; `audit` the record of control-plane calls."""
REPLICATED: tuple[Bucket, ...] = (*LAYERS, "artifacts", "backups")
ALIASES: Mapping[str, Layer] = {"raw": "bronze", "staging": "silver", "curated": "gold"}
"""Zone names that many teams use, and the layer each stands for."""


class LifecycleSpec(Spec):
    """Days after which objects move or end (LAKE-4). S3 moves to infrequent access at 30 days or later."""

    cool_after_days: Annotated[int, Field(ge=30, le=3650)]
    """Move to a cheaper tier with instant reads."""
    archive_after_days: Annotated[int, Field(ge=60, le=3650)]
    """Move to the archive tier that still reads at once."""
    expire_after_days: Annotated[int, Field(ge=61, le=10950)] | None = None
    """Remove; none: keep."""
    superseded_after_days: Annotated[int, Field(ge=1, le=3650)]
    """Remove versions that were overwritten or deleted."""


class ImmutabilitySpec(Spec):
    """Objects in bronze cannot be changed or removed for this long (LAKE-3)."""

    days: Annotated[int, Field(ge=1, le=3650)]
    """Days after writing."""
    mode: Literal["governance", "compliance"]
    """governance: a named few may lift it; compliance: nobody may, not even the account's owner."""


class LakeSpec(Spec):
    lifecycle: Mapping[Bucket, LifecycleSpec]
    """One rule a bucket (LAKE-4)."""
    immutability: ImmutabilitySpec
    """Of bronze; the audit bucket takes the mode, with the audit section's days."""
    replicate: bool
    """Copy to the recovery region (LAKE-5)."""


@dataclass(frozen=True)
class LakeHandle:
    """Bucket to its name and to its identifier in policies, known at synth; `ready` orders what writes to them."""

    names: Mapping[Bucket, str]
    ids: Mapping[Bucket, str]
    ready: tuple[Any, ...]
