"""Reads from Google Cloud: methods by name, cached answers, errors with hints.

The discovery documents come with Google's client, so no call is needed for them. One HTTP session sends all requests;
it retries throttled ones a few times, after the time in Retry-After.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from terrace.assurance.evaluation import Absent, CredentialsError, Unreadable
from terrace.capabilities.target import Target
from terrace.errors import TerraceError
from terrace.gcp import names
from terrace.live.gcp.credentials import TOKEN, credentials, require_extra

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

VERSIONS = {
    "artifactregistry": "v1", "backupdr": "v1", "billingbudgets": "v1", "binaryauthorization": "v1",
    "certificatemanager": "v1", "cloudasset": "v1", "cloudkms": "v1", "cloudresourcemanager": "v3",
    "cloudscheduler": "v1", "compute": "v1", "container": "v1", "dns": "v1", "essentialcontacts": "v1",
    "gkebackup": "v1", "iam": "v1", "logging": "v2", "monitoring": "v3", "networkconnectivity": "v1",
    "orgpolicy": "v2", "pubsub": "v1", "secretmanager": "v1", "serviceusage": "v1", "sqladmin": "v1",
    "storage": "v1", "storagetransfer": "v1",
}  # fmt: skip
"""The API version of each service; another one is written service/version."""
_SECONDS = 30
_TRIES = 3
_ANY_HOST = "https://compute.googleapis.com"
_THROTTLED = ("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded")


class Denied(Unreadable):
    """The identity may not read it, or no project has this name: Google returns the same error."""


class Off(Absent):
    """The service is not enabled in the project."""


class Reader:
    """Calls Google Cloud for one project and keeps each answer, because many checks read the same resource.

    `project` is its id. Credentials, proxy and certificates come from `variables`, by default this process's, unless a
    `session` is given.
    """

    def __init__(
        self, project: str, session: "AuthorizedSession | None" = None, variables: Mapping[str, str] = os.environ
    ) -> None:
        require_extra()
        self._project = project
        self._variables = variables
        self._session = session
        self._clients: dict[str, Any] = {}
        self._answers: dict[str, Any] = {}

    @property
    def session(self) -> "AuthorizedSession":
        """The HTTP session, with credentials. Raises CredentialsError."""
        if self._session is None:
            self._session = _session(self._variables, self._project)
        return self._session

    def resource(self, service: str, method: str) -> tuple[Any, str]:
        """Google's client of `method`'s collection (networks.get -> networks), and the method's own name."""
        *collections, verb = method.split(".")
        path = ".".join([service, *collections])
        if path not in self._clients:
            parent, _, name = path.rpartition(".")
            if parent:
                self._clients[path] = getattr(self.resource(service, ".".join(collections))[0], name)()
            else:
                self._clients[path] = self._build(service)
        return self._clients[path], verb

    def _build(self, service: str) -> Any:
        from googleapiclient import discovery

        name, _, version = service.partition("/")
        transport = _Transport(self.session)
        return discovery.build(
            name, version or VERSIONS[name], http=transport, static_discovery=True, cache_discovery=False
        )

    def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """One answer. Raises Absent, Unreadable or CredentialsError."""

        def ask() -> dict[str, Any]:
            collection, verb = self.resource(service, method)
            answer: dict[str, Any] = getattr(collection, verb)(**parameters).execute()
            return answer

        answer: dict[str, Any] = self._once(ask, service, method, parameters)
        return answer

    def pages(self, service: str, method: str, field: str, **parameters: Any) -> list[Any]:
        """All entries of `field` over all pages. Raises as `call` does."""

        def ask() -> list[Any]:
            collection, verb = self.resource(service, method)
            found: list[Any] = []
            request = getattr(collection, verb)(**parameters)
            onward = getattr(collection, f"{verb}_next", None)
            while request is not None:
                answer = request.execute()
                found += answer.get(field) or []
                request = onward(request, answer) if onward else None
            return found

        found: list[Any] = self._once(ask, service, method, {"field": field, **parameters})
        return found

    def rest(self, service: str, path: str) -> dict[str, Any]:
        """One answer of a service without a discovery document; `path` begins with the version."""

        def ask() -> dict[str, Any]:
            answer = self.session.get(f"https://{service}.googleapis.com/{path}", timeout=_SECONDS)
            if answer.status_code >= 400:
                raise _Refused(answer.status_code, answer.text)
            found: dict[str, Any] = answer.json()
            return found

        answer: dict[str, Any] = self._once(ask, service, path, {})
        return answer

    def change(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """As `call`, for a changing method: nothing is kept, and the service's answers are forgotten."""
        self.forget(service)
        with explained(service, method):
            collection, verb = self.resource(service, method)
            answer: dict[str, Any] = getattr(collection, verb)(**parameters).execute()
            return answer

    def storage(self) -> Any:
        """Google's client for objects, with the session's credentials."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return storage.Client(project=self._project, credentials=anonymous, _http=self.session)

    def forget(self, service: str = "") -> None:
        """Forget the answers of a service; by default of all."""
        service = service.partition("/")[0]
        self._answers = {
            key: answer
            for key, answer in self._answers.items()
            if service and json.loads(key)[0].partition("/")[0] != service
        }

    def check_account(self, target: Target) -> None:
        """Raise TerraceError if the credentials cannot read the target's project, or its number differs."""
        project, number = names.account(target), names.number(target)
        where = f"environment {target.environment}"
        try:
            found = str(self.call("cloudresourcemanager", "projects.get", name=f"projects/{project}").get("name"))
        except (Absent, Denied) as error:
            raise TerraceError(
                f"project {project} does not exist, or the credentials may not read it",
                where=where,
                hint="log in as an identity that may read it, or correct gcp.project_id",
            ) from error
        if found != f"projects/{number}":
            raise TerraceError(
                f"project {project} has the number {found.rpartition('/')[2]}, the environment has {number}",
                where=where,
                hint="correct gcp.project_id or gcp.project_number; service agents are named by the number",
            )

    def _once(self, ask: Callable[[], Any], service: str, method: str, parameters: dict[str, Any]) -> Any:
        key = json.dumps([service, method, parameters], sort_keys=True, default=str)
        if key not in self._answers:
            try:
                with explained(service, method):
                    self._answers[key] = ask()
            except TerraceError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, TerraceError):
            raise answer
        return answer


