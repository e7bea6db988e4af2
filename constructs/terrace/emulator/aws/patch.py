"""The few tools that patches are written with.

A patch is a function without arguments that changes moto in place. Its docstring says what stock moto does wrong. Two
kinds of change cover nearly all of them: an operation moto lacks (`operation`) and one whose result is mended (`wrap`).
State lives on moto's own backend (`shelf`), so a reset clears it and the inventory sees it.
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
    """One request for an operation that a patch adds.

    `parameters` carries the names and types of the service's own model (botocore), whatever the protocol.
    """

    parameters: dict[str, Any]
    account: str
    region: str
    partition: str
    service: str
    response: Any  # moto's response object, for what only the request itself tells

    @property
    def backend(self) -> Any:
        """Moto's backend of this service, account and region."""
        return backend_of(self.service, self.account, self.region)

    def shelf(self, name: str) -> dict[Any, Any]:
        return shelf(self.backend, name)

    def arn(self, resource: str, service: str | None = None, region: str | None = None) -> str:
        place = self.region if region is None else region
        return f"arn:{self.partition}:{service or self.service}:{place}:{self.account}:{resource}"


def backend_of(service: str, account: str, region: str) -> Any:
    """Moto's backend; services without regions keep theirs under the partition's name."""
    regions = get_backend(service)[account]
    return regions[region] if region in regions else regions["aws"]


def shelf(backend: Any, name: str) -> dict[Any, Any]:
    """A dict of our own on a moto backend."""
    kept: dict[Any, Any] = backend.__dict__.setdefault(f"gap_{name}", {})
    return kept


class Fault(ServiceException):  # type: ignore[misc]
    """Ours, as moto looks for the service of an exception of its own by the name of its module."""


def fault(code: str, message: str) -> Exception:
    """An error in the shape of the service's protocol; `code` is a name in the service's model."""
    return Fault(code, message)


def parameters_of(response: Any) -> dict[str, Any]:
    """The request's parameters as the service's model names and types them."""
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    parsed = response.params
    return dict(parsed.original_dict() if isinstance(parsed, XFormedDict) else parsed)


def operation(response_class: Any) -> Callable[[Function], Function]:
    """Make `function(call) -> dict | None` the operation of its own name, in snake case.

    Services that find an operation by its path get the path as well.
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
    found = next(operation for operation in model.operation_names if xform_name(operation) == name)
    path = model.operation_model(found).http["requestUri"].split("?")[0]
    if not str(model.protocol).startswith("rest-") or path == "/":
        return
    urls = import_module(response_class.__module__.replace(".responses", ".urls"))
    # which operation it is, moto decides itself, so a wide pattern is enough: an ARN in a path holds slashes
    pattern = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>.+)", path).rstrip("/")
    for ending in ("$", "/$"):
        urls.url_paths.setdefault("{0}" + pattern + ending, response_class.dispatch)


def wrap(owner: Any, name: str) -> Callable[[Function], Function]:
    """Replace method `name` of `owner` by `function(original, self, ...)`."""

    def replace(function: Function) -> Function:
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            return function(original, self, *arguments, **named)

        setattr(owner, name, method)
        return function

    return replace


def read_back(target: Any, asked: dict[str, Any], attributes: dict[str, str]) -> None:
    """Set attributes of a moto object from request parameters, where given: parameter name -> attribute name."""
    for parameter, attribute in attributes.items():
        if asked.get(parameter) is not None:
            setattr(target, attribute, asked[parameter])


def as_tags(tags: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Tags as plain Key/Value dicts, whatever mapping the parser used."""
    return [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in tags or []]
