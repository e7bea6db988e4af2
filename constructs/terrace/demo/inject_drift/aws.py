"""Changes outside Terraform, for the demo and the tests."""

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.demo.inject_drift import Drift
from terrace.environment.schema import Environment
from terrace.live.aws import network, streams
from terrace.live.aws.checks import Deployment, opened
from terrace.live.aws.session import Absent, explained

_OWNER = "another-team"


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """See terrace.demo.inject_drift. Raises Absent for a resource that does not exist."""
    deployment = opened(environment, target)
    with explained("ec2", "inject_drift"):
        drifts = [_retag(deployment), _allow_public_policies(deployment), _delete_rule(deployment)]
        return [*drifts, _admit_anyone(deployment)] if environment.streams else drifts


def _retag(deployment: Deployment) -> Drift:
    vpc = network.vpc(deployment)
    deployment.reader.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "owner", "Value": _OWNER}])
    return Drift(
        kind="tag",
        description=f"tag owner of network {vpc} changed to {_OWNER}",
        resource=vpc,
        type="aws_vpc",
        path="network/",
        attribute="tags_all.owner",
        action="update",
    )


def _allow_public_policies(deployment: Deployment) -> Drift:
    bucket = names.bucket(deployment.target, "silver")
    s3 = deployment.reader.client("s3")
    blocks = deployment.call("s3", "get_public_access_block", Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**blocks, "BlockPublicPolicy": False})
    return Drift(
        kind="public_access",
        description=f"public access block of bucket {bucket} weakened: public policies are allowed",
        resource=bucket,
        type="aws_s3_bucket_public_access_block",
        path="lake/",
        attribute="block_public_policy",
        action="update",
    )


def _delete_rule(deployment: Deployment) -> Drift:
    groups = network.in_vpc(deployment, "describe_security_groups", "SecurityGroups")
    name = f"{deployment.prefix}-database"
    database = [group["GroupId"] for group in groups if group["GroupName"] == name]
    rules = deployment.pages(
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": database or ["none"]}],
    )
    ingress = sorted(rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"])
    if not ingress:
        raise Absent(f"an ingress rule of security group {name}")
    deployment.reader.client("ec2").revoke_security_group_ingress(GroupId=database[0], SecurityGroupRuleIds=ingress[:1])
    return Drift(
        kind="rule",
        description=f"rule {ingress[0]} of security group {name} deleted: workloads no longer reach PostgreSQL",
        resource=ingress[0],
        type="aws_vpc_security_group_ingress_rule",
        path="network/",
        attribute="",
        action="create",
    )


def _admit_anyone(deployment: Deployment) -> Drift:
    found = streams.cluster(deployment)
    clients = {**found["ClientAuthentication"], "Unauthenticated": {"Enabled": True}}
    deployment.reader.client("kafka").update_security(
        ClusterArn=found["ClusterArn"], CurrentVersion=found["CurrentVersion"], ClientAuthentication=clients
    )
    return Drift(
        kind="streams",
        description=f"streams {deployment.prefix} weakened: clients need no authentication",
        resource=found["ClusterArn"],
        type="aws_msk_cluster",
        path="streams/",
        attribute="client_authentication.unauthenticated",
        action="update",
    )
