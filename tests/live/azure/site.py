"""Where the tests' deployment is built: prod with everything switched on, in an emulator of this process."""

import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.azure import names
from terrace.capabilities.cost import SleepSpec
from terrace.capabilities.target import Target
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.emulator.azure.roles import ROLES
from terrace.emulator.azure.server import backend
from terrace.emulator.contract import Options
from terrace.environment import load, target
from terrace.environment.schema import Environment
from terrace.live.azure.checks import Deployment
from terrace.live.azure.session import Reader
from terrace.live.azure.versions import kind

ROOT = Path(__file__).resolve().parents[3]
_READ_ONLY = ("id", "name", "type", "etag")
_ROLE_IDS = {name: guid for guid, name in ROLES.items()}


def environment() -> Environment:
    """Prod, asleep at night, so that no guarantee is without something to read."""
    prod = load("prod", project=ROOT, cloud="azure").environment
    sleep = SleepSpec(down="20:00", up="07:00")
    return prod.model_copy(update={"cost": prod.cost.model_copy(update={"sleep": sleep})})


class Wire(HTTPAdapter):
    """Leads the SDK's requests to an application in this process, whatever host they are for."""

    def __init__(self, application: Any) -> None:
        super().__init__()
        self.application = application

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(str(request.url))
        sent = EnvironBuilder(
            path=unquote(url.path),
            base_url=f"https://{url.netloc}",
            query_string=url.query,
            method=str(request.method),
            headers=list(request.headers.items()),
            data=request.body or b"",
        )
        body, status, headers = run_wsgi_app(self.application, sent.get_environ())
        raw = HTTPResponse(
            body=io.BytesIO(b"".join(body)),
            headers=dict(headers),
            status=int(status.split()[0]),
            preload_content=False,
        )
        return self.build_response(request, raw)


@dataclass
class Site:
    """The deployment and how to reach it."""

    environment: Environment = field(default_factory=environment)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.target: Target = target(self.environment)
        settings = names.settings(self.target)
        account = {"subscription_id": settings.subscription_id, "tenant_id": settings.tenant_id}
        self.emulated = backend(account, self.target.region, Options())
        session = requests.Session()
        self._wire = Wire(self.emulated.application)
        session.mount("https://", self._wire)
        self.options = {"transport": RequestsTransport(session=session, session_owner=False)}
        self.credential = ClientSecretCredential(settings.tenant_id, CLIENT_ID, SECRET, **self.options)
        self.reader = Reader(settings, {}, credential=self.credential, options=self.options)
        self.deployment = Deployment(self.environment, self.target, self.reader)

    def reroute(self, application: Any) -> None:
        """Let another application answer."""
        self._wire.application = application

    def read(self) -> list[Result]:
        """Every guarantee. What was not touched since the last time is not asked again."""
        self.reader.forget(self.touched)
        self.touched.clear()
        return [live.evaluate_guarantee(guarantee, "azure", self.deployment) for guarantee in live.readable("azure")]

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.target.tags)

    def put(self, id: str, properties: Mapping[str, Any] | None = None, **top: Any) -> str:
        """Write a resource by its id."""
        self._touch(id)
        self.reader.write(id, {"properties": dict(properties or {}), **top})
        return id

    def make(
        self,
        type: str,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        recovery: bool = False,
        **top: Any,
    ) -> str:
        """Write a resource of a group, in the group's region and with the deployment's tags."""
        place = str(self.target.recovery_region if recovery else self.target.region)
        return self.put(
            names.id(self.target, type, name, recovery=recovery),
            properties,
            **{"location": place, "tags": self.tags, **top},
        )

    def change(self, id: str, **properties: Any) -> None:
        """Write a resource again with other properties; a dotted name (spelled with __) is one inside."""
        body = self.reader.get(id)
        for path, value in properties.items():
            *steps, last = path.split("__")
            place = body.setdefault("properties", {})
            for step in steps:
                place = place.setdefault(step, {})
            place[last] = value
        self._touch(id)
        self.reader.write(
            id, {name: value for name, value in body.items() if name not in ("id", "name", "type", "etag")}
        )

    def retag(self, id: str, tags: Mapping[str, str]) -> None:
        body = self.reader.get(id)
        self._touch(id)
        self.reader.write(id, {**{name: body[name] for name in body if name not in _READ_ONLY}, "tags": dict(tags)})

    def upload(self, account: str, container: str, blob: str, content: bytes) -> None:
        from azure.core.rest import HttpRequest

        client = self.reader.blobs(account)
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        url = client.format_url(f"/{container}/{blob}")
        client.send_request(HttpRequest("PUT", url, headers=headers, content=content)).raise_for_status()

    def delete(self, id: str) -> None:
        self._touch(id)
        self.reader.write(id, None)

    def _touch(self, id: str) -> None:
        """The whole top-level resource, its kind's listing, and what tells of everything."""
        self.touched |= {"/".join(kind(id).split("/")[:2]), "/resources"}

    def identity(self, purpose: str, *, recovery: bool = False) -> str:
        return names.identity_id(self.target, purpose, recovery=recovery)

    def principal(self, purpose: str, *, recovery: bool = False) -> str:
        found: str = self.reader.get(self.identity(purpose, recovery=recovery))["properties"]["principalId"]
        return found

    def grant(self, object_id: str, role: str, scope: str, **more: Any) -> str:
        """One of Azure's own roles, or one by its id."""
        definition = role if role.startswith("/") else names.role_id(self.target, _ROLE_IDS[role])
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{object_id} {role} {scope}")
        properties = {"roleDefinitionId": definition, "principalId": object_id, "principalType": "ServicePrincipal"}
        return self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {**properties, **more})

    def trust(self, purpose: str, name: str, issuer: str, subject: str) -> None:
        properties = {"issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
        self.put(f"{self.identity(purpose)}/federatedIdentityCredentials/{name}", properties)

    def pods(self, purpose: str, namespace: str, account: str) -> None:
        """Bind an identity to a service account of the cluster."""
        issuer = self.reader.get(names.cluster_id(self.target))["properties"]["oidcIssuerProfile"]["issuerURL"]
        self.trust(purpose, "pods", issuer, f"system:serviceaccount:{namespace}:{account}")

    def key_version(self, purpose: str) -> str:
        """A key's URL with its version, as services that follow no rotation want it."""
        found = self.reader.keys(names.vault(self.target)).get_key(purpose).id
        return str(found)

    def logs(self, id: str, name: str, categories: list[str], *, to: str = "", account: str = "") -> None:
        """A diagnostic setting; a category of one word in lower case is a group of them."""
        logs = [
            {("categoryGroup" if category in ("allLogs", "audit") else "category"): category, "enabled": True}
            for category in categories
        ]
        place = {"workspaceId": to} if to else {}
        place |= {"storageAccountId": account} if account else {}
        self.put(f"{id}/providers/Microsoft.Insights/diagnosticSettings/{name}", {"logs": logs, **place})


def user(id: str) -> dict[str, Any]:
    """An identity block with one user-assigned identity."""
    return {"type": "UserAssigned", "userAssignedIdentities": {id: {}}}
