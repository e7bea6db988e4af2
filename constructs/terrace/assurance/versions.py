"""The versions that are supported (`policies/versions.yaml`): of Kubernetes and PostgreSQL, and of modules.

Kubernetes upgrades one minor version at a time, the control plane before its nodes: kubelets may be older than the API
server by up to three minor versions, and never newer. Source: Kubernetes documentation, Version Skew Policy. PostgreSQL
has no such rule: pg_upgrade goes from any major version to a later one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from terrace.assurance.policy_files import policy_path
from terrace.assurance.severities import InvalidPolicies, faults, mapping
from terrace.capabilities.cloud import CloudName
from terrace.documents.document import plain
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo, UsageError

FILE = "versions.yaml"
Product = Literal["kubernetes", "postgresql"]
_MINOR = re.compile(r"1\.(\d+)")
_KUBERNETES = Annotated[str, Field(pattern=r"^1\.\d{2}$")]
_POSTGRESQL = Annotated[str, Field(pattern=r"^\d{2}$")]


class Support(BaseModel):
    """The last day of support for a version, and the page that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: date
    source: Annotated[str, Field(pattern=r"^https://\S+$")]


class Newest(BaseModel):
    """The newest version that was found, when, and on which page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]
    seen: date
    source: Annotated[str, Field(pattern=r"^https://\S+$")]


class ModuleVersions(BaseModel):
    """What is known of a module's software. `supported` has the releases as its support policy names them: 1.30."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    newest: Newest
    supported: Mapping[Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")], Support] = {}

    def support(self, version: str) -> Support | None:
        """The support of the release that a version belongs to; None if its project names no last day."""
        return next((found for name, found in self.supported.items() if f"{version}.".startswith(f"{name}.")), None)

    def behind(self, version: str) -> bool:
        """Whether a newer version is known."""
        return Version(version) < Version(self.newest.version)


class Versions(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kubernetes: Mapping[CloudName, Mapping[_KUBERNETES, Support]]
    postgresql: Mapping[CloudName, Mapping[_POSTGRESQL, Support]]
    modules: Mapping[str, ModuleVersions] = {}


@dataclass(frozen=True)
class Step:
    """One change to apply and verify before the next: `what` is set to `version`."""

    what: str
    version: str

    def __str__(self) -> str:
        return f"{self.what} to {self.version}"


def load(root: Path) -> Versions:
    """The project's file, or Terrace's own. Raises InvalidPolicies."""
    document = mapping(policy_path(root, FILE), f"policies/{FILE}")
    try:
        versions = Versions.model_validate(plain(document.root))
    except ValidationError as error:
        raise InvalidPolicies([*document.problems, *faults(error, document.root)]) from None
    if document.problems:
        raise InvalidPolicies(list(document.problems))
    return versions


def current(environment: Environment) -> dict[Product, str]:
    """The versions that an environment asks for."""
    versions: dict[Product, str] = {}
    if environment.cluster:
        versions["kubernetes"] = environment.cluster.version
    if environment.database:
        versions["postgresql"] = str(environment.database.version)
    return versions


def supported(versions: Versions, product: Product, cloud: str) -> dict[str, Support]:
    """The listed versions of a product on a cloud, oldest first."""
    of_clouds: Mapping[str, Mapping[str, Support]] = dict(getattr(versions, product))
    found = of_clouds.get(cloud, {})
    return {version: found[version] for version in sorted(found, key=_number)}


def kubernetes_steps(deployed: str, pools: Mapping[str, str], wanted: str) -> list[Step]:
    """The steps from deployed versions to `wanted`; `pools` are the versions of the node pools, by name.

    Raises AnswerIsNo for a downgrade, and for a pool that is newer than the control plane.
    """
    first, last = _number(deployed), _number(wanted)
    if last < first:
        raise AnswerIsNo(
            f"Kubernetes {wanted} is older than the deployed {deployed}", hint="a control plane cannot be downgraded"
        )
    for name, version in pools.items():
        if _number(version) > first:
            raise AnswerIsNo(f"node pool {name} has {version}, newer than the control plane's {deployed}")
    steps = [Step(f"node pool {name}", deployed) for name, version in pools.items() if _number(version) < first]
    for minor in range(first + 1, last + 1):
        steps.append(Step("control plane", f"1.{minor}"))
        steps += [Step(f"node pool {name}", f"1.{minor}") for name in pools]
    return steps


def require_next(deployed: str, wanted: str) -> None:
    """Raise AnswerIsNo if one apply from `deployed` to `wanted` would skip a minor version of Kubernetes."""
    if _number(wanted) - _number(deployed) > 1:
        between = ", ".join(f"1.{minor}" for minor in range(_number(deployed) + 1, _number(wanted)))
        raise AnswerIsNo(
            f"Kubernetes {deployed} to {wanted} skips {between}",
            where="cluster.version",
            hint=f"set cluster.version to 1.{_number(deployed) + 1}, apply and verify, then continue",
        )


def unsupported(
    found: Mapping[str, Support], version: str, today: date, *, soon: int = 90
) -> Literal["", "unknown", "ended", "ends soon"]:
    """Why a version should be left: not listed, its support has ended, or ends within `soon` days."""
    if version not in found:
        return "unknown"
    left = (found[version].until - today).days
    return "ended" if left < 0 else "ends soon" if left <= soon else ""


def _number(version: str) -> int:
    minor = _MINOR.fullmatch(version)
    if minor:
        return int(minor[1])
    if not version.isdecimal():
        raise UsageError(f"invalid version {version!r}", hint="write 1.35 for Kubernetes, 16 for PostgreSQL")
    return int(version)


def newest(found: Sequence[str]) -> str:
    """The newest of these versions; empty for none."""
    return max(found, key=_number, default="")
