"""The Gateway, its certificate and its issuer."""

from pathlib import Path

import pytest

from terrace.errors import ContractError
from terrace.workloads import certificates, gateway
from terrace.workloads.context import Context

from . import crds
from .modules_fixture import PROVIDERS, context, one

APP = "needs: {hosts: {app: {service: app, port: 80, login: none}}}"
ENVOY = PROVIDERS["envoy-gateway"]


def of(folder: Path, provider: str = "envoy_gateway", text: str = ENVOY) -> Context:
    return context(folder, **{provider: text}, cert_manager=PROVIDERS["cert-manager"], app=APP)


def test_only_namespaces_with_hosts_attach_routes(tmp_path: Path) -> None:
    environment = of(tmp_path)
    spec = one(gateway.objects(environment.modules["envoy-gateway"], environment), "Gateway")["spec"]
    https, health = spec["listeners"]
    (only,) = https["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
    assert only["values"] == ["app-ns"]
    assert (https["port"], https["protocol"]) == (8443, "HTTPS")
    assert "hostname" not in https, "load balancers connect without a host name in TLS"
    assert (health["port"], health["allowedRoutes"]["namespaces"]["from"]) == (8080, "Same")


def test_certificate_covers_the_domain_and_names_the_issuer(tmp_path: Path) -> None:
    environment = of(tmp_path)
    objects = gateway.objects(environment.modules["envoy-gateway"], environment)
    certificate = one(objects, "Certificate")["spec"]
    assert certificate["dnsNames"] == ["dev.data.example.com", "*.dev.data.example.com"]
    https = one(objects, "Gateway")["spec"]["listeners"][0]
    assert https["tls"]["certificateRefs"] == [{"kind": "Secret", "name": certificate["secretName"]}]
    issuer = one(certificates.objects(environment.modules["cert-manager"], environment), "ClusterIssuer")
    assert certificate["issuerRef"]["name"] == issuer["metadata"]["name"]
    assert "namespace" not in issuer["metadata"]
    (solver,) = issuer["spec"]["acme"]["solvers"]
    assert solver["dns01"] == {"route53": {"region": "eu-central-1", "hostedZoneID": "Z1"}}


def test_clients_cannot_set_identity_headers(tmp_path: Path) -> None:
    environment = of(tmp_path)
    objects = gateway.objects(environment.modules["envoy-gateway"], environment)
    removed = one(objects, "ClientTrafficPolicy", "https")["spec"]["headers"]["earlyRequestHeaders"]["remove"]
    assert {*gateway.IDENTITY_HEADERS.values(), gateway.TOKEN_HEADER, gateway.CLIENT_HEADER} == set(removed)


def test_proxy_keeps_the_defaults_of_the_chart_and_has_no_public_address(tmp_path: Path) -> None:
    environment = of(tmp_path)
    objects = gateway.objects(environment.modules["envoy-gateway"], environment)
    spec = one(objects, "EnvoyProxy")["spec"]
    assert spec["mergeType"] == "StrategicMerge"
    kubernetes = spec["provider"]["kubernetes"]
    assert kubernetes["envoyService"] == {"name": "entry", "type": "ClusterIP"}
    assert kubernetes["envoyDeployment"]["pod"]["labels"]["owner"] == "data-platform"


def test_kong_gets_no_objects_of_envoy(tmp_path: Path) -> None:
    environment = of(tmp_path, "kong", "provides: [gateway]")
    objects = gateway.objects(environment.modules["kong"], environment)
    assert {each["kind"] for each in objects} == {"GatewayClass", "Gateway", "Certificate"}
    spec = one(objects, "GatewayClass")["spec"]
    assert spec == {"controllerName": "konghq.com/kic-gateway-controller"}


def test_unknown_gateway_is_an_error(tmp_path: Path) -> None:
    environment = of(tmp_path, "traefik", "provides: [gateway]")
    with pytest.raises(ContractError, match="unknown gateway 'traefik'; expected envoy-gateway or kong"):
        gateway.objects(environment.modules["traefik"], environment)


def test_other_modules_get_nothing(tmp_path: Path) -> None:
    environment = of(tmp_path)
    app = environment.modules["app"]
    assert gateway.objects(app, environment) == certificates.objects(app, environment) == []


@pytest.mark.parametrize("provider", ["envoy_gateway", "kong"])
def test_objects_match_their_definitions(tmp_path: Path, provider: str) -> None:
    environment = of(tmp_path, provider)
    objects = [
        each
        for module in environment.modules.values()
        for each in (*gateway.objects(module, environment), *certificates.objects(module, environment))
    ]
    assert crds.errors(objects) == []
