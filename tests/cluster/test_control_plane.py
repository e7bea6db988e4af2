"""The test cluster itself: what its other tests rely on."""

import time
import urllib.error

from tests.cluster.control_plane import Cluster


def _wait_for(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.3)


def test_a_deployment_is_scheduled_over_zones(empty_cluster: Cluster) -> None:
    labels = {"matchLabels": {"app": "x"}}
    spread = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
    pod = {
        "containers": [{"name": "x", "image": "registry.example.com/x:1"}],
        "topologySpreadConstraints": [spread | {"labelSelector": labels}],
    }
    template = {"metadata": {"labels": {"app": "x"}}, "spec": pod}
    spec = {"replicas": 3, "selector": labels, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}
    empty_cluster.request("POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
    path = "/apis/apps/v1/namespaces/default/deployments/x"
    _wait_for(lambda: empty_cluster.request("GET", path)["status"].get("readyReplicas") == 3)
    pods = empty_cluster.request("GET", "/api/v1/namespaces/default/pods?labelSelector=app=x")["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == {"node-a", "node-b", "node-c"}


def test_the_api_server_dials_no_unmapped_webhook(empty_cluster: Cluster) -> None:
    """The API server reaches webhooks through the proxy alone, which refuses a Service that no test has mapped."""
    webhook = {
        "name": "x.example.com",
        "clientConfig": {"service": {"namespace": "default", "name": "absent", "port": 443}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "guarded"}},
    }
    empty_cluster.request("POST", "/api/v1/namespaces", {"metadata": {"name": "guarded"}})
    service = {"metadata": {"name": "absent"}, "spec": {"ports": [{"port": 443}]}}
    created = empty_cluster.request("POST", "/api/v1/namespaces/default/services", service)
    empty_cluster.request(
        "POST",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        {"metadata": {"name": "guarded"}, "webhooks": [webhook]},
    )
    path = "/api/v1/namespaces/guarded/configmaps"
    _wait_for(lambda: _refused(empty_cluster, path))
    assert f"{created['spec']['clusterIP']}:443" in empty_cluster.egress.refused
    assert not empty_cluster.egress.allowed


def _refused(cluster: Cluster, path: str) -> bool:
    try:
        cluster.request("POST", path, {"metadata": {"generateName": "x-"}})
    except urllib.error.HTTPError as error:
        assert error.code == 500, error.read()
        return True
    return False
