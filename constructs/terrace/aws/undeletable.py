"""What AWS never deletes on its own: a resource type, and the attribute that says it is in that state.

Before a destroy Terraform forgets such resources; they end with what they are on. Here: none, a lock is part of
a bucket or a vault.
"""

from collections.abc import Mapping

LASTING: Mapping[str, str] = {}
