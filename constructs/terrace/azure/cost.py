"""A consumption budget with alerts, and a schedule that stops the cluster and the database (COST-1, COST-2)."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cdktn_provider_azurerm.consumption_budget_subscription import (
    ConsumptionBudgetSubscription,
    ConsumptionBudgetSubscriptionFilter,
    ConsumptionBudgetSubscriptionFilterTag,
    ConsumptionBudgetSubscriptionNotification,
    ConsumptionBudgetSubscriptionTimePeriod,
)
from cdktn_provider_azurerm.logic_app_action_custom import LogicAppActionCustom
from cdktn_provider_azurerm.logic_app_trigger_recurrence import (
    LogicAppTriggerRecurrence,
    LogicAppTriggerRecurrenceSchedule,
)
from cdktn_provider_azurerm.logic_app_workflow import LogicAppWorkflow, LogicAppWorkflowIdentity
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.azure.permissions import Permissions
from terrace.capabilities.cluster import ClusterHandle, PoolSpec
from terrace.capabilities.cost import CostHandle, CostSpec, SleepSpec
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.errors import ContractError

ALERTS: tuple[tuple[Literal["Actual", "Forecasted"], int], ...] = (
    ("Actual", 50),
    ("Actual", 80),
    ("Actual", 100),
    ("Forecasted", 100),
)
"""Percent of the budget at which an alert is sent (COST-1)."""
_BEGINNING, _END = "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z"
"""A past first day of a month, and a distant end; if omitted, Azure uses ten years from the start."""
_WORKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_WEEKEND = ("Saturday", "Sunday")
_TIME_ZONES = {
    "America/Chicago": "Central Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
    "America/New_York": "Eastern Standard Time",
    "America/Sao_Paulo": "E. South America Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "Asia/Singapore": "Singapore Standard Time",
    "Asia/Tokyo": "Tokyo Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
    "Europe/Amsterdam": "W. Europe Standard Time",
    "Europe/Berlin": "W. Europe Standard Time",
    "Europe/Dublin": "GMT Standard Time",
    "Europe/London": "GMT Standard Time",
    "Europe/Madrid": "Romance Standard Time",
    "Europe/Paris": "Romance Standard Time",
    "Europe/Rome": "W. Europe Standard Time",
    "Europe/Stockholm": "W. Europe Standard Time",
    "Europe/Warsaw": "Central European Standard Time",
    "Europe/Zurich": "W. Europe Standard Time",
    "UTC": "UTC",
}
"""IANA time zones to the names that Logic Apps accepts. Source: Unicode CLDR, windowsZones."""


_CLUSTER_ACTIONS = (
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/start/action",
    "Microsoft.ContainerService/managedClusters/stop/action",
)
_SERVER_ACTIONS = (
    "Microsoft.DBforPostgreSQL/flexibleServers/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/start/action",
    "Microsoft.DBforPostgreSQL/flexibleServers/stop/action",
)


class Call(NamedTuple):
    """A scheduled call of Azure's API on a resource; a Logic App makes it without a function."""

    at: str
    resource: str
    action: str
    version: str


