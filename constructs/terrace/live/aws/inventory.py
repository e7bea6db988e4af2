"""Whether AWS has the resources of the expected inventory (GOV-4), by type."""

from collections.abc import Collection, Mapping
from typing import Any

from terrace.aws import names
from terrace.capabilities.lake import BUCKETS
from terrace.live.aws.checks import Deployment
from terrace.live.aws.network import in_vpc, name_of
from terrace.live.inventory import Exists, last

_COMPOSITE = {"platform": "platform-down"}
_TOPICS = {"deliveries": "trail"}
"""Parts of construct paths that differ from the resource's name."""


def _named(found: Collection[dict[str, Any]], key: str, name: str) -> bool:
    return any(one.get(key) == name for one in found)


def _analyzer(deployment: Deployment, path: str) -> bool:
    found = deployment.pages("accessanalyzer", "list_analyzers", "analyzers")
    return _named(found, "name", deployment.prefix)


def _composite(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}-{_COMPOSITE.get(last(path), last(path))}"
    answer = deployment.call("cloudwatch", "describe_alarms", AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    return bool(answer["CompositeAlarms"])


def _alarm(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}-{last(path)}"
    return bool(deployment.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"])


def _log_group(deployment: Deployment, path: str) -> bool:
    """The log group of the database's log-ins, which RDS names."""
    name = f"/aws/rds/instance/{deployment.prefix}/iam-db-auth-error"
    found = deployment.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return _named(found, "logGroupName", name)


def _config_rule(deployment: Deployment, path: str) -> bool:
    rules = deployment.pages("config", "describe_config_rules", "ConfigRules")
    return _named(rules, "ConfigRuleName", f"{deployment.prefix}-{last(path)}")


def _default_routes(deployment: Deployment, path: str) -> bool:
    """The VPC's own table, without a route out of the network."""
    tables = in_vpc(deployment, "describe_route_tables", "RouteTables")
    main = [table for table in tables if any(link.get("Main") for link in table.get("Associations", []))]
    return bool(main) and all(route.get("GatewayId") == "local" for table in main for route in table["Routes"])


def _disk_key(deployment: Deployment, path: str) -> bool:
    return "alias/aws/ebs" not in str(deployment.call("ec2", "get_ebs_default_kms_key_id").get("KmsKeyId"))


def _disk_encryption(deployment: Deployment, path: str) -> bool:
    return bool(deployment.call("ec2", "get_ebs_encryption_by_default").get("EbsEncryptionByDefault"))


def _snapshots(deployment: Deployment, path: str) -> bool:
    state = deployment.call("ec2", "get_snapshot_block_public_access_state").get("State")
    return state not in (None, "unblocked")


def _instance_metadata(deployment: Deployment, path: str) -> bool:
    level = deployment.call("ec2", "get_instance_metadata_defaults").get("AccountLevel", {})
    return bool(level.get("HttpTokens") == "required")


def _lifecycle(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}/{last(path).removesuffix('-lifecycle')}"
    return bool(deployment.call("ecr", "get_lifecycle_policy", repositoryName=name).get("lifecyclePolicyText"))


def _repository_policy(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.prefix}/{last(path).removesuffix('-policy')}"
    return bool(deployment.call("ecr", "get_repository_policy", repositoryName=name).get("policyText"))


def _image_copies(deployment: Deployment, path: str) -> bool:
    answer = deployment.call("ecr", "describe_registry")
    return bool(answer.get("replicationConfiguration", {}).get("rules"))


def _addon(deployment: Deployment, path: str) -> bool:
    listed = deployment.pages("eks", "list_addons", "addons", clusterName=deployment.cluster)
    return last(path) in listed


def _detector_feature(deployment: Deployment, path: str) -> bool:
    name = last(path).replace("-", "_").upper()
    for detector in deployment.pages("guardduty", "list_detectors", "DetectorIds"):
        features = deployment.call("guardduty", "get_detector", DetectorId=detector).get("Features", [])
        if any(one.get("Name") == name and one.get("Status") == "ENABLED" for one in features):
            return True
    return False


def _passwords(deployment: Deployment, path: str) -> bool:
    return bool(deployment.call("iam", "get_account_password_policy").get("PasswordPolicy"))


def _listener(deployment: Deployment, path: str) -> bool:
    found = deployment.call("elbv2", "describe_load_balancers", Names=[deployment.prefix])["LoadBalancers"]
    ports = [
        listener["Port"]
        for one in found
        for listener in deployment.pages(
            "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=one["LoadBalancerArn"]
        )
    ]
    return 80 in ports


def _target_group(deployment: Deployment, path: str) -> bool:
    return bool(deployment.call("elbv2", "describe_target_groups", Names=[deployment.prefix])["TargetGroups"])


def _access_list(deployment: Deployment, path: str) -> bool:
    word = last(path).removesuffix("-access-list")
    lists = in_vpc(deployment, "describe_network_acls", "NetworkAcls")
    return any(name_of(one) == f"{deployment.prefix}-{word}" and one.get("Associations") for one in lists)


def _public_access(deployment: Deployment, path: str) -> bool:
    where = {"AccountId": names.account(deployment.target)}
    answer = deployment.call("s3control", "get_public_access_block", **where)
    return all(answer["PublicAccessBlockConfiguration"].values())


def _of_bucket(deployment: Deployment, path: str, operation: str, **more: Any) -> dict[str, Any]:
    """An answer about the bucket that is the second part of a construct path."""
    part = path.split("/")[1]
    name = next(one for one in BUCKETS if one == part.removesuffix("-recovery"))
    recovery = part != name
    where = deployment.target.recovery_region if recovery else deployment.target.region
    bucket = names.bucket(deployment.target, name, recovery=recovery)
    return deployment.call("s3", operation, region=where, Bucket=bucket, **more)


def _bucket_lifecycle(deployment: Deployment, path: str) -> bool:
    return bool(_of_bucket(deployment, path, "get_bucket_lifecycle_configuration").get("Rules"))


def _bucket_metric(deployment: Deployment, path: str) -> bool:
    return bool(_of_bucket(deployment, path, "get_bucket_metrics_configuration", Id="EntireBucket"))


def _bucket_lock(deployment: Deployment, path: str) -> bool:
    answer = _of_bucket(deployment, path, "get_object_lock_configuration")
    return "Rule" in answer.get("ObjectLockConfiguration", {})


def _security_hub(deployment: Deployment, path: str) -> bool:
    return bool(deployment.call("securityhub", "describe_hub").get("HubArn"))


def _standard(deployment: Deployment, path: str) -> bool:
    found = deployment.pages("securityhub", "get_enabled_standards", "StandardsSubscriptions")
    return any(f"/{last(path)}/" in str(one.get("StandardsArn")) for one in found)


def _topic_policy(deployment: Deployment, path: str) -> bool:
    word = last(path).removesuffix("-policy")
    arn = names.topic_arn(deployment.target, _TOPICS.get(word, word))
    return bool(deployment.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"].get("Policy"))


TYPES: Mapping[str, Exists[Deployment]] = {
    "aws_accessanalyzer_analyzer": _analyzer,
    "aws_cloudwatch_composite_alarm": _composite,
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_config_config_rule": _config_rule,
    "aws_default_route_table": _default_routes,
    "aws_ebs_default_kms_key": _disk_key,
    "aws_ebs_encryption_by_default": _disk_encryption,
    "aws_ebs_snapshot_block_public_access": _snapshots,
    "aws_ec2_instance_metadata_defaults": _instance_metadata,
    "aws_ecr_lifecycle_policy": _lifecycle,
    "aws_ecr_replication_configuration": _image_copies,
    "aws_ecr_repository_policy": _repository_policy,
    "aws_eks_addon": _addon,
    "aws_guardduty_detector_feature": _detector_feature,
    "aws_iam_account_password_policy": _passwords,
    "aws_lb_listener": _listener,
    "aws_lb_target_group": _target_group,
    "aws_network_acl": _access_list,
    "aws_s3_account_public_access_block": _public_access,
    "aws_s3_bucket_lifecycle_configuration": _bucket_lifecycle,
    "aws_s3_bucket_metric": _bucket_metric,
    "aws_s3_bucket_object_lock_configuration": _bucket_lock,
    "aws_securityhub_account": _security_hub,
    "aws_securityhub_standards_subscription": _standard,
    "aws_sns_topic_policy": _topic_policy,
}
