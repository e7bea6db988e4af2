"""The table of quirks: behaviour that no schema describes. Each service's file fills it with decorators.

    @responds("dns", "changes.create")             replaces the generic method; None continues with it
    @completes("dns", "managedZones")              sets fields of a resource before it is stored
    @built_in("logging", r"projects/([^/]+)/...")  a resource that exists without being created
    @refuses("dns", "managedZones")                refuses to create or update a resource; "*" is any
    @refuses("*", "iamPolicies")                   refuses a policy on any resource
    @refuses_delete("dns", "managedZones")         refuses to delete a resource

Rules yield messages, which become 400 INVALID_ARGUMENT, or instances of Refused.
"""

import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from terrace.emulator.gcp.call import Call, Refused, Response, invalid, missing, name_of
from terrace.emulator.gcp.documents import Json

Responder = Callable[[Call], Json | Response | None]
Completion = Callable[[Call, Json, str], None]
BuiltIn = Callable[[Call, re.Match[str]], Json]
Rule = Callable[[Json, Call], Iterator[str | Refused]]

SERVICES: tuple[str, ...] = (
    *("audit", "binaryauthorization", "certificatemanager", "cloudasset", "cloudkms", "cloudresourcemanager"),
    *("cloudscheduler", "compute", "container", "dns", "iam", "logging", "managedkafka", "memorystore", "monitoring"),
    *("objects", "orgpolicy", "secretmanager", "serviceusage", "sign_in", "sqladmin", "storage"),
    *("storagetransfer", "uploads"),
)
RULES: tuple[str, ...] = (
    *("backup", "cache", "cluster", "cost", "database", "entry", "identity", "keys", "labels", "network"),
    *("observation", "registry", "secrets", "storage"),
)

RESPONSES: dict[tuple[str, str], Responder] = {}
COMPLETIONS: defaultdict[tuple[str, str], list[Completion]] = defaultdict(list)
BUILT_IN: list[tuple[re.Pattern[str], BuiltIn]] = []
REFUSALS: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
DELETE_REFUSALS: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)


def responds(service: str, *kinds: str) -> Callable[[Responder], Responder]:
    def registered(function: Responder) -> Responder:
        RESPONSES.update({(service, kind): function for kind in kinds})
        return function

    return registered


def completes(service: str, *collections: str) -> Callable[[Completion], Completion]:
    def registered(function: Completion) -> Completion:
        for collection in collections:
            COMPLETIONS[service, collection].append(function)
        return function

    return registered


def built_in(service: str, name: str) -> Callable[[BuiltIn], BuiltIn]:
    def registered(function: BuiltIn) -> BuiltIn:
        BUILT_IN.append((re.compile(f"{service}/{name}"), function))
        return function

    return registered


def refuses(service: str, *collections: str) -> Callable[[Rule], Rule]:
    def registered(function: Rule) -> Rule:
        for collection in collections:
            REFUSALS[service, collection].append(function)
        return function

    return registered


def refuses_delete(service: str, *collections: str) -> Callable[[Rule], Rule]:
    def registered(function: Rule) -> Rule:
        for collection in collections:
            DELETE_REFUSALS[service, collection].append(function)
        return function

    return registered


def present(call: Call, key: str) -> Json | None:
    """A created or built-in resource, or None."""
    resource = call.store.get(key)
    if resource is None:
        for name, create in BUILT_IN:
            if match := name.fullmatch(key):
                call.store.put(key, create(call, match))
                return call.store.get(key)
    return resource


def required(call: Call, key: str) -> Json:
    """A resource. Raises Refused with 404 when it does not exist."""
    resource = present(call, key)
    if resource is None:
        raise missing(name_of(key))
    return resource


def check_write(call: Call, resource: Json, collection: str) -> None:
    """Raise the first refusal of the rules for all resources and for this collection."""
    for kind in (("*", "*"), ("*", collection), (call.service, collection)):
        for rule in REFUSALS.get(kind, ()):
            for problem in rule(resource, call):
                raise problem if isinstance(problem, Refused) else invalid(problem)


def check_delete(call: Call, resource: Json, collection: str) -> None:
    """Raise the first refusal to delete a resource."""
    for rule in DELETE_REFUSALS.get((call.service, collection), ()):
        for problem in rule(resource, call):
            raise problem if isinstance(problem, Refused) else invalid(problem)


def load() -> None:
    """Import all modules, which fill the table."""
    for name in SERVICES:
        importlib.import_module(f"terrace.emulator.gcp.{name}")
    for name in RULES:
        importlib.import_module(f"terrace.emulator.gcp.refusals.{name}")
