"""Identities: people by group, pipelines by OIDC federation, modules by workload identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Access, Name, Spec

Granted = Literal["bronze", "silver", "gold", "platinum", "artifacts"]
"""What a module may access in the lake: a layer, or the bucket of artifacts."""


class IdentitySpec(Spec):
    admin_group: Annotated[str, Field(min_length=1)]
    """The organisation's group of platform administrators, by its name in the identity provider."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")]
    """The GitHub repository, owner/name, whose workflows may plan and apply (ID-1)."""
    main_branch: Annotated[str, Field(min_length=1)] = "main"
    """The branch whose runs may plan."""


class ModuleSpec(Spec):
    """A component that runs in the cluster, and what it needs from the foundation."""

    enabled: bool
    """Whether the module is part of the environment."""
    namespace: Name | None = None
    """Namespace; default: the module's name."""
    lake: Mapping[Granted, Access] = {}
    """Layers (or artifacts) that the module reads or writes; no other access is granted (LAKE-7)."""
    database: bool = False
    """Whether the module has its own database and role."""
    cache: bool = False
    """Whether the module has its own cache user, limited to keys with its name."""
    settings: Mapping[str, Any] = {}
    """The module's own settings, checked against the module's schema."""


@dataclass(frozen=True)
class PipelinesHandle:
    """Identities of CI: `plan` reads, `apply` writes."""

    plan: str
    apply: str


@dataclass(frozen=True)
class WorkloadIdentitiesHandle:
    """Workload identities by module and by platform component."""

    modules: Mapping[str, str]
    platform: Mapping[str, str]
