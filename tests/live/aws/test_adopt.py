"""Adoption finds the import ids of what a killed apply created."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from terrace.capabilities.adoption import Candidate
from terrace.emulator.aws import patches
from terrace.errors import TerraceError
from terrace.live.aws.adopt import BY_NAME, BY_TAG, OVERWRITTEN, find
from terrace.live.aws.adopt_listing import BY_LISTING
from tests.conftest import SynthesizedStack

ENVIRONMENTS = ("dev", "staging", "prod")
REGION = "eu-central-1"
TAGS = {"managed-by": "terrace", "environment": "dev"}
VARIABLES = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated", "AWS_REGION": REGION}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_type_of_the_foundation_is_found_in_one_way(
    environment: str, foundation: Callable[[str], SynthesizedStack]
) -> None:
    tables = [set(BY_NAME), set(BY_TAG), set(BY_LISTING), set(OVERWRITTEN)]
    types = foundation(environment).document["resource"]
    assert {type: count for type in types if (count := sum(type in table for table in tables)) != 1} == {}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_types_found_by_tag_have_distinct_name_tags(
    environment: str, foundation: Callable[[str], SynthesizedStack]
) -> None:
    """Distinct within a region, given by the provider's alias."""
    stack = foundation(environment)
    for type in [*BY_TAG, "aws_kms_key"]:
        named = [((body.get("tags") or {}).get("Name"), body.get("provider")) for _, body in stack.all(type)]
        assert all(name for name, _ in named), type
        assert len(set(named)) == len(named), type


def candidate(type: str, **values: Any) -> Candidate:
    return Candidate(f"{type}.it", type, values, REGION)


def found(type: str, **values: Any) -> str | None:
    return find([candidate(type, **values)], environment="dev", variables=VARIABLES).get(f"{type}.it")


def tags(**more: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {**TAGS, **more}.items()]


@pytest.fixture
def account() -> Any:
    with mock_aws():
        yield boto3.Session(region_name=REGION)


@pytest.mark.parametrize(
    ("type", "values", "identity"),
    [
        ("aws_s3_bucket", {"bucket": "b"}, "b"),
        ("aws_iam_policy", {"name": "p"}, "arn:aws:iam::123456789012:policy/p"),
        ("aws_iam_policy", {"name": "p", "path": "/team/"}, "arn:aws:iam::123456789012:policy/team/p"),
        ("aws_sns_topic", {"name": "t"}, f"arn:aws:sns:{REGION}:123456789012:t"),
        ("aws_sns_topic", {"name": ""}, None),
        ("aws_eks_addon", {"cluster_name": "c", "addon_name": "vpc-cni"}, "c:vpc-cni"),
        ("aws_eks_addon", {"addon_name": "vpc-cni"}, None),  # the cluster is known only after the apply
        (
            "aws_iam_openid_connect_provider",
            {"url": "https://token.example.com"},
            "arn:aws:iam::123456789012:oidc-provider/token.example.com",
        ),
        ("aws_cloudwatch_metric_alarm", {"alarm_name": "a"}, None),  # overwritten, not adopted
    ],
)
def test_a_name_gives_the_id(account: Any, type: str, values: dict[str, Any], identity: str | None) -> None:
    assert found(type, **values) == identity


def test_a_vpc_is_found_by_its_tags(account: Any) -> None:
    ec2 = account.client("ec2")
    ids = {}
    for name, extra in {"mine": {}, "other": {"environment": "prod"}, "third": {"managed-by": "hand"}}.items():
        specification = [{"ResourceType": "vpc", "Tags": tags(Name="main", **extra)}]
        ids[name] = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"]
    assert found("aws_vpc", tags={"Name": "main"}) == ids["mine"]
    assert found("aws_vpc", tags={"Name": "another"}) is None
    assert found("aws_vpc", tags={}) is None
    assert found("aws_subnet", tags={"Name": "main"}) is None


def test_two_matches_are_an_error(account: Any) -> None:
    for _ in range(2):
        specification = [{"ResourceType": "vpc", "Tags": tags(Name="main")}]
        account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)
    with pytest.raises(TerraceError, match="2 resources have the Name main"):
        found("aws_vpc", tags={"Name": "main"})


