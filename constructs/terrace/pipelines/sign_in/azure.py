"""Azure: the job's token as the client assertion of a managed identity, whose client id Azure chose.

Source: azurerm provider documentation, "Authenticating using a Service Principal and OpenID Connect"; azure-identity
documentation, WorkloadIdentityCredential.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.azure import names
from terrace.capabilities.ci import Pipeline
from terrace.environment import target as target_of
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.pipelines.token import Issuer, write

AUDIENCE = "api://AzureADTokenExchange"


def client_id_variable(environment: str, pipeline: Pipeline) -> str:
    """The repository's variable with the client id of a pipeline's identity; the id is not secret."""
    return f"TERRACE_{environment.replace('-', '_')}_{pipeline}_CLIENT_ID".upper()


def audience(environment: Environment, pipeline: Pipeline) -> str:
    """See `terrace.pipelines.sign_in`."""
    return AUDIENCE


def variables(
    environment: Environment, pipeline: Pipeline, issuer: Issuer, directory: Path, settings: Mapping[str, Any]
) -> dict[str, str]:
    """See `terrace.pipelines.sign_in`."""
    target = target_of(environment)
    name = client_id_variable(target.environment, pipeline)
    if not (client := settings.get(name) or issuer.client_id):
        raise UsageError(
            f"the repository has no variable {name}",
            hint=f"set it to what `az identity show --resource-group {names.pipelines_group(target)} --name "
            f"{names.identity(target, f'ci-{pipeline}')} --query clientId` prints; `terrace ci setup` lists all "
            "variables",
        )
    own = names.settings(target)
    token = directory / "token"
    write(token, issuer.request(AUDIENCE))
    source = issuer.azurerm or {"ARM_OIDC_TOKEN_FILE_PATH": str(token)}
    return {
        "ARM_CLIENT_ID": str(client),
        "ARM_SUBSCRIPTION_ID": own.subscription_id,
        "ARM_TENANT_ID": own.tenant_id,
        "ARM_USE_OIDC": "true",
        "AZURE_CLIENT_ID": str(client),
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "AZURE_TENANT_ID": own.tenant_id,
        **source,
    }
