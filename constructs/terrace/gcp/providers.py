"""The Google provider of a stack, and the services (APIs) that must be on before anything is made."""

from typing import Any

from cdktn import TerraformStack
from cdktn_provider_google.project_service import ProjectService
from cdktn_provider_google.provider import GoogleProvider
from constructs import Construct

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.overrides import override


def configure(stack: TerraformStack, target: Target) -> None:
    """Give `stack` its provider. Every resource goes to the target's project, whoever's credentials they are."""
    provider = GoogleProvider(
        stack,
        "google",
        project=names.account(target),
        region=target.region,
        billing_project=names.account(target),
        user_project_override=True,  # people's own credentials count against this project's quotas
        add_terraform_attribution_label=False,
        access_token="offline" if target.offline else None,
    )
    override(provider, "default_labels", names.labels(target))  # GOV-1


def service(scope: Construct, name: str) -> ProjectService:
    """The service `name` of the stack around `scope`, switched on once; what needs it depends on it.

    A destroy leaves it on: other stacks may use it, and switching it off would delete what they have.
    """
    stack = TerraformStack.of(scope)
    found_scope = stack.node.try_find_child("services")
    services = found_scope if isinstance(found_scope, Construct) else Construct(stack, "services")
    found = services.node.try_find_child(name)
    if isinstance(found, ProjectService):
        return found
    return ProjectService(
        services, name, service=f"{name}.googleapis.com", disable_on_destroy=False, disable_dependent_services=False
    )


def remote_state(environment: Environment, target: Target, layer: str) -> tuple[str, dict[str, Any]]:
    """Cloud Storage, which locks by itself; a prefix an environment, cloud and layer. The bucket is versioned."""
    return "gcs", {
        "bucket": names.state_bucket(target),
        "prefix": f"{environment.name}/{environment.cloud}/{layer}",
    }
