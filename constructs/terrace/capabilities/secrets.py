"""The cloud's secret manager: each module's own secret and its given ones, values never in state (SEC-1 to SEC-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Spec


class SecretsSpec(Spec):
    recovery_days: Annotated[int, Field(ge=7, le=30)]
    """Days in which a deleted secret can be restored; AWS Secrets Manager allows 7 to 30."""
    database_rotation_days: Annotated[int, Field(ge=1, le=365)]
    """Days between rotations of the database's admin credential (SEC-2)."""
    rotation_days: Annotated[int, Field(ge=1, le=365)]
    """Days after which the owner of a module has to replace its secrets (SEC-4)."""


@dataclass(frozen=True)
class SecretsHandle:
    """`modules` maps a module to the reference of its own secret, never to a value; its given secrets have computed
    names (capabilities.identity.given_secret). A resource that refers to a secret by name depends on `ready`."""

    modules: Mapping[str, str]
    ready: tuple[Any, ...] = ()
