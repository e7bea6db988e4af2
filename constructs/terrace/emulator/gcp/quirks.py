"""The table of what no schema tells, filled by one file a service: its answers, its own fields, what it has unasked.

    @answers("dns", "changes.create")             instead of the generic verb; None goes on with it
    @completes("dns", "managedZones")             fields of a resource that is about to be stored
    @exists("logging", r"projects/([^/]+)/...")   what is there without being made
    @refuses("dns", "managedZones")               why a resource is refused when it is made or changed; "*" is any
    @refuses("*", "iamPolicies")                  why a policy is refused, on whatever it is set
    @keeps("dns", "managedZones")                 why one cannot be deleted

Rules yield sentences, which become 400 INVALID_ARGUMENT, or a Refused of their own.
"""

import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from terrace.emulator.gcp.call import Call, Refused, invalid, missing, name_of
from terrace.emulator.gcp.documents import Json

Answer = Callable[[Call], Json | bytes | None]
Completion = Callable[[Call, Json, str], None]
Existence = Callable[[Call, re.Match[str]], Json]
Rule = Callable[[Json, Call], Iterator[str | Refused]]

SERVICES: tuple[str, ...] = (
    *("binaryauthorization", "certificatemanager", "cloudasset", "cloudkms", "cloudresourcemanager", "cloudscheduler"),
    *("compute", "container", "dns", "iam", "logging", "memorystore", "monitoring", "objects", "secretmanager"),
    *("serviceusage", "sqladmin", "storage", "storagetransfer"),
)
RULES: tuple[str, ...] = (
    *("backup", "cache", "cluster", "cost", "database", "entry", "identity", "keys", "labels", "network"),
    *("observation", "registry", "secrets", "storage"),
)

ANSWERS: dict[tuple[str, str], Answer] = {}
COMPLETIONS: defaultdict[tuple[str, str], list[Completion]] = defaultdict(list)
EXISTENCES: list[tuple[re.Pattern[str], Existence]] = []
REFUSALS: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
KEEPERS: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)


def answers(service: str, *kinds: str) -> Callable[[Answer], Answer]:
    def registered(function: Answer) -> Answer:
        ANSWERS.update({(service, kind): function for kind in kinds})
        return function

    return registered


def completes(service: str, *collections: str) -> Callable[[Completion], Completion]:
    def registered(function: Completion) -> Completion:
        for collection in collections:
            COMPLETIONS[service, collection].append(function)
        return function

    return registered


def exists(service: str, name: str) -> Callable[[Existence], Existence]:
    def registered(function: Existence) -> Existence:
        EXISTENCES.append((re.compile(f"{service}/{name}"), function))
        return function

    return registered


def refuses(service: str, *collections: str) -> Callable[[Rule], Rule]:
    def registered(function: Rule) -> Rule:
        for collection in collections:
            REFUSALS[service, collection].append(function)
        return function

    return registered


def keeps(service: str, *collections: str) -> Callable[[Rule], Rule]:
    def registered(function: Rule) -> Rule:
        for collection in collections:
            KEEPERS[service, collection].append(function)
        return function

    return registered


def present(call: Call, key: str) -> Json | None:
    """A resource, made or there by itself."""
    found = call.store.get(key)
    if found is None:
        for name, make in EXISTENCES:
            if matched := name.fullmatch(key):
                call.store.put(key, make(call, matched))
                return call.store.get(key)
    return found


def required(call: Call, key: str) -> Json:
    """A resource. Refused with 404 where there is none."""
    found = present(call, key)
    if found is None:
        raise missing(name_of(key))
    return found


def judge(call: Call, resource: Json, collection: str) -> None:
    """Raise the first refusal of the rules for any resource and for this kind."""
    for kind in (("*", "*"), ("*", collection), (call.service, collection)):
        for rule in REFUSALS.get(kind, ()):
            for problem in rule(resource, call):
                raise problem if isinstance(problem, Refused) else invalid(problem)


def hold(call: Call, resource: Json, collection: str) -> None:
    """Raise the first reason why a resource cannot be deleted."""
    for rule in KEEPERS.get((call.service, collection), ()):
        for problem in rule(resource, call):
            raise problem if isinstance(problem, Refused) else invalid(problem)


def load() -> None:
    """Fill the table."""
    for name in SERVICES:
        importlib.import_module(f"terrace.emulator.gcp.{name}")
    for name in RULES:
        importlib.import_module(f"terrace.emulator.gcp.refusals.{name}")
