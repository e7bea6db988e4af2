"""An API server of a test: HTTPS on loopback, with the parts of the Kubernetes API that reading a cluster needs.

Server-side apply merges the manifest over the live object, as the real one does for fields of mappings.
"""

import base64
import copy
import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

from terrace.live.kubernetes import Kubernetes

Object = dict[str, Any]
TOKEN = "token-of-the-test"
KINDS = {
    "v1": [
        ("Namespace", "namespaces", False), ("ConfigMap", "configmaps", True), ("Secret", "secrets", True),
        ("Service", "services", True), ("PersistentVolume", "persistentvolumes", False),
        ("PersistentVolumeClaim", "persistentvolumeclaims", True), ("Pod", "pods", True),
    ],
    "apps/v1": [("Deployment", "deployments", True)],
    "apiextensions.k8s.io/v1": [("CustomResourceDefinition", "customresourcedefinitions", False)],
    "kafka.strimzi.io/v1": [("Kafka", "kafkas", True)],
    "aquasecurity.github.io/v1alpha1": [
        ("VulnerabilityReport", "vulnerabilityreports", True), ("ConfigAuditReport", "configauditreports", True),
    ],
}  # fmt: skip


@dataclass
class ApiServer:
    """Objects by path, and what was requested."""

    objects: dict[str, Object] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    endpoint: str = ""
    authority: str = ""

    @property
    def client(self) -> Kubernetes:
        return Kubernetes(self.endpoint, self.authority, TOKEN)

    def add(self, document: Object, **live: Any) -> None:
        """Store an object as the server would, with fields that a manifest does not have."""
        stored = copy.deepcopy(document)
        stored["metadata"] |= {"uid": "1", "resourceVersion": "7", "managedFields": [{"manager": "helm"}], **live}
        self.objects[self.path(document)] = stored

    def path(self, document: Object) -> str:
        version, kind = document["apiVersion"], document["kind"]
        plural, namespaced = next((p, n) for k, p, n in KINDS[version] if k == kind)
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        namespace = document["metadata"].get("namespace")
        return f"{root}{f'/namespaces/{namespace}' if namespaced else ''}/{plural}/{document['metadata']['name']}"

    def install(
        self, name: str, namespace: str, objects: list[Object], *, revision: int = 1, status: str = "deployed"
    ) -> None:
        """Store a release as Helm does, and its objects, with the label that Helm sets."""
        manifest = "".join(f"---\n{json.dumps(one)}\n" for one in objects)
        record = gzip.compress(json.dumps({"name": name, "manifest": manifest}).encode())
        data = base64.b64encode(base64.b64encode(record)).decode()
        labels = {"owner": "helm", "name": name, "version": str(revision), "status": status}
        secret_name = f"sh.helm.release.v1.{name}.v{revision}"
        metadata = {"name": secret_name, "namespace": namespace, "labels": labels}
        self.add({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": data}})
        for one in objects:
            own = one["metadata"]
            labels = {**own.get("labels", {}), "app.kubernetes.io/managed-by": "Helm"}
            placed = {"namespace": own.get("namespace", namespace), "labels": labels}
            self.add(one | {"metadata": {**own, **placed}})


def merged(live: Any, applied: Any) -> Any:
    if isinstance(live, dict) and isinstance(applied, dict):
        return {**live, **{key: merged(live.get(key), value) for key, value in applied.items()}}
    return applied


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_PATCH(self) -> None:
            assert self.headers["Content-Type"] == "application/apply-patch+yaml"
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            server.requests.append((self.command, url.path, query))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self._send(401, {"message": "Unauthorized"})
            if url.path in server.denied:
                return self._send(403, {"message": f"{url.path} is forbidden"})
            if url.path in server.absent:
                return self._send(404, {"message": "the server could not find the requested resource"})
            if body is not None:
                live = server.objects.get(url.path, {})
                result = merged(live, body)
                if "dryRun" not in query:
                    server.objects[url.path] = result
                return self._send(200, result)
            if url.path in server.objects:
                return self._send(200, server.objects[url.path])
            version = url.path.removeprefix("/apis/").removeprefix("/api/")
            if version in KINDS:
                listed = [{"kind": k, "name": p, "namespaced": n, "verbs": ["get"]} for k, p, n in KINDS[version]]
                return self._send(
                    200, {"resources": [*listed, {"kind": "Scale", "name": "deployments/scale", "namespaced": True}]}
                )
            plural = url.path.rpartition("/")[2]
            if any(plural == p for kinds in KINDS.values() for _, p, _ in kinds):
                root = url.path.rpartition("/")[0]
                found = [
                    one
                    for path, one in sorted(server.objects.items())
                    if path.startswith(root) and f"/{plural}/" in path
                ]
                start = int(query.get("continue", ["0"])[0])
                more = {"continue": str(start + 2)} if start + 2 < len(found) else {}
                return self._send(200, {"items": found[start : start + 2], "metadata": more})
            return self._send(404, {"message": f"{url.path} not found"})

        def _send(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """A running API server."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ApiServer(authority=authority.cert_pem.bytes().decode())
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.socket = context.wrap_socket(http.socket, server_side=True)
    server.endpoint = f"https://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
