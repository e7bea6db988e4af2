"""Google's own Python client and the emulator in one process, without port and proxy."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httplib2
import pytest
from googleapiclient.discovery import build
from werkzeug.test import EnvironBuilder, run_wsgi_app

from terrace.emulator import Faults, Options
from terrace.emulator.gcp import DEFAULT_ACCOUNT
from terrace.emulator.gcp.server import backend

PROJECT = DEFAULT_ACCOUNT["project_id"]
NUMBER = DEFAULT_ACCOUNT["project_number"]
REGION = "europe-west3"
LOCATION = f"projects/{PROJECT}/locations/{REGION}"
KEY_USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
Json = dict[str, Any]

SERVICES = (
    *("artifactregistry", "backupdr", "billingbudgets", "binaryauthorization", "certificatemanager", "cloudasset"),
    *("cloudkms", "cloudscheduler", "compute", "container", "dns", "essentialcontacts", "gkebackup", "iam", "logging"),
    *("managedkafka", "memorystore", "monitoring", "networkconnectivity", "orgpolicy", "pubsub", "secretmanager"),
    *("dlp", "securitycenter", "sqladmin", "storage", "storagetransfer"),
)


class Google:
    """One emulated project. Its clients use no network and no credentials of the machine."""

    def __init__(self, options: Options = Options(), token: str = "emulated") -> None:
        self.backend = backend(DEFAULT_ACCOUNT, REGION, options)
        self.token = token
        self.chunked = False  # whether a body is sent in chunks

    def signed_in(self, token: str) -> "Google":
        """The same project, with another token."""
        other = copy.copy(self)
        other.token = token
        return other

    def __call__(self, service: str, version: str = "v1") -> Any:
        """A client of google-api-python-client."""
        return build(service, version, http=self, static_discovery=True, cache_discovery=True)

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        """The interface of an HTTP connection that the client uses."""
        sent = {**(headers or {}), **({"authorization": f"Bearer {self.token}"} if self.token else {})}
        url = urlsplit(uri)
        target = f"{url.path}?{url.query}" if url.query else url.path
        environ = EnvironBuilder(
            path=url.path,
            query_string=url.query,
            base_url=f"https://{url.netloc}",
            method=method,
            data=body,
            headers=sent,
        ).get_environ()
        environ["REQUEST_URI"] = target
        if self.chunked:
            environ |= {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        chunks, status, response_headers = run_wsgi_app(self.backend.application, environ)
        content = b"".join(chunks)
        return httplib2.Response({**dict(response_headers), "status": status.split()[0]}), content

    def call(self, method: str, url: str, body: Json | None = None) -> tuple[int, Json]:
        """Status and body of the response to a request; `url` begins with the service's label."""
        label, _, path = url.partition("/")
        data, headers = (json.dumps(body), {"content-type": "application/json"}) if body is not None else (None, {})
        response, content = self.request(f"https://{label}.googleapis.com/{path}", method, data, headers)
        return int(response.status), json.loads(content)

    def send(self, url: str, body: Json, method: str = "POST") -> Json:
        """Send a request that must succeed, and return the body."""
        status, response = self.call(method, url, body)
        assert status == 200, response
        return response

    def enable(self, *services: str) -> None:
        names = {"serviceIds": [f"{service}.googleapis.com" for service in services]}
        self.send(f"serviceusage/v1/projects/{PROJECT}/services:batchEnable", names)

    def key(self, agent: str = "", location: str = REGION) -> str:
        """The name of a new key that `agent` can use."""
        ring = f"projects/{PROJECT}/locations/{location}/keyRings/ring"
        self.call("POST", f"cloudkms/v1/projects/{PROJECT}/locations/{location}/keyRings?keyRingId=ring", {})
        self.call("POST", f"cloudkms/v1/{ring}/cryptoKeys?cryptoKeyId=key", {"purpose": "ENCRYPT_DECRYPT"})
        if agent:
            binding = {"role": KEY_USER, "members": [f"serviceAccount:{agent}"]}
            self.send(f"cloudkms/v1/{ring}/cryptoKeys/key:setIamPolicy", {"policy": {"bindings": [binding]}})
        return f"{ring}/cryptoKeys/key"

    def network(self) -> tuple[str, str]:
        """The names of a new network and its subnetwork, which has the ranges `pods` and `services`."""
        compute = f"compute/compute/v1/projects/{PROJECT}"
        network, subnetwork = "global/networks/net", f"regions/{REGION}/subnetworks/nodes"
        self.send(f"{compute}/global/networks", {"name": "net", "autoCreateSubnetworks": False})
        ranges = [
            {"rangeName": "pods", "ipCidrRange": "10.1.0.0/16"},
            {"rangeName": "services", "ipCidrRange": "10.2.0.0/20"},
        ]
        self.send(
            f"{compute}/regions/{REGION}/subnetworks",
            {
                "name": "nodes",
                "network": f"projects/{PROJECT}/{network}",
                "ipCidrRange": "10.0.0.0/20",
                "secondaryIpRanges": ranges,
            },
        )
        return f"projects/{PROJECT}/{network}", f"projects/{PROJECT}/{subnetwork}"


@pytest.fixture
def google() -> Google:
    """A new project with every service enabled."""
    project = Google()
    project.enable(*SERVICES)
    return project


@pytest.fixture
def faulty() -> Callable[..., Google]:
    """Creates a project with injected faults."""

    def create(**faults: Any) -> Google:
        project = Google(Options(faults=Faults(**faults)))
        project.enable(*SERVICES)
        return project

    return create


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Advances the clock by a number of seconds."""
    offset = [0.0]
    for name in ("time", "monotonic"):
        real = getattr(time, name)
        monkeypatch.setattr(time, name, lambda real=real: real() + offset[0])

    def advance(seconds: float) -> None:
        offset[0] += seconds

    return advance
