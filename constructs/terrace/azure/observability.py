"""Logs in one Log Analytics workspace, and an action group per severity (OBS-1, OBS-3)."""

from typing import get_args

from cdktn import TerraformResource
from cdktn_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace
from cdktn_provider_azurerm.monitor_action_group import (
    MonitorActionGroup,
    MonitorActionGroupEmailReceiver,
    MonitorActionGroupWebhookReceiver,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.bucket import account
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.observability import (
    EmailChannel,
    LogGroup,
    ObservabilityHandle,
    ObservabilitySpec,
    WebhookChannel,
)
from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.target import Target

LOG_GROUPS: tuple[LogGroup, ...] = get_args(LogGroup)
_LONGEST_DAYS = 730
"""The maximum retention of a workspace; the audit bucket has a longer one. Source: Log Analytics, data retention."""


class Observability(Construct):
    """The workspace, the storage account of flow logs, and an action group per severity.

    The handle's names and ids are known at synth. A resource that refers to one by name depends on `ready`. Azure
    encrypts a workspace with a customer-managed key only in a dedicated cluster of 100 GB a day: see facts.py.
    """

    handle: ObservabilityHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: ObservabilitySpec,
        target: Target,
        *,
        keys: KeysHandle,
        audit_days: int,
    ) -> None:
        super().__init__(scope, id)
        group = providers.home(self, target)
        monitoring = target.existing.monitoring
        workspace = None if monitoring else self._workspace(spec, target, group)
        ready: list[TerraformResource] = [
            *([workspace] if workspace else []),
            account(  # NET-5: flow logs are written with the account's key, so they have a separate account
                self,
                "flow-account",
                target,
                name=names.flow_account(target),
                key=keys.home["logs"],
                user=keys.users["logs"],
                shared_keys=True,
                after=keys.ready,
            ),
        ]
        for severity in SEVERITIES:
            channels = {name: spec.channels[name] for name in getattr(spec.escalation, severity)}
            ready.append(
                MonitorActionGroup(  # OBS-3
                    self,
                    severity,
                    name=f"{target.prefix}-{severity}",
                    short_name=severity,
                    resource_group_name=group.name,
                    location=names.topic_region(target),  # GOV-2: global if omitted
                    email_receiver=[
                        MonitorActionGroupEmailReceiver(
                            name=name, email_address=channel.address, use_common_alert_schema=True
                        )
                        for name, channel in channels.items()
                        if isinstance(channel, EmailChannel)
                    ],
                    webhook_receiver=[
                        MonitorActionGroupWebhookReceiver(
                            name=name, service_uri=channel.url, use_common_alert_schema=True
                        )
                        for name, channel in channels.items()
                        if isinstance(channel, WebhookChannel)
                    ],
                    tags=dict(target.tags),
                )
            )
        log_ids = dict.fromkeys(LOG_GROUPS, names.workspace_id(target))
        self.handle = ObservabilityHandle(
            logs={name: names.log_group(target, name) for name in LOG_GROUPS},
            log_ids={**log_ids, "flow": names.flow_account_id(target)},
            topics={severity: names.topic_id(target, severity) for severity in SEVERITIES},
            addresses=tuple(c.address for c in spec.channels.values() if isinstance(c, EmailChannel)),
            ready=tuple(ready),
            retention_days=spec.retention_days,
            workspace=workspace.workspace_id if workspace else str(monitoring and monitoring.workspace),
        )

    def _workspace(self, spec: ObservabilitySpec, target: Target, group: providers.Group) -> LogAnalyticsWorkspace:
        return LogAnalyticsWorkspace(  # OBS-1, K8S-3
            self,
            "workspace",
            name=target.prefix,
            location=group.location,
            resource_group_name=group.name,
            sku="PerGB2018",
            retention_in_days=min(spec.retention_days, _LONGEST_DAYS),  # OBS-1
            local_authentication_enabled=False,  # SEC-1: disables the shared key, which is in state
            allow_resource_only_permissions=True,
            tags=dict(target.tags),
        )
