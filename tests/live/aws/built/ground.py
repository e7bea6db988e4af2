"""Keys, log groups, topics, roles and the network, named as the constructs name them."""

import json
from typing import Any, get_args

from terrace.aws import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.observability import EmailChannel, LogGroup
from tests.live.aws.site import ACCOUNT, Site

GITHUB = "token.actions.githubusercontent.com"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def keys(site: Site) -> None:
    site.ids["keys"] = {}
    wanted = [(site.target.region, purpose) for purpose in PURPOSES]
    for region, purpose in [*wanted, *((site.away, purpose) for purpose in RECOVERY_PURPOSES)]:
        kms = site.client("kms", region)
        use = {
            "Sid": "Use",
            "Effect": "Allow",
            "Principal": {"AWS": names.root(site.target)},
            "Action": ["kms:Encrypt", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
        }
        administer = {
            "Sid": "Administer",
            "Effect": "Allow",
            "Principal": {"AWS": names.root(site.target)},
            "Action": ["kms:PutKeyPolicy", "kms:DescribeKey"],
            "Resource": "*",
        }
        made = kms.create_key(
            Description=f"{site.prefix} {purpose}",
            Policy=document(administer, use),
            Tags=site.pairs("TagKey", "TagValue"),
        )["KeyMetadata"]
        kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=site.environment.keys.rotation_days)
        kms.create_alias(AliasName=f"alias/{site.prefix}-{purpose}", TargetKeyId=made["KeyId"])
        site.ids["keys"][region, purpose] = made["Arn"]


def logs(site: Site) -> None:
    client = site.client("logs")
    for group in get_args(LogGroup):
        name = names.log_group(site.target, group)
        client.create_log_group(logGroupName=name, kmsKeyId=site.key("logs"), tags=site.tags)
        days = site.environment.audit.retention_days
        if group != "trail":
            days = site.environment.observability.retention_days
        client.put_retention_policy(logGroupName=name, retentionInDays=days)


def topics(site: Site) -> None:
    sns = site.client("sns")
    spec = site.environment.observability
    for severity in ("warning", "critical"):
        topic = sns.create_topic(Name=f"{site.prefix}-{severity}", Tags=site.pairs())["TopicArn"]
        for name in getattr(spec.escalation, severity):
            channel = spec.channels[name]
            if isinstance(channel, EmailChannel):
                sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=channel.address)
            else:
                sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=channel.url)


def role(site: Site, purpose: str, trust: str, **policies: str) -> None:
    iam = site.client("iam")
    name = names.role_name(site.target, purpose)
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trust,
        PermissionsBoundary=names.boundary_arn(site.target),
        Tags=site.pairs(),
    )
    for policy, text in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)


