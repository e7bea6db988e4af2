"""AWS: the job's token in a file, which AWS's SDKs exchange for the session of a role.

Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider".
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.aws import names
from terrace.capabilities.ci import Pipeline
from terrace.environment import target as target_of
from terrace.environment.schema import Environment
from terrace.pipelines.token import Issuer, write


def audience(environment: Environment, pipeline: Pipeline) -> str:
    """See `terrace.pipelines.sign_in`."""
    return environment.identity.audience(names.STS)


def variables(
    environment: Environment, pipeline: Pipeline, issuer: Issuer, directory: Path, settings: Mapping[str, Any]
) -> dict[str, str]:
    """See `terrace.pipelines.sign_in`."""
    target = target_of(environment)
    token = directory / "token"
    write(token, issuer.request(audience(environment, pipeline)))
    return {
        "AWS_REGION": target.region,
        "AWS_ROLE_ARN": names.role_arn(target, f"ci-{pipeline}"),
        "AWS_ROLE_SESSION_NAME": f"{target.prefix}-ci-{pipeline}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
    }
