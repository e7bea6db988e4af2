"""The activity log, Defender and Policy (AUD-1 to AUD-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import lake
from terrace.assurance.checks.azure.lookup import diagnostics, meant
from terrace.assurance.evaluation import Absent, NotRequired, Observation, check, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.spec import LAYERS

_CALLS = ("Administrative", "Security", "Policy")
_PLANS = ("Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines")
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"  # Microsoft cloud security benchmark
_ELSEWHERE = "another environment of the subscription carries it (owns_account)"


def _trail(stack: Subject) -> Resource:
    subscription = names.subscription(stack.target)
    for setting in stack.all("azurerm_monitor_diagnostic_setting"):
        if setting.get("target_resource_id") == subscription:
            return setting
    raise Absent("no azurerm_monitor_diagnostic_setting of the subscription")


@check("AUD-1")
def recorded(stack: Subject) -> Iterator[Observation]:
    audit = lake.bucket(stack, "audit")
    if stack.target.settings.owns_account:
        trail = _trail(stack)
        categories = [str(log.get("category")) for log in trail.blocks("enabled_log")]
        yield includes(str(trail), "categories", categories, _CALLS)
        place = meant(stack, audit.type, trail.get("storage_account_id"))
        yield equal(str(trail), "account", str(place), str(audit))
    vault = stack.one("azurerm_key_vault", "keys/vault")
    found = diagnostics(stack, vault)
    sent = [str(log.get("category_group")) for one in found for log in one.blocks("enabled_log")]
    yield includes(str(vault), "logs", sent, ["audit"])
    for layer in LAYERS:
        of = lake.bucket(stack, layer)
        reads = [
            str(log.get("category"))
            for setting in diagnostics(stack, of, "/blobServices/default")
            if meant(stack, audit.type, setting.get("storage_account_id")) == audit
            for log in setting.blocks("enabled_log")
        ]
        yield includes(str(of), "on record", reads, ["StorageRead", "StorageWrite", "StorageDelete"])


@check("AUD-1")
def unchangeable(stack: Subject) -> Iterator[Observation]:
    yield from lake.lock(stack, "audit", max(stack.environment.audit.retention_days, 365))


@check("AUD-2")
def threats_looked_for(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
    plans = stack.all("azurerm_security_center_subscription_pricing")
    on = [str(plan.get("resource_type")) for plan in plans if plan.get("tier") == "Standard"]
    yield includes("Defender", "plans", on, _PLANS)
    contact = stack.view.only("azurerm_security_center_contact")
    yield equal(str(contact), "alert_notifications", contact.get("alert_notifications"), True)


@check("AUD-3")
def compared(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired(_ELSEWHERE)
    baseline = stack.one("azurerm_subscription_policy_assignment", "audit/baseline")
    wanted = names.policy_id(_BENCHMARK, initiative=True)
    yield equal(str(baseline), "policy_definition_id", baseline.get("policy_definition_id"), wanted)
    place = baseline.get("subscription_id")
    yield equal(str(baseline), "subscription_id", place, names.subscription(stack.target))
