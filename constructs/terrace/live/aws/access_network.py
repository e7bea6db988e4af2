"""Live resources that open paths on AWS: rules, routes, load balancers, endpoints, and what carries security groups."""

from collections.abc import Iterator
from typing import Any

from terrace.live.aws.checks import Deployment
from terrace.live.aws.network import in_vpc, vpc
from terrace.live.document import Document

_TARGETS = {
    "GatewayId": "gateway_id", "NatGatewayId": "nat_gateway_id", "TransitGatewayId": "transit_gateway_id",
    "VpcPeeringConnectionId": "vpc_peering_connection_id", "NetworkInterfaceId": "network_interface_id",
    "EgressOnlyInternetGatewayId": "egress_only_gateway_id", "CarrierGatewayId": "carrier_gateway_id",
    "LocalGatewayId": "local_gateway_id", "CoreNetworkArn": "core_network_arn",
}  # fmt: skip
_DESTINATIONS = {
    "DestinationCidrBlock": "destination_cidr_block", "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
}  # fmt: skip
_JOINED = (
    ("aws_vpc_peering_connection", "describe_vpc_peering_connections", "VpcPeeringConnections",
     "requester-vpc-info.vpc-id", "VpcPeeringConnectionId"),
    ("aws_vpc_peering_connection", "describe_vpc_peering_connections", "VpcPeeringConnections",
     "accepter-vpc-info.vpc-id", "VpcPeeringConnectionId"),
    ("aws_ec2_transit_gateway_vpc_attachment", "describe_transit_gateway_vpc_attachments",
     "TransitGatewayVpcAttachments", "vpc-id", "TransitGatewayAttachmentId"),
)  # fmt: skip
"""What joins the network to another one; the model knows none, so that each is a difference."""
_ENDED = ("deleted", "deleting", "rejected", "expired", "failed")


def read(deployment: Deployment, document: Document) -> None:
    """Add what is in the environment's network."""
    steps = (_groups, _rules, _subnets, _routes, _endpoints, _prefix_lists, _balancers, _classic, _carriers, _joined)
    for step in steps:
        with document.listing(
            "ec2" if step not in (_balancers, _classic) else "elasticloadbalancing", _home(deployment)
        ):
            step(deployment, document)


def _home(deployment: Deployment) -> str:
    return deployment.target.region


def _groups(deployment: Deployment, document: Document) -> None:
    for group in in_vpc(deployment, "describe_security_groups", "SecurityGroups"):
        default = group["GroupName"] == "default"
        type = "aws_default_security_group" if default else "aws_security_group"
        document.add(type, group["GroupId"], {"name": group["GroupName"]}, ids={group["GroupId"]: "id"})


def _rules(deployment: Deployment, document: Document) -> None:
    groups = {g["GroupId"]: g["GroupName"] for g in in_vpc(deployment, "describe_security_groups", "SecurityGroups")}
    filters = [{"Name": "group-id", "Values": sorted(groups)}]
    made = _made_by_eks(deployment)
    for rule in deployment.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters):
        referenced = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        if rule["GroupId"] == made and _is_of_eks(rule, rule["GroupId"]):
            continue
        type = f"aws_vpc_security_group_{'egress' if rule['IsEgress'] else 'ingress'}_rule"
        attributes = {
            "security_group_id": rule["GroupId"],
            "ip_protocol": rule.get("IpProtocol"),
            "from_port": rule.get("FromPort"),
            "to_port": rule.get("ToPort"),
            "cidr_ipv4": rule.get("CidrIpv4"),
            "cidr_ipv6": rule.get("CidrIpv6"),
            "prefix_list_id": rule.get("PrefixListId"),
            "referenced_security_group_id": referenced,
        }
        path = f"rule {rule['SecurityGroupRuleId']} of group {groups[rule['GroupId']]}"
        document.add(type, rule["SecurityGroupRuleId"], attributes, path=path)


def _made_by_eks(deployment: Deployment) -> str | None:
    if deployment.environment.cluster is None:
        return None
    cluster = deployment.call("eks", "describe_cluster", name=deployment.cluster)["cluster"]
    made: str | None = cluster["resourcesVpcConfig"].get("clusterSecurityGroupId")
    return made


def _is_of_eks(rule: dict[str, Any], group: str) -> bool:
    """Whether EKS itself adds a rule to the group that it makes: all traffic in the group, and all outbound traffic.

    Only the control plane's interfaces carry that group. Source: Amazon EKS User Guide, "View Amazon EKS security group
    requirements for clusters".
    """
    inside = rule.get("ReferencedGroupInfo", {}).get("GroupId") == group
    outward = rule["IsEgress"] and rule.get("CidrIpv4") == "0.0.0.0/0"
    return str(rule.get("IpProtocol")) == "-1" and (inside or outward)


