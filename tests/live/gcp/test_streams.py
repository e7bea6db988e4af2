"""The guarantees of managed streams on the recorded prod with streams added; each break breaks its own only."""

from collections.abc import Callable
from typing import Any

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.capabilities.streams import StreamsSpec, TopicSpec
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment
from tests.live.gcp.site import Site
from tests.live.statuses import failing, of_streams

CLUSTERS = "projects.locations.clusters"
DENIED = {"principal": "User:*", "operation": "DELETE", "permissionType": "DENY", "host": "*"}


@pytest.fixture
def streams(site: Site) -> Site:
    """The recorded prod with streams like those of the construct."""
    site.do("serviceusage", "services.enable", name=f"{site.project}/services/managedkafka.googleapis.com", body={})
    subnet = f"projects/{site.account}/regions/{site.target.region}/subnetworks/{site.prefix}-data"
    body = {
        "capacityConfig": {"vcpuCount": "3", "memoryBytes": str(12 * 1024**3)},
        "gcpConfig": {
            "accessConfig": {"networkConfigs": [{"subnet": subnet}]},
            "kmsKey": names.key(site.target, "events"),
        },
    }
    site.do("managedkafka", f"{CLUSTERS}.create", parent=site.place, clusterId=site.prefix, body=body)
    configs = {"retention.ms": str(168 * 3_600_000), "min.insync.replicas": "2"}
    topic = {"partitionCount": 3, "replicationFactor": 3, "configs": configs}
    parent = names.streams_id(site.target)
    site.do("managedkafka", f"{CLUSTERS}.topics.create", parent=parent, topicId="orders", body=topic)
    for acl in ("allTopics", "allConsumerGroups"):
        add_list(site, acl, DENIED)
    return site


def add_list(site: Site, acl: str, entry: dict[str, str]) -> None:
    parent, body = names.streams_id(site.target), {"aclEntries": [entry]}
    site.do("managedkafka", f"{CLUSTERS}.acls.create", parent=parent, aclId=acl, body=body)


def patch(site: Site, mask: str, body: dict[str, Any], topic: str = "") -> None:
    name, method = names.streams_id(site.target), f"{CLUSTERS}.patch"
    if topic:
        name, method = f"{name}/topics/{topic}", f"{CLUSTERS}.topics.patch"
    site.do("managedkafka", method, name=name, updateMask=mask, body=body)


def clients_have_certificates(site: Site) -> None:
    pool = f"projects/{site.account}/locations/{site.target.region}/caPools/clients"
    patch(site, "tlsConfig", {"tlsConfig": {"trustConfig": {"casConfigs": [{"caPool": pool}]}}})


def data_has_another_key(site: Site) -> None:
    cluster = site.do("managedkafka", f"{CLUSTERS}.get", name=names.streams_id(site.target))
    config = {**cluster["gcpConfig"], "kmsKey": names.key(site.target, "logs")}
    site.stored(f"managedkafka/{names.streams_id(site.target)}", gcpConfig=config)


def a_module_reads_an_undeclared_topic(site: Site) -> None:
    reader = f"User:{names.role_email(site.target, 'module-airflow')}"
    entry = {"principal": reader, "operation": "READ", "permissionType": "ALLOW", "host": "*"}
    add_list(site, "topic/orders", entry)


def events_are_kept_for_an_hour(site: Site) -> None:
    patch(site, "configs", {"configs": {"retention.ms": "3600000"}}, topic="orders")


def logs_have_no_sink(site: Site) -> None:
    site.do("logging", "projects.sinks.delete", sinkName=f"{site.project}/sinks/{site.prefix}-platform")


BREAKS: dict[str, Callable[[Site], None]] = {
    "STREAM-1": clients_have_certificates,
    "STREAM-2": data_has_another_key,
    "STREAM-3": a_module_reads_an_undeclared_topic,
    "STREAM-4": events_are_kept_for_an_hour,
    "STREAM-5": logs_have_no_sink,
}


def read(site: Site) -> list[Result]:
    changes = {"streams": StreamsSpec(size="medium"), "topics": {"orders": TopicSpec()}}
    deployment = Deployment(site.environment.model_copy(update=changes), site.target, site.reader)
    return [live.evaluate_guarantee(id, "gcp", deployment) for id in of_streams("gcp")]


def test_streams_hold_every_guarantee(streams: Site) -> None:
    results = read(streams)
    assert [result.guarantee.id for result in results] == list(BREAKS)
    assert failing(results, "gcp") == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("guarantee", BREAKS)
def test_a_break_breaks_one_guarantee(streams: Site, guarantee: str) -> None:
    BREAKS[guarantee](streams)
    results = read(streams)
    assert failing(results, "gcp").keys() == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
