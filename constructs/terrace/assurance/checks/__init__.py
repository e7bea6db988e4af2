"""Checks: small pure functions over a stack, registered under the cloud, file and name that they have.

`checks/aws/database.py` with a function `requires_tls` is the check `aws.database.requires-tls`. Which guarantee it
proves stands twice, here for who reads the code and in `policies/guarantees/` for who reads the table; a test holds
them equal.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from terrace.assurance.findings import Finding, NotApplicable
from terrace.assurance.view import Absent, Resource, View
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment

__all__ = ["Absent", "Check", "Finding", "NotApplicable", "Subject", "View", "check", "of_cloud"]


@dataclass(frozen=True)
class Subject:
    """What is judged: a stack, the environment that it is for, and where it goes."""

    view: View
    environment: Environment
    target: Target

    def all(self, type: str, under: str = "") -> list[Resource]:
        """See View.all."""
        return self.view.all(type, under)

    def one(self, type: str, path: str) -> Resource:
        """See View.one."""
        return self.view.one(type, path)


@dataclass(frozen=True)
class Check:
    """`judge` yields a Finding for everything it looks at; finding nothing to look at proves nothing."""

    id: str
    guarantee: str
    judge: Callable[[Subject], Iterator[Finding]]


_CHECKS: dict[str, Check] = {}


def check(guarantee: str) -> Callable[[Callable[[Subject], Iterator[Finding]]], Callable[[Subject], Iterator[Finding]]]:
    """Register a function as a check of a guarantee."""

    def register(function: Callable[[Subject], Iterator[Finding]]) -> Callable[[Subject], Iterator[Finding]]:
        place = function.__module__.removeprefix(f"{__name__}.")
        id = f"{place}.{function.__name__.replace('_', '-')}"
        assert id not in _CHECKS, f"two checks are called {id}"
        _CHECKS[id] = Check(id, guarantee, function)
        return function

    return register


def of_cloud(cloud: str) -> dict[str, Check]:
    """Every check of a cloud by id."""
    package = implementation(__name__, cloud)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return {id: check for id, check in _CHECKS.items() if id.startswith(f"{cloud}.")}
