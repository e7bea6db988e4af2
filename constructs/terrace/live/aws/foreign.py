"""Foreign resources in the VPC and of the cluster. Sources: the tags that Kubernetes' cloud provider, AWS Load Balancer
Controller, EBS CSI driver, VPC CNI and Karpenter set; Amazon VPC User Guide, "Delete your VPC".
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from terrace.calls import Absent
from terrace.live.aws.checks import Deployment
from terrace.live.aws.governance import tags
from terrace.live.aws.network import own_vpc
from terrace.live.foreign import Kind

_BY_CLUSTER = (
    "KubernetesCluster", "alpha.eksctl.io/cluster-name", "cluster.k8s.amazonaws.com/name",
    "ebs.csi.aws.com/cluster-name", "eks:cluster-name", "elbv2.k8s.aws/cluster", "karpenter.sh/discovery",
)  # fmt: skip
"""Tags whose value is the cluster's name."""


def _own(entry_tags: Sequence[Any]) -> bool:
    """Whether Terraform created it, in this or another environment."""
    return tags(list(entry_tags)).get("managed-by") == "terrace"


def _of_cluster(deployment: Deployment, entry_tags: Sequence[Any]) -> bool:
    found = tags(list(entry_tags))
    owned = f"kubernetes.io/cluster/{deployment.prefix}" in found
    return owned or any(found.get(key) == deployment.prefix for key in _BY_CLUSTER)


def _in_vpc(
    operation: str,
    field: str,
    key: str,
    *,
    named: str = "vpc-id",
    foreign: Callable[[dict[str, Any]], bool] = lambda entry: True,
) -> Callable[[Deployment], Iterable[str]]:
    """EC2's entries in the VPC without Terraform's tags that are `foreign`."""

    def find(deployment: Deployment) -> Iterable[str]:
        filters = [{"Name": named, "Values": [own_vpc(deployment)]}]
        for entry in deployment.pages("ec2", operation, field, Filters=filters):
            own = entry.get("Tags") or entry.get("TagSet") or []
            state = entry.get("State") or entry.get("Status") or ""
            gone = (state.get("Name") or state.get("Code") if isinstance(state, dict) else state) in _GONE
            if not gone and not _own(own) and foreign(entry):
                yield str(entry[key])

    return find


_GONE = ("deleted", "deleting", "terminated", "shutting-down", "rejected", "expired", "failed")


def _interface(entry: dict[str, Any]) -> bool:
    """Not of an AWS service, which deletes it with its own resource, nor the first one of an instance."""
    service = entry.get("RequesterManaged") or str(entry.get("Description", "")).startswith(("Amazon EKS", "ELB "))
    attached = entry.get("Attachment", {})
    primary = attached.get("DeviceIndex") == 0 and attached.get("DeleteOnTermination", True)
    kind = entry.get("InterfaceType", "interface")
    return not service and not (primary and attached.get("InstanceId")) and kind in ("interface", "lambda", "efa")


def _interfaces(deployment: Deployment) -> Iterable[str]:
    """Interfaces in the VPC, without those of endpoints and NAT gateways, which have an entry of their own."""
    filters = [{"Name": "vpc-id", "Values": [own_vpc(deployment)]}]
    endpoints = deployment.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=filters)
    gateways = deployment.pages("ec2", "describe_nat_gateways", "NatGateways", Filters=filters)
    addresses = [address for gateway in gateways for address in gateway.get("NatGatewayAddresses", [])]
    owned = {id for endpoint in endpoints for id in endpoint.get("NetworkInterfaceIds", [])}
    owned |= {str(address.get("NetworkInterfaceId")) for address in addresses}
    found = _in_vpc("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", foreign=_interface)
    return [id for id in found(deployment) if id not in owned]


def _group(entry: dict[str, Any]) -> bool:
    """Not the VPC's default group, nor the one that EKS deletes with the cluster."""
    return entry["GroupName"] != "default" and "aws:eks:cluster-name" not in tags(entry.get("Tags", []))


