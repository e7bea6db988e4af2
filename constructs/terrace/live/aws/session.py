"""Reads from AWS: clients by region, cached answers, errors with hints. Each call has a time limit and few retries."""

import json
from collections.abc import Callable, Collection
from typing import Any, cast

import boto3
from botocore.config import Config

from terrace.aws import names
from terrace.calls import Absent, CredentialsError, Unreadable
from terrace.calls.aws import explained
from terrace.capabilities.target import Target
from terrace.errors import TerraceError

__all__ = ["Absent", "CredentialsError", "Reader", "Unreadable", "explained"]

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 4},
    user_agent_extra="terrace-live",
)


class Reader:
    """Calls AWS for one deployment and keeps each answer, because many checks read the same resource.

    `session` is boto3's; by default that of the shell's environment and profile.
    """

    def __init__(self, target: Target, session: boto3.Session | None = None) -> None:
        self._target = target
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[str, Any] = {}

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client, by default of the home region. Raises CredentialsError for an unknown profile."""
        key = (service, region or self._target.region)
        if key not in self._clients:
            with explained(service, "connect"):
                # one session: it caches service descriptions, which are slow to read
                self._session = self._session or boto3.Session()
                # the stubs need a literal service name
                self._clients[key] = cast(Any, self._session).client(service, region_name=key[1], config=_CONFIG)
        return self._clients[key]

    def call(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One answer. Raises Absent, Unreadable or CredentialsError."""

        def ask() -> dict[str, Any]:
            client = self.client(service, region)
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
            return answer

        answer: dict[str, Any] = self._once(ask, service, operation, region, parameters)
        return answer

    def pages(
        self, service: str, operation: str, field: str, *, region: str | None = None, **parameters: Any
    ) -> list[Any]:
        """All entries of `field` over all pages. Raises as `call` does."""

        def ask() -> list[Any]:
            client = self.client(service, region)
            if not client.can_paginate(operation):
                return list(getattr(client, operation)(**parameters).get(field) or [])
            pages = client.get_paginator(operation).paginate(**parameters)
            return [entry for page in pages for entry in page.get(field) or []]

        found: list[Any] = self._once(ask, service, operation, region, {"field": field, **parameters})
        return found

    def forget(self, services: Collection[str]) -> None:
        """Forget the answers of these services."""
        self._answers = {key: answer for key, answer in self._answers.items() if json.loads(key)[0] not in services}

    def check_account(self) -> None:
        """Raise TerraceError if the credentials belong to another account."""
        found = str(self.call("sts", "get_caller_identity")["Account"])
        expected = names.account(self._target)
        if found != expected:
            raise TerraceError(
                f"the credentials are for account {found}, the environment is in {expected}",
                where=f"environment {self._target.environment}",
                hint="choose the profile or role of that account (AWS_PROFILE)",
            )

    def _once(
        self, ask: Callable[[], Any], service: str, operation: str, region: str | None, parameters: dict[str, Any]
    ) -> Any:
        key = json.dumps([service, operation, region or self._target.region, parameters], sort_keys=True, default=str)
        if key not in self._answers:
            try:
                with explained(service, operation):
                    self._answers[key] = ask()
            except TerraceError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, TerraceError):
            raise answer
        return answer
