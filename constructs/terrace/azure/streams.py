"""Azure Event Hubs, which speaks Kafka's protocol (STREAM-1 to STREAM-5).

Clients authenticate with Entra, and their identities have roles on the topics that they may use (see identity.py). A
topic of Kafka is an event hub. The standard tier, of size small, has no customer keys.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn_provider_azurerm.eventhub import Eventhub, EventhubRetentionDescription
from cdktn_provider_azurerm.eventhub_namespace import (
    EventhubNamespace,
    EventhubNamespaceIdentity,
    EventhubNamespaceNetworkRulesets,
)
from cdktn_provider_azurerm.eventhub_namespace_customer_managed_key import EventhubNamespaceCustomerManagedKey
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.firewall import private_path
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import Size
from terrace.capabilities.streams import StreamsHandle, StreamsSpec, TopicSpec
from terrace.capabilities.target import Target

PORT = 9093
"""Source: "Azure Event Hubs for Apache Kafka", Kafka clients."""
_LOGIN = "OAUTHBEARER"
"""The SASL mechanism of Entra's tokens."""


class _Tier(NamedTuple):
    """A tier, and its throughput or processing units."""

    sku: str
    units: int


_TIERS: Mapping[Size, _Tier] = {
    "small": _Tier("Standard", 1),
    "medium": _Tier("Premium", 1),
    "large": _Tier("Premium", 2),
    "xlarge": _Tier("Premium", 4),
}


class Streams(Construct):
    """A namespace with an event hub for each topic. Azure keeps three copies, in all zones of the region.

    `handle.id` is the namespace's id, `handle.instance` its name. Source: Event Hubs documentation, "Configure
    customer-managed keys", "Allow access through private endpoints", "Event Hubs quotas and limits".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: StreamsSpec,
        target: Target,
        *,
        topics: Mapping[str, TopicSpec],
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        group, tier, user = providers.home(self, target), _TIERS[spec.size], keys.users["events"].id
        server = EventhubNamespace(
            self,
            "server",
            name=names.streams(target),
            location=group.location,
            resource_group_name=group.name,
            sku=tier.sku,
            capacity=tier.units,
            minimum_tls_version="1.2",  # STREAM-2
            local_authentication_enabled=False,  # STREAM-1
            public_network_access_enabled=False,  # STREAM-1
            network_rulesets=[
                EventhubNamespaceNetworkRulesets(
                    default_action="Deny",
                    public_network_access_enabled=False,  # STREAM-1
                    trusted_service_access_enabled=False,
                    ip_rule=[],
                    virtual_network_rule=[],
                )
            ],
            identity=EventhubNamespaceIdentity(type="UserAssigned", identity_ids=[user]),
            tags=dict(target.tags),
            depends_on=list(keys.ready),
        )
        after: list[EventhubNamespaceCustomerManagedKey] = []
        if tier.sku == "Premium":
            after.append(
                EventhubNamespaceCustomerManagedKey(
                    self,
                    "key",
                    eventhub_namespace_id=server.id,
                    key_vault_key_ids=[keys.home["events"]],  # STREAM-2
                    user_assigned_identity_id=user,
                    infrastructure_encryption_enabled=True,
                )
            )
        hubs = {
            name: Eventhub(
                self,
                f"topic-{name}",
                name=name,
                namespace_id=server.id,
                partition_count=topic.partitions,
                retention_description=EventhubRetentionDescription(
                    cleanup_policy="Delete",
                    retention_time_in_hours=topic.retention_hours,  # STREAM-4
                ),
                depends_on=after,
            )
            for name, topic in topics.items()
        }
        path = private_path(self, "path-streams", target, to=server.id, service="namespace", subnet="streams")
        MonitorDiagnosticSetting(
            self,
            "logs",
            name="logs",
            target_resource_id=server.id,
            log_analytics_workspace_id=observability.log_ids["trail"],
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="allLogs")],  # STREAM-5
            depends_on=list(observability.ready),
        )
        self.handle = StreamsHandle(
            id=names.streams_id(target),
            instance=names.streams(target),
            bootstrap=f"{names.streams(target)}.servicebus.windows.net:{PORT}",
            port=PORT,
            login=_LOGIN,
            topics={name: hub.id for name, hub in hubs.items()},
            ready=(server, path, *hubs.values()),
        )