def test_a_key_pending_deletion_is_not_adopted(account: Any) -> None:
    kms = account.client("kms")
    kms_tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags(Name="data")]
    old, new = (kms.create_key(Tags=kms_tags)["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=old)
    assert found("aws_kms_key", tags={"Name": "data"}) == new
    kms.schedule_key_deletion(KeyId=new)
    assert found("aws_kms_key", tags={"Name": "data"}) is None


def test_a_rule_is_found_by_its_port_and_range(account: Any) -> None:
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    created = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
            for port in (443, 5432)
        ],
    )["SecurityGroupRules"]
    rule = {"security_group_id": group, "ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8"}
    expected = next(entry["SecurityGroupRuleId"] for entry in created if entry["FromPort"] == 5432)
    kind = "aws_vpc_security_group_ingress_rule"
    assert found(kind, **rule, from_port=5432, to_port=5432) == expected
    assert found(kind, **rule, from_port=22, to_port=22) is None
    assert found(kind.replace("ingress", "egress"), **rule, from_port=5432, to_port=5432) is None


def test_other_types_are_found_by_listing(account: Any) -> None:
    secret = account.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    assert found("aws_secretsmanager_secret", name="s") == secret
    assert found("aws_secretsmanager_secret", name="none") is None
    template = account.client("ec2").create_launch_template(
        LaunchTemplateName="pool", LaunchTemplateData={"InstanceType": "t3.small"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    assert found("aws_launch_template", name="pool") == template
    assert found("aws_launch_template", name="none") is None
    queue = account.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert found("aws_sqs_queue", name="q") == queue
    assert found("aws_sqs_queue", name="none") is None
    detector = account.client("guardduty").create_detector(Enable=True)["DetectorId"]
    assert found("aws_guardduty_detector") == detector
    certificate = account.client("acm").request_certificate(DomainName="a.example.com", Tags=tags())["CertificateArn"]
    account.client("acm").request_certificate(DomainName="b.example.com")
    assert found("aws_acm_certificate", domain_name="a.example.com") == certificate
    assert found("aws_acm_certificate", domain_name="b.example.com") is None
    assert found("aws_lb", name="none") is None
    assert found("aws_route53_zone", name="none.example.com") is None


def test_linked_roles_query_logs_and_searches_are_found_by_listing(account: Any) -> None:
    patches.apply(["macie2.jobs"])
    account.client("iam").create_service_linked_role(AWSServiceName="config.amazonaws.com")
    role = found("aws_iam_service_linked_role", aws_service_name="config.amazonaws.com")
    assert role and ":role/aws-service-role/config.amazonaws.com/" in role
    assert found("aws_iam_service_linked_role", aws_service_name="reports.backup.amazonaws.com") is None
    resolver, vpc = account.client("route53resolver"), account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    config = resolver.create_resolver_query_log_config(
        Name="dpf-dev", DestinationArn=f"arn:aws:logs:{REGION}:123456789012:log-group:dns", CreatorRequestId="one"
    )["ResolverQueryLogConfig"]["Id"]
    network = vpc["Vpc"]["VpcId"]
    link = resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=network)
    assert found("aws_route53_resolver_query_log_config", name="dpf-dev") == config
    of_vpc = {"resolver_query_log_config_id": config, "resource_id": network}
    found_link = found("aws_route53_resolver_query_log_config_association", **of_vpc)
    assert found_link == link["ResolverQueryLogConfigAssociation"]["Id"]
    macie = account.client("macie2")
    buckets = {"bucketDefinitions": [{"accountId": "123456789012", "buckets": ["bronze"]}]}
    job = macie.create_classification_job(
        clientToken="one", jobType="ONE_TIME", name="dpf-dev-bronze", s3JobDefinition=buckets
    )["jobId"]
    assert found("aws_macie2_classification_job", name="dpf-dev-bronze") == job
    macie.update_classification_job(jobId=job, jobStatus="CANCELLED")
    assert found("aws_macie2_classification_job", name="dpf-dev-bronze") is None


def test_a_deleted_resource_whose_tags_are_still_listed_is_not_found(account: Any) -> None:
    """Moto keeps the tags of a deleted security group, and EC2 those of others for a while."""
    ec2 = account.client("ec2")
    group = {
        "GroupName": "dpf-dev-entry",
        "Description": "entry",
        "VpcId": ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
    }
    specification = [{"ResourceType": "security-group", "Tags": tags(Name="dpf-dev-entry")}]
    for _ in range(2):
        gone = ec2.create_security_group(**group, TagSpecifications=specification)["GroupId"]
        ec2.delete_security_group(GroupId=gone)
    assert len(ec2.describe_tags(Filters=[{"Name": "value", "Values": ["dpf-dev-entry"]}])["Tags"]) == 2
    assert found("aws_security_group", tags={"Name": "dpf-dev-entry"}) is None
    here = ec2.create_security_group(**group, TagSpecifications=specification)["GroupId"]
    assert found("aws_security_group", tags={"Name": "dpf-dev-entry"}) == here
