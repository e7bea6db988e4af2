"""An environment with modules, written by a test."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.workloads import PodIdentity
from terrace.environment import load, target
from terrace.environment.schema import Environment
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
    """A cloud's half with recognisable values."""

    STORAGE_CLASS = "encrypted"
    METADATA = ()

    def pod_identity(self, identity: str, target: Any) -> PodIdentity:
        return PodIdentity({"identity": identity})

    def secret_store(self, *, namespace: str, account: str, identity: str, target: Any) -> Mapping[str, Any]:
        return {"fake": {}}

    def secret_key(self, reference: str) -> str:
        return f"key-of-{reference}"

    def dns_solver(self, outputs: Outputs, target: Any) -> Mapping[str, Any]:
        return {"route53": {"region": "eu-central-1", "hostedZoneID": "Z1"}}

    def values(self, outputs: Outputs, target: Any) -> Mapping[str, Any]:
        return {"name": "aws"}


@dataclass(frozen=True)
class Fixture(Context):
    """A context whose modules a test chooses."""

    chosen: Mapping[str, EnabledModule]

    @property
    def modules(self) -> Mapping[str, EnabledModule]:
        return self.chosen


def context(
    folder: Path, environment: str = "dev", *, oidc: Mapping[str, Any] | None = OIDC, **modules: str
) -> Fixture:
    """The context of an environment with these modules (name to the rest of module.yaml; _ in a name is -)."""
    loaded = load(environment, project=ROOT).environment
    values = loaded.model_dump(mode="json", by_alias=True)
    values["identity"]["oidc"] = dict(oidc) if oidc else None
    described: Environment = loaded.model_copy(
        update={"identity": type(loaded.identity).model_validate(values["identity"])}
    )
    chosen = {name.replace("_", "-"): text for name, text in modules.items()}
    secrets = {name: f"secret-of-{name}" for name in chosen}
    outputs = Outputs.model_construct(secrets=secrets, domain=described.network.entry.domain)
    enabled = {name: module(folder, name, text) for name, text in chosen.items()}
    return Fixture(described, target(described), outputs, Cloud(), folder, enabled)


def module(folder: Path, name: str, text: str, size: Any = "small") -> EnabledModule:
    """A module in `folder`/modules, with a namespace that differs from its name."""
    own = folder / "modules" / name
    own.mkdir(parents=True, exist_ok=True)
    (own / "module.yaml").write_text(_HEAD + text)
    contract = Module.model_validate(YAML(typ="safe").load(_HEAD + text))
    return EnabledModule(name, contract, own, f"{name}-ns", size, dict(contract.settings), {}, ())


def one(objects: list[Object], kind: str, name: str = "") -> Object:
    """The only object of a kind (and name)."""
    found = [each for each in objects if each["kind"] == kind and name in ("", each["metadata"]["name"])]
    assert len(found) == 1, [(each["kind"], each["metadata"]["name"]) for each in objects]
    return found[0]
