"""Functions to write patches with.

A patch is a function without arguments that changes moto in place. Its docstring describes what stock moto does wrong.
Most patches add a missing operation (`operation`) or correct an existing method (`wrap`). Their state is stored on
moto's own backend (`state`), so a reset clears it and the inventory includes it.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from botocore import xform_name
from moto.backends import get_backend
from moto.core.exceptions import ServiceException
from moto.core.parse import XFormedDict
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model

Function = Callable[..., Any]


@dataclass(frozen=True)
class Call:
    """A request for an operation that a patch adds.

    `parameters` has the names and types of the service's model (botocore), whatever the protocol.
    """

    parameters: dict[str, Any]
    account: str
    region: str
    partition: str
    service: str
    response: Any  # moto's response object, for access to the raw request

    @property
    def backend(self) -> Any:
        """Moto's backend of this service, account and region."""
        return backend_of(self.service, self.account, self.region)

    def state(self, name: str) -> dict[Any, Any]:
        return state_of(self.backend, name)

    def arn(self, resource: str, service: str | None = None, region: str | None = None) -> str:
        region = self.region if region is None else region
        return f"arn:{self.partition}:{service or self.service}:{region}:{self.account}:{resource}"


def backend_of(service: str, account: str, region: str) -> Any:
    """Moto's backend; that of a global service is stored under the partition's name."""
    regions = get_backend(service)[account]
    return regions[region] if region in regions else regions["aws"]


def state_of(backend: Any, name: str) -> dict[Any, Any]:
    """A patch's own dict on a moto backend."""
    state: dict[Any, Any] = backend.__dict__.setdefault(f"terrace_{name}", {})
    return state


class PatchError(ServiceException):  # type: ignore[misc]
    """A separate class, because moto derives the service of its own exceptions from their module's name."""


def service_error(code: str, message: str) -> Exception:
    """An error in the format of the service's protocol; `code` is an error name of the service's model."""
    return PatchError(code, message)


def parameters_of(response: Any) -> dict[str, Any]:
    """The request's parameters with the names and types of the service's model."""
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    parsed = response.params
    return dict(parsed.original_dict() if isinstance(parsed, XFormedDict) else parsed)


def operation(response_class: Any) -> Callable[[Function], Function]:
    """Add `function(call) -> dict | None` as the operation of the same name, in snake case.

    For services that find an operation by its path, the path is added too.
    """

    def add(function: Function) -> Function:
        name = function.__name__

        def method(self: Any) -> Any:
            call = Call(
                parameters=parameters_of(self),
                account=self.current_account,
                region=self.region,
                partition=self.partition,
                service=self.service_name,
                response=self,
            )
            return ActionResult(function(call))

        method.__name__ = name
        setattr(response_class, name, method)
        _route(response_class, name)
        return function

    return add


def _route(response_class: Any, name: str) -> None:
    model = get_service_model(response_class().boto3_service_name)
    operation_name = next(each for each in model.operation_names if xform_name(each) == name)
    path = model.operation_model(operation_name).http["requestUri"].split("?")[0]
    if not str(model.protocol).startswith("rest-") or path == "/":
        return
    urls = import_module(response_class.__module__.replace(".responses", ".urls"))
    # moto selects the operation itself, so a broad pattern is enough; an ARN in a path contains slashes
    pattern = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>.+)", path).rstrip("/")
    for ending in ("$", "/$"):
        urls.url_paths.setdefault("{0}" + pattern + ending, response_class.dispatch)


def wrap(owner: Any, name: str) -> Callable[[Function], Function]:
    """Replace method `name` of `owner` with `function(original, self, ...)`."""

    def replace(function: Function) -> Function:
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            return function(original, self, *arguments, **named)

        setattr(owner, name, method)
        return function

    return replace


def read_back(target: Any, parameters: dict[str, Any], attributes: dict[str, str]) -> None:
    """Set attributes of a moto object from the request parameters that are present (parameter -> attribute)."""
    for parameter, attribute in attributes.items():
        if parameters.get(parameter) is not None:
            setattr(target, attribute, parameters[parameter])


def as_tags(tags: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Tags as plain Key/Value dicts."""
    return [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in tags or []]
