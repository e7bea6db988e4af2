"""A complete environment of modules for the tests of the workloads' guarantees. Charts are not rendered, except one."""

from dataclasses import replace
from datetime import date
from typing import Any

from terrace.assurance.workloads_view import Workloads
from terrace.capabilities.identity import OidcSpec
from terrace.capabilities.registry import SignaturesSpec
from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.modules.contract import Module
from terrace.modules.enabled import EnabledModule
from terrace.modules.loading import load as load_module
from terrace.workloads import policies
from terrace.workloads.context import Object
from terrace.workloads.opening import opened
from terrace.workloads.releases import releases
from terrace.workloads.rendering import Renderer
from tests.conftest import ROOT

TODAY = date(2030, 1, 1)
DIGEST = f"sha256:{'0' * 64}"
KEY = "-----BEGIN PUBLIC KEY-----\nZXhhbXBsZQ==\n-----END PUBLIC KEY-----\n"
BASE = {"summary": "A module of the tests", "category": "security", "home": "https://example.com", "licence": "MIT"}
ONE = {"small": {"cpu": "100m", "memory": "128Mi"}, "large": {"cpu": "100m", "memory": "128Mi"}}
TWO = {size: {**resources, "replicas": 2} for size, resources in ONE.items()}


def module(name: str, after: tuple[str, ...] = (), values: Any = None, **contract: Any) -> EnabledModule:
    chart = {"repository": "https://charts.example.com", "name": name, "version": "1.0.0"}
    images = [{"repository": f"registry.example.com/{name}", "tag": "1", "digest": DIGEST}]
    network = {"ports": {"metrics": 9100}, **contract.pop("network", {})}
    watched = {"scrape": [{"port": "metrics"}], **contract.pop("observability", {})}
    found = Module.model_validate(
        {
            **BASE,
            "version": "1",
            "chart": chart,
            "images": images,
            "network": network,
            "observability": watched,
            **contract,
        }
    )
    folder = ROOT / "tests" / "assurance" / "none" / name
    return EnabledModule(name, found, folder, name, "large", {}, values or {}, after)


def of_the_project(name: str, after: tuple[str, ...] = (), **settings: Any) -> EnabledModule:
    """A module of the project, whose exceptions do not end before the tests' day."""
    loaded = load_module(ROOT / "modules" / name, name)
    exceptions = [one.model_copy(update={"until": date(2030, 6, 30)}) for one in loaded.contract.exceptions]
    contract = loaded.contract.model_copy(update={"exceptions": tuple(exceptions)})
    return EnabledModule(name, contract, loaded.folder, name, "large", {**contract.settings, **settings}, {}, after)


def enabled() -> dict[str, EnabledModule]:
    """A platform, and a module `app` that needs most of it."""
    slo = {"good": "sum(rate(good[$window]))", "total": "sum(rate(total[$window]))"}
    app = module(
        "app",
        needs={
            "database": {},
            "lake": {"gold": "read"},
            "secrets": {"app-keys": ["session"]},
            "hosts": {
                "app": {"service": "app", "port": 8080, "login": "oidc"},
                "api": {"service": "app", "port": 8080, "login": "api-key"},
            },
        },
        network={"ports": {"http": 8080, "metrics": 9100}, "calls": ["search:http"]},
        observability={"scrape": [{"port": "metrics"}], "slo": slo},
        components={"server": {"pods": {"app.kubernetes.io/name": "app"}, "sizes": TWO}},
        backup=True,
    )
    platform = [
        module("kyverno", provides=["admission"], network={"calls": ["kubernetes-api"]}),
        module("external-secrets", provides=["secrets"]),
        module("cert-manager", provides=["certificates"]),
        module("envoy-gateway", provides=["gateway"]),
        of_the_project("prometheus", smtp={"host": "smtp.example.com:587", "from": "alerts@example.com"}),
        of_the_project("opensearch"),
        of_the_project("vector"),
        module("velero", provides=["backup"], needs={"identities": {"velero": {"service_account": "velero"}}}),
        module("falco", provides=["detection"]),
        module("istio", provides=["mesh"]),
        module(
            "search",
            network={"ports": {"http": 9200, "metrics": 9100}},
            components={"server": {"pods": {"app.kubernetes.io/name": "search"}, "sizes": ONE}},
            pod_security="baseline",
            exceptions=[
                {"policy": "no-root-user", "reason": "the image has files of root only", "until": "2030-06-30"}
            ],
        ),
    ]
    return {one.name: one for one in (*platform, app)}


def environment(cloud: str = "aws", name: str = "prod") -> Environment:
    found = load(name, project=ROOT, cloud=cloud).environment
    oidc = OidcSpec(
        issuer="https://login.example.com", keys="https://login.example.com/keys", groups={"a": "admin"},
        clients={"app": "app", "prometheus": "prometheus", "opensearch": "opensearch"},
    )  # fmt: skip
    identity = found.identity.model_copy(update={"oidc": oidc})
    registry = found.registry.model_copy(update={"signatures": SignaturesSpec(keys=(KEY,), images=("*",))})
    return found.model_copy(update={"identity": identity, "registry": registry}).with_modules(enabled())


def deployment() -> Object:
    """What the chart of `app` renders to: a workload that every policy admits."""
    container = {
        "name": "app",
        "image": f"registry.example.com/app:1@{DIGEST}",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"port": 8080}},
        "readinessProbe": {"httpGet": {"port": 8080}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "serviceAccountName": "app",
        "containers": [container],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "labelSelector": {}}],
    }
    template = {"metadata": {"labels": {"app.kubernetes.io/name": "app"}}, "spec": spec}
    body = {"replicas": 2, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": body}


def view(given: Environment) -> Workloads:
    context = opened(given, root=ROOT, outputs=ROOT / "none")
    rules = policies.falco_rules(context)
    modules = {**context.modules, "falco": replace(context.modules["falco"], values={"customRules": rules})}
    context = replace(context, environment=given.with_modules(modules))
    renderer = Renderer(None, None)
    rendered = [renderer.render(release, context) for release in releases(context)]
    charts = {"app": (deployment(),)}
    rendered = [
        replace(one, objects=charts[one.release.name], skipped="") if one.release.name in charts else one
        for one in rendered
    ]
    return Workloads(context, rendered, TODAY)