class Cost(Construct):
    """The environment's budget, and its sleep schedule if configured.

    The budget is on the subscription, filtered by tag, because nodes and disks are in a group that AKS creates.
    """

    handle: CostHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: CostSpec,
        target: Target,
        *,
        pools: Mapping[str, PoolSpec],
        keys: KeysHandle,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        budget = ConsumptionBudgetSubscription(  # COST-1
            self,
            "budget",
            name=target.prefix,
            subscription_id=names.subscription(target),
            amount=spec.budget_usd,
            time_grain="Monthly",
            time_period=ConsumptionBudgetSubscriptionTimePeriod(start_date=_BEGINNING, end_date=_END),
            filter=ConsumptionBudgetSubscriptionFilter(
                tag=[ConsumptionBudgetSubscriptionFilterTag(name="environment", values=[target.environment])]
            ),
            notification=[
                ConsumptionBudgetSubscriptionNotification(
                    enabled=True,
                    operator="GreaterThanOrEqualTo",
                    threshold=percent,
                    threshold_type=kind,
                    contact_emails=list(observability.addresses),
                    contact_groups=[observability.topics["warning"]],
                )
                for kind, percent in ALERTS
            ],
            depends_on=list(observability.ready),
        )
        if spec.sleep:
            self._sleep(spec.sleep, target, cluster, database)
        self.handle = CostHandle(budget=budget.name)

    def _sleep(
        self, sleep: SleepSpec, target: Target, cluster: ClusterHandle | None, database: DatabaseHandle | None
    ) -> None:
        """COST-2. Stopping AKS removes its nodes and keeps its state; the bounds of pools do not change."""
        group = providers.home(self, target)
        permissions = Permissions(
            actions=(*(_CLUSTER_ACTIONS if cluster else ()), *(_SERVER_ACTIONS if database else ())),
            data_actions=(),
        )
        role = iam.role(self, "sleep", target, permissions, on=group.id)
        for name, call in _calls(sleep, target, cluster, database).items():
            workflow = LogicAppWorkflow(
                self,
                name,
                name=f"{target.prefix}-{name}",
                location=group.location,
                resource_group_name=group.name,
                identity=LogicAppWorkflowIdentity(type="SystemAssigned"),
                tags=dict(target.tags),
            )
            may = iam.grant(
                self,
                f"{name}-rights",
                workflow.identity.principal_id,
                role,
                on=call.resource,
                after=[*(cluster.ready if cluster else ()), *(database.ready if database else ())],
            )
            hour, minute = (int(part) for part in call.at.split(":"))
            LogicAppTriggerRecurrence(  # COST-2
                self,
                f"{name}-time",
                name="time",
                logic_app_id=workflow.id,
                frequency="Week",
                interval=1,
                time_zone=_time_zone(sleep.timezone),
                schedule=LogicAppTriggerRecurrenceSchedule(
                    at_these_hours=[hour],
                    at_these_minutes=[minute],
                    on_these_days=[*_WORKDAYS, *(_WEEKEND if sleep.days == "mon-sun" else ())],
                ),
            )
            LogicAppActionCustom(
                self, f"{name}-call", name="call", logic_app_id=workflow.id, body=_request(call), depends_on=[may]
            )


def _calls(
    sleep: SleepSpec, target: Target, cluster: ClusterHandle | None, database: DatabaseHandle | None
) -> dict[str, Call]:
    """Down: no nodes, the database stopped. Up: both started."""
    server = names.cluster_id(target)
    of_database = (
        {
            "database-down": Call(sleep.down, database.id, "stop", "2024-08-01"),
            "database-up": Call(sleep.up, database.id, "start", "2024-08-01"),
        }
        if database
        else {}
    )
    of_cluster = {
        "cluster-down": Call(sleep.down, server, "stop", "2024-09-01"),
        "cluster-up": Call(sleep.up, server, "start", "2024-09-01"),
    }
    return {**of_database, **(of_cluster if cluster else {})}


def _request(call: Call) -> str:
    """A Logic Apps action that calls Azure's API with the workflow's identity and retries when throttled."""
    api = "https://management.azure.com"
    action: dict[str, Any] = {
        "type": "Http",
        "runAfter": {},
        "inputs": {
            "method": "POST",
            "uri": f"{api}{call.resource}/{call.action}?api-version={call.version}",
            "authentication": {"type": "ManagedServiceIdentity", "audience": f"{api}/"},
            "retryPolicy": {"type": "exponential", "count": 5, "interval": "PT1M", "maximumInterval": "PT1H"},
        },
    }
    return json.dumps(action)


def _time_zone(name: str) -> str:
    """The Windows name of a time zone. Raises ContractError for one that is not in the table."""
    if name not in _TIME_ZONES:
        raise ContractError(
            f"no Windows name is known for the time zone {name}",
            where="cost.sleep.timezone",
            hint=", ".join(_TIME_ZONES),
        )
    return _TIME_ZONES[name]
