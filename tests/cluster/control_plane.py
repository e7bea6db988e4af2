"""A Kubernetes cluster on loopback: a real control plane, and nodes on which nothing runs.

kwok reports nodes as ready and pods as running, so what the tests show is "scheduled and admitted", never "works".
"""

import contextlib
import json
import os
import secrets
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from ruamel.yaml import YAML

from tests.cluster import binaries
from tests.cluster.authenticator import authenticator
from tests.cluster.egress import EgressProxy, egress_proxy

SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.244.0.0/16"
ZONES = ("a", "b", "c")
VOLUMES = 24
REAL = "admission-controller"
"""The component whose pods stand for a real process on this machine."""
SERVING = "terrace.dev/serving"
"""The annotation of such a pod whose process serves."""
_START_SECONDS = 120
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `token` is an administrator's, `directory` has the logs and the kubeconfig."""

    url: str
    ca: Path
    token: str
    directory: Path
    egress: EgressProxy

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    def request(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Any:
        """A call of the Kubernetes API. Raises urllib.error.HTTPError."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": content_type},
        )
        context = ssl.create_default_context(cafile=str(self.ca))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=60) as response:
            return json.loads(response.read() or b"null")


@contextlib.contextmanager
def cluster(directory: Path, *, storage_classes: Sequence[str] = ()) -> Iterator[Cluster]:
    """Start a control plane in `directory`, with three nodes and volumes of each storage class; stop it at the end."""
    programs = binaries.control_plane()
    files = _files(directory)
    etcd, peer, api, kwok = _free_ports(4)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(files / "ca.pem"))
    ca.issue_cert("127.0.0.1", "localhost", "kubernetes.default.svc").private_key_and_cert_chain_pem.write_to_path(
        str(files / "server.pem")
    )
    token = secrets.token_hex(16)
    (files / "tokens.csv").write_text(f"{token},administrator,administrator,system:masters\n")
    _write_service_account_key(files / "service-accounts.pem")
    url = f"https://127.0.0.1:{api}"
    _write_kubeconfig(files / "kubeconfig", url, files / "ca.pem", token)
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(egress_proxy(files / "egress.sock"))
        _write_json(files / "egress.json", _egress_configuration(files / "egress.sock"))
        tokens = stack.enter_context(authenticator(ca, files))
        running = Cluster(url, files / "ca.pem", token, files, proxy)

        def start(name: str, *arguments: str) -> None:
            stack.enter_context(_process(programs / name, arguments, files / f"{name}.log"))

        start(
            "etcd",
            f"--data-dir={files / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--log-level=error",
        )
        start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={api}",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={files / 'server.pem'}",
            f"--tls-private-key-file={files / 'server.pem'}",
            f"--token-auth-file={files / 'tokens.csv'}",
            f"--authentication-token-webhook-config-file={tokens}",
            "--authentication-token-webhook-version=v1",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={files / 'service-accounts.pem'}",
            f"--service-account-signing-key-file={files / 'service-accounts.pem'}",
            f"--egress-selector-config-file={files / 'egress.json'}",
            f"--cert-dir={files / 'generated'}",
            "--enable-admission-plugins=PodSecurity",
        )
        _wait_until(lambda: _api_is_ready(running), "the API server is not ready", running, "kube-apiserver")
        connection = f"--kubeconfig={files / 'kubeconfig'}"
        start(
            "kube-controller-manager",
            connection,
            "--secure-port=0",
            "--leader-elect=false",
            "--use-service-account-credentials=false",
            f"--service-account-private-key-file={files / 'service-accounts.pem'}",
            f"--root-ca-file={files / 'ca.pem'}",
        )
        start("kube-scheduler", connection, "--secure-port=0", "--leader-elect=false")
        _write_stages(programs / "kwok-stages", files / "stages.yaml")
        start(
            "kwok",
            connection,
            f"--config={files / 'stages.yaml'}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            f"--cidr={POD_RANGE}",
            "--node-ip=127.0.0.1",
            f"--server-address=127.0.0.1:{kwok}",
        )
        _create_nodes(running)
        _wait_until(lambda: _nodes_are_ready(running), "the nodes are not ready", running, "kwok")
        _create_volumes(running, storage_classes)
        yield running


def _files(directory: Path) -> Path:
    # A Unix socket's path has at most 107 bytes.
    files = directory.resolve()
    files.mkdir(mode=0o700, parents=True, exist_ok=True)
    assert len(str(files)) < 90, f"{files}: too long for a Unix socket in it"
    return files


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def _egress_configuration(path: Path) -> Mapping[str, Any]:
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(path)}}}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


def _write_service_account_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.chmod(0o600)


def _write_kubeconfig(path: Path, url: str, ca: Path, token: str) -> None:
    _write_json(
        path,
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": str(ca)}}],
            "users": [{"name": "administrator", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "administrator"}}],
            "current-context": "test",
        },
    )
    path.chmod(0o600)


@contextlib.contextmanager
def _process(program: Path, arguments: Sequence[str], log: Path) -> Iterator[None]:
    """A program that runs until the end, without the proxies of the user's environment."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with log.open("wb") as output:
        process = subprocess.Popen([program, *arguments], stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(condition: Callable[[], bool], what: str, running: Cluster, program: str) -> None:
    """Wait for a condition; an unreachable API server is one that is not met yet."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return
        if time.monotonic() > deadline:
            log = (running.directory / f"{program}.log").read_text(errors="replace")[-2000:]
            raise TimeoutError(f"{what} after {_START_SECONDS} s:\n{log}")
        time.sleep(0.3)


def _api_is_ready(running: Cluster) -> bool:
    return bool(running.request("GET", "/api/v1/namespaces/default"))


def _nodes_are_ready(running: Cluster) -> bool:
    nodes = running.request("GET", "/api/v1/nodes")["items"]
    ready = [
        node
        for node in nodes
        if any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", []))
        and not node["spec"].get("taints")
    ]
    return len(ready) == len(ZONES)


def _write_stages(program: Path, path: Path) -> None:
    """kwok's stages; a pod of a component in REAL becomes ready only when the test marks it with SERVING."""
    printed = subprocess.run([program], capture_output=True, check=True, text=True).stdout
    yaml = YAML(typ="safe")
    stages = [stage for stage in yaml.load_all(printed) if stage]
    component = '.metadata.labels["app.kubernetes.io/component"]'
    waits = f'{component} == "{REAL}" and .metadata.annotations["{SERVING}"] == null'
    own = {"key": f'if {waits} then "waits" else "serves" end', "operator": "In", "values": ["serves"]}
    ready = next(stage for stage in stages if stage["metadata"]["name"] == "pod-ready")
    ready["spec"]["selector"]["matchExpressions"].append(own)
    with path.open("w") as file:
        yaml.dump_all(stages, file)


def _create_nodes(running: Cluster) -> None:
    resources = {"cpu": "64", "memory": "256Gi", "pods": "250", "ephemeral-storage": "500Gi"}
    for zone in ZONES:
        name = f"node-{zone}"
        labels = {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/region": "test",
            "topology.kubernetes.io/zone": f"test-{zone}",
        }
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
                "status": {"allocatable": resources, "capacity": resources}}  # fmt: skip
        running.request("POST", "/api/v1/nodes", node)


def _create_volumes(running: Cluster, storage_classes: Sequence[str]) -> None:
    """Volumes made in advance, as no provisioner runs; each is large enough for any claim."""
    for name in storage_classes:
        for number in range(VOLUMES):
            spec = {
                "capacity": {"storage": "16Ti"},
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": name,
                "hostPath": {"path": f"/volumes/{name}-{number}"},
            }
            volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"{name}-{number}"}}
            running.request("POST", "/api/v1/persistentvolumes", {**volume, "spec": spec})
