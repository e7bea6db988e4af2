"""The base class of specs (immutable, no unknown keys, every field described) and shared types."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, WrapSerializer


class Spec(BaseModel):
    """A section of an environment file. Unknown keys are errors, so that a misspelt one is never silently ignored.

    Validators are built on first use: `terrace validate` builds one for the whole file and none per section.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


OFF = "off"
"""How an environment file leaves a section out. Tools of YAML 1.1 write `false` for it, which means the same."""


class _OffInJsonSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        branches: list[dict[str, Any]] = handler(schema)["anyOf"]
        return {"anyOf": [*(one for one in branches if one.get("type") != "null"), {"enum": [OFF, False]}]}


def _with_off(value: object, handler: Any) -> object:
    return OFF if value is None else handler(value)


_SectionT = TypeVar("_SectionT")
OrOff = Annotated[_SectionT | None, WrapSerializer(_with_off), _OffInJsonSchema]
"""A section that a file may leave out with `off`; the model has None for it."""


def present(section: _SectionT | None) -> _SectionT:
    """A section, in code that runs only where the environment does not leave it out."""
    assert section is not None
    return section


Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
"""An IPv4 range, such as 10.40.0.0/16."""
NAME = r"^[a-z][a-z0-9-]*[a-z0-9]$"
Name = Annotated[str, Field(pattern=NAME, min_length=2, max_length=24)]
"""a-z, 0-9 and -, a letter first."""
Guid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Team = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,63}$")]
Size = Literal["small", "medium", "large", "xlarge"]
Severity = Literal["warning", "critical"]
Layer = Literal["bronze", "silver", "gold", "platinum"]
Access = Literal["read", "write"]
LAYERS: tuple[Layer, ...] = ("bronze", "silver", "gold", "platinum")

_DURATION = re.compile(r"P(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,4})M)?)?")


def _duration(value: object) -> object:
    """A timedelta from days, hours and minutes of ISO 8601. Values other than text are left to pydantic."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None or not any(match.groupdict().values()):
        raise ValueError("expected an ISO 8601 duration of days, hours and minutes, such as P1D, PT12H or PT30M")
    return timedelta(**{unit: int(number) for unit, number in match.groupdict(default="0").items()})


Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "format": "duration"})]
