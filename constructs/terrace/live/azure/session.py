"""Reads from Azure: Resource Manager by id, the vaults' own API, cached answers, errors with hints.

Each call has a time limit and few retries. The SDKs are an extra and imported on first use.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from terrace.assurance.evaluation import Absent, CredentialsError, Unreadable
from terrace.azure import names
from terrace.capabilities.target import AzureSettings, Target
from terrace.errors import TerraceError
from terrace.live.azure import credentials
from terrace.live.azure.versions import version

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.keyvault.keys import KeyClient
    from azure.keyvault.secrets import SecretClient
    from azure.mgmt.resource.resources import ResourceManagementClient

__all__ = ["Absent", "CredentialsError", "Reader", "Unreadable", "explained"]

logging.getLogger("azure").addHandler(logging.NullHandler())  # its warnings are reported as errors

_LIMITS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 60,
    "retry_total": 3,
    "retry_backoff_factor": 0.5,
    "timeout": 120,
}
_EXPIRED = {"ExpiredAuthenticationToken", "InvalidAuthenticationToken", "AuthenticationFailed", "Unauthorized"}
_ELSEWHERE = {"InvalidAuthenticationTokenTenant", "SubscriptionNotFound", "InvalidSubscriptionId"}
_NO_WAY = ("ForbiddenByConnection", "ForbiddenByFirewall")
_ACTION = re.compile(r"perform action '([^']+)'|Action: '([^']+)'")
_XML = re.compile(r"<(Code|Message)>([^<]*)</")
_ENTRA = re.compile(r"AADSTS\d+: [^\r\n]*?(?=\s*(Trace ID|Correlation ID|$))", re.MULTILINE)


class Reader:
    """Calls Azure for one deployment and keeps each answer, because many checks read the same resource.

    Credentials, proxy and certificates come from `variables`, by default the shell's, unless `credential` and `options`
    (of the SDK's clients, such as a transport) are given. Raises UsageError without the SDKs.
    """

    def __init__(
        self,
        settings: AzureSettings,
        variables: Mapping[str, str] | None = None,
        *,
        credential: "TokenCredential | None" = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        credentials.require_extra()
        self._settings = settings
        self._variables = os.environ if variables is None else variables
        self._given = credential
        self._options = dict(options) if options is not None else transport(self._variables)
        self._answers: dict[str, Any] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    @classmethod
    def of(cls, target: Target) -> "Reader":
        """A reader of a target's subscription, with the shell's credentials."""
        return cls(names.settings(target))

    @cached_property
    def credential(self) -> "TokenCredential":
        """The credential for calls. Raises CredentialsError."""
        return self._given or credentials.credential(self._variables, self._settings.tenant_id, **self._options)

    @cached_property
    def client(self) -> "ResourceManagementClient":
        """The generic client of Resource Manager: any type by its id."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(
            self.credential, self._settings.subscription_id, polling_interval=2, **_LIMITS, **self._options
        )

    def keys(self, vault: str) -> "KeyClient":
        """The keys of a vault, by its name."""
        from azure.keyvault.keys import KeyClient

        url = f"https://{vault}.vault.azure.net"
        made: KeyClient = self._at(url, "keys", lambda: KeyClient(url, self.credential, **_LIMITS, **self._options))
        return made

    def secrets(self, vault: str) -> "SecretClient":
        """The secrets of a vault, by its name. Values are not read."""
        from azure.keyvault.secrets import SecretClient

        url = f"https://{vault}.vault.azure.net"
        made: SecretClient = self._at(
            url, "secrets", lambda: SecretClient(url, self.credential, **_LIMITS, **self._options)
        )
        return made

    def blobs(self, account: str) -> "PipelineClient[Any, Any]":
        """The blobs of a storage account, by its name, as plain requests: the SDK for blobs is not a dependency."""
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy, ProxyPolicy, RetryPolicy

        url = f"https://{account}.blob.core.windows.net"

        def make() -> PipelineClient[Any, Any]:
            policies = [
                HeadersPolicy({"x-ms-version": "2024-11-04"}),
                ProxyPolicy(proxies=self._options.get("proxies")),
                RetryPolicy(**_LIMITS),
                BearerTokenCredentialPolicy(self.credential, "https://storage.azure.com/.default"),
            ]
            return PipelineClient(url, policies=policies, **_LIMITS, **self._options)

        made: PipelineClient[Any, Any] = self._at(url, "blobs", make)
        return made

    def _at(self, url: str, kind: str, make: Callable[[], Any]) -> Any:
        """One client per URL: it keeps its token."""
        if (url, kind) not in self._clients:
            self._clients[url, kind] = make()
        return self._clients[url, kind]

    def get(self, id: str) -> dict[str, Any]:
        """A resource by its id. Raises Absent, Unreadable or CredentialsError."""

        def ask() -> dict[str, Any]:
            answer: dict[str, Any] = self.client.resources.get_by_id(id, api_version=version(id)).as_dict()
            return answer

        found: dict[str, Any] = self.once(id, ask)
        return found

    def pages(self, collection: str) -> list[dict[str, Any]]:
        """The members of a collection (its id, with a query after `?`) over all pages. Raises as `get`."""

        def ask() -> list[dict[str, Any]]:
            from azure.core.rest import HttpRequest

            found: list[dict[str, Any]] = []
            mark = "&" if "?" in collection else "?"
            url = f"{collection}{mark}api-version={version(collection)}"
            while url:
                response = self.client.send_request(HttpRequest("GET", url, headers={"Accept": "application/json"}))
                response.raise_for_status()
                page = response.json()
                found += page.get("value") or []
                url = page.get("nextLink") or ""
            return found

        listed: list[dict[str, Any]] = self.once(collection, ask)
        return listed

    def once(self, call: str, ask: Callable[[], Any]) -> Any:
        """The first result of `ask` for `call`, which is kept. Raises as `get`."""
        key = call.lower()
        if key not in self._answers:
            try:
                with explained(call):
                    self._answers[key] = ask()
            except TerraceError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, TerraceError):
            raise answer
        return answer

    def write(self, id: str, body: dict[str, Any] | None) -> None:
        """Put a body, or delete (None), and wait for completion. Raises as `get`."""
        with explained(id):
            resources, api = self.client.resources, version(id)
            if body is None:
                resources.begin_delete_by_id(id, api_version=api, headers={"If-Match": "*"}).result()
            else:
                resources.begin_create_or_update_by_id(id, body, api_version=api).result()
        self.forget()

    def patch(self, id: str, body: dict[str, Any]) -> None:
        """Change the fields in `body` and wait for completion. Raises as `get`."""
        with explained(id):
            self.client.resources.begin_update_by_id(id, body, api_version=version(id)).result()
        self.forget()

    def act(self, id: str, action: str) -> None:
        """Call an action of a resource (POST). Raises as `get`."""
        from azure.core.rest import HttpRequest

        with explained(id):
            url = f"{id}/{action}?api-version={version(id)}"
            self.client.send_request(HttpRequest("POST", url, json={})).raise_for_status()
        self.forget()

    def forget(self, words: Collection[str] = ("",)) -> None:
        """Forget the answers about ids that contain one of these words; by default all."""
        kept = {key: answer for key, answer in self._answers.items() if not any(word.lower() in key for word in words)}
        self._answers = kept

    def check_account(self) -> None:
        """Raise TerraceError if the credentials cannot read the subscription, or it belongs to another tenant."""
        expected = self._settings
        place = f"subscription {expected.subscription_id}"
        hint = (
            f"run `az login --tenant {expected.tenant_id}`, or set the ARM_ variables of an identity that has a role "
            "in the subscription"
        )
        try:
            found = self.get(f"/subscriptions/{expected.subscription_id}")
        except Absent as absent:
            raise TerraceError(
                f"not found, or the credentials may not read it: {absent.message}", where=place, hint=hint
            ) from absent
        tenant = str(found.get("tenantId", expected.tenant_id))
        if tenant.lower() != expected.tenant_id.lower():
            message = f"it is in tenant {tenant}, but the environment names {expected.tenant_id}"
            raise TerraceError(message, where=place, hint="correct azure.tenant_id or azure.subscription_id")
        if found.get("state", "Enabled") != "Enabled":
            raise TerraceError(
                f"it is {str(found['state']).lower()}", where=place, hint="its owner can enable it again"
            )


