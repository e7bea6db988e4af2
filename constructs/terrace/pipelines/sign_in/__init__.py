"""Signing in to a cloud with a job's token, without an action and without the cloud's own tools.

Each cloud's module has `audience`, that of a token for it, and `variables`: the environment variables with which
Terraform, its state backend and Terrace's own code act as an environment's pipeline. It writes what they refer to,
which only this user can read. No variable holds a secret. Where a token lives shorter than a job, commands renew it
(renewal.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.capabilities.ci import PIPELINES, Pipeline
from terrace.capabilities.cloud import implementation
from terrace.environment.schema import Environment
from terrace.pipelines.sign_in import renewal
from terrace.pipelines.token import Issuer
from terrace.variables import JOB_TOKEN


def audiences(environment: Environment) -> dict[Pipeline, str]:
    """The audience of each pipeline's token for the cloud, where the CI system makes tokens when a job begins."""
    cloud = implementation(__name__, environment.cloud)
    return {one: str(cloud.audience(environment, one)) for one in PIPELINES}


def variables(
    environment: Environment, pipeline: Pipeline, issuer: Issuer, directory: Path, settings: Mapping[str, Any]
) -> dict[str, str]:
    """Sign in as an environment's pipeline; files go to `directory`. `settings` are the variables of the repository.

    Raises TerraceError when the issuer gives no token, UsageError when a setting is missing.
    """
    cloud = implementation(__name__, environment.cloud)
    token = directory / "token"
    token.unlink(missing_ok=True)
    signed_in: dict[str, str] = cloud.variables(environment, pipeline, issuer, directory, settings)
    if issuer.renews and token.is_file():
        described = renewal.describe(token, environment.identity.ci, str(cloud.audience(environment, pipeline)))
        signed_in[JOB_TOKEN.name] = str(described)
    return signed_in
