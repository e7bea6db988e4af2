"""A budget with alerts, and a schedule that stops node pools and the database (COST-1, COST-2)."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cdktn_provider_google.billing_budget import (
    BillingBudget,
    BillingBudgetAllUpdatesRule,
    BillingBudgetAmount,
    BillingBudgetAmountSpecifiedAmount,
    BillingBudgetBudgetFilter,
    BillingBudgetThresholdRules,
)
from cdktn_provider_google.cloud_scheduler_job import (
    CloudSchedulerJob,
    CloudSchedulerJobHttpTarget,
    CloudSchedulerJobHttpTargetOauthToken,
    CloudSchedulerJobRetryConfig,
)
from cdktn_provider_google.project_iam_custom_role import ProjectIamCustomRole
from constructs import Construct

from terrace.capabilities.cluster import ClusterHandle, PoolSpec
from terrace.capabilities.cost import CostHandle, CostSpec, SleepSpec
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import present
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service

ALERTS: tuple[tuple[Literal["CURRENT_SPEND", "FORECASTED_SPEND"], int], ...] = (
    ("CURRENT_SPEND", 50),
    ("CURRENT_SPEND", 80),
    ("CURRENT_SPEND", 100),
    ("FORECASTED_SPEND", 100),
)
"""Percent of the budget at which an alert is sent (COST-1)."""
_MOST_CHANNELS = 5
"""Source: Cloud Billing Budget API, monitoringNotificationChannels."""
_BETWEEN_CALLS_MINUTES = 5
"""GKE runs one operation per cluster and rejects others, so calls are spaced; retries handle the rest."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Call(NamedTuple):
    """A scheduled call of a Google API; Cloud Scheduler makes it without a function."""

    at: str
    method: Literal["POST", "PATCH"]
    address: str
    body: Mapping[str, Any]


class Cost(Construct):
    """The environment's budget, and its sleep schedule if configured. The budget is on the billing account, in US
    dollars, which must be that account's currency. Source: Cloud Billing documentation, "Create, edit, or delete
    budgets"."""

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
        BillingBudget(
            self,
            "budget",
            billing_account=names.settings(target).billing_account,
            display_name=target.prefix,
            budget_filter=BillingBudgetBudgetFilter(
                projects=[f"projects/{names.number(target)}"],
                calendar_period="MONTH",
                credit_types_treatment="INCLUDE_ALL_CREDITS",
            ),
            amount=BillingBudgetAmount(
                specified_amount=BillingBudgetAmountSpecifiedAmount(currency_code="USD", units=str(spec.budget_usd))
            ),
            threshold_rules=[
                BillingBudgetThresholdRules(threshold_percent=percent / 100, spend_basis=basis)  # COST-1
                for basis, percent in ALERTS
            ],
            all_updates_rule=BillingBudgetAllUpdatesRule(
                monitoring_notification_channels=list(observability.channels["mail"][:_MOST_CHANNELS]),  # COST-1
                pubsub_topic=observability.topics["warning"],
                disable_default_iam_recipients=False,
                schema_version="1.0",
            ),
            depends_on=[*observability.ready, service(self, "billingbudgets")],
        )
        if spec.sleep:
            self._sleep(spec.sleep, target, pools, cluster, database)
        self.handle = CostHandle(budget=target.prefix)

    def _sleep(
        self,
        sleep: SleepSpec,
        target: Target,
        pools: Mapping[str, PoolSpec],
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
    ) -> None:
        right = ProjectIamCustomRole(
            self,
            "sleep-right",
            role_id=names.custom_role(target, "sleep"),
            title=f"Sleep and wake of {target.prefix}",
            permissions=[
                *(("cloudsql.instances.get", "cloudsql.instances.update") if database else ()),
                *(("container.clusters.get", "container.clusters.update") if cluster else ()),
            ],
            depends_on=[service(self, "iam")],
        )
        account = iam.role(
            self,
            "sleep-role",
            target,
            purpose="sleep",
            title=f"Sleep of {target.prefix}",
            grants={"sleep": Grant(names.custom_role_id(target, "sleep"))},
            after=[right],
        )
        for name, call in _calls(sleep, pools, target, cluster, database).items():
            CloudSchedulerJob(  # COST-2
                self,
                name,
                name=f"{target.prefix}-{name}",
                region=target.region,
                description=f"{target.prefix}: {name}",
                schedule=call.at,
                time_zone=sleep.timezone,
                http_target=CloudSchedulerJobHttpTarget(
                    uri=call.address,
                    http_method=call.method,
                    headers={"Content-Type": "application/json"},
                    body=base64.b64encode(json.dumps(call.body).encode()).decode(),
                    oauth_token=CloudSchedulerJobHttpTargetOauthToken(
                        service_account_email=names.role_email(target, "sleep"), scope=_SCOPE
                    ),
                ),
                retry_config=CloudSchedulerJobRetryConfig(
                    retry_count=5, min_backoff_duration="60s", max_backoff_duration="600s", max_doublings=3
                ),
                depends_on=[
                    account,
                    *iam.rights(self, "sleep-role"),
                    *(cluster.ready if cluster else ()),
                    service(self, "cloudscheduler"),
                ],
            )


