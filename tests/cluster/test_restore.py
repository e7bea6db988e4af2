"""A restore, rehearsed: a module's namespace is backed up as its Schedule says, deleted, and restored.

The objects are those of the module's releases, as far as they are of Kubernetes' own kinds. Volumes are not part of it:
nothing provides snapshots here.
"""

import os
import time
import urllib.error
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from terrace.calls import Absent
from terrace.emulator import start
from terrace.environment import load
from terrace.live.kubernetes import Kubernetes
from terrace.workloads import backups, base, integration, values
from terrace.workloads.context import Context, Object
from terrace.workloads.opening import opened
from tests.cluster import binaries
from tests.cluster.control_plane import Cluster
from tests.cluster.velero_server import Velero, port_is_free, velero
from tests.conftest import ROOT

MODULE = "opensearch"
"""A module with volumes in its backup, and with workloads in the values of its chart."""
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "given"}, "stringData": {"key": "example"}}


@pytest.fixture(scope="module")
def context() -> Context:
    environment = load("dev", project=ROOT, cloud="aws").environment
    return opened(environment, root=ROOT, outputs=ROOT / "none")


@pytest.fixture(scope="module")
def server(empty_cluster: Cluster, context: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Velero]:
    if reason := binaries.missing("control_plane", "velero"):
        pytest.skip(reason)
    if not port_is_free():
        pytest.skip("port 8080 is in use, on which Velero serves metrics")
    module = context.modules["velero"]
    (location,) = values.values(module, context)["configuration"]["backupStorageLocation"]
    given = {name: location[name] for name in ("provider", "default", "accessMode", "config")}
    bucket = {"bucket": location["bucket"], "prefix": location["prefix"]}
    store = start("aws", tmp_path_factory.mktemp("store"), parent=os.getpid())
    try:
        with velero(empty_cluster, module.namespace, {**given, "objectStorage": bucket}, store) as running:
            yield running
    finally:
        store.stop()


def client(cluster: Cluster) -> Kubernetes:
    return Kubernetes(cluster.url, Path(cluster.ca).read_text(), cluster.token)


def served(cluster: Cluster, documents: Sequence[Object], namespace: str) -> list[tuple[str, Object]]:
    """(path, object) of those whose kind the API server has, the namespace first."""
    reader, found = client(cluster), []
    for one in documents:
        try:
            found.append((reader.path(one, namespace), one))
        except Absent:
            continue
    return sorted(found, key=lambda each: each[1]["kind"] != "Namespace")


@pytest.fixture(scope="module")
def installed(server: Velero, context: Context) -> list[tuple[str, Object]]:
    """The objects of the module in the cluster, with their paths; its Deployments are available."""
    module = context.modules[MODULE]
    chart = values.values(module, context)["extraObjects"]
    documents = [*base.objects(module, context), *integration.objects(module, context), *chart, SECRET]
    own = [one for one in documents if one["metadata"].get("namespace", module.namespace) == module.namespace]
    found = served(server.cluster, own, module.namespace)
    for path, document in found:
        document = {**document, "metadata": {**document["metadata"]}}
        if f"/namespaces/{module.namespace}/" in path:
            document["metadata"]["namespace"] = module.namespace
        client(server.cluster).applied(path, document, dry_run=False)
    _wait(lambda: _available(server.cluster, module.namespace))
    return found


def _available(cluster: Cluster, namespace: str) -> bool:
    deployments = cluster.request("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments")["items"]
    return bool(deployments) and all(
        one["status"].get("readyReplicas") == one["spec"]["replicas"] for one in deployments
    )


def _wait(condition: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.5)


def _exists(cluster: Cluster, path: str) -> bool:
    try:
        cluster.request("GET", path)
    except urllib.error.HTTPError as error:
        assert error.code == 404, error.read()
        return False
    return True


def _content(document: Object) -> Object:
    """What of an object a restore has to bring back."""
    labels = document["metadata"].get("labels", {})
    own = {key: value for key, value in labels.items() if not key.startswith("velero.io/")}
    rest = {key: value for key, value in document.items() if key not in ("metadata", "status")}
    if document["kind"] == "Service":  # its address is another one
        rest["spec"] = {key: value for key, value in rest["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    return {"labels": own, **rest}


def test_a_deleted_namespace_comes_back_from_its_backup(
    server: Velero, installed: list[tuple[str, Object]], context: Context
) -> None:
    cluster, module = server.cluster, context.modules[MODULE]
    (schedule,) = backups.objects(module, context)
    kinds = {document["kind"] for _, document in installed}
    assert {"Namespace", "ResourceQuota", "NetworkPolicy", "Deployment", "CronJob", "ConfigMap", "Service"} <= kinds
    before = {path: _content(cluster.request("GET", path)) for path, _ in installed}

    backup = server.create("Backup", "rehearsal", schedule["spec"]["template"])
    assert backup["status"]["phase"] == "Completed", server.tail()
    assert backup["status"].get("errors", 0) == 0
    assert backup["status"]["progress"]["itemsBackedUp"] >= len(installed) - 1

    cluster.request("DELETE", f"/api/v1/namespaces/{module.namespace}")
    _wait(lambda: not _exists(cluster, f"/api/v1/namespaces/{module.namespace}"))

    restore = server.create("Restore", "rehearsal", {"backupName": "rehearsal"})
    assert restore["status"]["phase"] == "Completed", server.tail()
    assert restore["status"].get("errors", 0) == 0
    secrets = [path for path, document in installed if document["kind"] == "Secret"]
    missing = [path for path in before if not _exists(cluster, path)]
    assert missing == secrets, "the Schedule leaves Secrets out: external-secrets makes them again"
    after = {path: _content(cluster.request("GET", path)) for path in before if path not in secrets}
    assert after == {path: content for path, content in before.items() if path not in secrets}
    _wait(lambda: _available(cluster, module.namespace))
