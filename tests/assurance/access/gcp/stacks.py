"""Small stacks for the reader of Google Cloud."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.target import Target
from terrace.environment import Environment, load, target

ROOT = Path(__file__).resolve().parents[4]
NODES = "dpf-prod-nodes@acme-data-prod.iam.gserviceaccount.com"


@cache
def environment() -> tuple[Environment, Target]:
    loaded = load("prod", project=ROOT, cloud="gcp").environment
    return loaded, target(loaded)


def subject(*resources: tuple[str, dict[str, Any]], data: dict[str, Any] | None = None) -> Subject:
    """A stack of (type, attributes); the path of the n-th resource is `stack/n`."""
    document: dict[str, Any] = {"resource": {}, "data": data or {}}
    for number, (type, attributes) in enumerate(resources):
        body = {"//": {"metadata": {"path": f"prod/stack/{number}"}}, **attributes}
        document["resource"].setdefault(type, {})[f"n{number}"] = body
    return Subject(View(json.loads(json.dumps(document))), *environment())


def paths(*resources: tuple[str, dict[str, Any]]) -> set[str]:
    """The paths of a stack as sentences."""
    return {str(path) for path in access.read(subject(*resources)).paths}


def grants(*resources: tuple[str, dict[str, Any]], data: dict[str, Any] | None = None) -> set[str]:
    """The rights of a stack as sentences."""
    return {str(grant) for grant in access.read(subject(*resources, data=data)).grants}


def unknown(*resources: tuple[str, dict[str, Any]]) -> set[str]:
    """What is not understood in a stack."""
    return {one.text for one in access.read(subject(*resources)).unknown}
