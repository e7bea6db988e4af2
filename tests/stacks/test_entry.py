"""The way from the load balancer of the public entry to the pods of the gateway, through both stacks (NET-6)."""

import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from terrace.aws import flows as aws_flows
from terrace.azure import flows as azure_flows
from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.identity import ModuleSpec
from terrace.capabilities.workloads import API_SERVER_PORTS, ENTRY_PORTS
from terrace.environment import load
from terrace.gcp import flows as gcp_flows
from terrace.modules import loading, resolution
from terrace.workloads import gateway, integration, policies
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from tests.conftest import ROOT, Foundations, SynthesizedStack

NAMES = ("cert-manager", "envoy-gateway", "load-balancer-controller")
HTTPS, HEALTH = ENTRY_PORTS["https"], ENTRY_PORTS["health"]


class Backend(NamedTuple):
    """Where the foundation's load balancer sends requests and asks for health: (protocol, port, path)."""

    target: str
    requests: tuple[str, int]
    health: tuple[str, int, str]


def on_aws(stack: SynthesizedStack) -> Backend:
    group = stack.one("aws_lb_target_group", "entry/ingress")
    check = group["health_check"]
    assert group["target_type"] == "ip"
    assert stack.resolve(stack.document["output"]["entry"]["value"]) == "entry/ingress"
    health = (check["protocol"], int(check["port"]), check["path"])
    return Backend("entry/ingress", (group["protocol"], group["port"]), health)


def on_azure(stack: SynthesizedStack) -> Backend:
    balancer = stack.one("azurerm_application_gateway", "entry/load-balancer")
    (pool,), (settings,), (probe,) = (
        balancer[key] for key in ("backend_address_pool", "backend_http_settings", "probe")
    )
    assert probe["protocol"] == settings["protocol"], "Azure refuses a probe with another protocol"
    assert "port" not in probe, "the probe uses the port of the settings"
    requests = (settings["protocol"].upper(), settings["port"])
    return Backend(pool["ip_addresses"][0], requests, (*requests, probe["path"]))


def on_gcp(stack: SynthesizedStack) -> Backend:
    backend = stack.one("google_compute_backend_service", "entry/ingress")
    groups = [body for _, body in stack.all("google_compute_network_endpoint_group")]
    (name,) = {group["name"] for group in groups}
    (port,) = {group["default_port"] for group in groups}
    check = stack.one("google_compute_health_check", "entry/health")["http_health_check"]
    return Backend(name, (backend["protocol"], port), ("HTTP", check["port"], check["request_path"]))


READ = {"aws": on_aws, "azure": on_azure, "gcp": on_gcp}


def context(cloud: str, folder: Path, environment: str = "dev") -> Context:
    """The workloads of an environment with the gateway."""
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    chosen = dict.fromkeys(NAMES, ModuleSpec(enabled=True))
    found = resolution.resolve(
        chosen, loading.folders(ROOT), project=ROOT, cloud=loaded.cloud, tier=loaded.tier, gpu=False
    )
    assert found.problems == ()
    return opened(loaded.with_modules(found.enabled), root=ROOT, outputs=folder)


def objects(one: Context) -> dict[tuple[str, str], dict[str, Any]]:
    found = gateway.objects(one.modules["envoy-gateway"], one)
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_foundation_calls_the_ports_of_the_gateway(
    foundation: Foundations, cloud: str, environment: str, tmp_path: Path
) -> None:
    stack = foundation(environment, cloud=cloud)
    backend = READ[cloud](stack)
    assert backend.requests == ("HTTPS", HTTPS)
    one = context(cloud, tmp_path, environment)
    made = objects(one)
    listeners = {each["name"]: each for each in made["Gateway", "entry"]["spec"]["listeners"]}
    assert (listeners["https"]["protocol"], listeners["https"]["port"]) == backend.requests
    assert "hostname" not in listeners["https"], "load balancers send no host name in TLS"
    protocol, port, path = backend.health
    (asked,) = (name for name, each in listeners.items() if (each["protocol"], each["port"]) == (protocol, port))
    assert made["ClientTrafficPolicy", asked]["spec"]["healthCheck"] == {"path": path}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_output_names_what_the_load_balancer_calls(foundation: Foundations, cloud: str) -> None:
    stack = foundation("dev", cloud=cloud)
    value = stack.document["output"]["entry"]["value"]
    target = READ[cloud](stack).target
    assert target in (value, stack.resolve(value) if "${" in value else "")


