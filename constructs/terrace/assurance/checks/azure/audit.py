"""The activity log, Defender and Policy (AUD-1 to AUD-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import lake
from terrace.assurance.checks.azure.lookup import diagnostics, referenced
from terrace.assurance.evaluation import Absent, NotRequired, Observation, check, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.spec import LAYERS

_CALLS = ("Administrative", "Security", "Policy")
_PLANS = ("Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines")
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"  # Microsoft cloud security benchmark
_NOT_OWNED = "owns_account is false; another environment manages the subscription"


def _trail(stack: Subject) -> Resource:
    subscription = names.subscription(stack.target)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        if setting.get("target_resource_id") == subscription:
            return setting
    raise Absent("no azurerm_monitor_diagnostic_setting of the subscription")


@check("AUD-1")
def all_calls_logged(stack: Subject) -> Iterator[Observation]:
    audit = lake.bucket(stack, "audit")
    if stack.target.settings.owns_account:
        trail = _trail(stack)
        categories = [str(log.get("category")) for log in trail.blocks("enabled_log")]
        yield includes(str(trail), "categories", categories, _CALLS)
        destination = referenced(stack, audit.type, trail.get("storage_account_id"))
        yield equal(str(trail), "storage account", str(destination), str(audit))
    vault = stack.one("azurerm_key_vault", "keys/vault")
    settings = diagnostics(stack, vault)
    categories_sent = [str(log.get("category_group")) for one in settings for log in one.blocks("enabled_log")]
    yield includes(str(vault), "log category groups", categories_sent, ["audit"])
    for layer in LAYERS:
        layer_account = lake.bucket(stack, layer)
        logged = [
            str(log.get("category"))
            for setting in diagnostics(stack, layer_account, "/blobServices/default")
            if referenced(stack, audit.type, setting.get("storage_account_id")) == audit
            for log in setting.blocks("enabled_log")
        ]
        yield includes(
            str(layer_account), "logged operations", logged, ["StorageRead", "StorageWrite", "StorageDelete"]
        )


@check("AUD-1")
def log_immutable(stack: Subject) -> Iterator[Observation]:
    yield from lake.lock(stack, "audit", max(stack.environment.audit.retention_days, 365))


@check("AUD-2")
def threat_detection_enabled(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    plans = stack.all("azurerm_security_center_subscription_pricing")
    on = [str(plan.get("resource_type")) for plan in plans if plan.get("tier") == "Standard"]
    yield includes("Defender", "plans", on, _PLANS)
    contact = stack.view.only("azurerm_security_center_contact")
    yield equal(str(contact), "alert_notifications", contact.get("alert_notifications"), True)


@check("AUD-3")
def configuration_baseline(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_NOT_OWNED)
    baseline = stack.one("azurerm_subscription_policy_assignment", "audit/baseline")
    expected = names.policy_id(_BENCHMARK, initiative=True)
    yield equal(str(baseline), "policy_definition_id", baseline.get("policy_definition_id"), expected)
    yield equal(str(baseline), "subscription_id", baseline.get("subscription_id"), names.subscription(stack.target))
