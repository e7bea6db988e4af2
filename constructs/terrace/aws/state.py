"""Where Terraform's state of a stack is. Without the CDK: the workloads stack loads no bindings of a cloud."""

from typing import Any

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


def remote_state(environment: Environment, target: Target, layer: str) -> tuple[str, dict[str, Any]]:
    """S3, encrypted, with Terraform's lock file; one key per environment, cloud and layer. The bucket is versioned."""
    return "s3", {
        "bucket": names.state_bucket(target),
        "region": target.region,
        "key": f"{environment.name}/{environment.cloud}/{layer}.tfstate",
        "encrypt": True,
        "use_lockfile": True,
    }
