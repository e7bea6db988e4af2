"""Resources that are found by listing, because their name does not give their id. One function per type.

Each takes the account, the region and the planned values, and returns the import id, or None.
"""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

Values = Mapping[str, Any]


class Account:
    """The account with the credentials, proxy and certificates of the deployment's child processes, not of this
    process's.
    """

    def __init__(self, environment: str, variables: Mapping[str, str]) -> None:
        self.environment = environment
        self._variables = variables
        self._clients: dict[tuple[str, str], Any] = {}
        self._tags: dict[str, dict[tuple[str, str], list[str]]] = {}

    def client(self, service: str, region: str) -> Any:
        region = region or self._variables.get("AWS_REGION") or self._variables.get("AWS_DEFAULT_REGION") or "us-east-1"
        if (service, region) not in self._clients:
            proxies = {
                scheme: proxy
                for scheme in ("http", "https")
                if (proxy := self._variables.get(f"{scheme.upper()}_PROXY") or self._variables.get(f"{scheme}_proxy"))
            }
            # the stubs need a literal service name
            session: Any = self._session
            self._clients[service, region] = session.client(
                service,
                region_name=region,
                verify=self._variables.get("AWS_CA_BUNDLE") or None,
                config=Config(proxies=proxies or None, connect_timeout=5, read_timeout=30),
            )
        return self._clients[service, region]

    @cached_property
    def _session(self) -> boto3.Session:
        if all(os.environ.get(name) == value for name, value in self._variables.items() if name.startswith("AWS_")):
            return boto3.Session()  # the shell's own account: profiles, SSO and roles included
        return boto3.Session(
            aws_access_key_id=self._variables.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self._variables.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=self._variables.get("AWS_SESSION_TOKEN"),
        )

    @cached_property
    def identity(self) -> dict[str, str]:
        """`account` and `partition`."""
        arn = self.client("sts", "").get_caller_identity()["Arn"].split(":")
        return {"account": arn[4], "partition": arn[1]}

    def tagged(self, region: str, kind: str, name: str) -> list[str]:
        """Ids of the deployment's EC2 resources of a kind with a `Name`."""
        if region not in self._tags:
            client = self.client("ec2", region)
            tags: dict[tuple[str, str], dict[str, str]] = {}
            for page in client.get_paginator("describe_tags").paginate(
                Filters=[{"Name": "key", "Values": ["Name", "environment", "managed-by"]}]
            ):
                for tag in page["Tags"]:
                    tags.setdefault((tag["ResourceType"], tag["ResourceId"]), {})[tag["Key"]] = tag.get("Value", "")
            found: dict[tuple[str, str], list[str]] = {}
            for (resource_type, identity), carried in tags.items():
                if carried.get("managed-by") == "terrace" and carried.get("environment") == self.environment:
                    found.setdefault((resource_type, carried.get("Name", "")), []).append(identity)
            self._tags[region] = found
        return sorted(self._tags[region].get((kind, name), []))


def _pages(client: Any, operation: str, field: str, **arguments: Any) -> list[Any]:
    """All entries of a listing. Listings without pages have no paginator."""
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**arguments).get(field) or [])
    return [entry for page in client.get_paginator(operation).paginate(**arguments) for entry in page.get(field) or []]


def _kms_key(account: Account, region: str, values: Values) -> str | None:
    """The key with the deployment's tags and Name that is not pending deletion."""
    client = account.client("kms", region)
    planned = {"managed-by": "terrace", "environment": account.environment, "Name": _tag(values, "Name")}
    if not planned["Name"]:
        return None
    for key in _pages(client, "list_keys", "Keys"):
        try:
            tags = {
                tag["TagKey"]: tag["TagValue"]
                for tag in _pages(client, "list_resource_tags", "Tags", KeyId=key["KeyId"])
            }
        except ClientError:
            continue  # the deployment's own keys allow the call
        if planned.items() <= tags.items():
            state = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
            if state not in ("PendingDeletion", "PendingReplicaDeletion"):
                return str(key["KeyId"])
    return None


def _tag(values: Values, name: str) -> str:
    tags = {**(values.get("tags") or {}), **(values.get("tags_all") or {})}
    return str(tags.get(name) or "")


def _named(service: str, operation: str, field: str, name: str, identity: str) -> "Finder":
    """A listing whose entries have the resource's `name` under `name`, and its id under `identity`."""

    def look(account: Account, region: str, values: Values) -> str | None:
        for entry in _pages(account.client(service, region), operation, field):
            if values.get("name") and entry.get(name) == values["name"]:
                return str(entry[identity])
        return None

    return look