def _subnets(deployment: Deployment, document: Document) -> None:
    for subnet in in_vpc(deployment, "describe_subnets", "Subnets"):
        document.add(
            "aws_subnet", subnet["SubnetId"], {"cidr_block": subnet["CidrBlock"]}, ids={subnet["SubnetId"]: "id"}
        )


def _routes(deployment: Deployment, document: Document) -> None:
    for gateway in in_vpc(
        deployment, "describe_internet_gateways", "InternetGateways", filter_name="attachment.vpc-id"
    ):
        id = gateway["InternetGatewayId"]
        document.add("aws_internet_gateway", id, {}, ids={id: "id"})
    for gateway in in_vpc(deployment, "describe_vpn_gateways", "VpnGateways", filter_name="attachment.vpc-id"):
        document.add("aws_vpn_gateway", gateway["VpnGatewayId"], {}, ids={gateway["VpnGatewayId"]: "id"})
    for table in in_vpc(deployment, "describe_route_tables", "RouteTables"):
        id, links = table["RouteTableId"], table.get("Associations", [])
        type = "aws_default_route_table" if any(link.get("Main") for link in links) else "aws_route_table"
        propagating = [one["GatewayId"] for one in table.get("PropagatingVgws", [])]
        document.add(type, id, {"propagating_vgws": propagating}, ids={id: "id"})
        for link in links:
            if link.get("SubnetId"):
                attributes = {"route_table_id": id, "subnet_id": link["SubnetId"]}
                document.add("aws_route_table_association", link["RouteTableAssociationId"], attributes)
        for route in table["Routes"]:
            _route(document, id, route)


def _route(document: Document, table: str, route: dict[str, Any]) -> None:
    """Add a route that is neither local, nor propagated, nor an endpoint's: those come with other resources."""
    gateway = str(route.get("GatewayId", ""))
    if gateway == "local" or gateway.startswith("vpce-") or route.get("Origin") == "EnableVgwRoutePropagation":
        return
    to = {name: route[key] for key, name in _DESTINATIONS.items() if route.get(key)}
    by = {name: route[key] for key, name in _TARGETS.items() if route.get(key)}
    where = next(iter(to.values()), "")
    document.add(
        "aws_route", f"{table}_{where}", {"route_table_id": table, **to, **by}, path=f"route {where} of {table}"
    )


def _endpoints(deployment: Deployment, document: Document) -> None:
    lists = deployment.pages("ec2", "describe_prefix_lists", "PrefixLists")
    ids = {one["PrefixListName"]: one["PrefixListId"] for one in lists}
    for endpoint in in_vpc(deployment, "describe_vpc_endpoints", "VpcEndpoints"):
        if endpoint.get("State", "").lower() in _ENDED:
            continue
        id, service = endpoint["VpcEndpointId"], endpoint["ServiceName"]
        groups = [group["GroupId"] for group in endpoint.get("Groups", [])]
        known = {id: "id", **({ids[service]: "prefix_list_id"} if service in ids else {})}
        gateway = endpoint.get("VpcEndpointType") == "Gateway"
        attributes = {"service_name": service, "security_group_ids": groups}
        document.add("aws_vpc_endpoint", id, attributes, ids=known if gateway else {id: "id"})


