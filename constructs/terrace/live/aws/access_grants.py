"""Live resources that grant rights on AWS: identities with their policies, policies of resources, access entries."""

import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.access.aws import roles
from terrace.aws import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES
from terrace.live.aws import lake
from terrace.live.aws.checks import Deployment
from terrace.live.aws.governance import tags
from terrace.live.document import Document

_LINKED = "/aws-service-role/"
"""The path of service-linked roles, whose rights only AWS sets. Source: IAM User Guide, "Service-linked roles"."""


def read(deployment: Deployment, document: Document) -> None:
    """Add the account's identities and the policies of the environment's resources."""
    home = deployment.target.region
    with document.listing("iam", ""):
        _roles(deployment, document)
    with document.listing("iam", ""):
        _users(deployment, document)
    for region in filter(None, (home, deployment.target.recovery_region)):
        with document.listing("kms", region):
            _keys(deployment, document, region)
        with document.listing("backup", region):
            _vaults(deployment, document, region)
    for _, bucket, region in lake.buckets(deployment):
        _bucket(deployment, document, bucket, region)
    for step, service in ((_secrets, "secretsmanager"), (_repositories, "ecr"), (_topics, "sns"), (_queues, "sqs")):
        with document.listing(service, home):
            step(deployment, document)
    with document.listing("route53", ""):
        _zones(deployment, document)
    with document.listing("eks", home):
        _entries(deployment, document)


def _roles(deployment: Deployment, document: Document) -> None:
    """Add the account's roles, except service-linked ones, those with which people sign in, and those of other
    environments, which their own environment declares."""
    settings = names.settings(deployment.target)
    others = {settings.admin_role, *settings.groups.values()}
    for role in deployment.pages("iam", "list_roles", "Roles"):
        name, path = role["RoleName"], role.get("Path", "/")
        if path.startswith(_LINKED) or f"{path}{name}".strip("/") in others:
            continue
        with document.listing(f"iam role {name}", ""):
            described = deployment.call("iam", "get_role", RoleName=name)["Role"]
            if not _of_other_environment(deployment, tags(described.get("Tags", []))):
                _role(deployment, document, described)


def _of_other_environment(deployment: Deployment, carried: dict[str, str]) -> bool:
    environment = carried.get("environment", deployment.target.environment)
    return carried.get("managed-by") == "terrace" and environment != deployment.target.environment


def _role(deployment: Deployment, document: Document, role: dict[str, Any]) -> None:
    name, path = role["RoleName"], role.get("Path", "/").strip("/")
    bound = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    attributes = {
        "name": f"{path}/{name}" if path else name,
        "assume_role_policy": _parsed(role["AssumeRolePolicyDocument"]),
        "permissions_boundary": _policy(deployment, document, bound) if bound else None,
    }
    document.add("aws_iam_role", name, attributes, ids={})
    who = {"role": attributes["name"]}
    for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=name):
        answer = deployment.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)
        inline = {**who, "policy": _parsed(answer["PolicyDocument"])}
        document.add("aws_iam_role_policy", f"{name}_{policy}", inline, path=f"policy {policy} of role {name}")
    for policy in deployment.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        _attachment(deployment, document, "role", name, who, policy["PolicyArn"])


def _attachment(
    deployment: Deployment, document: Document, kind: str, name: str, who: dict[str, Any], arn: str
) -> None:
    attributes = {**who, "policy_arn": _policy(deployment, document, arn)}
    path = f"policy {arn.rpartition('/')[2]}, attached to {kind} {name}"
    document.add(f"aws_iam_{kind}_policy_attachment", f"{name}_{arn.rpartition('/')[2]}", attributes, path=path)


def _policy(deployment: Deployment, document: Document, arn: str) -> str:
    """Add a managed policy, once, unless the model has AWS's own one; its ARN."""
    if ":iam::aws:policy/" in arn and roles.document(arn.rpartition("/")[2]) is not None:
        return arn
    if not document.knows(arn):
        version = deployment.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = deployment.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        written = {"policy": _parsed(answer["PolicyVersion"]["Document"])}
        document.add("aws_iam_policy", arn.rpartition("/")[2], written, ids={arn: "arn"})
    return arn


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def _users(deployment: Deployment, document: Document) -> None:
    """Add the account's users, each with its own policies and those of its groups."""
    for user in deployment.pages("iam", "list_users", "Users"):
        name = user["UserName"]
        document.add("aws_iam_user", name, {"name": name})
        for source, operation, argument in _holders(deployment, name):
            inline = deployment.pages("iam", f"list_{operation}_policies", "PolicyNames", **argument)
            for policy in inline:
                answer = deployment.call("iam", f"get_{operation}_policy", **argument, PolicyName=policy)
                written = {"user": name, "policy": _parsed(answer["PolicyDocument"])}
                path = f"policy {policy} of {source}"
                document.add("aws_iam_user_policy", f"{name}_{policy}", written, path=path)
            attached = deployment.pages("iam", f"list_attached_{operation}_policies", "AttachedPolicies", **argument)
            for one in attached:
                _attachment(deployment, document, "user", name, {"user": name}, one["PolicyArn"])


