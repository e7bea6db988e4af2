import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_vpc(aws: Aws) -> str:
    vpc: str = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc


@fails_on_stock_moto
def test_rule_descriptions(aws: Aws) -> None:
    ec2 = aws("ec2")
    vpc = create_vpc(aws)
    groups = [ec2.create_security_group(GroupName=aws.name(), Description="x", VpcId=vpc)["GroupId"] for _ in "ab"]
    pair = {"GroupId": groups[1], "Description": "nodes reach PostgreSQL"}
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}
    ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[rule])
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [groups[0]]}])
    assert "nodes reach PostgreSQL" in [entry.get("Description") for entry in found["SecurityGroupRules"]]
    storage = {"PrefixListId": "pl-0123456789abcdef0", "Description": "nodes reach S3"}
    out = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [storage]}
    ec2.authorize_security_group_egress(GroupId=groups[0], IpPermissions=[out])
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [groups[0]]}])
    assert "nodes reach S3" in [entry.get("Description") for entry in found["SecurityGroupRules"]]


@fails_on_stock_moto
def test_network_acls_of_a_vpc(aws: Aws) -> None:
    vpc = create_vpc(aws)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(aws("ec2").describe_network_acls(Filters=of_vpc)["NetworkAcls"]) == 1
    aws("ec2").delete_vpc(VpcId=vpc)
    assert aws("ec2").describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []


@fails_on_stock_moto
def test_nat_gateway_interfaces(aws: Aws) -> None:
    ec2, subnet = aws("ec2"), aws.subnets()[0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    of_subnet = [{"Name": "subnet-id", "Values": [subnet]}]
    assert len(ec2.describe_network_interfaces(Filters=of_subnet)["NetworkInterfaces"]) == 1
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert ec2.describe_network_interfaces(Filters=of_subnet)["NetworkInterfaces"] == []
    ec2.release_address(AllocationId=address)


@fails_on_stock_moto
def test_dhcp_option_tags(aws: Aws) -> None:
    created = aws("ec2").create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.com"]}],
        TagSpecifications=[{"ResourceType": "dhcp-options", "Tags": [{"Key": "owner", "Value": "a"}]}],
    )
    found = aws("ec2").describe_dhcp_options(DhcpOptionsIds=[created["DhcpOptions"]["DhcpOptionsId"]])
    assert found["DhcpOptions"][0]["Tags"] == [{"Key": "owner", "Value": "a"}]


@fails_on_stock_moto
def test_tagged_types(aws: Aws) -> None:
    ec2, name = aws("ec2"), aws.name()
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": name}]}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    wanted = [{"Name": "resource-type", "Values": ["elastic-ip"]}, {"Name": "value", "Values": [name]}]
    assert [tag["ResourceId"] for tag in ec2.describe_tags(Filters=wanted)["Tags"]] == [address]


@fails_on_stock_moto
def test_launch_template_tags(aws: Aws) -> None:
    ec2, name = aws("ec2"), aws.name()
    own = {"ResourceType": "launch-template", "Tags": [{"Key": "owner", "Value": "a"}]}
    for_instances = {"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "b"}]}
    ec2.create_launch_template(
        LaunchTemplateName=name, TagSpecifications=[own], LaunchTemplateData={"TagSpecifications": [for_instances]}
    )
    found = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"][0]
    assert found["LaunchTemplateData"]["TagSpecifications"] == [for_instances]
    template = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"][0]
    assert template["Tags"] == own["Tags"]


@fails_on_stock_moto
def test_launch_template_changes(aws: Aws) -> None:
    ec2, name = aws("ec2"), aws.name()
    own = {"ResourceType": "launch-template", "Tags": [{"Key": "owner", "Value": "a"}]}
    template = ec2.create_launch_template(
        LaunchTemplateName=name, TagSpecifications=[own], LaunchTemplateData={"InstanceType": "m6i.large"}
    )["LaunchTemplate"]
    ec2.create_tags(Resources=[template["LaunchTemplateId"]], Tags=[{"Key": "owner", "Value": "b"}])
    (changed,) = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    assert changed["Tags"] == [{"Key": "owner", "Value": "b"}]


@fails_on_stock_moto
def test_ebs_default_key(aws: Aws) -> None:
    ec2 = aws("ec2")
    ec2.modify_ebs_default_kms_key_id(KmsKeyId="arn:aws:kms:eu-central-1:111122223333:key/x")
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"].endswith("key/x")
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


@fails_on_stock_moto
def test_snapshot_block(aws: Aws) -> None:
    ec2 = aws("ec2")
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.disable_snapshot_block_public_access()
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"


@fails_on_stock_moto
def test_image_block(aws: Aws) -> None:
    ec2 = aws("ec2", "eu-west-3")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    ec2.disable_image_block_public_access()
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"


@fails_on_stock_moto
def test_snapshot_owners(aws: Aws) -> None:
    ec2 = aws("ec2", "eu-west-3")
    volume = ec2.create_volume(AvailabilityZone="eu-west-3a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    assert [one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]] == [snapshot]
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.delete_volume(VolumeId=volume)
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


@fails_on_stock_moto
def test_metadata_defaults(aws: Aws) -> None:
    ec2 = aws("ec2")
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}


def create_vpn(aws: Aws, **settings: object) -> str:
    ec2 = aws("ec2")
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    customer = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65010, PublicIp="198.51.100.1")
    created: str = ec2.create_vpn_connection(
        Type="ipsec.1",
        VpnGatewayId=gateway,
        CustomerGatewayId=customer["CustomerGateway"]["CustomerGatewayId"],
        **settings,
    )["VpnConnection"]["VpnConnectionId"]
    return created


