"""Google Cloud: a credential file of an external account, with which Google's libraries exchange the job's token.

Source: Google documentation, AIP-4117, "External account credentials".
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.capabilities.ci import Pipeline
from terrace.environment import target as target_of
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.pipelines.token import Issuer, write

_IMPERSONATION = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"


def _provider(environment: Environment, pipeline: Pipeline) -> str:
    """The identity provider of a pipeline, as Google's token service names it."""
    target, spec = target_of(environment), environment.identity
    pools = f"projects/{names.number(target)}/locations/global/workloadIdentityPools"
    pool = f"{pools}/{names.pipeline_pool(target, spec)}"
    return f"//iam.googleapis.com/{pool}/providers/{names.pipeline_provider(pipeline, spec)}"


def audience(environment: Environment, pipeline: Pipeline) -> str:
    """See `terrace.pipelines.sign_in`."""
    return environment.identity.audience(f"https:{_provider(environment, pipeline)}")


def variables(
    environment: Environment, pipeline: Pipeline, issuer: Issuer, directory: Path, settings: Mapping[str, Any]
) -> dict[str, str]:
    """See `terrace.pipelines.sign_in`."""
    target = target_of(environment)
    wanted = audience(environment, pipeline)
    source: dict[str, Any]
    if url := issuer.url_for(wanted):
        # the libraries request a token whenever they need one
        form = {"type": "json", "subject_token_field_name": "value"}
        source = {"url": url, "headers": {"Authorization": f"Bearer {issuer.bearer}"}, "format": form}
    else:
        source = {"file": str(directory / "token")}
        write(directory / "token", issuer.request(wanted))
    credentials = directory / "google.json"
    write(
        credentials,
        json.dumps(
            {
                "type": "external_account",
                "audience": _provider(environment, pipeline),
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": "https://sts.googleapis.com/v1/token",
                "service_account_impersonation_url": _IMPERSONATION.format(names.role_email(target, f"ci-{pipeline}")),
                "credential_source": source,
            }
        ),
    )
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(credentials), "GOOGLE_PROJECT": names.account(target)}
