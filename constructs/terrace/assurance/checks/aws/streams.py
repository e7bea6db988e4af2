"""Amazon MSK (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource, flag
from terrace.calls import Absent

_BROKERS = "broker_node_group_info"


def _cluster(stack: Subject) -> Resource:
    """The cluster. Raises Absent."""
    return stack.one("aws_msk_cluster", "streams/server")


@check("STREAM-1")
def private(stack: Subject) -> Iterator[Observation]:
    cluster = _cluster(stack)
    if not stack.target.existing.network:
        targets = [stack.view.target(one) for one in cluster.get(f"{_BROKERS}.client_subnets", [])]
        outside = [str(one) for one in targets if one is None or not one.path.startswith("network/data-")]
        yield equal(str(cluster), "subnets outside the data subnets", outside, [])
        groups = [stack.view.target(one) for one in cluster.get(f"{_BROKERS}.security_groups", [])]
        yield equal(str(cluster), "security groups", [str(one) for one in groups], ["network/openings/streams-group"])
    public = cluster.get(f"{_BROKERS}.connectivity_info.public_access.type", "DISABLED")
    yield equal(str(cluster), "public_access", public, "DISABLED")
    others = cluster.get(f"{_BROKERS}.connectivity_info.vpc_connectivity")
    yield equal(str(cluster), "vpc_connectivity is set", bool(others), False)


@check("STREAM-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    cluster, clients = _cluster(stack), "client_authentication"
    yield equal(str(cluster), "iam", flag(cluster.get(f"{clients}.sasl.iam")), True)
    unauthenticated = flag(cluster.get(f"{clients}.unauthenticated", False))
    yield equal(str(cluster), "unauthenticated", unauthenticated, False)
    for other in ("sasl.scram", "tls"):
        yield equal(str(cluster), other, bool(cluster.get(f"{clients}.{other}")), False)


@check("STREAM-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    cluster, transit = _cluster(stack), "encryption_info.encryption_in_transit"
    yield equal(str(cluster), "client_broker", cluster.get(f"{transit}.client_broker"), "TLS")
    yield equal(str(cluster), "in_cluster", flag(cluster.get(f"{transit}.in_cluster")), True)


@check("STREAM-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    cluster, name = _cluster(stack), "encryption_at_rest_kms_key_arn"
    yield lookup.uses(stack, cluster, cluster.get(f"encryption_info.{name}"), name, "events")


@check("STREAM-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "STREAM-3")


@check("STREAM-4")
def copies_and_retention(stack: Subject) -> Iterator[Observation]:
    cluster, topics = _cluster(stack), stack.environment.all_topics.values()
    configuration = stack.view.target(cluster.get("configuration_info.arn"))
    if configuration is None or configuration.type != "aws_msk_configuration":
        raise Absent(f"{cluster} has no aws_msk_configuration in the stack")
    brokers = cluster.get("number_of_broker_nodes", 0)
    yield at_least(str(cluster), "number_of_broker_nodes", brokers, max(2, len(stack.target.zones)))
    copies = min(3, int(brokers))
    found = dict(line.split("=", 1) for line in str(configuration.get("server_properties")).split("\n") if "=" in line)
    for name, least in (
        ("default.replication.factor", copies),
        ("min.insync.replicas", max(1, copies - 1)),
        ("num.partitions", max((one.partitions for one in topics), default=1)),
        ("log.retention.hours", max((one.retention_hours for one in topics), default=1)),
    ):
        value = found.get(name, "")
        yield at_least(str(configuration), name, int(value) if value.isdigit() else None, least)


@check("STREAM-5")
def logged(stack: Subject) -> Iterator[Observation]:
    cluster, logs = _cluster(stack), "logging_info.broker_logs.cloudwatch_logs"
    yield equal(str(cluster), "cloudwatch_logs", flag(cluster.get(f"{logs}.enabled")), True)
    group = stack.view.target(cluster.get(f"{logs}.log_group"))
    if group is None or group.type != "aws_cloudwatch_log_group":
        raise Absent(f"{cluster} has no aws_cloudwatch_log_group in the stack")
    days = stack.environment.observability.retention_days
    yield at_least(str(group), "retention_in_days", group.get("retention_in_days"), days)
    yield lookup.uses(stack, group, group.get("kms_key_id"), "kms_key_id", "logs")
