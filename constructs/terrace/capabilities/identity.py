"""Who acts: people by group, pipelines by OIDC federation, modules by workload identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Access, Name, Spec

Granted = Literal["bronze", "silver", "gold", "platinum", "artifacts"]
"""What of the lake a module may be given: a layer, or the bucket of artifacts."""


class IdentitySpec(Spec):
    admin_group: Annotated[str, Field(min_length=1)]
    """The organisation's group of platform administrators, by its name at the identity provider."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")]
    """The GitHub repository, owner/name, whose workflows may plan and apply (ID-1)."""
    main_branch: Annotated[str, Field(min_length=1)] = "main"
    """The branch whose runs may plan."""


class ModuleSpec(Spec):
    """A component of the data platform that runs in the cluster, and what it needs of the foundation."""

    enabled: bool
    """Whether it is part of the environment."""
    namespace: Name | None = None
    """Its namespace; its own name when left out."""
    lake: Mapping[Granted, Access] = {}
    """Layers (or artifacts) it reads or writes; nothing else is granted (LAKE-7)."""
    database: bool = False
    """A database and role of its own."""
    cache: bool = False
    """A cache user of its own, whose keys carry its name."""
    settings: Mapping[str, Any] = {}
    """The module's own settings; the module's schema judges them."""


@dataclass(frozen=True)
class PipelinesHandle:
    """CI's identities: `plan` reads, `apply` writes."""

    plan: str
    apply: str


@dataclass(frozen=True)
class WorkloadIdentitiesHandle:
    """A module or platform component to its workload identity."""

    modules: Mapping[str, str]
    platform: Mapping[str, str]
