"""What Azure never deletes on its own: a resource type, and the attribute that says it is in that state.

Before a destroy Terraform forgets such resources; they end with what they are on. A container under a locked
policy can go once it is empty. Source: Azure Storage, "Time-based retention policies for immutable blob data".
"""

from collections.abc import Mapping

LASTING: Mapping[str, str] = {"azurerm_storage_container_immutability_policy": "locked"}
