"""An AWS budget with alerts, and a schedule that stops node pools and the database (COST-1, COST-2)."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cdktn_provider_aws.budgets_budget import BudgetsBudget, BudgetsBudgetCostFilter, BudgetsBudgetNotification
from cdktn_provider_aws.ce_anomaly_monitor import CeAnomalyMonitor
from cdktn_provider_aws.scheduler_schedule import (
    SchedulerSchedule,
    SchedulerScheduleFlexibleTimeWindow,
    SchedulerScheduleTarget,
    SchedulerScheduleTargetRetryPolicy,
)
from cdktn_provider_aws.scheduler_schedule_group import SchedulerScheduleGroup
from constructs import Construct

from terrace.aws import iam, names
from terrace.capabilities.cluster import ClusterHandle, PoolSpec
from terrace.capabilities.cost import CostHandle, CostSpec, SleepSpec
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target

ALERTS: tuple[tuple[Literal["ACTUAL", "FORECASTED"], int], ...] = (
    ("ACTUAL", 50),
    ("ACTUAL", 80),
    ("ACTUAL", 100),
    ("FORECASTED", 100),
)
"""Percent of the budget at which an alert is sent (COST-1)."""
_BEGINNING = "2026-01-01_00:00"
"""Any past first day of a month; if omitted, the provider uses the month of the first apply."""


class Call(NamedTuple):
    """A scheduled call of an AWS API; EventBridge Scheduler makes it without a Lambda function."""

    at: str
    api: str
    input: Mapping[str, Any]


class Cost(Construct):
    """The budget, the sleep schedule if configured and, where the environment owns the account, anomaly detection."""

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
        budget = BudgetsBudget(  # COST-1
            self,
            "budget",
            name=target.prefix,
            budget_type="COST",
            limit_amount=str(spec.budget_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            time_period_start=_BEGINNING,
            # Works once the organisation has activated the tag as a cost allocation tag.
            cost_filter=[
                BudgetsBudgetCostFilter(name="TagKeyValue", values=[f"user:environment${target.environment}"])
            ],
            notification=[
                BudgetsBudgetNotification(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(observability.addresses),
                    subscriber_sns_topic_arns=[observability.topics["warning"]],
                )
                for kind, percent in ALERTS
            ],
            depends_on=list(observability.ready),
        )
        if spec.sleep:
            self._sleep(spec.sleep, target, pools, keys, cluster, database, governance)
        if names.settings(target).owns_account:
            # An account can have one monitor of all services; if Cost Explorer has created it already, import it.
            CeAnomalyMonitor(
                self, "anomalies", name=target.prefix, monitor_type="DIMENSIONAL", monitor_dimension="SERVICE"
            )
        self.handle = CostHandle(budget=budget.name)

    def _sleep(
        self,
        sleep: SleepSpec,
        target: Target,
        pools: Mapping[str, PoolSpec],
        keys: KeysHandle,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        governance: GovernanceHandle,
    ) -> None:
        server = f"db:{target.prefix}"
        role = iam.role(
            self,
            "sleep-role",
            target,
            purpose="sleep",
            trust=iam.service_trust(target, "scheduler.amazonaws.com"),
            governance=governance,
            policies={
                "sleep": iam.document(
                    *(
                        [
                            iam.allow(
                                "eks:UpdateNodegroupConfig",
                                [
                                    names.arn(target, "eks", f"nodegroup/{target.prefix}/{cluster.pools[pool]}/*")
                                    for pool in pools
                                ],
                            )
                        ]
                        if cluster
                        else []
                    ),
                    *(
                        [iam.allow(["rds:StopDBInstance", "rds:StartDBInstance"], names.arn(target, "rds", server))]
                        if database
                        else []
                    ),
                ),
                "sleep-key": iam.document(iam.allow("kms:Decrypt", keys.home["events"])),
            },
        )
        group = SchedulerScheduleGroup(self, "sleep", name=f"{target.prefix}-sleep")
        for name, call in _calls(sleep, pools, cluster, database).items():
            SchedulerSchedule(  # COST-2
                self,
                name,
                name=f"{target.prefix}-{name}",
                group_name=group.name,
                schedule_expression=call.at,
                schedule_expression_timezone=sleep.timezone,
                state="ENABLED",
                kms_key_arn=keys.home["events"],
                flexible_time_window=SchedulerScheduleFlexibleTimeWindow(mode="OFF"),
                target=SchedulerScheduleTarget(
                    arn=f"arn:{names.settings(target).partition}:scheduler:::aws-sdk:{call.api}",
                    role_arn=role.arn,
                    input=json.dumps(call.input),
                    retry_policy=SchedulerScheduleTargetRetryPolicy(
                        maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                    ),
                ),
                depends_on=list(iam.rights(self, "sleep-role")),
            )


def _calls(
    sleep: SleepSpec, pools: Mapping[str, PoolSpec], cluster: ClusterHandle | None, database: DatabaseHandle | None
) -> dict[str, Call]:
    """Down: no nodes, the database stopped. Up: the database started, each pool with its first nodes."""
    down, up = _cron(sleep.down, sleep.days), _cron(sleep.up, sleep.days)
    calls: dict[str, Call] = {}
    if database:
        server = {"DbInstanceIdentifier": database.instance}
        calls["database-down"] = Call(down, "rds:stopDBInstance", server)
        calls["database-up"] = Call(up, "rds:startDBInstance", server)
    if cluster:
        for name, pool in pools.items():
            calls[f"nodes-{name}-down"] = _resize(down, cluster, name, least=0, now=0)
            calls[f"nodes-{name}-up"] = _resize(up, cluster, name, least=pool.min_nodes, now=pool.first_nodes())
    return calls


def _resize(at: str, cluster: ClusterHandle, pool: str, *, least: int, now: int) -> Call:
    sizes = {"MinSize": least, "DesiredSize": now}
    group = {"ClusterName": cluster.name, "NodegroupName": cluster.pools[pool], "ScalingConfig": sizes}
    return Call(at, "eks:updateNodegroupConfig", group)


def _cron(time: str, days: str) -> str:
    """HH:MM and mon-fri as EventBridge Scheduler's cron: minute hour day month weekday year."""
    hour, minute = (int(part) for part in time.split(":"))
    return f"cron({minute} {hour} ? * {days.upper()} *)"
