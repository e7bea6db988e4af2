from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.gap import gap


@gap
def test_private_zones(aws: Aws) -> None:
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = aws("route53").create_hosted_zone(
        Name="internal.example.com", CallerReference=aws.name(), VPC={"VPCRegion": REGION, "VPCId": vpc}
    )
    found = aws("route53").get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert found["HostedZone"]["Config"]["PrivateZone"] is True
    assert found["VPCs"] == [{"VPCRegion": REGION, "VPCId": vpc}]
