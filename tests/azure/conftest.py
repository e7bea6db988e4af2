"""Foundations on Azure, with helpers that several tests use."""

from collections.abc import Callable
from typing import Any

import pytest

from terrace import engine
from tests.conftest import Foundations, SynthesizedStack

__all__ = ["AzureStack", "azure", "engine"]  # engine: see tests/aws/conftest.py

ENVIRONMENTS = ("dev", "staging", "prod")


class AzureStack(SynthesizedStack):
    def named(self, type: str, name: str) -> dict[str, Any]:
        """The resource of a type with this name on Azure."""
        matches = [body for _, body in self.all(type) if body["name"] == name]
        assert len(matches) == 1, f"{len(matches)} of {type} have the name {name}"
        return matches[0]

    def waits_for(self, body: dict[str, Any], type: str, path: str) -> bool:
        """Whether a resource depends on another one."""
        addresses = {f"{type}.{name}": at for name, at in self._paths(type).items()}
        return any(addresses.get(address) == path for address in body.get("depends_on", []))

    def _paths(self, type: str) -> dict[str, str]:
        resources = self.document["resource"].get(type, {})
        return {name: str(body["//"]["metadata"]["path"]).split("/", 1)[1] for name, body in resources.items()}

    def granted(self, role: str) -> list[tuple[str, dict[str, Any]]]:
        """(construct path, attributes) of each assignment of a role."""
        return [
            (path, body)
            for path, body in self.all("azurerm_role_assignment")
            if body.get("role_definition_name") == role
        ]


@pytest.fixture(scope="session")
def azure(foundation: Foundations) -> Callable[[str], AzureStack]:
    """The foundation of an environment on Azure."""
    return lambda environment: AzureStack(foundation(environment, cloud="azure").document)
