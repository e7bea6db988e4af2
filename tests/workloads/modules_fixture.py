"""An environment with modules, written by a test."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

from terrace.capabilities.identity import OidcSpec
from terrace.capabilities.outputs import DatabaseOutputs, Outputs
from terrace.capabilities.workloads import CloudWorkloads
from terrace.environment import load, target
from terrace.modules.contract import Module
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object

ROOT = Path(__file__).parents[2]

_HEAD = """
summary: A module of a test
category: applications
home: https://example.com/software
licence: Apache-2.0
version: 1.0.0
"""

PROVIDERS = {
    "envoy-gateway": "provides: [gateway]",
    "cert-manager": "provides: [certificates]",
    "external-secrets": "provides: [secrets]",
    "prometheus": "provides: [metrics]",
    "velero": "provides: [backup]",
}
"""Modules that provide the services of the platform."""

OIDC = {
    "issuer": "https://login.example.com/realms/data",
    "keys": "https://login.example.com/realms/data/certs",
    "groups": {"analysts": "viewer", "engineers": "editor", "platform": "admin"},
    "clients": {"grafana": "grafana-client"},
}


class Cloud:
    """What these tests read of a cloud, with recognisable values."""

    def secret_key(self, reference: str) -> str:
        return f"key-of-{reference}"

    def dns_solver(self, outputs: Outputs, target: Any) -> Mapping[str, Any]:
        return {"route53": {"region": "eu-central-1", "hostedZoneID": "Z1"}}

    def values(self, outputs: Outputs, target: Any) -> Mapping[str, Any]:
        return {"name": "aws"}


def context(
    folder: Path, environment: str = "dev", *, oidc: Mapping[str, Any] | None = OIDC, **modules: str
) -> Context:
    """The context of an environment with these modules (name to the rest of module.yaml; _ in a name is -)."""
    described = load(environment, project=ROOT).environment
    identity = described.identity.model_copy(update={"oidc": OidcSpec.model_validate(oidc) if oidc else None})
    enabled = {name.replace("_", "-"): module(folder, name.replace("_", "-"), text) for name, text in modules.items()}
    described = described.model_copy(update={"identity": identity}).with_modules(enabled)
    own = {name: f"secret-of-{name}" for name in enabled}
    database = DatabaseOutputs.model_construct(host="database.example.com", port=5432)
    outputs = Outputs.model_construct(
        secrets=own, identities=own, domain=described.network.entry.domain, database=database
    )
    return Context(described, target(described), outputs, cast(CloudWorkloads, Cloud()), folder)


def module(folder: Path, name: str, text: str, size: Any = "small") -> EnabledModule:
    """A module in `folder`/modules, with a namespace that differs from its name."""
    own = folder / "modules" / name
    own.mkdir(parents=True, exist_ok=True)
    contract = Module.model_validate(_parsed(text))
    return EnabledModule(name, contract, own, f"{name}-ns", size, dict(contract.settings), {}, ())


def _parsed(text: str) -> dict[str, Any]:
    yaml = YAML(typ="safe")
    return {**yaml.load(_HEAD), **(yaml.load(text) or {})}


def one(objects: list[Object], kind: str, name: str = "") -> Object:
    """The only object of a kind (and name)."""
    found = [each for each in objects if each["kind"] == kind and name in ("", each["metadata"]["name"])]
    assert len(found) == 1, [(each["kind"], each["metadata"]["name"]) for each in objects]
    return found[0]
