"""The resources of connectors: services outside the cluster, which Terraform providers of their own make.

A connector's resources.yaml.j2 is rendered as values are, to what Terraform reads as JSON: `provider` with its
settings, `resource` with type, name and arguments, and `output`. No value is a secret: the provider reads its
credentials from the environment of the process that runs Terraform.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terrace.errors import ContractError, Problem
from terrace.modules.contract import ConnectorSpec
from terrace.modules.enabled import EnabledModule
from terrace.modules.files import RESOURCES
from terrace.workloads.context import Context
from terrace.workloads.values import InvalidValues, shown_as, template

_KEYS = ("provider", "resource", "output")
_RUN_COMMANDS = ("provisioner", "connection")
"""Keys of any resource with which Terraform runs commands."""
_READS_FILE = re.compile(r"\$\{.*\b(file\w*|templatefile)\(", re.DOTALL)
"""Expressions that put a file of the machine, such as a private key, into the plan and the state."""


@dataclass(frozen=True)
class Connector:
    """What a connector adds to the stack."""

    spec: ConnectorSpec
    provider: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]]
    outputs: Mapping[str, Any]


def connectors(context: Context) -> list[Connector]:
    """The connectors of an environment. Raises InvalidValues, ContractError."""
    used: dict[str, str] = {"helm": "the charts"}
    found = []
    for name, module in context.connectors.items():
        one = connector(module, context)
        other = used.setdefault(one.spec.provider, name)
        if other != name:
            raise ContractError(
                f"{name} and {other} use the provider {one.spec.provider}, which the stack can have once",
                where=f"environment {context.environment.name}",
                hint="disable one of them",
            )
        found.append(one)
    return found


def connector(module: EnabledModule, context: Context) -> Connector:
    """What one connector adds. Raises InvalidValues."""
    assert module.contract.connector is not None
    path = module.folder / RESOURCES
    document = template(path, module, context)
    problems = list(_problems(module.name, module.contract.connector.provider, document))
    if problems:
        where = shown_as(path, context)
        raise InvalidValues([Problem(each.message, where, each.path, each.hint) for each in problems])
    outputs = document.get("output") or {}
    return Connector(module.contract.connector, document["provider"], document["resource"], outputs)


def _problems(name: str, provider: str, document: Mapping[str, Any]) -> Iterator[Problem]:
    for key in document:
        if key not in _KEYS:
            yield Problem(f"a connector has no {key!r}.", path=key, hint=f"Use {', '.join(_KEYS)}.")
    for key in ("provider", "resource"):
        if not isinstance(document.get(key), dict):
            yield Problem(f"{key!r} is missing, or not a mapping.", path=key)
    for type, named in _mapping(document.get("resource")).items():
        path = f"resource.{type}"
        if not type.startswith(f"{provider}_"):
            yield Problem(f"{type!r} is no type of the provider {provider}.", path=path)
        if not _mapping(named):
            yield Problem("has no name with arguments.", path=path)
        for one, arguments in _mapping(named).items():
            for key in _RUN_COMMANDS:
                if key in _mapping(arguments):
                    hint = "Resources are data; what runs belongs into a module with a chart."
                    yield Problem(f"{key!r} runs commands.", path=f"{path}.{one}.{key}", hint=hint)
    for path, text in _texts(document, ()):
        if _READS_FILE.search(text):
            hint = "The provider reads credentials from variables of the process."
            yield Problem("reads a file of the machine that runs Terraform.", path=path, hint=hint)
    beginning = f"{name.replace('-', '_')}_"
    for output in _mapping(document.get("output")):
        if not output.startswith(beginning):
            yield Problem(f"the name does not begin with {beginning}.", path=f"output.{output}")


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield ".".join(path), value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, str(key)))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
