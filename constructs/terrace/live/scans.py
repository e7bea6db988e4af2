"""Reads what trivy-operator found in a cluster: its reports on images and objects, compared with the pods that run.

Source: trivy-operator, `VulnerabilityReport` and `ConfigAuditReport` of aquasecurity.github.io/v1alpha1; its ConfigMap
`trivy-operator-trivy-config` has the severities that it reports.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from terrace.assurance.report.scans import (
    SEVERITIES,
    ImageScan,
    ModuleScans,
    ObjectScan,
    Scans,
    Severity,
    added,
    unread,
)  # fmt: skip
from terrace.calls import Absent, Unreadable
from terrace.errors import TerraceError
from terrace.live.kubernetes import Kubernetes, Object
from terrace.workloads.context import Context

API = "/apis/aquasecurity.github.io/v1alpha1"
CONFIGURATION = "trivy-operator-trivy-config"
_PAGE = 50
"""Reports in one answer: a report lists every vulnerability of an image."""
_ENDED = ("Succeeded", "Failed")


class Reference(NamedTuple):
    """An image's registry, repository, tag and digest."""

    registry: str
    repository: str
    tag: str
    digest: str


def of(context: Context, connect: Callable[[], Kubernetes]) -> Scans:
    """The scans in an environment's cluster, to which `connect` opens a client. Whatever prevents reading them is the
    reason in the result; it raises nothing."""
    scanner = context.provider("scanning")
    if scanner is None:
        return Scans(status="off", reason="no enabled module provides scanning")
    try:
        return _read(connect(), scanner.namespace, context)
    except TerraceError as error:
        return unread(str(error))
    except (KeyError, TypeError, ValueError) as error:
        return unread(f"a report of {scanner.name} has another format: {type(error).__name__}: {error}")


def _read(cluster: Kubernetes, namespace: str, context: Context) -> Scans:
    images, objects = _reports(cluster, "vulnerabilityreports"), _reports(cluster, "configauditreports")
    severities, fixed_only = _scope(cluster, namespace)
    running: dict[str, set[str]] = {}
    for pod in cluster.items("/api/v1/pods"):
        if pod.get("status", {}).get("phase") not in _ENDED:
            running.setdefault(pod["metadata"]["namespace"], set()).update(_images(pod["spec"]))
    modules: dict[str, list[str]] = {}
    for module in context.modules.values():
        modules.setdefault(module.namespace, []).append(module.name)
    found = []
    for home, names in modules.items():
        latest = _latest(images.get(home, []))
        scans = {image: _scan(image, latest, severities) for image in sorted(running.get(home, ()))}
        found.append(
            ModuleScans(
                modules=tuple(names),
                namespace=home,
                images=tuple(scan for scan in scans.values() if scan),
                unscanned=tuple(image for image, scan in scans.items() if scan is None),
                configuration=_configuration(objects.get(home, []), severities),
            )
        )
    return Scans(status="read", severities=severities, fixed_only=fixed_only, modules=tuple(found))


def reference(image: str) -> Reference:
    """The parts of an image's name, with the defaults of container runtimes: Docker Hub, and the tag `latest`."""
    name, _, digest = image.partition("@")
    path, _, tag = name.rpartition(":")
    if not path or "/" in tag:  # the colon is that of a registry's port
        path, tag = name, ""
    registry, _, repository = path.partition("/")
    if not repository or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, repository = "docker.io", path
    if registry == "docker.io":
        registry, repository = "index.docker.io", repository if "/" in repository else f"library/{repository}"
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)


def _reports(cluster: Kubernetes, plural: str) -> dict[str, list[Object]]:
    """The reports of a kind, by namespace. Raises Unreadable if the cluster does not have the kind."""
    by_namespace: dict[str, list[Object]] = {}
    try:
        for one in cluster.items(f"{API}/{plural}", page=_PAGE):
            by_namespace.setdefault(one["metadata"]["namespace"], []).append(one)
    except Absent as error:
        raise Unreadable(f"the cluster has no {plural}: the scanner is not installed") from error
    return by_namespace


def _scope(cluster: Kubernetes, namespace: str) -> tuple[tuple[Severity, ...], bool]:
    """The severities that the scanner reports, and whether it leaves out what has no fix; empty if it is not known."""
    try:
        data: Mapping[str, str] = cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/{CONFIGURATION}")["data"]
    except Absent:
        return (), False
    reported = [part.strip().lower() for part in data.get("trivy.severity", "").split(",")]
    return tuple(one for one in SEVERITIES if one in reported), data.get("trivy.ignoreUnfixed") == "true"


def _images(spec: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(kind) or []:
            yield container["image"]


def _latest(reports: list[Object]) -> dict[Reference, tuple[datetime, Mapping[str, int]]]:
    """The latest report on each image: its time and its counts, by the reference with and without the digest."""
    latest: dict[Reference, tuple[datetime, Mapping[str, int]]] = {}
    for one in reports:
        report, artifact = one["report"], one["report"]["artifact"]
        scanned = (_time(report), report["summary"])
        full = Reference(
            report.get("registry", {}).get("server", ""),
            artifact["repository"],
            artifact.get("tag", ""),
            artifact.get("digest", ""),
        )
        for key in (full._replace(digest=""), full._replace(tag="")):
            if key not in latest or latest[key][0] < scanned[0]:
                latest[key] = scanned
    return latest


def _scan(
    image: str, latest: Mapping[Reference, tuple[datetime, Mapping[str, int]]], severities: tuple[Severity, ...]
) -> ImageScan | None:
    """The scan of an image: of its digest if it has one, else of its tag."""
    wanted = reference(image)
    found = latest.get(wanted._replace(tag="") if wanted.digest else wanted)
    if found is None:
        return None
    scanned, summary = found
    return ImageScan(image=image, scanned=scanned, vulnerabilities=_counts(summary, severities))


def _configuration(reports: list[Object], severities: tuple[Severity, ...]) -> ObjectScan | None:
    if not reports:
        return None
    return ObjectScan(
        objects=len(reports),
        scanned=min(_time(one["report"]) for one in reports),
        failed=added(_counts(one["report"]["summary"], severities) for one in reports),
    )


def _counts(summary: Mapping[str, int], severities: tuple[Severity, ...]) -> dict[Severity, int]:
    """The counts of the severities that the scanner reports; of all in the report if that is not known."""
    given = {one: summary[key] for one in SEVERITIES if (key := f"{one}Count") in summary}
    return {one: number for one, number in given.items() if not severities or one in severities}


def _time(report: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(cast(str, report["updateTimestamp"]))
