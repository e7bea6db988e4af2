"""Where the tests' deployment is built: prod with everything on, in the emulator's memory, without a server."""

import copy
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
from requests.adapters import BaseAdapter

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.capabilities.cost import SleepSpec
from terrace.capabilities.target import Target
from terrace.emulator.gcp import quirks, server
from terrace.emulator.gcp.call import Cloud
from terrace.environment import load, target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment
from terrace.live.gcp.session import Reader

ROOT = Path(__file__).resolve().parents[3]


def environment(name: str = "prod") -> Environment:
    """An environment that is asleep at night: prod has everything on, so no guarantee is without something to read."""
    found = load(name, project=ROOT, cloud="gcp").environment
    asleep = found.cost.model_copy(update={"sleep": SleepSpec(down="20:00", up="07:00")})
    return found.model_copy(update={"cost": asleep})


class Wire(BaseAdapter):
    """A session's way to a WSGI application, in this process: Google's hosts, real requests, no socket."""

    def __init__(self, application: Callable[..., Any]) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        place, body = urlsplit(str(request.url)), request.body or b""
        sent = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else body
        told = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
        environ = {
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in told.items()},
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": f"{place.path}?{place.query}",
            "PATH_INFO": place.path,
            "QUERY_STRING": place.query,
            "HTTP_HOST": place.netloc,
            "CONTENT_TYPE": next((value for name, value in told.items() if name.lower() == "content-type"), ""),
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
        }
        answer = requests.Response()
        answer.request, answer.url = request, str(request.url)

        def begin(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            code, _, answer.reason = status.partition(" ")
            answer.status_code = int(code)
            answer.headers.update(headers)

        answer.raw = io.BytesIO(b"".join(self._application(environ, begin)))
        return answer

    def close(self) -> None:
        """Nothing is open."""


def wired(application: Callable[..., Any]) -> AuthorizedSession:
    """A session whose every request goes to `application`."""
    session = AuthorizedSession(Credentials("a-test"))
    session.mount("https://", Wire(application))
    return session


@dataclass
class Site:
    """The deployment and how to reach it. `ids` holds what Google named: alarms' channels."""

    environment: Environment = field(default_factory=environment)
    ids: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.target: Target = target(self.environment)
        quirks.load()
        settings = names.settings(self.target)
        self.cloud = Cloud(settings.project_id, settings.project_number, settings.billing_account)
        self.reader = Reader(self.account, wired(server.Application(self.cloud)))
        self.deployment = Deployment(self.environment, self.target, self.reader)

    def keep(self) -> None:
        """Remember everything as it is, for `restore`."""
        self._kept = copy.deepcopy(self.cloud.store)

    def restore(self) -> None:
        """Undo what was done since `keep`."""
        self.cloud.store = copy.deepcopy(self._kept)
        self.reader.forget()

    def read(self) -> list[Result]:
        """Every guarantee. What was not changed since the last time is not asked again."""
        return [live.evaluate_guarantee(guarantee, "gcp", self.deployment) for guarantee in live.readable("gcp")]

    def do(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Change something through Google's client."""
        return self.reader.change(service, method, **parameters)

    def rest(self, verb: str, service: str, path: str, body: Any) -> None:
        """Change something of a service without a client."""
        self.reader.forget(service)
        answer = self.reader.session.request(verb, f"https://{service}.googleapis.com/{path}", json=body)
        assert answer.ok, answer.text

    def grant(self, get: tuple[str, str], resource: dict[str, Any], *grants: tuple[str, str]) -> None:
        """Add (role, member) to the policy of something; `get` is service and collection."""
        self.policy(get, resource, lambda bindings: [*bindings, *_bindings(grants)])

    def policy(
        self, of: tuple[str, str], resource: dict[str, Any], change: Callable[[list[dict[str, Any]]], Any]
    ) -> None:
        """Read the policy of something, change its bindings and write it again."""
        service, collection = of
        posted = service in ("cloudresourcemanager",)
        found = self.do(service, f"{collection}.getIamPolicy", **resource, **({"body": {}} if posted else {}))
        policy = {**found, "version": 3, "bindings": change(found.get("bindings", []))}
        body = policy if service == "storage" else {"policy": policy}
        self.do(service, f"{collection}.setIamPolicy", **resource, body=body)

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
    def away(self) -> str:
        """The recovery region, else home."""
        return self.target.recovery_region or self.target.region

    @property
    def is_double(self) -> bool:
        """Whether there is a second region."""
        return self.target.recovery_region is not None

    @property
    def labels(self) -> dict[str, str]:
        return names.labels(self.target)

    @property
    def modules(self) -> list[str]:
        return [name for name, module in self.environment.modules.items() if module.enabled]


def _bindings(grants: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return [{"role": role, "members": [member]} for role, member in grants]


PROJECT = ("cloudresourcemanager", "projects")
BUCKET = ("storage", "buckets")
KEY = ("cloudkms", "projects.locations.keyRings.cryptoKeys")
ACCOUNT = ("iam", "projects.serviceAccounts")
SECRET = ("secretmanager", "projects.secrets")
TOPIC = ("pubsub", "projects.topics")
