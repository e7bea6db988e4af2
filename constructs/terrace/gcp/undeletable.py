"""What Google Cloud never deletes on its own: a resource type, and the attribute that says it is in that state.

Before a destroy Terraform forgets such resources; they end with what they hold. A locked log bucket goes once its last
entry has aged; a locked retention policy is part of a bucket. Source: Cloud Logging, "Lock log bucket".
"""

from collections.abc import Mapping

LASTING: Mapping[str, str] = {"google_logging_project_bucket_config": "locked"}
