"""terrace.live.cluster and kubernetes: drift of releases, its repair, and what blocks a destroy."""

from collections.abc import Iterator
from typing import Any

import pytest

from terrace.calls import Absent, CredentialsError, Unreadable
from terrace.capabilities.outputs import ClusterOutputs
from terrace.live import cluster
from terrace.live.kubernetes import Kubernetes
from tests.live.api_server import ApiServer, api_server

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "labels": {"app": "shop"}},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "app", "image": "app:v1"}]}}},
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "shop", "namespace": "shop"},
    "data": {"mode": "a"},
}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
LIVE = "/apis/apps/v1/namespaces/shop/deployments/shop"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with api_server() as running:
        running.install("shop", "shop", [DEPLOYMENT, CONFIG])
        running.install("shop-base", "kube-system", [NAMESPACE])
        yield running


def found(server: ApiServer, *names: str) -> list[cluster.ObjectDrift]:
    return cluster.drift(server.client, names or ("shop-base", "shop"))


def test_what_the_server_adds_is_no_drift(server: ApiServer) -> None:
    live = server.objects[LIVE]
    live["status"] = {"readyReplicas": 1}
    live["spec"]["strategy"] = {"type": "RollingUpdate"}
    assert found(server) == []
    assert {method for method, _, _ in server.requests} == {"GET", "PATCH"}
    assert all(query["dryRun"] == ["All"] for method, _, query in server.requests if method == "PATCH")


def test_a_deleted_object_is_drift(server: ApiServer) -> None:
    del server.objects[LIVE]
    (one,) = found(server)
    assert (str(one), one.release, one.change) == ("Deployment shop/shop", "shop", "deleted")


def test_an_edited_object_is_drift_with_both_values(server: ApiServer) -> None:
    server.objects[LIVE]["spec"]["replicas"] = 5
    server.objects[LIVE]["spec"]["template"]["spec"]["containers"] = [{"name": "app", "image": "app:v2"}]
    (one,) = found(server)
    assert one.attributes == (
        ("spec.replicas", 2, 5),
        ("spec.template.spec.containers[0].image", "app:v1", "app:v2"),
    )


def test_a_release_that_is_not_installed_is_drift(server: ApiServer) -> None:
    (one,) = found(server, "shop", "store")
    assert (one.release, one.kind, one.reason) == ("store", "Release", "not installed")


def test_the_latest_revision_decides(server: ApiServer) -> None:
    newer = CONFIG | {"data": {"mode": "b"}}
    server.install("shop", "shop", [newer], revision=10)
    del server.objects[LIVE]  # it is in revision 1 only
    assert found(server, "shop") == []


def test_an_object_that_cannot_be_read_is_reported(server: ApiServer) -> None:
    server.denied.add(LIVE)
    (one,) = found(server)
    assert one.change == "unreadable" and "is forbidden" in one.reason


def test_a_repair_applies_the_manifest_again(server: ApiServer) -> None:
    server.objects[LIVE]["spec"]["replicas"] = 5
    del server.objects["/api/v1/namespaces/shop/configmaps/shop"]
    drifted = found(server)
    assert len(drifted) == 2
    assert cluster.repair(server.client, drifted) == 2
    assert found(server) == []
    assert server.objects[LIVE]["spec"]["replicas"] == 2


def custom(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "Kafka",
        "metadata": {"name": name, "namespace": "shop", **metadata},
    }


def test_the_preflight_names_what_a_destroy_meets(server: ApiServer) -> None:
    names = {"kind": "Kafka", "plural": "kafkas"}
    spec = {
        "group": "kafka.strimzi.io",
        "scope": "Namespaced",
        "names": names,
        "versions": [{"name": "v1", "storage": True}],
    }
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    server.add({**definition, "metadata": {"name": "kafkas.kafka.strimzi.io"}, "spec": spec})
    server.add(custom("by-hand", finalizers=["strimzi.io/finalizer"]))
    server.add(custom("by-helm", finalizers=["x"], labels={"app.kubernetes.io/managed-by": "Helm"}))
    server.add(custom("plain"))
    for name, namespace in (("door", "shop"), ("other", "elsewhere")):
        server.add(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"type": "LoadBalancer"},
            }
        )
    for name, policy in (("kept", "Retain"), ("gone", "Delete")):
        server.add(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": name},
                "spec": {"persistentVolumeReclaimPolicy": policy},
            }
        )
        server.add(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "namespace": "shop"},
                "spec": {"volumeName": name},
            }
        )
    obstacles = cluster.preflight(server.client, {"shop"})
    assert sorted((one.kind, one.resource) for one in obstacles) == [
        ("blocks", "Kafka shop/by-hand"),
        ("note", "PersistentVolumeClaim shop/gone"),
        ("note", "Service shop/door"),
        ("retained", "PersistentVolumeClaim shop/kept"),
    ]
    (blocking,) = [one for one in obstacles if one.kind == "blocks"]
    assert blocking.remedy == "delete it while its controller still runs"


def test_a_token_that_is_not_accepted_is_a_credentials_error(server: ApiServer) -> None:
    with pytest.raises(CredentialsError, match="the cluster does not accept the token: Unauthorized"):
        Kubernetes(server.endpoint, server.authority, "other").get("/api/v1")


def test_another_certificate_authority_is_refused(server: ApiServer) -> None:
    with api_server() as other, pytest.raises(Unreadable, match=r"does not respond: .*certificate"):
        Kubernetes(server.endpoint, other.authority, "t").get("/api/v1")


@pytest.mark.parametrize("authority", ["srI=", "bm90IGEgY2VydGlmaWNhdGU="])
def test_outputs_without_a_certificate_are_an_error(authority: str) -> None:
    outputs = ClusterOutputs(name="shop", endpoint="https://127.0.0.1:9", certificate_authority=authority)
    with pytest.raises(Unreadable, match="the certificate authority of the cluster shop is not a certificate"):
        Kubernetes.of(outputs, "t")


def test_an_unreachable_server_and_an_unknown_kind_are_errors(server: ApiServer) -> None:
    with pytest.raises(Absent, match="the cluster has no kind Nothing in v1"):
        server.client.resource("v1", "Nothing")
    with pytest.raises(Unreadable, match="does not respond") as raised:
        Kubernetes("https://127.0.0.1:9", server.authority, "t").get("/api/v1")
    assert "private endpoint" in raised.value.hint


def test_the_token_is_in_no_text_of_the_client(server: ApiServer) -> None:
    assert "token-of-the-test" not in repr(server.client)
