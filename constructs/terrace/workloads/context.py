"""What every part of the wiring reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import CloudWorkloads
from terrace.environment.schema import Environment
from terrace.modules.contract import Service
from terrace.modules.enabled import EnabledModule

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as plain data."""


@dataclass(frozen=True)
class Context:
    """One environment's cluster. `root` is the project's directory, with `policies/`. `outputs` are the foundation's,
    with stand-ins where it does not exist yet."""

    environment: Environment
    target: Target
    outputs: Outputs
    cloud: CloudWorkloads
    root: Path

    @property
    def modules(self) -> Mapping[str, EnabledModule]:
        """The enabled modules that run in the cluster, in the order of their installation."""
        enabled = self.environment.enabled_modules
        return {name: module for name, module in enabled.items() if not module.contract.connector}

    @property
    def connectors(self) -> Mapping[str, EnabledModule]:
        """The enabled modules of which nothing runs in the cluster."""
        enabled = self.environment.enabled_modules
        return {name: module for name, module in enabled.items() if module.contract.connector}

    def provider(self, service: Service) -> EnabledModule | None:
        """The enabled module that provides a service."""
        return next((module for module in self.modules.values() if service in module.contract.provides), None)

    @cached_property
    def memo(self) -> dict[str, Any]:
        """What is computed once and read for every module, by the name of the function that computes it."""
        return {}

    def labels(self, module: EnabledModule) -> dict[str, str]:
        """The labels of every object of a module."""
        return {
            "app.kubernetes.io/part-of": self.environment.project,
            "app.kubernetes.io/managed-by": "terrace",
            "terrace.dev/module": module.name,
            "owner": self.environment.ownership.owner,
        }
