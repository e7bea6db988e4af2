"""Reads from Azure: Resource Manager by id, the vaults' own API, cached answers, errors with hints.

Each call has a time limit and few retries. The SDKs are an extra and imported on first use.
"""

import os
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from terrace.azure import names
from terrace.calls import Absent, CredentialsError, Unreadable, azure
from terrace.calls.azure import LIMITS, explained, transport
from terrace.capabilities.target import AzureSettings, Target
from terrace.errors import TerraceError
from terrace.live.azure.versions import version

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.keyvault.keys import KeyClient
    from azure.keyvault.secrets import SecretClient
    from azure.mgmt.resource.resources import ResourceManagementClient

__all__ = ["Absent", "CredentialsError", "Reader", "Unreadable", "explained"]


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
        azure.require_extra()
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
        return self._given or azure.credential(self._variables, self._settings.tenant_id, **self._options)

    @cached_property
    def client(self) -> "ResourceManagementClient":
        """The generic client of Resource Manager: any type by its id."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(
            self.credential, self._settings.subscription_id, polling_interval=2, **LIMITS, **self._options
        )

    def keys(self, vault: str) -> "KeyClient":
        """The keys of a vault, by its name."""
        from azure.keyvault.keys import KeyClient

        url = f"https://{vault}.vault.azure.net"
        made: KeyClient = self._at(url, "keys", lambda: KeyClient(url, self.credential, **LIMITS, **self._options))
        return made

    def secrets(self, vault: str) -> "SecretClient":
        """The secrets of a vault, by its name. Values are not read."""
        from azure.keyvault.secrets import SecretClient

        url = f"https://{vault}.vault.azure.net"
        made: SecretClient = self._at(
            url, "secrets", lambda: SecretClient(url, self.credential, **LIMITS, **self._options)
        )
        return made

    def blobs(self, account: str) -> "PipelineClient[Any, Any]":
        """The blobs of a storage account, by its name, as plain requests: the SDK for blobs is not a dependency."""
        url = azure.blob_url(account)
        made: PipelineClient[Any, Any] = self._at(
            url, "blobs", lambda: azure.blobs(account, self.credential, self._options)
        )
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
