"""A Context of each environment and cloud, with the small modules in tests/workloads/modules."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.outputs import CacheOutputs, ClusterOutputs, DatabaseOutputs, Outputs
from terrace.capabilities.workloads import CloudWorkloads
from terrace.environment import load, target
from terrace.modules.contract import Module, ModuleSize
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from tests.conftest import ROOT

MODULES = Path(__file__).parent / "modules"
ORDER = ("vault", "law", "door", "gauge", "warehouse", "loader", "scaler")
NAMESPACES = {"scaler": "kube-system"}
SIZES: Mapping[str, ModuleSize] = {"dev": "small", "staging": "medium", "prod": "large"}
ENVIRONMENTS = tuple(SIZES)

Make = Callable[..., Context]


def contract(name: str) -> Module:
    text = json.dumps(YAML(typ="safe").load(MODULES / name / "module.yaml"), default=str)
    return Module.model_validate_json(text, strict=True)


def enabled(name: str, size: ModuleSize) -> EnabledModule:
    return EnabledModule(
        name=name,
        contract=contract(name),
        folder=MODULES / name,
        namespace=NAMESPACES.get(name, name),
        size=size,
        settings={},
        values={},
        after=(),
    )


def outputs(cloud: str, region: str, modules: Mapping[str, EnabledModule]) -> Outputs:
    """Outputs of a foundation, as they look on the cloud."""
    secret = {
        "aws": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dpf-dev/{}/app-AbCdEf",
        "azure": "https://dpf-dev-1a2b3c.vault.azure.net/secrets/{}-app",
        "gcp": "projects/acme-data-dev/secrets/dpf-dev-{}-app",
    }[cloud]
    identity = {
        "aws": "arn:aws:iam::111122223333:role/dpf-dev-{}",
        "azure": "00000000-0000-4000-8000-00000000{:.4}",
        "gcp": "dpf-dev-{}@acme-data-dev.iam.gserviceaccount.com",
    }[cloud]
    own = [name for name, module in modules.items() if module.in_foundation]
    platform = ("external-secrets", "external-dns", "cert-manager", "velero", "database-bootstrap")
    on_aws = ("cluster-autoscaler", "load-balancer") if cloud == "aws" else ()
    roles = {name: f"{name}@acme-data-dev.iam" if cloud == "gcp" else name for name in own}
    return Outputs(
        version=2,
        environment="dev",
        cloud=cloud,
        region=region,
        cluster=ClusterOutputs(name="dpf-dev", endpoint="https://cluster.example.com", certificate_authority=""),
        database=DatabaseOutputs(
            host="database.example.com",
            port=5432,
            name="platform",
            admin_secret="arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" if cloud == "aws" else "",
            admin="platform_admin",
            schemas=("raw", "marts"),
            roles=roles,
        ),
        cache=CacheOutputs(host="cache.example.com", port=10000 if cloud == "azure" else 6379, users={}),
        buckets={"backups": "dpf-dev-backups"},
        lake={},
        secrets={name: secret.format(name) for name in own},
        identities={name: identity.format(f"module-{name}") for name in own},
        platform_identities={name: identity.format(name) for name in (*platform, *on_aws)},
        registry="registry.example.com",
        repositories={},
        domain="dev.data.example.com",
        dns_zone="Z0123456789",
        entry={
            "aws": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/dpf-dev/0123456789abcdef",
            "azure": "10.40.31.254",
            "gcp": "dpf-dev-entry",
        }[cloud],
    )


def build(
    cloud: str = "aws",
    environment: str = "dev",
    modules: tuple[str, ...] = ORDER,
    change: Mapping[str, Mapping[str, Any]] | None = None,
    network: Mapping[str, Any] | None = None,
) -> Context:
    """A Context; by default of dev on AWS with all test modules. `change` replaces fields of enabled modules, `network`
    of the environment's network."""
    own = load(environment, project=ROOT, cloud=cloud).environment
    if network:
        own = own.model_copy(update={"network": own.network.model_copy(update=network)})
    chosen = {name: enabled(name, SIZES[environment]) for name in modules}
    for name, fields in (change or {}).items():
        chosen[name] = replace(chosen[name], **fields)
    place = target(own)
    return Context(
        environment=own.with_modules(chosen),
        target=place,
        outputs=outputs(cloud, place.region, chosen),
        cloud=cast(CloudWorkloads, implementation("terrace", cloud, "workloads")),
        root=ROOT,
    )


@pytest.fixture(scope="session")
def make() -> Make:
    """Make a Context: see `build`."""
    return build


@pytest.fixture(params=[(cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS], ids="-".join)
def context(request: pytest.FixtureRequest, make: Make) -> Context:
    """Every environment on every cloud."""
    cloud, environment = request.param
    return make(cloud, environment)


def of(objects: list[Object], kind: str) -> dict[str, Object]:
    """The objects of a kind by name."""
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}
