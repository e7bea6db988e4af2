"""Three changes behind Terraform's back, for demonstrations that drift is seen."""

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.demo.inject_drift import Drift
from terrace.environment.schema import Environment
from terrace.live.aws import network
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent, Reader, explained

_STRANGER = "somebody-else"


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """See terrace.demo.inject_drift. Raises Absent where there is nothing to change."""
    reader = Reader(target)
    reader.check_account()
    deployment = Deployment(environment, target, reader)
    with explained("ec2", "inject_drift"):
        return [_retag(deployment), _unblock(deployment), _close(deployment)]


def _retag(deployment: Deployment) -> Drift:
    vpc = network.vpc(deployment)
    deployment.reader.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": _STRANGER}])
    return Drift(
        kind="tag",
        description=f"tag owner of network {vpc} changed to {_STRANGER}",
        resource=vpc,
        type="aws_vpc",
        path="network/",
        attribute="tags_all.owner",
        action="update",
    )


def _unblock(deployment: Deployment) -> Drift:
    bucket = names.bucket(deployment.target, "silver")
    s3 = deployment.reader.client("s3")
    blocks = deployment.call("s3", "get_public_access_block", Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**blocks, "BlockPublicPolicy": False})
    return Drift(
        kind="public_access",
        description=f"public access block of bucket {bucket} weakened: public policies are accepted",
        resource=bucket,
        type="aws_s3_bucket_public_access_block",
        path="lake/",
        attribute="block_public_policy",
        action="update",
    )


def _close(deployment: Deployment) -> Drift:
    groups = network.in_vpc(deployment, "describe_security_groups", "SecurityGroups")
    name = f"{deployment.prefix}-database"
    database = [group["GroupId"] for group in groups if group["GroupName"] == name]
    rules = deployment.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": database or ["none"]}],
    )
    inward = sorted(rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"])
    if not inward:
        raise Absent(f"an opening into security group {name}")
    deployment.reader.client("ec2").revoke_security_group_ingress(GroupId=database[0], SecurityGroupRuleIds=inward[:1])
    return Drift(
        kind="rule",
        description=f"rule {inward[0]} of security group {name} deleted: workloads no longer reach PostgreSQL",
        resource=inward[0],
        type="aws_vpc_security_group_ingress_rule",
        path="network/",
        attribute="",
        action="create",
    )