def transport(variables: Mapping[str, str]) -> dict[str, Any]:
    """Proxy and certificates as SDK options, for variables that are not this process's own."""
    if variables is os.environ:
        return {}
    proxy = variables.get("HTTPS_PROXY") or variables.get("https_proxy")
    authority = variables.get("REQUESTS_CA_BUNDLE")
    options: dict[str, Any] = {"use_env_settings": False}
    if proxy:
        options["proxies"] = {"http": proxy, "https": proxy}
    if authority:
        options["connection_verify"] = authority
    return options


@contextmanager
def explained(call: str) -> Iterator[None]:
    """Convert the SDK's errors to CredentialsError, Unreadable or Absent. `call` is the id that was read."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise _sentence(error, call) from error


def _sentence(error: Exception, call: str) -> TerraceError:
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )
    from azure.identity import CredentialUnavailableError

    if isinstance(error, CredentialUnavailableError):
        return CredentialsError(f"no Azure credentials: {_first(error)}", hint="log in with `az login`")
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return Unreadable(
            f"Azure did not respond: {_first(error)}", where=call, hint="check the network and HTTPS_PROXY"
        )
    if not isinstance(error, HttpResponseError):
        return Unreadable(_first(error), where=call)
    status, code, message = _details(error)
    if "AADSTS" in str(error):
        found = _ENTRA.search(str(error))
        reason = found[0].strip() if found else _first(error)
        return CredentialsError(
            f"Entra does not accept the credentials: {reason}", hint="log in again (`az login`), or renew the secret"
        )
    if isinstance(error, ClientAuthenticationError) and not status:  # every other call would fail as well
        return CredentialsError(f"Entra did not respond: {message}", hint="check the network and HTTPS_PROXY")
    if code in _ELSEWHERE:
        return Absent(message, where=call)
    if status == 401 or code in _EXPIRED or isinstance(error, ClientAuthenticationError):
        return CredentialsError(
            f"Azure does not accept the credentials: {message}", where=call, hint="log in again (`az login`)"
        )
    if status == 429:
        wait = getattr(error.response, "headers", {}).get("Retry-After", "60")
        return Unreadable(
            f"Azure throttled the request: {message}", where=call, hint=f"wait {wait} seconds and try again"
        )
    if any(reason in str(error) for reason in _NO_WAY):
        hint = "the vault is reachable through its private endpoint only: run it inside the network"
        return Unreadable(f"not reachable: {message}", where=call, hint=hint)
    if status == 403:
        action = _ACTION.search(str(error))
        needed = next((part for part in action.groups() if part), "") if action else f"read rights on {call}"
        return Unreadable(f"not allowed: {message}", where=call, hint=f"the identity needs {needed}")
    if status == 404:
        return Absent(message, where=call)
    return Unreadable(f"{code or status}: {message}", where=call)


def _details(error: Any) -> tuple[int, str, str]:
    """Status, code and message of an error in the shape of any service; Storage uses XML."""
    text = error.response.text() if error.response is not None else ""
    try:
        body = json.loads(text)
    except ValueError:
        body = {name.lower(): value for name, value in _XML.findall(text)}
    details = body.get("error", body) if isinstance(body, dict) else {}
    details = details if isinstance(details, dict) else {}
    inner = details.get("innererror")
    code = (inner.get("code") if isinstance(inner, dict) else "") or details.get("code") or ""
    message = str(details.get("message") or _first(error))
    return int(error.status_code or 0), str(code), message.splitlines()[0]


def _first(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
