"""The valid part of an invalid environment, so that one run reports the problems of types and of rules."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from terrace.capabilities.spec import Spec
from terrace.environment.schema import Environment

_Path = tuple[int | str, ...]


def partial_environment(document: Mapping[str, Any], error: ValidationError) -> Environment:
    """An environment without the fields that `error` names: reading one of them raises AttributeError."""
    environment = _construct(Environment, document, [detail["loc"] for detail in error.errors(include_url=False)])
    assert isinstance(environment, Environment)
    return environment


def _construct(model: type[Spec], data: Mapping[str, Any], invalid: Collection[_Path]) -> Spec:
    values: dict[str, Any] = {}
    missing = []
    for name, info in model.model_fields.items():
        inside = [path[1:] for path in invalid if path and path[0] == name]
        if not inside:
            if name in data:
                values[name] = _type(model, name).validate_json(json.dumps(data[name]), strict=True)
        elif (section := _section(info.annotation)) and isinstance(data.get(name), dict):
            values[name] = _construct(section, data[name], inside)
        else:
            missing.append(name)
    spec = model.model_construct(_fields_set=set(values), **values)
    for name in missing:
        spec.__dict__.pop(name, None)
    return spec


def _section(annotation: object) -> type[Spec] | None:
    """The model of a section, also of one that may be left out."""
    union = get_origin(annotation) in (Union, UnionType)
    types = get_args(annotation) if union else (annotation,)
    return next((one for one in types if isinstance(one, type) and issubclass(one, Spec)), None)


@cache
def _type(model: type[Spec], name: str) -> TypeAdapter[Any]:
    info = model.model_fields[name]
    return TypeAdapter(cast(Any, Annotated[info.annotation, info]))
