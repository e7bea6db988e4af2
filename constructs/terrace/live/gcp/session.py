"""Reads from Google Cloud: methods by name, cached answers, errors with hints.

The discovery documents come with Google's client, so no call is needed for them. One HTTP session sends all requests;
it retries throttled ones a few times, after the time in Retry-After.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from terrace.calls import Absent
from terrace.calls.gcp import SECONDS, Denied, Refused, explained, objects, open_session, require_extra
from terrace.capabilities.target import Target
from terrace.errors import TerraceError
from terrace.gcp import names

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

VERSIONS = {
    "artifactregistry": "v1", "backupdr": "v1", "billingbudgets": "v1", "binaryauthorization": "v1",
    "certificatemanager": "v1", "cloudasset": "v1", "cloudkms": "v1", "cloudresourcemanager": "v3",
    "cloudscheduler": "v1", "compute": "v1", "container": "v1", "dlp": "v2", "dns": "v1", "essentialcontacts": "v1",
    "gkebackup": "v1", "iam": "v1", "logging": "v2", "managedkafka": "v1", "monitoring": "v3",
    "networkconnectivity": "v1", "orgpolicy": "v2", "pubsub": "v1", "secretmanager": "v1", "serviceusage": "v1",
    "sqladmin": "v1", "storage": "v1", "storagetransfer": "v1",
}  # fmt: skip
"""The API version of each service; another one is written service/version."""


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
            self._session = open_session(self._variables, self._project)
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
            answer = self.session.get(f"https://{service}.googleapis.com/{path}", timeout=SECONDS)
            if answer.status_code >= 400:
                raise Refused(answer.status_code, answer.text)
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
        return objects(self._project, self.session)

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


class _Transport:
    """The session with the interface of httplib2, which Google's client expects."""

    def __init__(self, session: "AuthorizedSession") -> None:
        self._session = session

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[Any, bytes]:
        from httplib2 import Response

        session: Any = self._session  # its stubs have no arguments
        answer = session.request(method, uri, data=body, headers=headers, timeout=SECONDS)
        described = Response({**answer.headers, "status": str(answer.status_code)})
        described.reason = answer.reason
        return described, answer.content

    def close(self) -> None:
        """Google's client closes its HTTP object; the session stays open."""
