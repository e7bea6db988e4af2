"""Reads what runs in an environment's cluster: drift of the releases' objects, and what blocks a destroy.

Terraform does not see what happens to the objects of a release. Each object that Helm installed is therefore compared
with a dry run of a server-side apply of the same manifest: what the server would change has drifted.
"""

import base64
import binascii
import gzip
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from terrace.calls import Absent, Unreadable
from terrace.live import Obstacle
from terrace.live.kubernetes import Kubernetes, Object
from terrace.workloads.manifests import InvalidManifest, parsed

_WORKERS = 8
_SERVER_SET = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")
_INJECTED = ("caBundle",)
"""Fields that controllers fill in objects of others."""


@dataclass(frozen=True)
class Deployed:
    """A release as Helm has stored it in the cluster."""

    name: str
    namespace: str
    status: str
    revision: int
    objects: tuple[Object, ...]


@dataclass(frozen=True)
class ObjectDrift:
    """One object that differs from its release's manifest. `attributes`: path, manifest's value, live value."""

    release: str
    kind: str
    namespace: str
    name: str
    change: Literal["changed", "deleted", "unreadable"]
    attributes: tuple[tuple[str, Any, Any], ...] = ()
    reason: str = ""

    def as_data(self) -> dict[str, Any]:
        attributes = [{"path": path, "before": before, "after": after} for path, before, after in self.attributes]
        named = {"release": self.release, "kind": self.kind, "namespace": self.namespace, "name": self.name}
        return {**named, "change": self.change, "reason": self.reason, "attributes": attributes}

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def deployed(cluster: Kubernetes, names: Collection[str]) -> dict[str, Deployed]:
    """The latest revision of each of these releases. Raises as `Kubernetes.get`."""
    found: dict[str, Deployed] = {}
    for secret in cluster.items("/api/v1/secrets", labelSelector="owner=helm"):
        labels = secret["metadata"].get("labels", {})
        name, revision = labels.get("name", ""), int(labels.get("version", 0))
        if name in names and (name not in found or found[name].revision < revision):
            found[name] = _decoded(secret, name, labels.get("status", ""), revision)
    return found


def drift(cluster: Kubernetes, releases: Collection[str]) -> list[ObjectDrift]:
    """Differences between the manifests of these releases and the live objects, in order of release and object."""
    installed = deployed(cluster, releases)
    found = [
        ObjectDrift(name, "Release", "", name, "deleted", reason="not installed")
        for name in releases
        if name not in installed
    ]
    jobs = [(release, document) for release in installed.values() for document in release.objects]
    with ThreadPoolExecutor(_WORKERS) as pool:
        compared = pool.map(lambda job: _compared(cluster, *job), jobs)
        return found + [one for one in compared if one]


def repair(cluster: Kubernetes, drifted: Sequence[ObjectDrift]) -> int:
    """Apply the manifests of drifted objects again, and return how many were. Raises as `Kubernetes.get`."""
    installed = deployed(cluster, {one.release for one in drifted})
    wanted = {(one.release, one.kind, one.namespace, one.name) for one in drifted if one.change != "unreadable"}
    count = 0
    for release in installed.values():
        for document in release.objects:
            if _identity(cluster, release, document) in wanted:
                cluster.applied(cluster.path(document, release.namespace), document, dry_run=False)
                count += 1
    return count


def preflight(cluster: Kubernetes, namespaces: Collection[str]) -> list[Obstacle]:
    """What a destroy of the releases in these namespaces meets."""
    return [
        *_load_balancers(cluster, namespaces),
        *_volumes(cluster, namespaces),
        *_finalizers(cluster, namespaces),
    ]


def _decoded(secret: Object, name: str, status: str, revision: int) -> Deployed:
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        record = json.loads(gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed)
        manifest = parsed(record.get("manifest") or "")
    except (KeyError, ValueError, binascii.Error, OSError, InvalidManifest) as error:
        raise Unreadable(f"the record of release {name} cannot be read: {error}") from error
    return Deployed(name, secret["metadata"]["namespace"], status, revision, tuple(map(_labelled, manifest)))


def _labelled(document: Object) -> Object:
    """An object as Helm creates it: it sets this label, whatever the manifest has."""
    metadata = document["metadata"]
    labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    return {**document, "metadata": {**metadata, "labels": labels}}


