"""What an organisation already has, which a foundation uses and does not make."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from terrace.capabilities.keys import Purpose
from terrace.capabilities.spec import Spec

Id = Annotated[str, Field(min_length=1, max_length=400)]
"""The cloud's id of a resource; a rule of the cloud checks its form."""


class ExistingSpec(Spec):
    """Existing resources by the capability that they stand for. Their owner carries its guarantees."""

    keys: Mapping[Purpose, Id] = {}
    """Keys by purpose; the foundation makes the others."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """The capabilities that stand on existing resources, and what exists of them."""
        return {"keys": ", ".join(sorted(self.keys))} if self.keys else {}
