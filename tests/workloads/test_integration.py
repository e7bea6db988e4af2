"""The integration release of a module."""

from dataclasses import replace
from pathlib import Path

from terrace.workloads import integration
from terrace.workloads.context import Context, Object

from . import crds
from .modules_fixture import PROVIDERS, context

GRAFANA = """
needs: {hosts: {grafana: {service: grafana, port: 3000, login: oidc}}}
network:
  ports: {http: 3000}
  called_by: {http: [gateway]}
observability:
  scrape: [{port: http}]
  slo: {good: "sum(rate(good_total[$window]))", total: "sum(rate(all_total[$window]))"}
backup: true
"""


def of(folder: Path, **more: str) -> Context:
    platform = {name.replace("-", "_"): text for name, text in PROVIDERS.items()}
    return context(folder, **platform, istio="provides: [mesh]", grafana=GRAFANA, **more)


def test_release_has_every_kind_of_need(tmp_path: Path) -> None:
    environment = of(tmp_path)
    release = integration.release(environment.modules["grafana"], environment)
    assert release is not None
    assert (release.name, release.namespace, release.module) == ("grafana-integration", "grafana-ns", "grafana")
    assert [each["kind"] for each in release.values["objects"]] == [
        "HTTPRoute",
        "BackendTrafficPolicy",
        "BackendTrafficPolicy",
        "SecurityPolicy",
        "ExternalSecret",
        "PodMonitor",
        "PrometheusRule",
        "ConfigMap",
        "Schedule",
        "PeerAuthentication",
        "AuthorizationPolicy",
    ]


def test_release_waits_for_the_definitions_of_its_kinds(tmp_path: Path) -> None:
    environment = of(tmp_path)
    grafana = integration.release(environment.modules["grafana"], environment)
    assert grafana is not None
    assert set(grafana.after) == {"velero", "envoy-gateway", "istio", "prometheus", "external-secrets"}
    gateway = integration.release(environment.modules["envoy-gateway"], environment)
    assert gateway is not None
    assert {"cert-manager", "cert-manager-integration"} <= set(gateway.after)


def test_release_waits_for_all_charts_with_definitions(tmp_path: Path) -> None:
    """Kong's plugins are defined by its second chart."""
    charts = "chart: {name: gateway-api, version: 1.0.0}\ncharts: [{name: kong, version: 1.0.0}]"
    app = "needs: {hosts: {app: {service: app, port: 80, login: none}}}"
    environment = context(tmp_path, kong=f"provides: [gateway]\n{charts}", app=app)
    release = integration.release(environment.modules["app"], environment)
    assert release is not None
    assert release.after == ("kong-kong",)


def test_module_without_needs_and_services_has_no_release(tmp_path: Path) -> None:
    environment = context(tmp_path, app="")
    assert integration.release(environment.modules["app"], environment) is None


def test_names_are_unique_and_objects_have_owner(tmp_path: Path) -> None:
    objects = every_object(of(tmp_path))
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))
    assert {each["metadata"]["labels"]["owner"] for each in objects} == {"data-platform"}


def test_two_modules_of_one_namespace_share_its_objects(tmp_path: Path) -> None:
    environment = of(tmp_path, loki="", tempo="")
    shared = {
        name: replace(module, namespace="observability") if name in ("loki", "tempo") else module
        for name, module in environment.modules.items()
    }
    both = replace(environment, environment=environment.environment.with_modules(shared))
    objects = every_object(both)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))
    schedules = [each for each in objects if each["kind"] == "Schedule"]
    assert sum(each["spec"]["template"]["includedNamespaces"] == ["observability"] for each in schedules) == 1


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    assert crds.errors(every_object(of(tmp_path))) == []


def test_definitions_reject_unknown_and_wrong_fields(tmp_path: Path) -> None:
    """The check itself can fail."""
    for each in every_object(of(tmp_path)):
        if each["kind"] == "ConfigMap":
            continue
        assert crds.errors([each | {"spec": each["spec"] | {"notAField": 1}}]), each["kind"]


def every_object(environment: Context) -> list[Object]:
    return [each for module in environment.modules.values() for each in integration.objects(module, environment)]
