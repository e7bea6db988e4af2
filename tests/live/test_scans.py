"""terrace.live.scans: the reports of trivy-operator, and the images that run without one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from terrace.assurance.report.scans import Scans
from terrace.errors import AnswerIsNo
from terrace.live import scans
from terrace.live.kubernetes import Kubernetes
from terrace.workloads.context import Context
from tests.live.api_server import ApiServer, api_server
from tests.workloads.modules_fixture import context

DIGEST = f"sha256:{'a' * 64}"
OTHER = f"sha256:{'b' * 64}"
SCANNER = {"name": "Trivy", "vendor": "Aqua Security", "version": "0.74.0"}
API = "/apis/aquasecurity.github.io/v1alpha1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with api_server() as running:
        data = {"trivy.severity": "MEDIUM,HIGH,CRITICAL", "trivy.ignoreUnfixed": "true"}
        configure(running, data)
        yield running


@pytest.fixture
def of(tmp_path: Path) -> Context:
    return context(tmp_path, trivy="provides: [scanning]", shop="", store="")


def configure(server: ApiServer, data: dict[str, str]) -> None:
    metadata = {"name": "trivy-operator-trivy-config", "namespace": "trivy-ns"}
    server.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def pod(server: ApiServer, name: str, namespace: str, *images: str, phase: str = "Running", **spec: Any) -> None:
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    server.add(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": containers, **spec},
            "status": {"phase": phase},
        }
    )


def vulnerabilities(
    server: ApiServer,
    name: str,
    namespace: str,
    *,
    at: str = "2030-01-02T03:04:05Z",
    counts: Any = None,
    **artifact: str,
) -> None:
    """A report as trivy-operator writes it."""
    registry = artifact.pop("registry", "index.docker.io")
    summary = {f"{one}Count": 0 for one in ("critical", "high", "medium", "low", "unknown", "none")} | (counts or {})
    report = {
        "updateTimestamp": at,
        "scanner": SCANNER,
        "registry": {"server": registry},
        "artifact": artifact,
        "os": {"family": "debian", "name": "12.5"},
        "summary": summary,
        "vulnerabilities": [],
    }
    server.add(
        {
            "apiVersion": "aquasecurity.github.io/v1alpha1",
            "kind": "VulnerabilityReport",
            "metadata": {"name": name, "namespace": namespace},
            "report": report,
        }
    )


def audit(server: ApiServer, name: str, namespace: str, at: str, **counts: int) -> None:
    summary = {"criticalCount": 0, "highCount": 0, "mediumCount": 0, "lowCount": 0} | counts
    server.add(
        {
            "apiVersion": "aquasecurity.github.io/v1alpha1",
            "kind": "ConfigAuditReport",
            "metadata": {"name": name, "namespace": namespace},
            "report": {"updateTimestamp": at, "scanner": SCANNER, "summary": summary, "checks": []},
        }
    )


def read(server: ApiServer, of: Context) -> Scans:
    return scans.of(of, lambda: server.client)


def test_images_that_run_are_counted_by_severity_and_module(server: ApiServer, of: Context) -> None:
    pod(server, "shop-1", "shop-ns", "example/shop:1.2", f"registry.example.com:5000/side/car:v1@{DIGEST}")
    pod(server, "shop-2", "shop-ns", "example/shop:1.2", initContainers=[{"name": "i", "image": "nginx"}])
    pod(server, "store-1", "store-ns", "example/store:3")
    pod(server, "ended", "store-ns", "example/job:1", phase="Succeeded")
    pod(server, "dns", "kube-system", "example/dns:1")
    counts = {"criticalCount": 1, "highCount": 4}
    vulnerabilities(server, "old", "shop-ns", at="2030-01-01T00:00:00Z", repository="example/shop", tag="1.2",
                    counts={"criticalCount": 9})  # fmt: skip
    vulnerabilities(server, "new", "shop-ns", repository="example/shop", tag="1.2", digest=OTHER, counts=counts)
    vulnerabilities(server, "side", "shop-ns", registry="registry.example.com:5000", repository="side/car", tag="v1",
                    digest=DIGEST, counts={"mediumCount": 2})  # fmt: skip
    vulnerabilities(server, "gone", "shop-ns", repository="example/shop", tag="1.1", counts={"criticalCount": 50})
    audit(server, "one", "shop-ns", "2030-01-02T00:00:00Z", highCount=1, mediumCount=2)
    audit(server, "two", "shop-ns", "2030-01-03T00:00:00Z", highCount=3)
    found = read(server, of)
    assert (found.status, found.severities, found.fixed_only) == ("read", ("critical", "high", "medium"), True)
    shop, store = (next(one for one in found.modules if name in one.modules) for name in ("shop", "store"))
    by_image = {one.image: one for one in shop.images}
    assert by_image["example/shop:1.2"].vulnerabilities == {"critical": 1, "high": 4, "medium": 0}
    assert by_image["example/shop:1.2"].scanned == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert by_image[f"registry.example.com:5000/side/car:v1@{DIGEST}"].vulnerabilities["medium"] == 2
    assert shop.unscanned == ("nginx",)
    assert shop.configuration and (shop.configuration.objects, shop.configuration.failed["high"]) == (2, 4)
    assert shop.configuration.scanned == datetime(2030, 1, 2, tzinfo=UTC)
    assert (store.images, store.unscanned, store.configuration) == ((), ("example/store:3",), None)
    assert store.vulnerabilities("critical") is None
    assert str(found) == (
        "2 images scanned; 1 critical, 4 high, 2 medium vulnerabilities with a fix (low, unknown not reported); "
        "2 images without a report"
    )


def test_a_digest_that_differs_is_not_covered(server: ApiServer, of: Context) -> None:
    pod(server, "shop", "shop-ns", f"example/shop:1@{DIGEST}")
    vulnerabilities(server, "shop", "shop-ns", repository="example/shop", tag="1", digest=OTHER)
    shop = next(one for one in read(server, of).modules if "shop" in one.modules)
    assert (shop.images, shop.unscanned) == ((), (f"example/shop:1@{DIGEST}",))


def test_severities_that_are_not_known_are_said_to_be(server: ApiServer, of: Context) -> None:
    pod(server, "shop", "shop-ns", "example/shop:1")
    vulnerabilities(server, "shop", "shop-ns", repository="example/shop", tag="1")
    server.objects.pop("/api/v1/namespaces/trivy-ns/configmaps/trivy-operator-trivy-config")
    found = read(server, of)
    assert found.severities == ()
    assert "of severities that are not known" in str(found)


def test_without_a_report_no_count_is_zero(server: ApiServer, of: Context) -> None:
    pod(server, "shop", "shop-ns", "example/shop:1")
    found = read(server, of)
    assert str(found) == "0 images scanned; 1 image without a report"
    assert [one.vulnerabilities("critical") for one in found.modules] == [None, None, None]


def test_what_prevents_reading_is_the_reason(server: ApiServer, of: Context, tmp_path: Path) -> None:
    off = scans.of(context(tmp_path / "other", shop=""), lambda: server.client)
    assert (off.status, str(off)) == ("off", "images were not scanned: no enabled module provides scanning")
    assert server.requests == []

    def without_outputs() -> Kubernetes:
        raise AnswerIsNo("the cluster is not known")

    unreachable = Kubernetes("https://127.0.0.1:9", server.authority, "t")
    for connect, reason in (
        (without_outputs, "the cluster is not known"),
        (lambda: unreachable, "the cluster's API server does not respond"),
        (lambda: Kubernetes(server.endpoint, server.authority, "other"), "the cluster does not accept the token"),
    ):
        found = scans.of(of, connect)
        assert (found.status, found.modules) == ("unread", ())
        assert reason in str(found) and str(found).startswith("not read: ")
    server.absent.add(f"{API}/configauditreports")
    assert "no configauditreports: the scanner is not installed" in read(server, of).reason
    server.denied.add("/api/v1/pods")
    server.absent.clear()
    assert "/api/v1/pods is forbidden" in read(server, of).reason


def test_a_report_of_another_format_is_not_read_as_zero(server: ApiServer, of: Context) -> None:
    pod(server, "shop", "shop-ns", "example/shop:1")
    vulnerabilities(server, "shop", "shop-ns", repository="example/shop", tag="1")
    del server.objects[f"{API}/namespaces/shop-ns/vulnerabilityreports/shop"]["report"]["summary"]
    found = read(server, of)
    assert (found.status, found.reason) == ("unread", "a report of trivy has another format: KeyError: 'summary'")


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("index.docker.io", "library/nginx", "latest", "")),
        ("docker.io/nginx:1.27", ("index.docker.io", "library/nginx", "1.27", "")),
        ("example/shop:1", ("index.docker.io", "example/shop", "1", "")),
        (f"example/shop@{DIGEST}", ("index.docker.io", "example/shop", "", DIGEST)),
        (f"quay.io/a/b/c:v1@{DIGEST}", ("quay.io", "a/b/c", "v1", DIGEST)),
        ("localhost/shop", ("localhost", "shop", "latest", "")),
        ("localhost:5000/shop:2", ("localhost:5000", "shop", "2", "")),
        ("registry.example.com:5000/shop", ("registry.example.com:5000", "shop", "latest", "")),
    ],
)
def test_the_parts_of_an_image_are_those_of_container_runtimes(image: str, parts: tuple[str, ...]) -> None:
    assert scans.reference(image) == parts
