"""What every spec shares: immutable, nothing unknown, every field described; and the few types that several use."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Spec(BaseModel):
    """A section of an environment file. Unknown keys are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", description="An IPv4 range, as 10.40.0.0/16.")]
Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$", min_length=2, max_length=24, description="a-z, 0-9 and -, letter first."
    ),
]
Size = Literal["small", "medium", "large", "xlarge"]
Severity = Literal["warning", "critical"]
Layer = Literal["bronze", "silver", "gold", "platinum"]
Access = Literal["read", "write"]
LAYERS: tuple[Layer, ...] = ("bronze", "silver", "gold", "platinum")