def governance(site: Site) -> None:
    regions = [site.target.region, site.away]
    elsewhere = {
        "Sid": "OwnRegionsOnly",
        "Effect": "Deny",
        "NotAction": ["iam:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
    }
    ceiling = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    site.client("iam").create_policy(
        PolicyName=f"{site.prefix}-boundary", PolicyDocument=document(ceiling, elsewhere), Tags=site.pairs()
    )


def identity(site: Site) -> None:
    iam = site.client("iam")
    provider = iam.create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"])
    repository = f"repo:{site.environment.identity.repository}"
    subjects = {
        "ci-plan": f"{repository}:pull_request",
        "ci-apply": f"{repository}:environment:{site.target.environment}",
    }
    for purpose, subject in subjects.items():
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{GITHUB}:sub": subject, f"{GITHUB}:aud": "sts.amazonaws.com"}},
        }
        role(site, purpose, document(trust))
    no_data = {
        "Effect": "Deny",
        "Action": ["secretsmanager:GetSecretValue", "s3:GetObject", "kms:Decrypt"],
        "Resource": "*",
    }
    lock = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::dpf-state/prod/*.tflock"}
    plan = names.role_name(site.target, "ci-plan")
    iam.put_role_policy(RoleName=plan, PolicyName="no-data", PolicyDocument=document(no_data, lock))
    iam.attach_role_policy(RoleName=plan, PolicyArn=names.managed_policy(site.target, "ReadOnlyAccess"))


def workload_roles(site: Site) -> None:
    pods = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    verbs = {"read": ["s3:GetObject"], "write": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]}
    for module, spec in site.environment.modules.items():
        places = [
            {"Effect": "Allow", "Action": verbs[verb], "Resource": f"{names.bucket_arn(site.target, bucket)}/*"}
            for bucket, verb in spec.lake.items()
            if bucket in BUCKETS
        ]
        role(site, f"module-{module}", document(pods), lake=document(*places))
    objects = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"{names.bucket_arn(site.target, 'backups')}/velero/*",
    }
    volumes = {"Effect": "Allow", "Action": ["ec2:CreateSnapshot"], "Resource": "*"}
    role(site, "velero", document(pods), velero=document(objects, volumes))


def network(site: Site) -> None:
    ec2 = site.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16", TagSpecifications=site.ec2_tags("vpc", site.prefix))["Vpc"]["VpcId"]
    site.ids.update(vpc=vpc, subnets={}, groups={}, tables={})
    gateway = ec2.create_internet_gateway(TagSpecifications=site.ec2_tags("internet-gateway", site.prefix))
    site.ids["gateway"] = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=site.ids["gateway"], VpcId=vpc)
    isolated = _table(site, "isolated")
    for place, role_ in enumerate(("public", "nodes", "data", "control")):
        for number, zone in enumerate(site.target.zones):
            letter = zone[-1]
            subnet = ec2.create_subnet(
                VpcId=vpc,
                AvailabilityZone=zone,
                CidrBlock=f"10.42.{place * 10 + number}.0/24",
                TagSpecifications=site.ec2_tags("subnet", f"{site.prefix}-{role_}-{letter}"),
            )["Subnet"]["SubnetId"]
            site.ids["subnets"].setdefault(role_, []).append(subnet)
            if role_ == "nodes":
                _nodes_way_out(site, subnet, letter, number)
            elif role_ != "public":
                ec2.associate_route_table(RouteTableId=isolated, SubnetId=subnet)
    _groups(site)
    _endpoints(site, isolated)
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=names.log_group(site.target, "flow"),
        DeliverLogsPermissionArn=site.role_arn("ci-plan"),
        MaxAggregationInterval=60,
    )


def _table(site: Site, name: str) -> str:
    ec2 = site.client("ec2")
    table = ec2.create_route_table(
        VpcId=site.ids["vpc"], TagSpecifications=site.ec2_tags("route-table", f"{site.prefix}-{name}")
    )
    site.ids["tables"][name] = table["RouteTable"]["RouteTableId"]
    return str(site.ids["tables"][name])


def _nodes_way_out(site: Site, subnet: str, letter: str, number: int) -> None:
    ec2 = site.client("ec2")
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=site.ec2_tags("elastic-ip", f"nat-{letter}"))
    nat = ec2.create_nat_gateway(
        SubnetId=site.ids["subnets"]["public"][number],
        AllocationId=address["AllocationId"],
        TagSpecifications=site.ec2_tags("natgateway", f"{site.prefix}-{letter}"),
    )["NatGateway"]["NatGatewayId"]
    table = _table(site, f"nodes-{letter}")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def _groups(site: Site) -> None:
    ec2 = site.client("ec2")
    default = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [site.ids["vpc"]]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"][0]["GroupId"]
    site.ids["groups"]["default"] = default
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [default]}])
    for rule in rules["SecurityGroupRules"]:
        revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
        revoke(GroupId=default, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    for name in ("control", "nodes", "endpoints", "database", "cache", "entry"):
        group = ec2.create_security_group(
            GroupName=f"{site.prefix}-{name}",
            Description=name,
            VpcId=site.ids["vpc"],
            TagSpecifications=site.ec2_tags("security-group", f"{site.prefix}-{name}"),
        )["GroupId"]
        ec2.revoke_security_group_egress(
            GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        )
        site.ids["groups"][name] = group
    nodes, groups = site.ids["groups"]["nodes"], site.ids["groups"]
    pair = {"GroupId": nodes, "Description": "Workloads reach PostgreSQL"}
    open_to(site, groups["database"], 5432, UserIdGroupPairs=[pair])
    public = {"CidrIp": "0.0.0.0/0", "Description": "Public HTTPS entry"}
    open_to(site, groups["entry"], 443, IpRanges=[public])
    web = {"CidrIp": "0.0.0.0/0", "Description": "Nodes reach https through NAT"}
    ec2.authorize_security_group_egress(
        GroupId=nodes, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [web]}]
    )


def open_to(site: Site, group: str, port: int, **peers: Any) -> None:
    site.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}]
    )


def _endpoints(site: Site, isolated: str) -> None:
    own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    policy = document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": own})
    for service in ("s3", "ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth"):
        more: dict[str, Any] = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True}
        more["SubnetIds"] = site.ids["subnets"]["control"]
        if service == "s3":
            more = {"VpcEndpointType": "Gateway", "RouteTableIds": [isolated]}
        made = site.client("ec2").create_vpc_endpoint(
            VpcId=site.ids["vpc"],
            ServiceName=f"com.amazonaws.{site.target.region}.{service}",
            PolicyDocument=policy,
            TagSpecifications=site.ec2_tags("vpc-endpoint", f"{site.prefix}-{service}"),
            **more,
        )
        site.ids[f"endpoint {service}"] = made["VpcEndpoint"]["VpcEndpointId"]


def hybrid(site: Site) -> None:
    ec2 = site.client("ec2")
    spec = site.environment.network.hybrid
    assert spec is not None
    gateway = ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=site.ec2_tags("vpn-gateway", site.prefix))
    device = ec2.create_customer_gateway(
        Type="ipsec.1",
        IpAddress=str(spec.peer_address),
        BgpAsn=spec.peer_asn,
        TagSpecifications=site.ec2_tags("customer-gateway", site.prefix),
    )
    connection = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=device["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=gateway["VpnGateway"]["VpnGatewayId"],
        Options={"StaticRoutesOnly": True},
        TagSpecifications=site.ec2_tags("vpn-connection", site.prefix),
    )
    site.ids["vpn"] = connection["VpnConnection"]["VpnConnectionId"]
    for cidr in spec.peer_cidrs:
        ec2.create_vpn_connection_route(VpnConnectionId=site.ids["vpn"], DestinationCidrBlock=cidr)


def build(site: Site) -> None:
    for step in (keys, logs, topics, governance, identity, workload_roles, network, hybrid):
        step(site)