def _prefix_lists(deployment: Deployment, document: Document) -> None:
    for one in deployment.pages("ec2", "describe_managed_prefix_lists", "PrefixLists"):
        if one.get("OwnerId") == "AWS":
            continue
        id = one["PrefixListId"]
        entries = deployment.pages("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=id)
        document.add(
            "aws_ec2_managed_prefix_list", id, {"entry": [{"cidr": e["Cidr"]} for e in entries]}, ids={id: "id"}
        )


def _balancers(deployment: Deployment, document: Document) -> None:
    for one in deployment.pages("elbv2", "describe_load_balancers", "LoadBalancers"):
        if one.get("VpcId") != vpc(deployment):
            continue
        arn = one["LoadBalancerArn"]
        attributes = {
            "internal": one.get("Scheme") == "internal",
            "security_groups": one.get("SecurityGroups", []),
            "subnets": [zone["SubnetId"] for zone in one.get("AvailabilityZones", [])],
        }
        document.add("aws_lb", one["LoadBalancerName"], attributes, ids={arn: "arn"})
        for listener in deployment.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
            attributes = {"load_balancer_arn": arn, "port": listener["Port"]}
            document.add("aws_lb_listener", f"{one['LoadBalancerName']}_{listener['Port']}", attributes)


def _classic(deployment: Deployment, document: Document) -> None:
    for one in deployment.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions"):
        if one.get("VPCId") == vpc(deployment):
            attributes = {"internal": one.get("Scheme") == "internal", "security_groups": one.get("SecurityGroups", [])}
            document.add("aws_elb", one["LoadBalancerName"], attributes)


def _carriers(deployment: Deployment, document: Document) -> None:
    """Add what has security groups in the network: databases, caches, the cluster and its nodes."""
    for server in deployment.pages("rds", "describe_db_instances", "DBInstances"):
        if server.get("DBSubnetGroup", {}).get("VpcId") == vpc(deployment):
            _server(document, server)
    for entry in deployment.pages("elasticache", "describe_cache_clusters", "CacheClusters"):
        name = entry.get("ReplicationGroupId") or entry["CacheClusterId"]
        if name.startswith(deployment.prefix):
            groups = [group["SecurityGroupId"] for group in entry.get("SecurityGroups", [])]
            document.add("aws_elasticache_replication_group", entry["CacheClusterId"], {"security_group_ids": groups})
    for one in deployment.pages("kafka", "list_clusters", "ClusterInfoList", ClusterNameFilter=deployment.prefix):
        if one["ClusterName"] == deployment.prefix:
            groups = one.get("BrokerNodeGroupInfo", {}).get("SecurityGroups", [])
            info = {"cluster_name": one["ClusterName"], "broker_node_group_info": [{"security_groups": groups}]}
            document.add("aws_msk_cluster", one["ClusterName"], info)
    for user in deployment.pages("elasticache", "describe_users", "Users"):
        if user["UserId"].startswith(f"{deployment.prefix}-"):
            document.add("aws_elasticache_user", user["UserId"], {"user_id": user["UserId"]})
    _cluster(deployment, document)


def _server(document: Document, server: dict[str, Any]) -> None:
    name = server["DBInstanceIdentifier"]
    groups = [group["VpcSecurityGroupId"] for group in server.get("VpcSecurityGroups", [])]
    ids = {server["DbiResourceId"]: "resource_id"}
    if secret := server.get("MasterUserSecret", {}).get("SecretArn"):
        ids[secret] = "master_user_secret[0].secret_arn"
    username = {} if server.get("ReadReplicaSourceDBInstanceIdentifier") else {"username": server["MasterUsername"]}
    document.add("aws_db_instance", name, {**username, "vpc_security_group_ids": groups}, ids=ids)


def _cluster(deployment: Deployment, document: Document) -> None:
    if deployment.environment.cluster is None:
        return
    cluster = deployment.call("eks", "describe_cluster", name=deployment.cluster)["cluster"]
    settings = cluster["resourcesVpcConfig"]
    made = [settings["clusterSecurityGroupId"]] if settings.get("clusterSecurityGroupId") else []
    access = {
        "security_group_ids": [*settings.get("securityGroupIds", []), *made],
        "endpoint_public_access": settings.get("endpointPublicAccess"),
        "public_access_cidrs": settings.get("publicAccessCidrs"),
    }
    document.add("aws_eks_cluster", deployment.prefix, {"name": deployment.prefix, "vpc_config": access})
    for pool in deployment.pages("eks", "list_nodegroups", "nodegroups", clusterName=deployment.cluster):
        answer = deployment.call("eks", "describe_nodegroup", clusterName=deployment.cluster, nodegroupName=pool)
        described = answer["nodegroup"]
        remote = [
            {"source_security_group_ids": described["remoteAccess"].get("sourceSecurityGroups", [])}
            for _ in range(1)
            if described.get("remoteAccess", {}).get("ec2SshKey")
        ]
        document.add("aws_eks_node_group", pool, {"remote_access": remote})
        for groups in _template_groups(deployment, described):
            document.add("aws_launch_template", f"{pool}-template", {"vpc_security_group_ids": groups})


def _template_groups(deployment: Deployment, pool: dict[str, Any]) -> Iterator[list[str]]:
    template = pool.get("launchTemplate")
    if template:
        answer = deployment.call(
            "ec2",
            "describe_launch_template_versions",
            LaunchTemplateId=template["id"],
            Versions=[str(template.get("version", "$Default"))],
        )
        for one in answer["LaunchTemplateVersions"]:
            data = one["LaunchTemplateData"]
            yield [
                *data.get("SecurityGroupIds", []),
                *(group for face in data.get("NetworkInterfaces", []) for group in face.get("Groups", [])),
            ]


def _joined(deployment: Deployment, document: Document) -> None:
    for type, operation, field, filter_name, id in _JOINED:
        for one in in_vpc(deployment, operation, field, filter_name=filter_name):
            state = one.get("State") or one.get("Status", {}).get("Code", "")
            if state not in _ENDED:
                document.add(type, one[id], {})
