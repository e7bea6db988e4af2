"""Mutual TLS and authorization in the mesh."""

from pathlib import Path

from terrace.workloads import mesh
from terrace.workloads.context import Context

from . import crds
from .modules_fixture import PROVIDERS, context, one

MESH = "provides: [mesh]"
APP = """
network:
  ports: {http: 8080, metrics: 9102, webhook: 9443}
  called_by: {http: [gateway], metrics: [prometheus], webhook: [CALLERS]}
"""


def of(folder: Path, callers: str = "caller", **modules: str) -> Context:
    app = APP.replace("CALLERS", callers) + modules.pop("extra", "")
    return context(
        folder,
        istio=MESH,
        envoy_gateway=PROVIDERS["envoy-gateway"],
        prometheus=PROVIDERS["prometheus"],
        caller="",
        app=app,
    )


def test_mutual_tls_is_strict(tmp_path: Path) -> None:
    environment = of(tmp_path)
    objects = mesh.objects(environment.modules["app"], environment)
    peers = one(objects, "PeerAuthentication")
    assert (peers["metadata"]["namespace"], peers["spec"]) == ("app-ns", {"mtls": {"mode": "STRICT"}})


def test_authorization_is_the_declared_openings(tmp_path: Path) -> None:
    environment = of(tmp_path)
    policy = one(mesh.objects(environment.modules["app"], environment), "AuthorizationPolicy")
    allowed = {
        (
            rule["from"][0]["source"]["namespaces"][0],
            *(rule.get("to", [{"operation": {}}])[0]["operation"].get("ports", [])),
        )
        for rule in policy["spec"]["rules"]
    }
    assert policy["spec"]["action"] == "ALLOW"
    assert allowed == {
        ("app-ns",),
        ("envoy-gateway-ns", "8080"),
        ("prometheus-ns", "9102"),
        ("caller-ns", "9443"),
    }


def test_webhook_port_takes_connections_of_the_api_server(tmp_path: Path) -> None:
    component = "components: {server: {pods: {app: server}, sizes: {small: {cpu: 100m, memory: 128Mi}}}}"
    environment = of(tmp_path, "kubernetes-api", extra=component)
    objects = mesh.objects(environment.modules["app"], environment)
    assert one(objects, "PeerAuthentication", "default")["spec"] == {"mtls": {"mode": "STRICT"}}
    assert one(objects, "PeerAuthentication", "app-server")["spec"] == {
        "selector": {"matchLabels": {"app": "server"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"9443": {"mode": "PERMISSIVE"}},
    }
    rules = one(objects, "AuthorizationPolicy")["spec"]["rules"]
    without_identity = [rule for rule in rules if "from" not in rule]
    assert without_identity == [{"to": [{"operation": {"ports": ["9443"]}}]}]


def test_webhook_without_known_pods_is_permissive_but_asks_for_identities(tmp_path: Path) -> None:
    environment = of(tmp_path, "kubernetes-api")
    objects = mesh.objects(environment.modules["app"], environment)
    assert one(objects, "PeerAuthentication")["spec"] == {"mtls": {"mode": "PERMISSIVE"}}
    rules = one(objects, "AuthorizationPolicy")["spec"]["rules"]
    assert [rule["to"][0]["operation"]["ports"] for rule in rules if "from" not in rule] == [["9443"]]


def test_all_admits_every_module(tmp_path: Path) -> None:
    environment = of(tmp_path, "all")
    rules = one(mesh.objects(environment.modules["app"], environment), "AuthorizationPolicy")["spec"]["rules"]
    on_webhook = [
        rule for rule in rules if "9443" in rule.get("to", [{"operation": {"ports": []}}])[0]["operation"]["ports"]
    ]
    sources = {rule["from"][0]["source"]["namespaces"][0] for rule in on_webhook}
    assert {"caller-ns", "prometheus-ns", "envoy-gateway-ns"} <= sources


def test_the_mesh_itself_and_environments_without_one_get_nothing(tmp_path: Path) -> None:
    environment = of(tmp_path)
    assert mesh.objects(environment.modules["istio"], environment) == []
    without = context(tmp_path / "without", app="")
    assert mesh.objects(without.modules["app"], without) == []


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    component = "components: {server: {pods: {app: server}, sizes: {small: {cpu: 100m, memory: 128Mi}}}}"
    environment = of(tmp_path, "kubernetes-api", extra=component)
    objects = [each for module in environment.modules.values() for each in mesh.objects(module, environment)]
    assert crds.errors(objects) == []