def test_on_aws_the_pods_are_bound_to_the_target_group(tmp_path: Path) -> None:
    one = context("aws", tmp_path)
    binding = objects(one)["TargetGroupBinding", "entry"]
    assert binding["spec"] == {
        "serviceRef": {"name": "entry", "port": HTTPS},
        "targetGroupARN": one.outputs.entry,
        "targetType": "ip",
    }
    assert binding["metadata"]["namespace"] == one.modules["envoy-gateway"].namespace
    release = integration.release(one.modules["envoy-gateway"], one)
    assert release is not None and "load-balancer-controller" in release.after


def test_on_azure_the_service_has_the_address_that_the_application_gateway_calls(
    foundation: Foundations, tmp_path: Path
) -> None:
    one = context("azure", tmp_path)
    service = objects(one)["EnvoyProxy", "entry"]["spec"]["provider"]["kubernetes"]["envoyService"]
    annotations = service["annotations"]
    assert (service["type"], service["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    assert annotations["service.beta.kubernetes.io/azure-load-balancer-internal"] == "true"
    assert annotations["service.beta.kubernetes.io/azure-load-balancer-ipv4"] == one.outputs.entry
    assert annotations["terrace.dev/firewall-rule"] == policies.GATEWAY_RULE
    address = foundation("dev", cloud="azure").document["output"]["entry"]["value"]
    nodes = one.cloud.ranges(one.environment.network.cidr, one.environment.cluster.service_cidr)["nodes"]
    assert any(ip_address(address) in ip_network(each) for each in nodes)


def test_on_google_cloud_gke_fills_the_groups(foundation: Foundations, tmp_path: Path) -> None:
    one = context("gcp", tmp_path)
    service = objects(one)["EnvoyProxy", "entry"]["spec"]["provider"]["kubernetes"]["envoyService"]
    groups = json.loads(service["annotations"]["cloud.google.com/neg"])
    assert groups == {"exposed_ports": {str(HTTPS): {"name": one.outputs.entry}}}
    for _, group in foundation("dev", cloud="gcp").all("google_compute_network_endpoint_group"):
        assert group["description"], "GKE's controller refuses a group without a description"
        with pytest.raises(json.JSONDecodeError):
            json.loads(group["description"])  # it would have to name the cluster's own id


@pytest.mark.parametrize("cloud", [cloud for cloud in CLOUDS if cloud != "aws"])
def test_only_aws_needs_a_module_that_registers_pods(cloud: str, tmp_path: Path) -> None:
    one = context(cloud, tmp_path)
    assert list(one.modules) == ["cert-manager", "envoy-gateway"]
    assert not [kind for kind, _ in objects(one) if kind == "TargetGroupBinding"]


def opened_ports(source: str) -> dict[str, set[int]]:
    """Cloud to the ports of nodes and their pods that its firewall opens to a party."""
    return {
        "aws": {
            port
            for flow in aws_flows.FLOWS.values()
            if (flow.source, flow.into) == (source, "nodes")
            for port in range(flow.first_port, flow.last_port + 1)
        },
        "azure": {
            port
            for flow in azure_flows.FLOWS.values()
            if (flow.source, flow.into) == (source, "nodes")
            for port in range(flow.first_port, flow.last_port + 1)
        },
        "gcp": {
            port
            for flow in gcp_flows.FLOWS.values()
            if (flow.source, flow.into) == (source, "nodes")
            for ports in flow.ports
            for port in range(int(ports.split("-")[0]), int(ports.split("-")[-1]) + 1)
        },
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_firewall_admits_the_entry_to_the_ports_that_it_calls(foundation: Foundations, cloud: str) -> None:
    backend = READ[cloud](foundation("dev", cloud=cloud))
    assert opened_ports("entry")[cloud] == {backend.requests[1], backend.health[1]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_firewall_admits_the_kubernetes_api_to_webhooks(cloud: str) -> None:
    """Modules may use these ports for the API server; `modules/rules.py` refuses others."""
    assert {port for ports in API_SERVER_PORTS for port in ports} <= opened_ports("control")[cloud]
