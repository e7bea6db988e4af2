"""The workloads stack on a real API server: installed, guarded, changed and destroyed by the commands of a user.

Nothing runs on the nodes: "deployed" means scheduled and admitted.
"""

import json
import os
import subprocess
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.workloads import charts
from terrace.workloads.openings import openings
from terrace.workloads.releases import releases
from tests.cluster import binaries
from tests.cluster.control_plane import Cluster, cluster
from tests.cluster.installation import STACK, Project, project
from tests.cluster.operators import Operators, log_tail, operators

HELM = "hashicorp/helm"


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if reason := binaries.missing():
        pytest.skip(reason)
    if charts.directory(os.environ) is None:
        pytest.skip("TERRACE_CHART_DIR names no directory with upstream charts")
    with cluster(tmp_path_factory.mktemp("k"), storage_classes=["terrace"]) as running:
        yield running


@pytest.fixture(scope="module")
def beside(control_plane: Cluster) -> Iterator[Operators]:
    with operators(control_plane) as found:
        yield found


@pytest.fixture(scope="module")
def installed(control_plane: Cluster, beside: Operators, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The workloads after the first apply."""
    found = project(tmp_path_factory.mktemp("project") / "p", control_plane)
    found.run("plan", STACK)
    found.run("apply", STACK, "--yes")
    return found


def _release_states(cluster: Cluster) -> dict[str, str]:
    """Release to the status of its latest revision."""
    latest: dict[str, tuple[int, str]] = {}
    for secret in cluster.request("GET", "/api/v1/secrets?labelSelector=owner%3Dhelm")["items"]:
        labels = secret["metadata"]["labels"]
        revision = int(labels["version"]), labels["status"]
        latest[labels["name"]] = max(latest.get(labels["name"], (0, "")), revision)
    return {name: status for name, (_, status) in latest.items()}


def _pod(**container: Any) -> dict[str, Any]:
    """A pod that meets every policy, with changes to its container."""
    restricted = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    image = f"quay.io/jetstack/cert-manager-controller@sha256:{'0' * 64}"
    resources = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}}
    probe = {"httpGet": {"path": "/", "port": 8080}}
    one = {
        "name": "x",
        "image": image,
        "resources": resources,
        "securityContext": restricted,
        "readinessProbe": probe,
        "livenessProbe": probe,
    }
    labels = {"app.kubernetes.io/name": "x", "app.kubernetes.io/part-of": "dpf", "owner": "data-platform"}
    return {
        "metadata": {"labels": labels},
        "spec": {"automountServiceAccountToken": False, "containers": [one | container]},
    }


def _refusal(cluster: Cluster, path: str, body: dict[str, Any]) -> str:
    """The message with which the API server refuses an object; empty if it admits it. Nothing is stored."""
    try:
        cluster.request("POST", f"{path}?dryRun=All", body)
    except urllib.error.HTTPError as error:
        return str(json.loads(error.read())["message"])
    return ""


def test_every_release_is_deployed(installed: Project, beside: Operators) -> None:
    expected = {release.name for release in releases(installed.context)}
    states = _release_states(installed.cluster)
    assert states == dict.fromkeys(expected, "deployed"), log_tail(installed.cluster.directory, "kyverno")


def test_a_second_plan_is_empty(installed: Project) -> None:
    assert "no changes" in installed.run("plan", STACK).lower()


def test_no_object_violates_a_policy(installed: Project) -> None:
    """Each object was admitted, since the policies deny in staging; the gate has no unproven one either."""
    installed.run("gate", STACK)


PODS = "/api/v1/namespaces/keda/pods"


def test_kyverno_admits_a_compliant_pod(installed: Project) -> None:
    assert _refusal(installed.cluster, PODS, {**_pod(), "metadata": _pod()["metadata"] | {"name": "x"}}) == ""


def test_kyverno_refuses_an_image_without_digest(installed: Project) -> None:
    pod = _pod(image="quay.io/jetstack/cert-manager-controller:v1.0.0")
    message = _refusal(installed.cluster, PODS, {**pod, "metadata": pod["metadata"] | {"name": "x"}})
    assert "digest" in message


def test_kyverno_refuses_a_deployment_by_its_template(installed: Project) -> None:
    pod = _pod(image="quay.io/jetstack/cert-manager-controller:v1.0.0")
    labels = pod["metadata"]["labels"]
    deployment = {
        "metadata": {"name": "x", "labels": labels},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }
    message = _refusal(installed.cluster, "/apis/apps/v1/namespaces/keda/deployments", deployment)
    assert "digest" in message


def test_an_exception_holds_in_its_namespace_only(installed: Project) -> None:
    """Falco may mount paths of its node; a pod elsewhere may not."""
    exceptions = {
        module.name: {exception.policy for exception in module.contract.exceptions}
        for module in installed.context.modules.values()
    }
    assert "no-host-path" in exceptions["falco"]
    assert "no-host-path" not in exceptions["keda"]
    pod = _pod()
    pod["metadata"]["name"] = "x"
    pod["spec"]["volumes"] = [{"name": "node", "hostPath": {"path": "/proc"}}]
    namespace = installed.context.modules["falco"].namespace
    assert "host" not in _refusal(installed.cluster, f"/api/v1/namespaces/{namespace}/pods", pod)
    assert "host" in _refusal(installed.cluster, PODS, pod).lower()


def test_network_policies_allow_exactly_what_is_declared(installed: Project) -> None:
    """Evaluated by cyclonus on the live objects, for every pair of modules and every declared port."""
    context = installed.context
    policies = installed.cluster.request("GET", "/apis/networking.k8s.io/v1/networkpolicies")["items"]
    declared = {(one.source, one.destination, one.port) for one in openings(context)}
    ports = sorted({one.port for one in openings(context)})
    modules = {name: module for name, module in context.modules.items() if module.namespace == name}
    asked = [
        (source, destination, port)
        for source in modules
        for destination in modules
        if source != destination
        for port in ports
    ]
    traffic = [
        {
            "Source": _peer(modules[source].namespace),
            "Destination": _peer(modules[destination].namespace),
            "ResolvedPort": port,
            "Protocol": "TCP",
        }
        for source, destination, port in asked
    ]
    finished = subprocess.run(
        [binaries.connections()],
        input=json.dumps({"policies": policies, "traffic": traffic}),
        capture_output=True,
        text=True,
        check=True,
    )
    allowed = {path for path, verdict in zip(asked, json.loads(finished.stdout), strict=True) if verdict}
    assert allowed == declared & set(asked)


def _peer(namespace: str) -> dict[str, Any]:
    labels = {"kubernetes.io/metadata.name": namespace}
    return {"IP": "10.244.0.9", "Internal": {"Namespace": namespace, "NamespaceLabels": labels, "PodLabels": {}}}


def _drifted(project: Project) -> set[str]:
    """Kind and name of each object that has drifted."""
    report = json.loads(project.run("drift", STACK, "--json", code=1))
    return {f"{one['kind']} {one['name']}" for one in report["objects"]}


def test_drift_shows_what_was_changed_and_deleted_by_hand(installed: Project, beside: Operators) -> None:
    before = _drifted(installed)
    assert {one.partition(" ")[2] for one in before} == beside.removed
    base = "/apis/apps/v1/namespaces/keda/deployments"
    edited, deleted = (one["metadata"]["name"] for one in installed.cluster.request("GET", base)["items"][:2])
    patch = {"spec": {"replicas": 7}}
    installed.cluster.request("PATCH", f"{base}/{edited}", patch, content_type="application/merge-patch+json")
    installed.cluster.request("DELETE", f"{base}/{deleted}")
    assert _drifted(installed) - before == {f"Deployment {edited}", f"Deployment {deleted}"}
    output = installed.run("drift", STACK, code=1)
    assert "spec.replicas: " in output
    installed.run("drift", STACK, "--repair", code=1)
    assert _drifted(installed) == before


def test_a_failed_upgrade_is_rolled_back(installed: Project) -> None:
    """An upgrade that the API server refuses leaves the last revision deployed."""
    path = installed.root / "environments" / "staging.yaml"
    before = path.read_text()
    yaml = YAML()
    document = yaml.load(before)
    document.setdefault("modules", {})["keda"] = {"values": {"resources": {"operator": {"requests": {"cpu": "none"}}}}}
    with path.open("w") as file:
        yaml.dump(document, file)
    try:
        installed.run("plan", STACK)
        installed.run("apply", STACK, "--yes", code=3)
        assert _release_states(installed.cluster)["keda"] == "deployed"
    finally:
        path.write_text(before)
    installed.run("plan", STACK)
    installed.run("apply", STACK, "--yes")


def test_the_api_server_reached_kyverno_only(installed: Project, control_plane: Cluster) -> None:
    assert set(control_plane.egress.allowed) <= set(control_plane.egress.targets)
    assert control_plane.egress.allowed


def test_a_destroy_leaves_only_definitions_and_volumes(installed: Project) -> None:
    installed.run("destroy", STACK, "--yes", STACK)
    assert _release_states(installed.cluster) == {}
    namespaces = {one["metadata"]["name"] for one in installed.cluster.request("GET", "/api/v1/namespaces")["items"]}
    own = {module.namespace for module in installed.context.modules.values()} - {"kube-system"}
    assert not namespaces & own
