"""Every override of the bindings' types, with the reason.

The bindings' types are the provider's schema, so a typed stack cannot misspell an argument. Nothing checks an override
before Terraform does, so no other code calls the CDK's `add_override`; a test compares every synthesized stack with
this list.
"""

from collections.abc import Mapping
from typing import Any

from cdktn import TerraformElement, TerraformStack

OVERRIDES: Mapping[str, str] = {
    "terraform.required_version": "the CDK has no argument for it",
    "terraform.required_providers": "bindings pin the version that they were generated from; the lock file does that",
    "provider": "the provider of a connector has no bindings",
    "resource": "the resources of a connector are data of its module; their types have no bindings",
    "output": "as its resources",
    "default_labels": "the CDK converts the keys of a provider's maps to snake case: cost_centre",
}
"""Path in an element, or its beginning, to the reason for the override."""


def override(element: TerraformElement | TerraformStack, path: str, value: Any) -> None:
    """Set `value` at a path of an element of the stack. The path must be in OVERRIDES."""
    assert any(path == known or path.startswith(f"{known}.") for known in OVERRIDES), f"{path} is not in OVERRIDES"
    element.add_override(path, value)
