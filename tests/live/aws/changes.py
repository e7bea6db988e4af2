"""Changes by hand on AWS."""

import json

from tests.live.access import changes
from tests.live.aws.site import ACCOUNT, Site, document

CHANGES, shown_as = changes()
FOREIGN = "210987654321"


def trust(principal: str) -> str:
    return document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"})


def allow(action: str, resource: str, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@shown_as("internet -> database on tcp 5432, by rule ID of group dpf-prod-database")
def database_is_open_to_the_internet(site: Site) -> None:
    site.allow(site.security_group("database"), 5432, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


@shown_as("range 10.99.0.0/16 -> cache on tcp 6379, by rule ID of group by-hand")
def cache_has_another_group(site: Site) -> None:
    ec2, cache = site.client("ec2"), site.client("elasticache")
    group = ec2.create_security_group(GroupName="by-hand", Description="x", VpcId=site.vpc)["GroupId"]
    site.allow(group, 6379, IpRanges=[{"CidrIp": "10.99.0.0/16"}])
    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    cache.modify_replication_group(
        ReplicationGroupId=site.prefix, SecurityGroupIds=[site.security_group("cache"), group], ApplyImmediately=True
    )


@shown_as(
    "internet -> cache on all ports, by route 0.0.0.0/1 of TABLE",
    "internet -> database on all ports, by route 0.0.0.0/1 of TABLE",
)
def half_of_the_internet_is_routed_to_the_data(site: Site) -> None:
    ec2 = site.client("ec2")
    filters = [{"Name": "tag:Name", "Values": [f"{site.prefix}-data*"]}]
    table = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/1", GatewayId=gateway)


@shown_as(
    "account role support may read-data lake/gold, by policy read of role support",
    f"foreign {FOREIGN} may assume identities/account role support, by aws_iam_role support",
)
def a_role_reads_the_lake_for_another_account(site: Site) -> None:
    iam = site.client("iam")
    iam.create_role(RoleName="support", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{FOREIGN}:root"))
    statement = allow("s3:GetObject", f"arn:aws:s3:::dpf-prod-gold-{ACCOUNT}/*")
    iam.put_role_policy(RoleName="support", PolicyName="read", PolicyDocument=document(statement))


@shown_as("module superset may write-data lake/silver, by policy write of role dpf-prod-module-superset")
def a_module_may_write_another_layer(site: Site) -> None:
    statement = allow("s3:PutObject", f"arn:aws:s3:::dpf-prod-silver-{ACCOUNT}/*")
    policy = document(statement)
    site.client("iam").put_role_policy(RoleName=site.role("module-superset"), PolicyName="write", PolicyDocument=policy)


@shown_as("account user/ci may read-data lake/gold, by policy read of group readers")
def a_user_reads_the_lake_by_a_group(site: Site) -> None:
    iam = site.client("iam")
    iam.create_user(UserName="ci")
    iam.create_group(GroupName="readers")
    statement = allow("s3:GetObject", f"arn:aws:s3:::dpf-prod-gold-{ACCOUNT}/*")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=document(statement))
    iam.add_user_to_group(GroupName="readers", UserName="ci")


@shown_as(f"foreign {FOREIGN} may read-data lake/gold, by policy of bucket dpf-prod-gold-{ACCOUNT}")
def a_bucket_is_shared_with_another_account(site: Site) -> None:
    s3, bucket = site.client("s3"), f"dpf-prod-gold-{ACCOUNT}"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    other = {"AWS": f"arn:aws:iam::{FOREIGN}:root"}
    policy["Statement"].append(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal=other))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


@shown_as(f"foreign arn:aws:iam::{FOREIGN}:role/x may decrypt keys/lake, by grant ID of key alias/dpf-prod-lake")
def a_key_is_granted_to_another_account(site: Site) -> None:
    kms = site.client("kms")
    grantee = f"arn:aws:iam::{FOREIGN}:role/x"
    kms.create_grant(KeyId=site.key("lake"), GranteePrincipal=grantee, Operations=["Decrypt"])


@shown_as(
    *(
        f"foreign {FOREIGN} may {verb} secrets/airflow, by policy of secret dpf-prod/airflow/app"
        for verb in ("read-secret", "write-secret", "delete", "change-policy", "operate")
    )
)
def a_secret_is_shared_with_another_account(site: Site) -> None:
    secrets, name = site.client("secretsmanager"), "dpf-prod/airflow/app"
    policy = json.loads(secrets.get_resource_policy(SecretId=name)["ResourcePolicy"])
    root = f"arn:aws:iam::{FOREIGN}:root"
    for statement in policy["Statement"]:
        exempt = statement.get("Condition", {}).get("ArnNotLike") or statement.get("Condition", {}).get("ArnNotEquals")
        if exempt:
            key = next(iter(exempt))
            exempt[key] = [*([exempt[key]] if isinstance(exempt[key], str) else exempt[key]), root]
    policy["Statement"].append(allow("secretsmanager:GetSecretValue", "*", Principal={"AWS": root}))
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(policy))


@shown_as(
    f"foreign arn:aws:iam::{FOREIGN}:role/x may administer kubernetes, "
    f"by access policy AmazonEKSClusterAdminPolicy of arn:aws:iam::{FOREIGN}:role/x"
)
def another_account_administers_the_cluster(site: Site) -> None:
    eks, principal = site.client("eks"), f"arn:aws:iam::{FOREIGN}:role/x"
    eks.create_access_entry(clusterName=site.prefix, principalArn=principal)
    eks.associate_access_policy(
        clusterName=site.prefix,
        principalArn=principal,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    )


@shown_as("pods default/shell may assume identities/module airflow, by pod identity ID")
def other_pods_act_as_a_module(site: Site) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/{site.role('module-airflow')}"
    site.client("eks").create_pod_identity_association(
        clusterName=site.prefix, namespace="default", serviceAccount="shell", roleArn=role
    )


@shown_as(
    "workflow repo:acme/terrace:pull_request may assume identities/pipeline apply, by aws_iam_role dpf-prod-ci-apply"
)
def pull_requests_apply(site: Site) -> None:
    iam, role = site.client("iam"), site.role("ci-apply")
    policy = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    statement = json.loads(json.dumps(policy["Statement"][0]))
    key = "token.actions.githubusercontent.com:sub"
    statement["Condition"]["StringEquals"][key] = "repo:acme/terrace:pull_request"
    policy["Statement"].append(statement)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(policy))


@shown_as(
    "aws_vpc_peering_connection may open a path or grant a right; the model does not read it, "
    "in aws_vpc_peering_connection ID"
)
def the_network_is_peered(site: Site) -> None:
    ec2 = site.client("ec2")
    other = ec2.create_vpc(CidrBlock="172.20.0.0/16")["Vpc"]["VpcId"]
    ec2.create_vpc_peering_connection(VpcId=site.vpc, PeerVpcId=other)


@shown_as(f"foreign {FOREIGN} may read-data registry/airflow, by policy of repository dpf-prod/airflow")
def images_are_shared_with_another_account(site: Site) -> None:
    other = {"AWS": f"arn:aws:iam::{FOREIGN}:root"}
    statement = {"Effect": "Allow", "Principal": other, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}
    ecr, name = site.client("ecr"), "dpf-prod/airflow"
    policy = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    policy["Statement"].append(statement)
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
