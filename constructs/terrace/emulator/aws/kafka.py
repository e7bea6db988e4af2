"""MSK: clusters, configurations, addresses of brokers, changes of a cluster."""

from datetime import UTC, datetime
from typing import Any

import moto.kafka.models as models
from moto.kafka.responses import KafkaResponse

from terrace.emulator.aws.patch import Call, Function, operation, service_error, wrap

_SECURITY = {"ClientAuthentication": "client_authentication"}
_MONITORING = {
    "EnhancedMonitoring": "enhanced_monitoring",
    "LoggingInfo": "logging_info",
    "OpenMonitoring": "open_monitoring",
}


def clusters() -> None:
    """Stock moto leaves a cluster in state CREATING, has no name in its ARN, and fails with status 500 for a deleted
    one, so the provider waits forever."""

    def arn(self: Any) -> str:
        kind = "cluster" if self.cluster_type == "PROVISIONED" else "serverless-cluster"
        partition = models.get_partition(self.region_name)
        place = f"arn:{partition}:kafka:{self.region_name}:{self.account_id}"
        return f"{place}:{kind}/{self.cluster_name}/{self.cluster_id}-1"

    models.FakeKafkaCluster._generate_arn = arn

    @wrap(models.FakeKafkaCluster, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.state = "ACTIVE"
        self.current_version = "K1"
        self.operations = []
        transit = {"clientBroker": "TLS", "inCluster": True}
        self.encryption_info = {"encryptionInTransit": transit, **(self.encryption_info or {})}
        if self.broker_node_group_info:
            public = {"publicAccess": {"type": "DISABLED"}}
            connectivity = {**public, **(self.broker_node_group_info.get("connectivityInfo") or {})}
            self.broker_node_group_info = {
                "brokerAZDistribution": "DEFAULT", **self.broker_node_group_info, "connectivityInfo": connectivity,
            }  # fmt: skip

    for name in ("describe_cluster", "describe_cluster_v2"):

        @wrap(models.KafkaBackend, name)
        def described(original: Function, self: Any, cluster_arn: str) -> Any:
            if cluster_arn not in self.clusters:
                raise _missing(cluster_arn)
            return original(self, cluster_arn)

    @wrap(models.KafkaBackend, "delete_cluster")
    def delete_cluster(original: Function, self: Any, cluster_arn: str, current_version: str) -> Any:
        if cluster_arn not in self.clusters:
            raise _missing(cluster_arn)
        self.tagger.delete_all_tags_for_resource(cluster_arn)
        return original(self, cluster_arn, current_version)


def configurations() -> None:
    """Stock moto lacks the operations for configurations."""

    @operation(KafkaResponse)
    def create_configuration(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        found = call.state("configurations")
        if any(one["Name"] == parameters["Name"] for one in found.values()):
            raise service_error("ConflictException", f"A configuration named {parameters['Name']} already exists")
        arn = call.arn(f"configuration/{parameters['Name']}/{len(found) + 1:08x}-0000-4000-8000-000000000000-1")
        found[arn] = {
            "Arn": arn,
            "Name": parameters["Name"],
            "Description": parameters.get("Description", ""),
            "KafkaVersions": parameters.get("KafkaVersions", []),
            "CreationTime": datetime.now(UTC),
            "State": "ACTIVE",
            "revisions": [_text(parameters["ServerProperties"])],
        }
        return {**_shown(found[arn]), "Arn": arn}

    @operation(KafkaResponse)
    def describe_configuration(call: Call) -> dict[str, Any]:
        return _shown(configuration_of(call))

    @operation(KafkaResponse)
    def describe_configuration_revision(call: Call) -> dict[str, Any]:
        one, number = configuration_of(call), int(call.parameters["Revision"])
        if not 0 < number <= len(one["revisions"]):
            raise service_error("NotFoundException", f"The configuration has no revision {number}")
        properties = one["revisions"][number - 1].encode()
        return {
            "Arn": one["Arn"], "CreationTime": one["CreationTime"], "Revision": number,
            "Description": one["Description"], "ServerProperties": properties,
        }  # fmt: skip

    @operation(KafkaResponse)
    def list_configurations(call: Call) -> dict[str, Any]:
        return {"Configurations": [_shown(one) for one in call.state("configurations").values()]}

    @operation(KafkaResponse)
    def update_configuration(call: Call) -> dict[str, Any]:
        one = configuration_of(call)
        one["revisions"].append(_text(call.parameters["ServerProperties"]))
        one["Description"] = call.parameters.get("Description", one["Description"])
        return {"Arn": one["Arn"], "LatestRevision": _shown(one)["LatestRevision"]}

    @operation(KafkaResponse)
    def delete_configuration(call: Call) -> dict[str, Any]:
        one = configuration_of(call)
        if any((each.configuration_info or {}).get("arn") == one["Arn"] for each in call.backend.clusters.values()):
            raise service_error("BadRequestException", f"The configuration {one['Arn']} is in use by a cluster")
        del call.state("configurations")[one["Arn"]]
        return {"Arn": one["Arn"], "State": "DELETING"}

    def configuration_of(call: Call) -> dict[str, Any]:
        one: dict[str, Any] | None = call.state("configurations").get(call.parameters["Arn"])
        if one is None:
            # MSK answers so, and not with NotFoundException. Source: AWS provider, msk_configuration
            raise service_error("BadRequestException", "Configuration ARN does not exist")
        return one


def brokers() -> None:
    """Stock moto lacks GetBootstrapBrokers, from which the provider reads the addresses of brokers."""

    @operation(KafkaResponse)
    def get_bootstrap_brokers(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        host = f"{cluster.cluster_name}.abc123.c1.kafka.{call.region}.amazonaws.com"
        brokers = ",".join(f"b-{number}.{host}:9098" for number in range(1, cluster.number_of_broker_nodes + 1))
        iam = ((cluster.client_authentication or {}).get("sasl") or {}).get("iam") or {}
        return {"BootstrapBrokerStringSaslIam": brokers} if iam.get("enabled") else {}


def changes() -> None:
    """Stock moto lacks the operations that change a cluster."""

    def changed(call: Call) -> dict[str, Any]:
        """The answer of an update, which ends at once."""
        cluster = _cluster(call)
        version = int(cluster.current_version.removeprefix("K")) + 1
        cluster.current_version = f"K{version}"
        arn = call.arn(f"cluster-operation/{cluster.cluster_name}/{cluster.cluster_id}-1/{version}")
        cluster.operations.append(arn)
        return {"ClusterArn": cluster.arn, "ClusterOperationArn": arn}

    @operation(KafkaResponse)
    def describe_cluster_operation(call: Call) -> dict[str, Any]:
        return {"ClusterOperationInfo": _done(call)}

    @operation(KafkaResponse)
    def describe_cluster_operation_v2(call: Call) -> dict[str, Any]:
        return {"ClusterOperationInfo": {**_done(call), "ClusterType": "PROVISIONED"}}

    @operation(KafkaResponse)
    def update_broker_count(call: Call) -> dict[str, Any]:
        cluster, count = _cluster(call), call.parameters["TargetNumberOfBrokerNodes"]
        zones = len(cluster.broker_node_group_info["clientSubnets"])
        if count < cluster.number_of_broker_nodes or count % zones:
            raise service_error("BadRequestException", "The number of brokers must grow by a multiple of the zones")
        cluster.number_of_broker_nodes = count
        return changed(call)

    @operation(KafkaResponse)
    def update_broker_type(call: Call) -> dict[str, Any]:
        _cluster(call).broker_node_group_info["instanceType"] = call.parameters["TargetInstanceType"]
        return changed(call)

    @operation(KafkaResponse)
    def update_broker_storage(call: Call) -> dict[str, Any]:
        info = _cluster(call).broker_node_group_info
        (volume,) = call.parameters["TargetBrokerEBSVolumeInfo"]
        before, size = info["storageInfo"]["ebsStorageInfo"]["volumeSize"], volume["VolumeSizeGB"]
        if size < before:
            raise service_error("BadRequestException", f"The volume has {before} GiB and cannot be smaller")
        info["storageInfo"] = {"ebsStorageInfo": {"volumeSize": size}}
        return changed(call)

    @operation(KafkaResponse)
    def update_cluster_configuration(call: Call) -> dict[str, Any]:
        _cluster(call).configuration_info = _lower(call.parameters["ConfigurationInfo"])
        return changed(call)

    @operation(KafkaResponse)
    def update_cluster_kafka_version(call: Call) -> dict[str, Any]:
        _cluster(call).kafka_version = call.parameters["TargetKafkaVersion"]
        return changed(call)

    @operation(KafkaResponse)
    def update_security(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        _take(call, cluster, _SECURITY)
        if transit := (call.parameters.get("EncryptionInfo") or {}).get("EncryptionInTransit"):
            cluster.encryption_info = {**cluster.encryption_info, "encryptionInTransit": _lower(transit)}
        return changed(call)

    @operation(KafkaResponse)
    def update_monitoring(call: Call) -> dict[str, Any]:
        _take(call, _cluster(call), _MONITORING)
        return changed(call)

    @operation(KafkaResponse)
    def update_connectivity(call: Call) -> dict[str, Any]:
        _cluster(call).broker_node_group_info["connectivityInfo"] = _lower(call.parameters["ConnectivityInfo"])
        return changed(call)


def _done(call: Call) -> dict[str, Any]:
    arn = call.parameters["ClusterOperationArn"]
    cluster = next((one for one in call.backend.clusters.values() if arn in one.operations), None)
    if cluster is None:
        raise _missing(arn)
    return {"ClusterArn": cluster.arn, "OperationArn": arn, "OperationState": "UPDATE_COMPLETE"}


def _take(call: Call, cluster: Any, attributes: dict[str, str]) -> None:
    for parameter, attribute in attributes.items():
        if call.parameters.get(parameter) is not None:
            setattr(cluster, attribute, _lower(call.parameters[parameter]))


def _cluster(call: Call) -> Any:
    arn = call.parameters["ClusterArn"]
    if arn not in call.backend.clusters:
        raise _missing(arn)
    return call.backend.clusters[arn]


def _missing(arn: str) -> Exception:
    return service_error("NotFoundException", f"The resource {arn} does not exist")


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    latest = {"Revision": len(one["revisions"]), "CreationTime": one["CreationTime"], "Description": one["Description"]}
    return {**{name: value for name, value in one.items() if name != "revisions"}, "LatestRevision": latest}


def _text(properties: bytes | str) -> str:
    return properties if isinstance(properties, str) else properties.decode()


def _lower(value: Any) -> Any:
    """Names as in the service's JSON, in which moto keeps a cluster."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower(one) for name, one in value.items()}
    return [_lower(one) for one in value] if isinstance(value, list) else value


PATCHES = (clusters, configurations, brokers, changes)