def _calls(
    sleep: SleepSpec,
    pools: Mapping[str, PoolSpec],
    target: Target,
    cluster: ClusterHandle | None,
    database: DatabaseHandle | None,
) -> dict[str, Call]:
    """Down: no nodes, the database stopped. Up: the database started, each pool with its first nodes.

    Autoscaling is disabled first, or GKE would add nodes again. Source: GKE documentation, "Resize a cluster", on
    clusters of several zones: a size is that of each zone.
    """
    servers = f"https://sqladmin.googleapis.com/v1/projects/{names.account(target)}/instances"
    calls: dict[str, Call] = {}
    for turn, time, policy in (("down", sleep.down, "NEVER"), ("up", sleep.up, "ALWAYS")):
        asleep = turn == "down"
        switched = {"settings": {"activationPolicy": policy}}
        if database:
            server = f"{servers}/{database.instance}"
            calls[f"database-{turn}"] = Call(_cron(time, sleep.days, 0), "PATCH", server, switched)
        for position, (name, pool) in enumerate(pools.items() if cluster else ()):
            at = _pool_address(target, cluster, name)
            bounds = {"enabled": True, "totalMinNodeCount": pool.min_nodes, "totalMaxNodeCount": pool.max_nodes}
            scaling: dict[str, Any] = {"autoscaling": {"enabled": False} if asleep else bounds}
            size = {"nodeCount": 0 if asleep else pool.first_nodes_in_zone(len(target.zones))}
            begin = 2 * position * _BETWEEN_CALLS_MINUTES
            early, late = (_cron(time, sleep.days, begin), _cron(time, sleep.days, begin + _BETWEEN_CALLS_MINUTES))
            calls[f"nodes-{name}-{turn}"] = Call(early, "POST", f"{at}:setAutoscaling", scaling)
            calls[f"nodes-{name}-size-{turn}"] = Call(late, "POST", f"{at}:setSize", size)
    return calls


def _pool_address(target: Target, cluster: ClusterHandle | None, pool: str) -> str:
    pools = f"https://container.googleapis.com/v1/{names.cluster_id(target)}/nodePools"
    return f"{pools}/{present(cluster).pools[pool]}"


def _cron(time: str, days: str, later: int) -> str:
    """HH:MM and mon-fri as cron, `later` minutes later, at most 23:59: minute hour day month weekday."""
    hour, minute = (int(part) for part in time.split(":"))
    total = min(hour * 60 + minute + later, 23 * 60 + 59)
    weekdays = {"mon-fri": "1-5", "mon-sun": "*"}[days]
    return f"{total % 60} {total // 60} * * {weekdays}"
