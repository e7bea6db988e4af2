"""What stands beside the charts while they are installed: Kyverno as a real process, and no other operator.

kwok's pods serve nothing. A chart's webhook that fails closed would block the objects of its kinds, and an aggregated
API without a backend blocks the deletion of namespaces, so both are removed as soon as they appear.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cluster import binaries
from tests.cluster.control_plane import REAL, SERVING, Cluster

WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
KINDS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
_SECONDS = 0.5


class Operators:
    """`removed` names the webhook configurations and API services that were removed."""

    def __init__(self, cluster: Cluster, kyverno_namespace: str) -> None:
        self.cluster = cluster
        self.namespace = kyverno_namespace
        self.removed: set[str] = set()
        self.kyverno: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(_SECONDS):
            with contextlib.suppress(OSError, urllib.error.HTTPError):
                self._remove()
                if self.kyverno is None:
                    self._start_kyverno()
                elif self._is_uninstalled():
                    self._remove_kyverno()
                elif _serves(self.port):
                    self._mark_pods()

    def stop(self) -> None:
        self._stopped.set()
        if self.kyverno:
            self.kyverno.terminate()
            try:
                self.kyverno.wait(20)
            except subprocess.TimeoutExpired:
                self.kyverno.kill()

    def _remove(self) -> None:
        for kind in KINDS:
            for one in self.cluster.request("GET", f"{WEBHOOKS}/{kind}")["items"]:
                if not one["metadata"]["name"].startswith("kyverno-") and one.get("webhooks"):
                    self._delete(f"{WEBHOOKS}/{kind}/{one['metadata']['name']}", one["metadata"]["name"])
        services = "/apis/apiregistration.k8s.io/v1/apiservices"
        for one in self.cluster.request("GET", services)["items"]:
            if one["spec"].get("service"):
                self._delete(f"{services}/{one['metadata']['name']}", one["metadata"]["name"])

    def _delete(self, path: str, name: str) -> None:
        self.cluster.request("DELETE", path)
        self.removed.add(name)

    def _is_uninstalled(self) -> bool:
        """Whether Helm removes Kyverno's release."""
        selector = "labelSelector=owner%3Dhelm%2Cname%3Dkyverno%2Cstatus%3Duninstalling"
        return bool(self.cluster.request("GET", f"/api/v1/namespaces/{self.namespace}/secrets?{selector}")["items"])

    def _remove_kyverno(self) -> None:
        """What the chart's hooks do before a removal, whose pods do nothing here: remove the webhooks, stop Kyverno. A
        webhook without a backend blocks the deletion of the release."""
        for kind in KINDS:
            for one in self.cluster.request("GET", f"{WEBHOOKS}/{kind}")["items"]:
                if one["metadata"]["name"].startswith("kyverno-"):
                    self.cluster.request("DELETE", f"{WEBHOOKS}/{kind}/{one['metadata']['name']}")
        if self.kyverno and self.kyverno.poll() is None:
            self.kyverno.terminate()

    def _mark_pods(self) -> None:
        """Let kwok report the pods of Kyverno as ready."""
        pods = f"/api/v1/namespaces/{self.namespace}/pods"
        for pod in self.cluster.request("GET", pods)["items"]:
            metadata = pod["metadata"]
            waits = SERVING not in metadata.get("annotations", {})
            if waits and metadata["labels"].get("app.kubernetes.io/component") == REAL:
                mark = {"metadata": {"annotations": {SERVING: "true"}}}
                path = f"{pods}/{metadata['name']}"
                self.cluster.request("PATCH", path, mark, content_type="application/merge-patch+json")

    def _start_kyverno(self) -> None:
        """Start Kyverno as its own service account, once the chart's pods exist."""
        deployments = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        found = [
            one for one in self.cluster.request("GET", deployments)["items"] if one["metadata"]["name"].endswith(REAL)
        ]
        if not found:
            return
        deployment = found[0]
        pod = deployment["spec"]["template"]["spec"]
        account = pod["serviceAccountName"]
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        token = self.cluster.request("POST", path, {"spec": {"expirationSeconds": 7200}})["status"]["token"]
        pods = self.cluster.request("GET", f"/api/v1/namespaces/{self.namespace}/pods")["items"]
        names = [one["metadata"]["name"] for one in pods]
        name = next((one for one in names if one.startswith(deployment["metadata"]["name"])), None)
        if name is None:
            return  # the controller has not created the pods yet
        container = next(one for one in pod["containers"] if one["name"] == "kyverno")
        services = self.cluster.request("GET", f"/api/v1/namespaces/{self.namespace}/services")["items"]
        service = next(one for one in services if one["metadata"]["name"] == "kyverno-svc")
        port = self.port = _free_port()
        self.cluster.egress.targets[f"{service['spec']['clusterIP']}:443"] = port
        # The name too, because the API server may ask the proxy for it instead of the address.
        self.cluster.egress.targets[f"kyverno-svc.{self.namespace}.svc:443"] = port
        directory = self.cluster.directory
        kubeconfig = directory / "kyverno.kubeconfig"
        text = (directory / "kubeconfig").read_text()
        kubeconfig.write_text(text.replace(self.cluster.token, token))
        kubeconfig.chmod(0o600)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
            **_environment(container, self.namespace, name, account, deployment["metadata"]["name"]),
        }
        arguments = [one for one in container["args"] if not one.startswith(("--servicePort", "--webhookServerPort"))]
        arguments += [
            f"--kubeconfig={kubeconfig}",
            "--webhookServerHost=127.0.0.1",
            f"--webhookServerPort={port}",
            "--disableMetrics=true",
        ]
        with (directory / "kyverno.log").open("wb") as log:
            self.kyverno = subprocess.Popen(
                [binaries.kyverno("kyverno"), *arguments], stdout=log, stderr=subprocess.STDOUT, env=environment
            )


def _serves(port: int) -> bool:
    """Whether a TLS server answers on a port: Kyverno has its certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), 5) as connection,
        context.wrap_socket(connection),
    ):
        return True
    return False


def _environment(container: dict[str, Any], namespace: str, pod: str, account: str, deployment: str) -> dict[str, str]:
    """The variables of the chart's container; those that refer to fields of the pod are filled in."""
    fields = {"metadata.namespace": namespace, "metadata.name": pod, "spec.serviceAccountName": account}
    found = {}
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        found[variable["name"]] = fields.get(source, "") if source else variable.get("value", "")
    found["KYVERNO_DEPLOYMENT"] = found.get("KYVERNO_DEPLOYMENT") or deployment
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def operators(cluster: Cluster, *, kyverno_namespace: str = "kyverno") -> Iterator[Operators]:
    """Stand beside an installation until the end."""
    found = Operators(cluster, kyverno_namespace)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.stop()
        thread.join(10)


def log_tail(directory: Path, name: str, lines: int = 30) -> str:
    """The end of a program's log, for the message of a failed test."""
    return "\n".join((directory / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
