from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_private_zones(aws: Aws) -> None:
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    created = aws("route53").create_hosted_zone(
        Name="internal.example.com", CallerReference=aws.name(), VPC={"VPCRegion": REGION, "VPCId": vpc}
    )
    found = aws("route53").get_hosted_zone(Id=created["HostedZone"]["Id"])
    assert found["HostedZone"]["Config"]["PrivateZone"] is True
    assert found["VPCs"] == [{"VPCRegion": REGION, "VPCId": vpc}]