def _table(entry: dict[str, Any]) -> bool:
    return not any(link.get("Main") for link in entry.get("Associations", []))


def _instance(deployment: Deployment) -> Iterable[str]:
    """Instances in the VPC, without those of managed node groups."""
    filters = [{"Name": "vpc-id", "Values": [own_vpc(deployment)]}]
    for reservation in deployment.pages("ec2", "describe_instances", "Reservations", Filters=filters):
        for machine in reservation["Instances"]:
            found = tags(machine.get("Tags", []))
            ours = found.get("managed-by") == "terrace" or "eks:nodegroup-name" in found
            if not ours and machine["State"]["Name"] not in _GONE:
                yield str(machine["InstanceId"])


def _disks(operation: str, field: str, key: str, **parameters: Any) -> Callable[[Deployment], Iterable[str]]:
    """Volumes or snapshots that the cluster's storage driver created, in the region."""

    def find(deployment: Deployment) -> Iterable[str]:
        for entry in deployment.pages("ec2", operation, field, **parameters):
            if _of_cluster(deployment, entry.get("Tags", [])) and not _own(entry.get("Tags", [])):
                yield str(entry[key])

    return find


def _addresses(deployment: Deployment) -> Iterable[str]:
    """Elastic IPs of the cluster, or of an interface in the VPC."""
    filters = [{"Name": "vpc-id", "Values": [_vpc(deployment)]}]
    found = deployment.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
    inside = {str(entry["NetworkInterfaceId"]) for entry in found}
    for address in deployment.pages("ec2", "describe_addresses", "Addresses"):
        own = address.get("Tags", [])
        if not _own(own) and (_of_cluster(deployment, own) or address.get("NetworkInterfaceId") in inside):
            yield str(address["AllocationId"])


def _vpc(deployment: Deployment) -> str:
    """The id of the VPC; an id that fits none after it is deleted."""
    try:
        return own_vpc(deployment)
    except Absent:
        return "vpc-none"


def _balancers(deployment: Deployment) -> Iterable[str]:
    for found in deployment.pages("elbv2", "describe_load_balancers", "LoadBalancers"):
        arn, own = str(found["LoadBalancerArn"]), _elb_tags(deployment, str(found["LoadBalancerArn"]))
        if not _own(own) and (found.get("VpcId") == _vpc(deployment) or _of_cluster(deployment, own)):
            yield arn


def _targets(deployment: Deployment) -> Iterable[str]:
    for found in deployment.pages("elbv2", "describe_target_groups", "TargetGroups"):
        arn, own = str(found["TargetGroupArn"]), _elb_tags(deployment, str(found["TargetGroupArn"]))
        if not _own(own) and (found.get("VpcId") == _vpc(deployment) or _of_cluster(deployment, own)):
            yield arn


def _elb_tags(deployment: Deployment, arn: str) -> list[dict[str, str]]:
    found = deployment.call("elbv2", "describe_tags", ResourceArns=[arn])["TagDescriptions"]
    return list(found[0]["Tags"]) if found else []


def _classic(deployment: Deployment) -> Iterable[str]:
    for found in deployment.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions"):
        if found.get("VPCId") == _vpc(deployment):
            yield str(found["LoadBalancerName"])


def _node_groups(deployment: Deployment) -> Iterable[str]:
    if deployment.environment.cluster is None:
        return
    for name in deployment.pages("eks", "list_nodegroups", "nodegroups", clusterName=deployment.prefix):
        group = deployment.call("eks", "describe_nodegroup", clusterName=deployment.prefix, nodegroupName=name)
        if group["nodegroup"].get("tags", {}).get("managed-by") != "terrace":
            yield str(name)


def _databases(deployment: Deployment) -> Iterable[str]:
    for found in deployment.pages("rds", "describe_db_instances", "DBInstances"):
        inside = found.get("DBSubnetGroup", {}).get("VpcId") == _vpc(deployment)
        if inside and not _own(found.get("TagList", [])):
            yield str(found["DBInstanceIdentifier"])