@fails_on_stock_moto
def test_vpn_options(aws: Aws) -> None:
    tunnel = {"IKEVersions": [{"Value": "ikev2"}], "PreSharedKey": "never-read-back"}
    vpn = create_vpn(
        aws, Options={"StaticRoutesOnly": True, "TunnelOptions": [tunnel]}, PreSharedKeyStorage="SecretsManager"
    )
    found = aws("ec2").describe_vpn_connections(VpnConnectionIds=[vpn])["VpnConnections"][0]
    assert found["Options"]["StaticRoutesOnly"] is True
    assert found["Options"]["TunnelOptions"][0]["IkeVersions"] == [{"Value": "ikev2"}]
    assert "PreSharedKey" not in found["Options"]["TunnelOptions"][0]
    assert ":secretsmanager:" in found["PreSharedKeyArn"]
    assert found["CustomerGatewayConfiguration"].count("<pre_shared_key>REDACTED</pre_shared_key>") == 2
    by_id = [{"Name": "vpn-connection-id", "Values": [vpn]}]
    assert len(aws("ec2").describe_vpn_connections(Filters=by_id)["VpnConnections"]) == 1


@fails_on_stock_moto
def test_vpn_changes(aws: Aws) -> None:
    ec2, vpn = aws("ec2"), create_vpn(aws)
    moved = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.2", BgpAsn=65010)["CustomerGateway"]
    ec2.modify_vpn_connection(VpnConnectionId=vpn, CustomerGatewayId=moved["CustomerGatewayId"])
    found = ec2.describe_vpn_connections(VpnConnectionIds=[vpn])["VpnConnections"][0]
    assert found["CustomerGatewayId"] == moved["CustomerGatewayId"]
    with pytest.raises(ClientError, match="InvalidCustomerGatewayID"):
        ec2.modify_vpn_connection(VpnConnectionId=vpn, CustomerGatewayId="cgw-0123456789abcdef0")


@fails_on_stock_moto
def test_vpn_routes(aws: Aws) -> None:
    ec2, vpn = aws("ec2"), create_vpn(aws)
    route = {"VpnConnectionId": vpn, "DestinationCidrBlock": "192.168.0.0/16"}
    ec2.create_vpn_connection_route(**route)
    found = ec2.describe_vpn_connections(VpnConnectionIds=[vpn])["VpnConnections"][0]
    assert found["Routes"][0]["DestinationCidrBlock"] == "192.168.0.0/16"
    ec2.delete_vpn_connection_route(**route)
    table = ec2.create_route_table(VpcId=create_vpc(aws))["RouteTable"]["RouteTableId"]
    ec2.enable_vgw_route_propagation(GatewayId="vgw-1", RouteTableId=table)
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    assert found["PropagatingVgws"] == [{"GatewayId": "vgw-1"}]
    ec2.disable_vgw_route_propagation(GatewayId="vgw-1", RouteTableId=table)
    assert ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["PropagatingVgws"] == []
