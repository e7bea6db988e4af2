"""The guarantees of managed streams on the recorded prod with streams added; each break breaks its own only."""

from collections.abc import Callable

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.azure import names
from terrace.capabilities.streams import StreamsSpec, TopicSpec
from terrace.live.azure.checks import Deployment
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot
from tests.live.statuses import failing, of_streams

KEY_USER = "Key Vault Crypto Service Encryption User"


def added(site: Site) -> None:
    """Add streams like those of the construct."""
    namespace, user = names.streams_id(site.target), names.identity_id(site.target, "events-key")
    site.put(user, location=str(site.target.region), tags=site.tags)
    site.grant(site.principal("events-key"), KEY_USER, names.key_id(site.target, "events"))
    vault, _, key = names.key_url(site.target, "events").partition("/keys/")
    site.put(
        namespace,
        {
            "minimumTlsVersion": "1.2",
            "disableLocalAuth": True,
            "publicNetworkAccess": "Disabled",
            "encryption": {
                "keySource": "Microsoft.KeyVault",
                "requireInfrastructureEncryption": True,
                "keyVaultProperties": [
                    {"keyName": key, "keyVaultUri": vault, "identity": {"userAssignedIdentity": user}}
                ],
            },
        },
        location=str(site.target.region),
        sku={"name": "Premium", "tier": "Premium", "capacity": 1},
        identity={"type": "UserAssigned", "userAssignedIdentities": {user: {}}},
        tags=site.tags,
    )
    retention = {"cleanupPolicy": "Delete", "retentionTimeInHours": 168}
    site.put(topic(site), {"partitionCount": 3, "retentionDescription": retention})
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    workspace = names.workspace_id(site.target)
    site.put(settings(site), {"workspaceId": workspace, "logs": logs})


def topic(site: Site) -> str:
    return f"{names.streams_id(site.target)}/eventhubs/orders"


def settings(site: Site) -> str:
    return f"{names.streams_id(site.target)}/providers/Microsoft.Insights/diagnosticSettings/logs"


def namespace_is_public(site: Site) -> None:
    site.change(names.streams_id(site.target), publicNetworkAccess="Enabled")


def connections_have_an_outdated_version_of_tls(site: Site) -> None:
    site.change(names.streams_id(site.target), minimumTlsVersion="1.0")


def a_module_reads_an_undeclared_topic(site: Site) -> None:
    site.grant(site.principal("module-airflow"), names.TOPIC_VERBS["read"], topic(site))


def events_are_kept_for_an_hour(site: Site) -> None:
    site.change(topic(site), retentionDescription__retentionTimeInHours=1)


def nothing_is_logged(site: Site) -> None:
    site.delete(settings(site))


BREAKS: dict[str, Callable[[Site], None]] = {
    "STREAM-1": namespace_is_public,
    "STREAM-2": connections_have_an_outdated_version_of_tls,
    "STREAM-3": a_module_reads_an_undeclared_topic,
    "STREAM-4": events_are_kept_for_an_hour,
    "STREAM-5": nothing_is_logged,
}


def read(site: Site, guarantee: str = "") -> list[Result]:
    """Add streams, break a guarantee, and evaluate those of streams."""
    added(site)
    if guarantee:
        BREAKS[guarantee](site)
    site.reader.forget(site.touched)
    changes = {"streams": StreamsSpec(size="medium"), "topics": {"orders": TopicSpec()}}
    deployment = Deployment(site.environment.model_copy(update=changes), site.target, site.reader)
    return [live.evaluate_guarantee(id, "azure", deployment) for id in of_streams("azure")]


def test_streams_hold_every_guarantee(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == list(BREAKS)
    assert failing(results, "azure") == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("guarantee", BREAKS)
def test_a_break_breaks_one_guarantee(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(read, guarantee)
    assert failing(results, "azure").keys() == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