def _zones(deployment: Deployment) -> Iterable[str]:
    """Private zones that are linked to the VPC, without the deployment's own."""
    own = f"{deployment.prefix}.internal."
    answer = deployment.call(
        "route53", "list_hosted_zones_by_vpc", VPCId=own_vpc(deployment), VPCRegion=deployment.target.region
    )
    for zone in answer["HostedZoneSummaries"]:
        if zone["Name"] != own and "OwningService" not in zone.get("Owner", {}):
            yield f"{zone['Name']} ({zone['HostedZoneId']})"


_CLAIM = "delete the persistent volume claim in the cluster, or `aws ec2 delete-volume --volume-id {}`"
_SERVICE = (
    "delete the Service, Ingress or Gateway in the cluster, or `aws elbv2 delete-load-balancer --load-balancer-arn {}`"
)

KINDS: tuple[Kind[Deployment], ...] = (
    Kind("elbv2", "load balancer", _balancers, _SERVICE),
    Kind("elb", "classic load balancer", _classic, "`aws elb delete-load-balancer --load-balancer-name {}`"),
    Kind("elbv2", "target group", _targets, "`aws elbv2 delete-target-group --target-group-arn {}`"),
    Kind("ec2", "instance", _instance, "`aws ec2 terminate-instances --instance-ids {}`"),
    Kind(
        "ec2",
        "network interface",
        _interfaces,
        "detach it, then `aws ec2 delete-network-interface --network-interface-id {}`",
    ),
    Kind(
        "ec2",
        "security group",
        _in_vpc("describe_security_groups", "SecurityGroups", "GroupId", foreign=_group),
        "`aws ec2 delete-security-group --group-id {}`",
    ),
    Kind("ec2", "volume", _disks("describe_volumes", "Volumes", "VolumeId"), _CLAIM),
    Kind(
        "ec2",
        "volume snapshot",
        _disks("describe_snapshots", "Snapshots", "SnapshotId", OwnerIds=["self"]),
        "copy it to keep it, then `aws ec2 delete-snapshot --snapshot-id {}`",
    ),
    Kind("ec2", "elastic IP", _addresses, "`aws ec2 release-address --allocation-id {}`"),
    Kind(
        "ec2",
        "subnet",
        _in_vpc("describe_subnets", "Subnets", "SubnetId"),
        "`aws ec2 delete-subnet --subnet-id {}`",
    ),
    Kind(
        "ec2",
        "route table",
        _in_vpc("describe_route_tables", "RouteTables", "RouteTableId", foreign=_table),
        "`aws ec2 delete-route-table --route-table-id {}`",
    ),
    Kind(
        "ec2",
        "VPC endpoint",
        _in_vpc("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
        "`aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {}`",
    ),
    Kind(
        "ec2",
        "NAT gateway",
        _in_vpc("describe_nat_gateways", "NatGateways", "NatGatewayId"),
        "`aws ec2 delete-nat-gateway --nat-gateway-id {}`",
    ),
    *(
        Kind(
            "ec2",
            "peering connection",
            _in_vpc(
                "describe_vpc_peering_connections",
                "VpcPeeringConnections",
                "VpcPeeringConnectionId",
                named=f"{side}-vpc-info.vpc-id",
            ),
            "`aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id {}`",
        )
        for side in ("requester", "accepter")
    ),
    Kind(
        "eks",
        "node group",
        _node_groups,
        "`aws eks delete-nodegroup --nodegroup-name {} --cluster-name ...`",
        outlives=False,
    ),
    Kind("rds", "db instance", _databases, "back it up, then `aws rds delete-db-instance --db-instance-identifier {}`"),
    Kind(
        "route53",
        "private zone",
        _zones,
        "`aws route53 disassociate-vpc-from-hosted-zone` for {}",
        outlives=False,
    ),
)
