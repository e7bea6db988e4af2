"""What goes to Terraform past the bindings' types: all of it, each with the reason.

The types of the bindings are the provider's own schema, so a stack that is typed cannot misspell an argument. What is
overridden is judged by nobody before Terraform; nothing else may call the CDK's `add_override`, and a test holds every
synthesized stack to this list.
"""

from collections.abc import Mapping
from typing import Any

from cdktn import TerraformElement, TerraformStack

OVERRIDES: Mapping[str, str] = {
    "terraform.required_version": "the CDK has no argument for it",
    "terraform.required_providers": "bindings pin the version they were made from, which is for the lock file to do",
    "default_labels": "the CDK writes what is in a provider's maps in snake case too: cost_centre",
}
"""Path in an element, or its beginning, to why no argument will do."""


def override(element: TerraformElement | TerraformStack, path: str, value: Any) -> None:
    """Write `value` at a path of an element of the stack. The path has to be in OVERRIDES."""
    assert any(path == known or path.startswith(f"{known}.") for known in OVERRIDES), f"{path} is not reviewed"
    element.add_override(path, value)