def _holders(deployment: Deployment, user: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    yield f"user {user}", "user", {"UserName": user}
    for group in deployment.pages("iam", "list_groups_for_user", "Groups", UserName=user):
        yield f"group {group['GroupName']}", "group", {"GroupName": group["GroupName"]}


def _keys(deployment: Deployment, document: Document, region: str) -> None:
    """Add the environment's keys, by their aliases, with their policies and grants."""
    home = region == deployment.target.region
    purposes = {
        f"alias/{deployment.prefix}-{purpose}": f"keys/{purpose}{'' if home else '-recovery'}"
        for purpose in (PURPOSES if home else RECOVERY_PURPOSES)
    }
    for entry in deployment.pages("kms", "list_aliases", "Aliases", region=region):
        alias, id = entry["AliasName"], entry.get("TargetKeyId")
        if not id or not alias.startswith(f"alias/{deployment.prefix}-"):
            continue
        arn = ":".join([*entry["AliasArn"].split(":")[:5], f"key/{id}"])
        document.add("aws_kms_key", id, {}, path=purposes.get(alias, ""), ids={arn: "arn", id: "key_id"})
        with document.listing(f"kms key {alias}", region):
            answer = deployment.call("kms", "get_key_policy", region=region, KeyId=arn, PolicyName="default")
            written = {"key_id": arn, "policy": _parsed(answer["Policy"])}
            document.add("aws_kms_key_policy", id, written, path=f"policy of key {alias}")
            for grant in deployment.pages("kms", "list_grants", "Grants", region=region, KeyId=arn):
                _key_grant(document, arn, alias, grant)


def _key_grant(document: Document, key: str, alias: str, grant: dict[str, Any]) -> None:
    """Add a grant of a key as the policy that it amounts to. Those to AWS's services come with their resources."""
    grantee = str(grant.get("GranteePrincipal", ""))
    if grantee.endswith(".amazonaws.com") or f":role{_LINKED}" in grantee:
        return
    actions = [f"kms:{operation}" for operation in grant.get("Operations", [])]
    statement = {"Effect": "Allow", "Principal": {"AWS": grantee}, "Action": actions, "Resource": "*"}
    written = {"key_id": key, "policy": {"Version": "2012-10-17", "Statement": [statement]}}
    document.add("aws_kms_key_policy", grant["GrantId"], written, path=f"grant {grant['GrantId']} of key {alias}")


def _vaults(deployment: Deployment, document: Document, region: str) -> None:
    for vault in deployment.pages("backup", "list_backup_vaults", "BackupVaultList", region=region):
        name = vault["BackupVaultName"]
        if name == deployment.prefix or name.startswith(f"{deployment.prefix}-"):
            document.add("aws_backup_vault", name, {"name": name})
            with document.listing(f"backup vault {name}", region):
                answer = deployment.call(
                    "backup", "get_backup_vault_access_policy", region=region, BackupVaultName=name
                )
                written = {"backup_vault_name": name, "policy": _parsed(answer["Policy"])}
                document.add("aws_backup_vault_policy", name, written, path=f"policy of vault {name}")


def _bucket(deployment: Deployment, document: Document, name: str, region: str) -> None:
    with document.listing(f"s3 bucket {name}", region):
        deployment.call("s3", "head_bucket", region=region, Bucket=name)
        document.add("aws_s3_bucket", name, {"bucket": name})
        answer = deployment.call("s3", "get_bucket_policy", region=region, Bucket=name)
        written = {"bucket": name, "policy": _parsed(answer["Policy"])}
        document.add("aws_s3_bucket_policy", name, written, path=f"policy of bucket {name}")


def _secrets(deployment: Deployment, document: Document) -> None:
    own = (f"{deployment.prefix}/", f"{deployment.prefix}-")
    for secret in deployment.pages("secretsmanager", "list_secrets", "SecretList"):
        name, arn = secret["Name"], secret["ARN"]
        if not name.startswith(own):
            continue
        document.add("aws_secretsmanager_secret", name, {"name": name}, ids={arn: "arn"})
        with document.listing(f"secret {name}", deployment.target.region):
            answer = deployment.call("secretsmanager", "get_resource_policy", SecretId=arn)
            if answer.get("ResourcePolicy"):
                written = {"secret_arn": arn, "policy": _parsed(answer["ResourcePolicy"])}
                document.add("aws_secretsmanager_secret_policy", name, written, path=f"policy of secret {name}")


def _repositories(deployment: Deployment, document: Document) -> None:
    for one in deployment.pages("ecr", "describe_repositories", "repositories"):
        name = one["repositoryName"]
        if name.startswith(f"{deployment.prefix}/"):
            document.add("aws_ecr_repository", name, {"name": name})
            with document.listing(f"repository {name}", deployment.target.region):
                answer = deployment.call("ecr", "get_repository_policy", repositoryName=name)
                written = {"repository": name, "policy": _parsed(answer["policyText"])}
                document.add("aws_ecr_repository_policy", name, written, path=f"policy of repository {name}")
    with document.listing("ecr", deployment.target.region):
        if deployment.call("ecr", "get_registry_policy").get("policyText"):
            document.add("aws_ecr_registry_policy", names.account(deployment.target), {})


def _topics(deployment: Deployment, document: Document) -> None:
    for topic in deployment.pages("sns", "list_topics", "Topics"):
        arn, name = topic["TopicArn"], topic["TopicArn"].rpartition(":")[2]
        if name.startswith(f"{deployment.prefix}-"):
            document.add("aws_sns_topic", name, {"name": name})
            with document.listing(f"topic {name}", deployment.target.region):
                policy = deployment.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"].get("Policy")
                if policy:
                    written = {"arn": arn, "policy": _parsed(policy)}
                    document.add("aws_sns_topic_policy", name, written, path=f"policy of topic {name}")


def _queues(deployment: Deployment, document: Document) -> None:
    """Add queues with the environment's names; the platform has none, so that each is a difference."""
    for url in deployment.pages("sqs", "list_queues", "QueueUrls", QueueNamePrefix=f"{deployment.prefix}-"):
        document.add("aws_sqs_queue", url.rpartition("/")[2], {})


def _zones(deployment: Deployment, document: Document) -> None:
    public = deployment.environment.network.entry.domain if deployment.environment.network.entry else None
    for zone in deployment.pages("route53", "list_hosted_zones", "HostedZones"):
        name, id = zone["Name"].rstrip("."), zone["Id"].rpartition("/")[2]
        entry = name == public and not zone["Config"].get("PrivateZone")
        if entry or name == f"{deployment.prefix}.internal":
            path = "entry/zone" if entry else "network/private-zone"
            document.add("aws_route53_zone", id, {"name": name}, path=path, ids={id: "zone_id"})


def _entries(deployment: Deployment, document: Document) -> None:
    """Add who may do what in the cluster, and which pods act as which role."""
    if deployment.environment.cluster is None:
        return
    cluster = {"clusterName": deployment.cluster}
    existing = deployment.target.existing.cluster
    entries = deployment.pages("eks", "list_access_entries", "accessEntries", **cluster) if not existing else ()
    for principal in entries:
        entry = deployment.call("eks", "describe_access_entry", **cluster, principalArn=principal)["accessEntry"]
        who = {"principal_arn": principal}
        groups = entry.get("kubernetesGroups", [])
        if entry.get("type") == "EC2_LINUX" and principal == names.role_arn(deployment.target, "node"):
            continue  # EKS makes it for managed node groups: Amazon EKS User Guide, "Create access entries"
        attributes = {**who, "type": entry.get("type", "STANDARD"), "kubernetes_groups": groups}
        document.add("aws_eks_access_entry", principal, attributes, path=f"access entry of {principal}")
        for one in deployment.pages(
            "eks", "list_associated_access_policies", "associatedAccessPolicies", **cluster, principalArn=principal
        ):
            attributes = {**who, "policy_arn": one["policyArn"], "access_scope": one["accessScope"]}
            path = f"access policy {one['policyArn'].rpartition('/')[2]} of {principal}"
            document.add("aws_eks_access_policy_association", principal, attributes, path=path)
    for one in deployment.pages("eks", "list_pod_identity_associations", "associations", **cluster):
        answer = deployment.call(
            "eks", "describe_pod_identity_association", **cluster, associationId=one["associationId"]
        )
        role = answer["association"]["roleArn"]
        if existing and not str(role).startswith(names.role_arn(deployment.target, "")):
            continue  # its owner's
        attributes = {
            "cluster_name": cluster["clusterName"],
            "namespace": one["namespace"],
            "service_account": one["serviceAccount"],
            "role_arn": role,
        }
        path = f"pod identity {one['associationId']}"
        document.add("aws_eks_pod_identity_association", one["associationId"], attributes, path=path)