def _compared(cluster: Kubernetes, release: Deployed, document: Object) -> ObjectDrift | None:
    name = document["metadata"]["name"]
    kind, namespace = document["kind"], document["metadata"].get("namespace") or release.namespace
    try:
        resource = cluster.resource(document["apiVersion"], kind)
        namespace = namespace if resource.namespaced else ""
        path = cluster.path(document, release.namespace)
        live = cluster.get(path)
    except Absent:
        return ObjectDrift(release.name, kind, namespace, name, "deleted")
    except Unreadable as error:
        return ObjectDrift(release.name, kind, namespace, name, "unreadable", reason=str(error))
    try:
        expected = cluster.applied(path, document)
    except (Absent, Unreadable) as error:
        return ObjectDrift(release.name, kind, namespace, name, "unreadable", reason=str(error))
    differing = tuple(_differences(_compare_part(expected), _compare_part(live), ""))
    return ObjectDrift(release.name, kind, namespace, name, "changed", differing) if differing else None


def _identity(cluster: Kubernetes, release: Deployed, document: Object) -> tuple[str, str, str, str]:
    namespaced = cluster.resource(document["apiVersion"], document["kind"]).namespaced
    namespace = (document["metadata"].get("namespace") or release.namespace) if namespaced else ""
    return release.name, document["kind"], namespace, document["metadata"]["name"]


def _compare_part(document: Object) -> Object:
    """What a comparison reads: neither the status nor what the server itself sets."""
    metadata = {key: value for key, value in document.get("metadata", {}).items() if key not in _SERVER_SET}
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": metadata}


def _differences(expected: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(expected, Mapping) and isinstance(live, Mapping):
        for key in sorted({*expected, *live}):
            if key not in _INJECTED:
                inner = f"{path}.{key}" if path else str(key)
                yield from _differences(expected.get(key), live.get(key), inner)
    elif isinstance(expected, list) and isinstance(live, list) and len(expected) == len(live):
        for index, pair in enumerate(zip(expected, live, strict=True)):
            yield from _differences(*pair, f"{path}[{index}]")
    elif expected != live:
        yield path, expected, live


def _load_balancers(cluster: Kubernetes, namespaces: Collection[str]) -> Iterator[Obstacle]:
    for service in cluster.items("/api/v1/services"):
        metadata = service["metadata"]
        if service["spec"].get("type") == "LoadBalancer" and metadata["namespace"] in namespaces:
            yield Obstacle(
                "note",
                f"Service {metadata['namespace']}/{metadata['name']}",
                "has a load balancer of the cloud, which is deleted with it",
            )


def _volumes(cluster: Kubernetes, namespaces: Collection[str]) -> Iterator[Obstacle]:
    policies = {
        volume["metadata"]["name"]: volume["spec"].get("persistentVolumeReclaimPolicy")
        for volume in cluster.items("/api/v1/persistentvolumes")
    }
    for claim in cluster.items("/api/v1/persistentvolumeclaims"):
        metadata = claim["metadata"]
        if metadata["namespace"] not in namespaces:
            continue
        resource = f"PersistentVolumeClaim {metadata['namespace']}/{metadata['name']}"
        if policies.get(claim["spec"].get("volumeName")) == "Retain":
            yield Obstacle("retained", resource, "its volume is retained by its reclaim policy")
        else:
            yield Obstacle("note", resource, "is deleted with its namespace, and its data with it")


def _finalizers(cluster: Kubernetes, namespaces: Collection[str]) -> Iterator[Obstacle]:
    """Custom objects that no release deletes: when their controller is gone, their namespace never ends."""
    for resource in cluster.custom_resources():
        if not resource.namespaced:
            continue
        for document in cluster.items(f"{resource.path}/{resource.plural}"):
            metadata = document["metadata"]
            by_helm = metadata.get("labels", {}).get("app.kubernetes.io/managed-by") == "Helm"
            if metadata.get("finalizers") and metadata["namespace"] in namespaces and not by_helm:
                yield Obstacle(
                    "blocks",
                    f"{resource.kind} {metadata['namespace']}/{metadata['name']}",
                    f"has finalizers ({', '.join(metadata['finalizers'])}) and belongs to no release",
                    "delete it while its controller still runs",
                )
