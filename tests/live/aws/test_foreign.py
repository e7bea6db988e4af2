"""What Terraform did not create in the network, by kind: it blocks a destroy, with its remedy, and is a leftover."""

from typing import Any

from terrace.live import Leftover, Obstacle
from terrace.live.aws import leftovers, preflight
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot

_CLUSTER = [{"Key": "kubernetes.io/cluster/dpf-prod", "Value": "owned"}]


def _create(site: Site) -> dict[str, str]:
    """One of each kind, as the cluster's controllers and people make them; kind to id."""
    ec2, elb, vpc = site.client("ec2"), site.client("elbv2"), site.vpc
    zone = f"{site.target.region}a"
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = ec2.describe_subnets(Filters=filters)["Subnets"]
    subnet = next(one["SubnetId"] for one in subnets if one["AvailabilityZone"] == zone)
    made: dict[str, str] = {}

    def tagged(type: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": type, "Tags": _CLUSTER}]}

    group = ec2.create_security_group(GroupName="k8s-traffic", Description="any", VpcId=vpc)["GroupId"]
    made["security group"] = group
    balancer = elb.create_load_balancer(Name="k8s-airflow", Subnets=[subnet], Type="network", Tags=_CLUSTER)
    made["load balancer"] = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    targets = elb.create_target_group(Name="k8s-airflow", Protocol="TCP", Port=80, VpcId=vpc)
    made["target group"] = targets["TargetGroups"][0]["TargetGroupArn"]
    classic = site.client("elb").create_load_balancer(
        LoadBalancerName="a123",
        Subnets=[subnet],
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstanceProtocol": "TCP", "InstancePort": 80}],
    )
    assert classic["DNSName"]
    made["classic load balancer"] = "a123"
    interface = ec2.create_network_interface(SubnetId=subnet, Description="aws-K8S-i-1")["NetworkInterface"]
    made["network interface"] = interface["NetworkInterfaceId"]
    made["volume"] = ec2.create_volume(Size=1, AvailabilityZone=zone, **tagged("volume"))["VolumeId"]
    made["volume snapshot"] = ec2.create_snapshot(VolumeId=made["volume"], **tagged("snapshot"))["SnapshotId"]
    made["elastic IP"] = ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))["AllocationId"]
    machine = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet)
    made["instance"] = machine["Instances"][0]["InstanceId"]
    made["route table"] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Gateway", VpcId=vpc, ServiceName=f"com.amazonaws.{site.target.region}.dynamodb"
    )
    made["VPC endpoint"] = endpoint["VpcEndpoint"]["VpcEndpointId"]
    other = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    made["peering connection"] = peering["VpcPeeringConnectionId"]
    return made


def _delete(site: Site, made: dict[str, str]) -> None:
    ec2, elb = site.client("ec2"), site.client("elbv2")
    ec2.terminate_instances(InstanceIds=[made["instance"]])
    elb.delete_load_balancer(LoadBalancerArn=made["load balancer"])
    elb.delete_target_group(TargetGroupArn=made["target group"])
    site.client("elb").delete_load_balancer(LoadBalancerName=made["classic load balancer"])
    ec2.delete_network_interface(NetworkInterfaceId=made["network interface"])
    ec2.delete_security_group(GroupId=made["security group"])
    for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [site.vpc]}])["SecurityGroups"]:
        if group["GroupName"].startswith("default_elb"):  # made with a classic load balancer, and left behind
            ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_volume(VolumeId=made["volume"])
    ec2.delete_snapshot(SnapshotId=made["volume snapshot"])
    ec2.release_address(AllocationId=made["elastic IP"])
    ec2.delete_route_table(RouteTableId=made["route table"])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VPC endpoint"]])
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=made["peering connection"])


def life(site: Site) -> tuple[list[Obstacle], dict[str, str], list[Obstacle], list[Leftover], list[Leftover]]:
    before = preflight(site.environment, site.target)
    made = _create(site)
    during = preflight(site.environment, site.target)
    left = [one for one in leftovers(site.environment, site.target).remaining if one.found_by == "owner"]
    _delete(site, made)
    after = [one for one in leftovers(site.environment, site.target).remaining if one.found_by == "owner"]
    return before, made, during, left, after


def test_each_foreign_kind_blocks_with_its_remedy(snapshot: Snapshot) -> None:
    before, made, during, left, after = snapshot.run(life)
    assert [one for one in before if "not created by Terraform" in one.message] == []
    new = {one.resource: one for one in during if "not created by Terraform" in one.message}
    assert len(made) == 12
    for kind, id in made.items():
        obstacle = new[f"{kind} {id}"]
        assert obstacle.kind == "blocks" and id in obstacle.remedy
    assert {one.id for one in left} >= set(made.values()) - {made["network interface"], made["volume snapshot"]}
    assert after == []
