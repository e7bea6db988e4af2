"""Velero's server as a process on this machine, with the emulated S3 as its store.

It is the real server with its real plugin for S3. Nothing of it runs in the cluster: its chart, its image and its
cloud identity are not part of this.
"""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from ruamel.yaml import YAML

from terrace.emulator import Emulator
from tests.cluster import binaries
from tests.cluster.control_plane import Cluster

API = "/apis/velero.io/v1"
CONTROLLER_METRICS = 8080
"""The port on which controller-runtime serves metrics in Velero; no option changes it."""
_SECONDS = 240
_KEYS = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}


@dataclass(frozen=True)
class Velero:
    """A running server in a namespace. `log` is what it has printed."""

    cluster: Cluster
    namespace: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def create(self, kind: str, name: str, spec: Mapping[str, Any]) -> Any:
        """Create a Backup or Restore and return it when it has ended."""
        path = f"{API}/namespaces/{self.namespace}/{kind.lower()}s"
        body = {"apiVersion": "velero.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self.cluster.request("POST", path, body)
        return self.wait(f"{path}/{name}", ("Completed", "PartiallyFailed", "Failed", "FailedValidation"))

    def wait(self, path: str, phases: tuple[str, ...]) -> Any:
        """Wait until an object is in one of these phases."""
        deadline = time.monotonic() + _SECONDS
        while True:
            found = self.cluster.request("GET", path)
            if found.get("status", {}).get("phase") in phases:
                return found
            if self.process.poll() is not None:
                raise RuntimeError(f"velero ended with exit code {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} has status {found.get('status')}\n{self.tail()}")
            time.sleep(0.5)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


def port_is_free() -> bool:
    """Whether the server can start: another one, or another program, may have its fixed port."""
    with socket.socket() as listener, contextlib.suppress(OSError):
        listener.bind(("", CONTROLLER_METRICS))
        return True
    return False


@contextlib.contextmanager
def velero(cluster: Cluster, namespace: str, location: Mapping[str, Any], store: Emulator) -> Iterator[Velero]:
    """Velero's server until the end. `location` is the spec of its BackupStorageLocation, of which the address of the
    store is replaced."""
    program = binaries.velero()
    _define(cluster, program)
    bucket = location["objectStorage"]["bucket"]
    region = location["config"]["region"]
    address = f"http://127.0.0.1:{store.backend_port}"
    client = boto3.client("s3", region_name=region, endpoint_url=address,
                          aws_access_key_id="emulated", aws_secret_access_key="emulated")  # fmt: skip
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    cluster.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    _deploy(cluster, namespace)
    spec = {**location, "config": {**location["config"], "s3Url": address, "s3ForcePathStyle": "true"}}
    body = {"apiVersion": "velero.io/v1", "kind": "BackupStorageLocation", "metadata": {"name": "default"}}
    locations = f"{API}/namespaces/{namespace}/backupstoragelocations"
    cluster.request("POST", locations, {**body, "spec": spec})
    log = cluster.directory / "velero.log"
    command = [
        str(program),
        "server",
        f"--kubeconfig={cluster.kubeconfig}",
        f"--namespace={namespace}",
        f"--plugin-dir={program.parent / 'plugins'}",
        "--metrics-address=127.0.0.1:0",
        "--profiler-address=",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**environment, **_KEYS, "AWS_REGION": region}
        )
    running = Velero(cluster, namespace, log, process)
    try:
        running.wait(f"{locations}/default", ("Available",))
        yield running
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _deploy(cluster: Cluster, namespace: str) -> None:
    """A Deployment as of the chart, without pods: a restore reads its image, with which pods would restore volumes."""
    labels = {"app": "velero"}
    container = {"name": "velero", "image": "registry.example.com/velero:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    body = {"metadata": {"name": "velero"}, "spec": spec}
    cluster.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", body)


def _define(cluster: Cluster, program: Path) -> None:
    """Create the definitions of Velero's kinds, as its command line prints them."""
    command = [str(program), "install", "--crds-only", "--dry-run", "--output=yaml"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for document in YAML(typ="safe").load_all(printed):
        for one in document.get("items", [document]):
            cluster.request("POST", path, one)
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(urllib.error.HTTPError):
            cluster.request("GET", f"{API}/backups")
            return
        assert time.monotonic() < deadline, "the API server does not serve Velero's kinds"
        time.sleep(0.5)