def _secret(account: Account, region: str, values: Values) -> str | None:
    if not values.get("name"):
        return None
    shown = account.client("secretsmanager", region).describe_secret(SecretId=values["name"])
    return None if shown.get("DeletedDate") else str(shown["ARN"])


def _load_balancer(account: Account, region: str, values: Values) -> str | None:
    shown = account.client("elbv2", region).describe_load_balancers(Names=[values["name"]])["LoadBalancers"]
    return str(shown[0]["LoadBalancerArn"]) if shown else None


def _target_group(account: Account, region: str, values: Values) -> str | None:
    shown = account.client("elbv2", region).describe_target_groups(Names=[values["name"]])["TargetGroups"]
    return str(shown[0]["TargetGroupArn"]) if shown else None


def _listener(account: Account, region: str, values: Values) -> str | None:
    if not values.get("load_balancer_arn"):
        return None
    client = account.client("elbv2", region)
    for listener in _pages(client, "describe_listeners", "Listeners", LoadBalancerArn=values["load_balancer_arn"]):
        if listener["Port"] == values.get("port"):
            return str(listener["ListenerArn"])
    return None


def _security_group_rule(egress: bool) -> "Finder":
    """The rule of the group with the same protocol, ports and peer, which is unique."""

    def look(account: Account, region: str, values: Values) -> str | None:
        if not values.get("security_group_id"):
            return None
        client = account.client("ec2", region)
        groups = [{"Name": "group-id", "Values": [values["security_group_id"]]}]
        for rule in _pages(client, "describe_security_group_rules", "SecurityGroupRules", Filters=groups):
            everything = str(values.get("ip_protocol")) == "-1"
            same = (
                rule["IsEgress"] == egress
                and str(rule.get("IpProtocol")) == str(values.get("ip_protocol"))
                and (
                    everything
                    or (rule.get("FromPort"), rule.get("ToPort")) == (values.get("from_port"), values.get("to_port"))
                )
                and rule.get("CidrIpv4") == values.get("cidr_ipv4")
                and rule.get("CidrIpv6") == values.get("cidr_ipv6")
                and rule.get("PrefixListId") == values.get("prefix_list_id")
                and rule.get("ReferencedGroupInfo", {}).get("GroupId") == values.get("referenced_security_group_id")
            )
            if same:
                return str(rule["SecurityGroupRuleId"])
        return None

    return look


def _zone(account: Account, region: str, values: Values) -> str | None:
    """A zone of this name and kind with the deployment's tags. Zones may have the same name."""
    client = account.client("route53", region)
    private = bool(values.get("vpc"))
    for zone in _pages(client, "list_hosted_zones", "HostedZones"):
        if (
            zone["Name"].rstrip(".") != str(values.get("name", "")).rstrip(".")
            or zone["Config"]["PrivateZone"] != private
        ):
            continue
        identity = zone["Id"].rpartition("/")[2]
        shown = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=identity)["ResourceTagSet"]
        tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
        if tags.get("managed-by") == "terrace" and tags.get("environment") == account.environment:
            return str(identity)
    return None


def _certificate(account: Account, region: str, values: Values) -> str | None:
    client = account.client("acm", region)
    for certificate in _pages(client, "list_certificates", "CertificateSummaryList"):
        if certificate["DomainName"] == values.get("domain_name"):
            shown = client.list_tags_for_certificate(CertificateArn=certificate["CertificateArn"])["Tags"]
            tags = {tag["Key"]: tag.get("Value", "") for tag in shown}
            if tags.get("managed-by") == "terrace" and tags.get("environment") == account.environment:
                return str(certificate["CertificateArn"])
    return None


def _web_acl(account: Account, region: str, values: Values) -> str | None:
    scope = values.get("scope", "REGIONAL")
    for acl in account.client("wafv2", region).list_web_acls(Scope=scope)["WebACLs"]:
        if acl["Name"] == values.get("name"):
            return f"{acl['Id']}/{acl['Name']}/{scope}"
    return None


def _detector(account: Account, region: str, values: Values) -> str | None:
    """GuardDuty allows one detector in a region."""
    detectors = _pages(account.client("guardduty", region), "list_detectors", "DetectorIds")
    return str(detectors[0]) if detectors else None


def _pod_identity(account: Account, region: str, values: Values) -> str | None:
    planned = {"namespace": values.get("namespace"), "serviceAccount": values.get("service_account")}
    if not values.get("cluster_name"):
        return None
    client = account.client("eks", region)
    for entry in _pages(client, "list_pod_identity_associations", "associations", clusterName=values["cluster_name"]):
        if planned.items() <= entry.items():
            return f"{values['cluster_name']},{entry['associationId']}"
    return None


