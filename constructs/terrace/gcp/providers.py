"""The Google provider of a stack, and the services (APIs) that its resources need."""

from cdktn import TerraformStack
from cdktn_provider_google.project_service import ProjectService
from cdktn_provider_google.provider import GoogleProvider
from constructs import Construct

from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.overrides import override


def configure(stack: TerraformStack, target: Target) -> None:
    """Add the provider to `stack`. Every resource is created in the target's project, independent of the
    credentials."""
    provider = GoogleProvider(
        stack,
        "google",
        project=names.account(target),
        region=target.region,
        billing_project=names.account(target),
        user_project_override=True,  # calls with user credentials count against this project's quota
        add_terraform_attribution_label=False,
        access_token="offline" if target.offline else None,
    )
    override(provider, "default_labels", names.labels(target))  # GOV-1


def service(scope: Construct, name: str) -> ProjectService:
    """The service `name`, enabled once in the stack that contains `scope`; its resources depend on it.

    A destroy leaves it enabled: other stacks may use it, and disabling it would delete their resources.
    """
    stack = TerraformStack.of(scope)
    existing = stack.node.try_find_child("services")
    services = existing if isinstance(existing, Construct) else Construct(stack, "services")
    enabled = services.node.try_find_child(name)
    if isinstance(enabled, ProjectService):
        return enabled
    return ProjectService(
        services, name, service=f"{name}.googleapis.com", disable_on_destroy=False, disable_dependent_services=False
    )
