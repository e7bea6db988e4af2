"""Checks of Amazon MSK (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import covers, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal
from terrace.aws import names
from terrace.calls import Absent
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment


def cluster(deployment: Deployment) -> dict[str, Any]:
    """The cluster. Raises Absent."""
    found = deployment.pages("kafka", "list_clusters", "ClusterInfoList", ClusterNameFilter=deployment.prefix)
    own = [one for one in found if one.get("ClusterName") == deployment.prefix]
    if not own:
        raise Absent(f"no cluster {deployment.prefix}")
    info: dict[str, Any] = deployment.call("kafka", "describe_cluster", ClusterArn=own[0]["ClusterArn"])["ClusterInfo"]
    return info


@check("STREAM-1")
def private_and_authenticated(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"streams {deployment.prefix}", cluster(deployment)
    brokers, clients = found.get("BrokerNodeGroupInfo") or {}, found.get("ClientAuthentication") or {}
    connectivity = brokers.get("ConnectivityInfo") or {}
    public = (connectivity.get("PublicAccess") or {}).get("Type", "DISABLED")
    yield equal(resource, "PublicAccess", public, "DISABLED")
    groups = [
        str(group["GroupName"])
        for group in deployment.pages("ec2", "describe_security_groups", "SecurityGroups")
        if group["GroupId"] in brokers.get("SecurityGroups", [])
    ]
    if not deployment.target.existing.network:
        yield equal(resource, "security groups", groups, [f"{deployment.prefix}-streams"])
    sasl = clients.get("Sasl") or {}
    yield equal(resource, "IAM", bool((sasl.get("Iam") or {}).get("Enabled")), True)
    others = {"SCRAM": sasl.get("Scram"), "TLS": clients.get("Tls"), "none": clients.get("Unauthenticated")}
    for name, other in others.items():
        yield equal(resource, f"authentication {name}", bool((other or {}).get("Enabled")), False)


@check("STREAM-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"streams {deployment.prefix}", cluster(deployment).get("EncryptionInfo") or {}
    transit = found.get("EncryptionInTransit") or {}
    yield equal(resource, "ClientBroker", transit.get("ClientBroker"), "TLS")
    yield equal(resource, "InCluster", transit.get("InCluster"), True)
    key = (found.get("EncryptionAtRest") or {}).get("DataVolumeKMSKeyId")
    yield keys.used(deployment, resource, "DataVolumeKMSKeyId", key, "events")


@check("STREAM-3")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    modules = deployment.environment.foundation_modules
    if not modules:
        raise NotRequired("no enabled module uses the foundation (modules)")
    for module, enabled in modules.items():
        role = names.role_name(deployment.target, f"module-{module}")
        declared = {f"{access} {topic}" for topic, access in deployment.environment.topic_access(enabled).items()}
        yield equal(f"role {role}", "topics", _told(_rights(deployment, role)), _told(declared))


def _rights(deployment: Deployment, role: str) -> set[str]:
    """What a role's inline policies let it do with topics: `VERB TOPIC`, or what else is named."""
    found: set[str] = set()
    for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role):
        document = deployment.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in statements(document):
            actions = values(statement.get("Action"))
            for verb, action in (("read", "kafka-cluster:ReadData"), ("write", "kafka-cluster:WriteData")):
                if statement.get("Effect") == "Allow" and covers(actions, action):
                    start = names.stream_arn(deployment.target, "topic") + "/"
                    found |= {f"{verb} {one.removeprefix(start)}" for one in values(statement.get("Resource"))}
    return found


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


@check("STREAM-4")
def copies_and_retention(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"streams {deployment.prefix}", cluster(deployment)
    software, topics = found.get("CurrentBrokerSoftwareInfo") or {}, deployment.environment.all_topics.values()
    brokers = int(found.get("NumberOfBrokerNodes", 0))
    yield at_least(resource, "brokers", brokers, max(2, len(deployment.target.zones)))
    revision = deployment.call(
        "kafka",
        "describe_configuration_revision",
        Arn=software["ConfigurationArn"],
        Revision=software["ConfigurationRevision"],
    )
    lines = revision["ServerProperties"].decode().splitlines()
    properties = dict(line.split("=", 1) for line in lines if "=" in line)
    for name, least in (
        ("default.replication.factor", min(3, brokers)),
        ("log.retention.hours", max((one.retention_hours for one in topics), default=1)),
    ):
        value = properties.get(name, "")
        yield at_least(resource, name, int(value) if value.isdigit() else None, least)


@check("STREAM-5")
def logged(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"streams {deployment.prefix}", cluster(deployment).get("LoggingInfo") or {}
    logs = (found.get("BrokerLogs") or {}).get("CloudWatchLogs") or {}
    yield equal(resource, "CloudWatchLogs", bool(logs.get("Enabled")), True)
    name = str(logs.get("LogGroup"))
    groups = deployment.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    kept = next((one.get("retentionInDays") for one in groups if one["logGroupName"] == name), None)
    days = deployment.environment.observability.retention_days
    yield at_least(f"log group {name}", "retentionInDays", kept, days)