def _session(variables: Mapping[str, str], project: str) -> "AuthorizedSession":
    """An HTTP session with the credentials, proxy and certificates that `variables` name."""
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from requests.utils import should_bypass_proxies
    from urllib3.util import Retry

    session = AuthorizedSession(credentials(variables, project))  # type: ignore[no-untyped-call]
    retry = Retry(
        total=_TRIES,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.5,
        raise_on_status=False,
    )
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.trust_env = False
    proxies = {
        scheme: proxy
        for scheme in ("http", "https")
        if (proxy := variables.get(f"{scheme.upper()}_PROXY") or variables.get(f"{scheme}_proxy"))
    }
    no_proxy = variables.get("NO_PROXY") or variables.get("no_proxy")
    session.proxies = {} if no_proxy and should_bypass_proxies(_ANY_HOST, no_proxy=no_proxy) else proxies
    session.verify = variables.get("REQUESTS_CA_BUNDLE") or variables.get("SSL_CERT_FILE") or True
    return session


class _Transport:
    """The session with the interface of httplib2, which Google's client expects."""

    def __init__(self, session: "AuthorizedSession") -> None:
        self._session = session

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[Any, bytes]:
        from httplib2 import Response

        session: Any = self._session  # its stubs have no arguments
        answer = session.request(method, uri, data=body, headers=headers, timeout=_SECONDS)
        described = Response({**answer.headers, "status": str(answer.status_code)})
        described.reason = answer.reason
        return described, answer.content

    def close(self) -> None:
        """Google's client closes its HTTP object; the session stays open."""


class _Refused(Exception):
    """The error of a service without a client."""

    def __init__(self, code: int, body: str) -> None:
        super().__init__(body)
        self.code, self.body = code, body


@contextmanager
def explained(service: str, method: str) -> Iterator[None]:
    """Convert the errors of Google's clients to CredentialsError, Unreadable or Absent."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
    from googleapiclient.errors import HttpError
    from requests import RequestException

    call = f"{service.partition('/')[0]}.{method}"
    try:
        yield
    except HttpError as error:
        raise _sentence(int(error.resp.status), error.content.decode(errors="replace"), call) from error
    except _Refused as error:
        raise _sentence(error.code, error.body, call) from error
    except GoogleAPICallError as error:
        reasons = [str(one.get("reason", "")) for one in error.errors if isinstance(one, dict)]
        body = json.dumps({"error": {"message": error.message, "errors": [{"reason": one} for one in reasons]}})
        raise _sentence(int(error.code or 0), body, call) from error
    except RefreshError as error:
        raise _refused_credentials(_first_line(str(error)), call) from error
    except (RequestException, TransportError) as error:
        raise Unreadable(
            f"Google Cloud did not respond: {_first_line(str(error))}",
            where=call,
            hint="check the network and HTTPS_PROXY",
        ) from error
    except GoogleAuthError as error:
        raise _refused_credentials(_first_line(str(error)), call) from error


def _sentence(code: int, body: str, call: str) -> TerraceError:
    """An error by its status. Source of its shape: AIP-193, and Cloud Storage's older one."""
    message, reasons = _details(body)
    if code == 401:
        return _refused_credentials(message, call)
    if code == 404:
        return Absent(message, where=call)
    if code == 429 or (code == 403 and any(reason in _THROTTLED for reason in reasons)):
        return Unreadable(
            f"Google Cloud throttled the request: {message}", where=call, hint="wait a minute and try again"
        )
    if code == 403 and ("SERVICE_DISABLED" in reasons or "it is disabled" in message):
        service = f"{call.partition('.')[0]}.googleapis.com"
        return Off(f"{service} is not enabled", where=call, hint=f"`gcloud services enable {service}`")
    if code == 403:
        return Denied(f"not allowed: {message}", where=call, hint=f"the identity needs a role with {call}")
    if code >= 500:
        return Unreadable(f"Google Cloud failed ({code}): {message}", where=call, hint="wait and try again")
    return Unreadable(f"{code}: {message}", where=call)


def _details(body: str) -> tuple[str, list[str]]:
    """Message and reasons of an error's body."""
    try:
        error = json.loads(body)["error"]
        details = [*error.get("errors", []), *error.get("details", [])]
        reasons = [str(one["reason"]) for one in details if isinstance(one, dict) and "reason" in one]
        return _first_line(str(error.get("message") or "no reason given")), reasons
    except (ValueError, KeyError, TypeError, AttributeError):
        return _first_line(body) or "no reason given", []


def _refused_credentials(message: str, call: str) -> CredentialsError:
    return CredentialsError(
        f"Google Cloud does not accept the credentials: {message}",
        where=call,
        hint=f"log in again (`gcloud auth application-default login`), or renew {TOKEN}",
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
