"""A module as one environment runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.modules.contract import Module, ModuleSize, Needs


@dataclass(frozen=True)
class EnabledModule:
    """A module of an environment: its contract with the environment's choices applied.

    `folder` contains module.yaml. `after` are the names of the modules that are installed before it. `values` are the
    environment's overrides of chart values, merged last.
    """

    name: str
    contract: Module
    folder: Path
    namespace: str
    size: ModuleSize
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    after: tuple[str, ...]

    @property
    def needs(self) -> Needs:
        return self.contract.needs

    @property
    def in_foundation(self) -> bool:
        """Whether the foundation creates a workload identity, a secret and an image repository for it.

        The identity is bound to the service account of the module's name in its namespace.
        """
        needs = self.needs
        return bool(needs.secret_store or needs.lake or needs.database or needs.cache or needs.topics)

    @property
    def other_version(self) -> bool:
        """Whether the environment has chosen another version than the module's own."""
        return self.contract.version in self.contract.versions

    @property
    def given_secrets(self) -> tuple[str, ...]:
        """Purposes of the secrets whose values an operator writes (capabilities.identity.given_secret).

        `oidc` for hosts with the log-in oidc or own; `smtp` if the module provides metrics and its mail server asks for
        a log-in.
        """
        purposes = ["oidc"] if any(host.login in ("oidc", "own") for host in self.needs.hosts.values()) else []
        if "metrics" in self.contract.provides and "username" in (self.settings.get("smtp") or {}):
            purposes.append("smtp")
        return tuple(purposes)

    @property
    def chart_releases(self) -> tuple[str, ...]:
        """The names of the releases of its charts, in order: `<module>`, then `<module>-<chart>`."""
        further = tuple(f"{self.name}-{chart.name.removeprefix(f'{self.name}-')}" for chart in self.contract.charts)
        return (self.name, *further) if self.contract.chart else ()
