"""Where Terraform's state of a stack is. Without the CDK: the workloads stack loads no bindings of a cloud."""

from typing import Any

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names


def remote_state(environment: Environment, target: Target, layer: str) -> tuple[str, dict[str, Any]]:
    """Cloud Storage, with its own locking; one prefix per environment, cloud and layer. The bucket is versioned."""
    return "gcs", {
        "bucket": names.state_bucket(target),
        "prefix": f"{environment.name}/{environment.cloud}/{layer}",
    }
