"""What Google Cloud never deletes on its own: a resource type, and the attribute that says it is in that state.

Before a destroy Terraform forgets such resources; they end with what they are on. Here: none, a retention policy
is part of a bucket.
"""

from collections.abc import Mapping

LASTING: Mapping[str, str] = {}
