from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_protected_resources(aws: Aws) -> None:
    waf, name = aws("wafv2"), aws.name()
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    acl = waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen)
    acl_arn = acl["Summary"]["ARN"]
    balancer = f"arn:aws:elasticloadbalancing:eu-central-1:{aws.account}:loadbalancer/app/{name}/0123456789abcdef"
    assert waf.list_resources_for_web_acl(WebACLArn=acl_arn)["ResourceArns"] == []
    waf.associate_web_acl(WebACLArn=acl_arn, ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=acl_arn)["ResourceArns"] == [balancer]
    pools = waf.list_resources_for_web_acl(WebACLArn=acl_arn, ResourceType="COGNITO_USER_POOL")
    assert pools["ResourceArns"] == []
