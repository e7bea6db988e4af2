"""The emulated Azure in this process, and one behind the proxy for what the SDKs do."""

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
from tests.emulator.azure.world import WORLD

ARM = "management.azure.com"
_AUDIENCES = {"vault.azure.net": "https://vault.azure.net", "core.windows.net": "https://storage.azure.com"}


@dataclass(frozen=True)
class Said:
    """An answer."""

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
    """Speaks HTTP to the application, with a token, as a client of Azure would."""

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

    def call(self, method: str, path: str, body: Any = None, host: str = ARM, **query: str) -> Said:
        audience = next(
            (name for end, name in _AUDIENCES.items() if host.endswith(end)), "https://management.azure.com"
        )
        if audience not in self._tokens:
            self._tokens[audience] = self.token(audience).get_json()["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[audience]}"}
        question = urlencode({"api-version": "2024-01-01", **query})
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        answer = self.raw(method, f"{host}{path}?{question}", headers=headers, **sent)
        text = answer.get_data(as_text=True)
        said = json.loads(text) if answer.mimetype == "application/json" and text else text
        return Said(answer.status_code, said, dict(answer.headers))

    def put(self, path: str, body: Any) -> Said:
        return self.call("PUT", path, body)

    def get(self, path: str, **query: str) -> Said:
        return self.call("GET", path, **query)

    def delete(self, path: str) -> Said:
        return self.call("DELETE", path)

    def make(self, *names: str) -> None:
        """Make resources of the world; each has to be accepted."""
        for name in names:
            path, body = WORLD[name]
            said = self.put(path, copy.deepcopy(body))
            assert said.status in (200, 201, 202), (name, said.body)
            if name == "vault":
                self.key("purpose")

    def key(self, name: str, host: str = "world-vault.vault.azure.net") -> None:
        said = self.call("POST", f"/keys/{name}/create", {"kty": "RSA", "key_size": 2048}, host=host)
        assert said.status == 200, said.body


@pytest.fixture
def azure() -> Azure:
    """An empty subscription."""
    return Azure()


@pytest.fixture
def world(azure: Azure) -> Azure:
    """A subscription with one resource of every type."""
    azure.make(*WORLD)
    return azure


@pytest.fixture
def faulty() -> Callable[..., Azure]:
    """A subscription where something goes wrong."""
    return lambda **faults: Azure(Options(faults=Faults(**faults)))
