from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_query_logs(aws: Aws) -> None:
    resolver = aws("route53resolver")
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    created = resolver.create_resolver_query_log_config(
        Name=aws.name(),
        DestinationArn=f"arn:aws:logs:eu-central-1:{aws.account}:log-group:dns",
        CreatorRequestId=aws.name(),
        Tags=[{"Key": "owner", "Value": "platform"}],
    )["ResolverQueryLogConfig"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=created["Id"], ResourceId=vpc)
    tags = resolver.list_tags_for_resource(ResourceArn=created["Arn"])["Tags"]
    assert tags == [{"Key": "owner", "Value": "platform"}]
    resolver.disassociate_resolver_query_log_config(ResolverQueryLogConfigId=created["Id"], ResourceId=vpc)
    resolver.delete_resolver_query_log_config(ResolverQueryLogConfigId=created["Id"])
    left = resolver.list_resolver_query_log_configs()["ResolverQueryLogConfigs"]
    assert created["Id"] not in [config["Id"] for config in left]
