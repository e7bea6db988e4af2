"""The container registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import unset, uses
from terrace.assurance.evaluation import Observation, check, equal, includes
from terrace.assurance.view import at


@check("K8S-10")
def private_and_encrypted(stack: Subject) -> Iterator[Observation]:
    stack.own("registry")
    registry = stack.view.only("azurerm_container_registry")
    for name in ("admin_enabled", "anonymous_pull_enabled", "public_network_access_enabled", "export_policy_enabled"):
        yield equal(str(registry), name, registry.get(name), False)
    yield from unset(registry, "network_rule_set.ip_rule", "trust_policy")
    rules = registry.get("network_rule_set.default_action", "Deny")
    yield equal(str(registry), "network_rule_set", rules, "Deny")
    bypass = registry.get("network_rule_bypass_option", "AzureServices")
    yield equal(str(registry), "network_rule_bypass_option", bypass, "AzureServices")
    key = at(registry.get("encryption", []), "key_vault_key_id")
    yield uses(stack, registry, key, "encryption", "registry")


@check("K8S-10")
def scanned(stack: Subject) -> Iterator[Observation]:
    stack.own("registry")
    if not stack.target.settings.owns_account:
        yield Observation("registry", "another environment enables scanning for the subscription", True)
        return
    plan = stack.one("azurerm_security_center_subscription_pricing", "audit/detection-Containers")
    extensions = [str(extension.get("name")) for extension in plan.blocks("extension")]
    yield includes(str(plan), "extensions", extensions, ["ContainerRegistriesVulnerabilityAssessments"])


@check("K8S-10")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "K8S-10")
