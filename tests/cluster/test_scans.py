"""Scans on a real API server: reports that meet trivy-operator's own definitions are read by `terrace.live.scans`.

The operator does not run here; the test writes the reports that it would write.
"""

import os
import time
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.environment import load
from terrace.live import scans
from terrace.live.kubernetes import Kubernetes
from terrace.workloads import charts
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from tests.cluster.control_plane import Cluster
from tests.conftest import ROOT

API = "/apis/aquasecurity.github.io/v1alpha1"
SCANNER = {"name": "Trivy", "vendor": "Aqua Security", "version": "0.74.0"}
AT = "2030-01-02T03:04:05Z"


@pytest.fixture(scope="module")
def context() -> Context:
    environment = load("dev", project=ROOT, cloud="aws").environment
    return opened(environment, root=ROOT, outputs=ROOT / "none")


@pytest.fixture(scope="module")
def defined(empty_cluster: Cluster, context: Context) -> Cluster:
    """A cluster with the chart's definitions."""
    spec = context.modules["trivy-operator"].contract.chart
    chart = spec and charts.find(spec, charts.directory(os.environ))
    if not chart or not (chart.path / "crds").is_dir():
        pytest.skip("TERRACE_CHART_DIR names no directory with the unpacked chart trivy-operator")
    for path in sorted((chart.path / "crds").glob("*.yaml")):
        definition = YAML(typ="safe").load(path)
        empty_cluster.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    for plural in ("vulnerabilityreports", "configauditreports"):
        _wait_for(empty_cluster, f"{API}/{plural}")
    return empty_cluster


def _wait_for(cluster: Cluster, path: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.request("GET", path)
            return
        except urllib.error.HTTPError:
            assert time.monotonic() < deadline, f"the API server does not serve {path}"
            time.sleep(0.5)


def _create(cluster: Cluster, kind: str, plural: str, namespace: str, report: dict[str, Any]) -> None:
    body = {"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": kind, "metadata": {"name": "one"}}
    cluster.request("POST", f"{API}/namespaces/{namespace}/{plural}?fieldValidation=Strict", {**body, "report": report})


def test_reports_of_the_operators_definitions_are_read(defined: Cluster, context: Context) -> None:
    namespace = context.modules["keda"].namespace
    defined.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    pod = {"containers": [{"name": "a", "image": "example/keda:1"}, {"name": "b", "image": "example/other:2"}]}
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    _wait_for(defined, account)
    defined.request("POST", f"/api/v1/namespaces/{namespace}/pods", {"metadata": {"name": "keda"}, "spec": pod})
    counts = {"criticalCount": 1, "highCount": 2, "mediumCount": 3, "lowCount": 0}
    vulnerabilities = {
        "updateTimestamp": AT,
        "scanner": SCANNER,
        "registry": {"server": "index.docker.io"},
        "artifact": {"repository": "example/keda", "tag": "1"},
        "os": {"family": "debian", "name": "12.5"},
        "summary": {**counts, "unknownCount": 0},
        "vulnerabilities": [],
    }
    _create(defined, "VulnerabilityReport", "vulnerabilityreports", namespace, vulnerabilities)
    audit = {"updateTimestamp": AT, "scanner": SCANNER, "summary": counts, "checks": []}
    _create(defined, "ConfigAuditReport", "configauditreports", namespace, audit)

    found = scans.of(context, lambda: Kubernetes(defined.url, Path(defined.ca).read_text(), defined.token))
    assert (found.status, found.reason) == ("read", "")
    keda = next(one for one in found.modules if "keda" in one.modules)
    assert [(one.image, one.vulnerabilities["high"]) for one in keda.images] == [("example/keda:1", 2)]
    assert keda.unscanned == ("example/other:2",)
    assert keda.configuration and keda.configuration.failed["medium"] == 3
