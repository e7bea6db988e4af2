"""The deployment that the tests of this folder read: a recorded apply, loaded into the emulator's memory."""

import copy
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
from requests.adapters import BaseAdapter

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.capabilities.target import Target
from terrace.emulator.gcp import quirks, server
from terrace.emulator.gcp.call import Cloud
from terrace.environment import target
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment
from terrace.live.gcp.session import Reader
from tests.live.recording import Recording, environment
from tests.live.statuses import recorded


class Wire(BaseAdapter):
    """Sends the requests of a session to a WSGI application in this process, whatever their host."""

    def __init__(self, application: Callable[..., Any]) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        url, body = urlsplit(str(request.url)), request.body or b""
        content = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else body
        headers = {n: value.decode() if isinstance(value, bytes) else value for n, value in request.headers.items()}
        environ = {
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": f"{url.path}?{url.query}",
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "HTTP_HOST": url.netloc,
            "CONTENT_TYPE": next((value for name, value in headers.items() if name.lower() == "content-type"), ""),
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
        response = requests.Response()
        response.request, response.url = request, str(request.url)

        def begin(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            code, _, response.reason = status.partition(" ")
            response.status_code = int(code)
            response.headers.update(headers)

        response.raw = io.BytesIO(b"".join(self._application(environ, begin)))
        return response

    def close(self) -> None:
        """Part of the interface; no connection is open."""


def wired(application: Callable[..., Any]) -> AuthorizedSession:
    """A session whose requests all go to `application`."""
    session = AuthorizedSession(Credentials("emulated"))
    session.mount("https://", Wire(application))
    return session


class Site:
    """The deployment of one environment, and how to read and change it."""

    def __init__(self, name: str = "prod") -> None:
        self.environment = environment("gcp", name)
        self.target: Target = target(self.environment)
        quirks.load()
        settings = names.settings(self.target)
        self.cloud = Cloud(settings.project_id, settings.project_number, settings.billing_account)
        for line in Recording.read("gcp", name).state["changes.jsonl"].splitlines():
            key, body = json.loads(line)
            if body is None:
                self.cloud.store.remove(key)
            else:
                self.cloud.store.put(key, body)
        self._recorded = copy.deepcopy(self.cloud.store)
        self.reader = Reader(self.account, wired(server.Application(self.cloud)))
        self.deployment = Deployment(self.environment, self.target, self.reader)

    def restore(self) -> None:
        """Undo every change."""
        self.cloud.store = copy.deepcopy(self._recorded)
        self.reader.forget()

    def read(self) -> list[Result]:
        """Evaluate every guarantee."""
        return [live.evaluate_guarantee(guarantee, "gcp", self.deployment) for guarantee in recorded("gcp")]

    def do(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a changing method of Google's client."""
        return self.reader.change(service, method, **parameters)

    def rest(self, verb: str, service: str, path: str, body: Any) -> None:
        """Send a changing request to a service without a client."""
        self.reader.forget(service)
        response = self.reader.session.request(verb, f"https://{service}.googleapis.com/{path}", json=body)
        assert response.ok, response.text

    def grant(self, owner: tuple[str, str], resource: dict[str, Any], role: str, member: str) -> None:
        """Add a binding to the policy of a resource; `owner` is its service and collection."""
        self.policy(owner, resource, lambda bindings: [*bindings, {"role": role, "members": [member]}])

    def policy(
        self, owner: tuple[str, str], resource: dict[str, Any], change: Callable[[list[dict[str, Any]]], Any]
    ) -> None:
        """Read the policy of a resource, change its bindings and write it."""
        service, collection = owner
        posted = service == "cloudresourcemanager"
        read = self.do(service, f"{collection}.getIamPolicy", **resource, **({"body": {}} if posted else {}))
        policy = {**read, "version": 3, "bindings": change(read.get("bindings", []))}
        body = policy if service == "storage" else {"policy": policy}
        self.do(service, f"{collection}.setIamPolicy", **resource, body=body)

    def constrain(self, constraint: str, rule: dict[str, Any]) -> None:
        """Replace an organisation policy of the project."""
        name = f"{self.project}/policies/{constraint}"
        self.do("orgpolicy", "projects.policies.patch", name=name, body={"name": name, "spec": {"rules": [rule]}})

    def stored(self, key: str, **changes: Any) -> None:
        """Change a body in the emulator's store, for a change that no call makes."""
        body = self.cloud.store.get(key)
        assert body is not None, key
        self.cloud.store.put(key, {**body, **changes})
        self.reader.forget()

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def account(self) -> str:
        return names.account(self.target)

    @property
    def project(self) -> str:
        return self.deployment.project

    @property
    def place(self) -> str:
        return self.deployment.place

    @property
    def recovery_region(self) -> str:
        assert self.target.recovery_region
        return self.target.recovery_region

    @property
    def labels(self) -> dict[str, str]:
        return names.labels(self.target)


PROJECT = ("cloudresourcemanager", "projects")
BUCKET = ("storage", "buckets")
KEY = ("cloudkms", "projects.locations.keyRings.cryptoKeys")
ACCOUNT = ("iam", "projects.serviceAccounts")
SECRET = ("secretmanager", "projects.secrets")