def _linked_role(account: Account, region: str, values: Values) -> str | None:
    """A service has one service-linked role in an account."""
    if not values.get("aws_service_name"):
        return None
    path = f"/aws-service-role/{values['aws_service_name']}/"
    roles = _pages(account.client("iam", region), "list_roles", "Roles", PathPrefix=path)
    return str(roles[0]["Arn"]) if roles else None


def _query_log_of_vpc(account: Account, region: str, values: Values) -> str | None:
    client, field = account.client("route53resolver", region), "ResolverQueryLogConfigAssociations"
    for entry in _pages(client, "list_resolver_query_log_config_associations", field):
        config = values.get("resolver_query_log_config_id")
        if config and (entry["ResolverQueryLogConfigId"], entry["ResourceId"]) == (config, values.get("resource_id")):
            return str(entry["Id"])
    return None


def _classification_job(account: Account, region: str, values: Values) -> str | None:
    """The job of a name that runs; Macie lists cancelled ones for thirty days."""
    for job in _pages(account.client("macie2", region), "list_classification_jobs", "items"):
        if values.get("name") and job["name"] == values["name"] and job["jobStatus"] != "CANCELLED":
            return str(job["jobId"])
    return None


def _backup_selection(account: Account, region: str, values: Values) -> str | None:
    if not values.get("plan_id"):
        return None
    client = account.client("backup", region)
    for entry in _pages(client, "list_backup_selections", "BackupSelectionsList", BackupPlanId=values["plan_id"]):
        if entry.get("SelectionName") == values.get("name"):
            return f"{values['plan_id']}|{entry['SelectionId']}"
    return None


def _launch_template(account: Account, region: str, values: Values) -> str | None:
    if not values.get("name"):
        return None
    client = account.client("ec2", region)
    shown = client.describe_launch_templates(LaunchTemplateNames=[values["name"]])["LaunchTemplates"]
    return str(shown[0]["LaunchTemplateId"]) if shown else None


def _query_definition(account: Account, region: str, values: Values) -> str | None:
    client = account.client("logs", region)
    for query in client.describe_query_definitions(queryDefinitionNamePrefix=values["name"])["queryDefinitions"]:
        if query["name"] == values["name"]:
            where = f"arn:{account.identity['partition']}:logs:{client.meta.region_name}:{account.identity['account']}"
            return f"{where}:query-definition:{query['queryDefinitionId']}"
    return None


def _replicated_backups(account: Account, region: str, values: Values) -> str | None:
    source = values.get("source_db_instance_arn")
    client = account.client("rds", region)
    shown = _pages(client, "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups")
    return next(
        (str(b["DBInstanceAutomatedBackupsArn"]) for b in shown if source and b["DBInstanceArn"] == source), None
    )


def _queue(account: Account, region: str, values: Values) -> str | None:
    return (
        str(account.client("sqs", region).get_queue_url(QueueName=values["name"])["QueueUrl"])
        if values.get("name")
        else None
    )


Finder = Callable[[Account, str, Values], str | None]
BY_LISTING: dict[str, Finder] = {
    "aws_acm_certificate": _certificate,
    "aws_backup_plan": _named("backup", "list_backup_plans", "BackupPlansList", "BackupPlanName", "BackupPlanId"),
    "aws_backup_selection": _backup_selection,
    "aws_ce_anomaly_monitor": _named("ce", "get_anomaly_monitors", "AnomalyMonitors", "MonitorName", "MonitorArn"),
    "aws_cloudwatch_query_definition": _query_definition,
    "aws_db_instance_automated_backups_replication": _replicated_backups,
    "aws_eks_pod_identity_association": _pod_identity,
    "aws_guardduty_detector": _detector,
    "aws_iam_service_linked_role": _linked_role,
    "aws_kms_key": _kms_key,
    "aws_launch_template": _launch_template,
    "aws_lb": _load_balancer,
    "aws_lb_listener": _listener,
    "aws_lb_target_group": _target_group,
    "aws_macie2_classification_job": _classification_job,
    "aws_route53_resolver_query_log_config": _named(
        "route53resolver", "list_resolver_query_log_configs", "ResolverQueryLogConfigs", "Name", "Id"
    ),
    "aws_route53_resolver_query_log_config_association": _query_log_of_vpc,
    "aws_route53_zone": _zone,
    "aws_secretsmanager_secret": _secret,
    "aws_sqs_queue": _queue,
    "aws_vpc_security_group_egress_rule": _security_group_rule(True),
    "aws_vpc_security_group_ingress_rule": _security_group_rule(False),
    "aws_wafv2_web_acl": _web_acl,
}
