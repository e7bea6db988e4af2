"""The emulated Azure as a WSGI application in the test process."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from terrace.emulator.azure import CLIENT_ID, DEFAULT_ACCOUNT, SECRET
from terrace.emulator.azure.server import backend
from terrace.emulator.azure.store import Store
from terrace.emulator.contract import Faults, Options
from tests.emulator.azure.samples import SAMPLES

ARM = "management.azure.com"
_AUDIENCES = {"vault.azure.net": "https://vault.azure.net", "core.windows.net": "https://storage.azure.com"}


@dataclass(frozen=True)
class Response:
    """A response."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


class Azure:
    """Sends HTTP requests with a token to the application, as a client of Azure does."""

    def __init__(self, options: Options | None = None) -> None:
        self.backend = backend(DEFAULT_ACCOUNT, "germanywestcentral", options or Options())
        self.store: Store = self.backend.application.store  # type: ignore[attr-defined]
        self._client = Client(self.backend.application)
        self._tokens: dict[str, str] = {}

    def raw(self, method: str, url: str, **request: Any) -> TestResponse:
        host, _, path = url.partition("/")
        return self._client.open(f"/{path}", method=method, base_url=f"https://{host}/", **request)

    def token(self, audience: str, **form: str) -> TestResponse:
        grant = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
        url = f"login.microsoftonline.com/{DEFAULT_ACCOUNT['tenant_id']}/oauth2/v2.0/token"
        return self.raw("POST", url, data={**grant, "scope": f"{audience}/.default", **form})

    def call(self, method: str, path: str, body: Any = None, host: str = ARM, **query: str) -> Response:
        audience = next(
            (name for end, name in _AUDIENCES.items() if host.endswith(end)), "https://management.azure.com"
        )
        if audience not in self._tokens:
            self._tokens[audience] = self.token(audience).get_json()["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[audience]}"}
        parameters = urlencode({"api-version": "2024-01-01", **query})
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        response = self.raw(method, f"{host}{path}?{parameters}", headers=headers, **sent)
        text = response.get_data(as_text=True)
        content = json.loads(text) if response.mimetype == "application/json" and text else text
        return Response(response.status_code, content, dict(response.headers))

    def put(self, path: str, body: Any) -> Response:
        return self.call("PUT", path, body)

    def get(self, path: str, **query: str) -> Response:
        return self.call("GET", path, **query)

    def delete(self, path: str) -> Response:
        return self.call("DELETE", path)

    def create(self, *names: str) -> None:
        """Create sample resources and check that each is accepted."""
        for name in names:
            path, body = SAMPLES[name]
            response = self.put(path, copy.deepcopy(body))
            assert response.status in (200, 201, 202), (name, response.body)
            if name == "vault":
                self.key("purpose")

    def key(self, name: str, host: str = "world-vault.vault.azure.net") -> None:
        response = self.call("POST", f"/keys/{name}/create", {"kty": "RSA", "key_size": 2048}, host=host)
        assert response.status == 200, response.body


@pytest.fixture
def azure() -> Azure:
    """An empty subscription."""
    return Azure()


@pytest.fixture
def populated(azure: Azure) -> Azure:
    """A subscription with the sample resources: one of every type."""
    azure.create(*SAMPLES)
    return azure


@pytest.fixture
def faulty() -> Callable[..., Azure]:
    """Creates a subscription with injected faults."""
    return lambda **faults: Azure(Options(faults=Faults(**faults)))
