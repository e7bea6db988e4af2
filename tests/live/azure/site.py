"""The deployment that the tests of this folder read: a recorded apply of prod, loaded into an emulator."""

import io
import tempfile
import uuid
from collections.abc import Mapping
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
from terrace.authorization.azure.roles import GUIDS
from terrace.azure import names
from terrace.capabilities.ci import PIPELINES
from terrace.capabilities.target import Target
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.emulator.azure.server import backend
from terrace.emulator.contract import Options
from terrace.environment import target
from terrace.live.azure.checks import Deployment
from terrace.live.azure.session import Reader
from terrace.live.azure.versions import kind
from tests.live.recording import Recording, environment
from tests.live.statuses import recorded

_READ_ONLY = ("id", "name", "type", "etag")
_ROLE_IDS = {name: guid for guid, name in GUIDS.items()}


class Wire(HTTPAdapter):
    """Sends the SDK's requests to a WSGI application in this process, whatever their host."""

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


class Site:
    """The deployment, and how to read and change it."""

    def __init__(self) -> None:
        self.environment = environment("azure")
        self.touched: set[str] = set()
        self.target: Target = target(self.environment)
        settings = names.settings(self.target)
        account = {"subscription_id": settings.subscription_id, "tenant_id": settings.tenant_id}
        folder = Path(tempfile.mkdtemp())
        for file, content in Recording.read("azure", "prod").state.items():
            (folder / file).write_text(content)
        self.emulated = backend(account, self.target.region, Options(state=folder))
        session = requests.Session()
        self._wire = Wire(self.emulated.application)
        session.mount("https://", self._wire)
        self.options = {"transport": RequestsTransport(session=session, session_owner=False)}
        self.credential = ClientSecretCredential(settings.tenant_id, CLIENT_ID, SECRET, **self.options)
        self.reader = Reader(settings, {}, credential=self.credential, options=self.options)
        self.deployment = Deployment(self.environment, self.target, self.reader)

    def reroute(self, application: Any) -> None:
        """Send requests to another application."""
        self._wire.application = application

    def read(self) -> list[Result]:
        """Evaluate every guarantee. Answers about what was not touched since are reused."""
        self.reader.forget(self.touched)
        self.touched.clear()
        return [live.evaluate_guarantee(guarantee, "azure", self.deployment) for guarantee in recorded("azure")]

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.target.tags)

    def put(self, id: str, properties: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """Write a resource by its id."""
        self.touch(id)
        self.reader.write(id, {"properties": dict(properties or {}), **fields})
        return id

    def create(self, type: str, name: str, properties: Mapping[str, Any] | None = None) -> str:
        """Create a resource in the home group, with the deployment's tags."""
        id = names.id(self.target, type, name)
        return self.put(id, properties, location=str(self.target.region), tags=self.tags)

    def change(self, id: str, **properties: Any) -> None:
        """Change properties of a resource; `a__b` is property b of property a."""
        body = self.reader.get(id)
        for path, value in properties.items():
            *steps, last = path.split("__")
            parent = body.setdefault("properties", {})
            for step in steps:
                parent = parent.setdefault(step, {})
            parent[last] = value
        self.touch(id)
        self.reader.write(id, {name: value for name, value in body.items() if name not in _READ_ONLY})

    def retag(self, id: str, tags: Mapping[str, str]) -> None:
        body = self.reader.get(id)
        self.touch(id)
        self.reader.write(id, {**{name: body[name] for name in body if name not in _READ_ONLY}, "tags": dict(tags)})

    def upload(self, account: str, container: str, blob: str, content: bytes) -> None:
        from azure.core.rest import HttpRequest

        client = self.reader.blobs(account)
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        url = client.format_url(f"/{container}/{blob}")
        client.send_request(HttpRequest("PUT", url, headers=headers, content=content)).raise_for_status()

    def delete(self, id: str) -> None:
        self.touch(id)
        self.reader.write(id, None)

    def touch(self, id: str) -> None:
        """Forget answers about the top-level resource, the listings of its kind and the listing of everything."""
        self.touched |= {"/".join(kind(id).split("/")[:2]), "/resources"}

    def principal(self, purpose: str) -> str:
        """The object id of an identity."""
        pipelines = {f"ci-{one}": names.pipeline_id(self.target, one) for one in PIPELINES}
        identity = self.reader.get(pipelines.get(purpose) or names.identity_id(self.target, purpose))
        return str(identity["properties"]["principalId"])

    def grant(self, object_id: str, role: str, scope: str) -> str:
        """Assign one of Azure's built-in roles."""
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{object_id} {role} {scope}")
        definition = names.role_id(self.target, _ROLE_IDS[role])
        properties = {"roleDefinitionId": definition, "principalId": object_id, "principalType": "ServicePrincipal"}
        return self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", properties)

    def stop_logs(self, id: str, *categories: str) -> None:
        """Take categories out of the diagnostic settings of a resource."""
        for setting in self.reader.pages(f"{id}/providers/Microsoft.Insights/diagnosticSettings"):
            logs = [log for log in setting["properties"]["logs"] if log.get("category") not in categories]
            self.change(str(setting["id"]), logs=logs)
