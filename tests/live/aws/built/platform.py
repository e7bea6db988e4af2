"""Cluster, registry, entry, observability, audit, backup and cost, as the constructs make them."""

import json
from typing import Any

from terrace.aws import names
from terrace.capabilities.spec import LAYERS
from terrace.live.aws.audit import _BASELINE, _FEATURES
from terrace.live.aws.entry import _MANAGED
from terrace.live.aws.observability import SIGNALS
from tests.live.aws.site import ACCOUNT, Site

SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}


def cluster(site: Site) -> None:
    eks, spec = site.client("eks"), site.environment.cluster
    kinds = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    eks.create_cluster(
        name=site.prefix,
        version=spec.version,
        roleArn=site.role_arn("cluster"),
        resourcesVpcConfig={
            "subnetIds": site.ids["subnets"]["control"],
            "securityGroupIds": [site.ids["groups"]["control"]],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        logging={"clusterLogging": [{"types": kinds, "enabled": True}]},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": site.key("cluster")}}],
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        upgradePolicy={"supportType": "STANDARD"},
        tags=site.tags,
    )
    for name in spec.pools:
        template = site.client("ec2").create_launch_template(
            LaunchTemplateName=f"{site.prefix}-{name}",
            LaunchTemplateData=machine(site),
            TagSpecifications=site.ec2_tags("launch-template", f"{site.prefix}-{name}"),
        )["LaunchTemplate"]["LaunchTemplateId"]
        site.ids[f"template {name}"] = template
        make_pool(site, name)
    for name, settings in (("vpc-cni", {"enableNetworkPolicy": "true"}), ("eks-pod-identity-agent", {})):
        eks.create_addon(
            clusterName=site.prefix, addonName=name, configurationValues=json.dumps(settings), tags=site.tags
        )
    admin = names.arn(site.target, "iam", f"role/{names.settings(site.target).admin_role}", region="")
    for principal, policy in (
        (admin, "AmazonEKSClusterAdminPolicy"),
        (site.role_arn("ci-apply"), "AmazonEKSClusterAdminPolicy"),
        (site.role_arn("ci-plan"), "AmazonEKSAdminViewPolicy"),
    ):
        let_in(site, principal, policy)
    for module in [*site.environment.modules, "velero"]:
        eks.create_pod_identity_association(
            clusterName=site.prefix,
            namespace=module,
            serviceAccount=module,
            roleArn=site.role_arn("velero" if module == "velero" else f"module-{module}"),
            tags=site.tags,
        )


def machine(site: Site, **different: Any) -> dict[str, Any]:
    """A node's launch template."""
    disk = {"VolumeSize": 80, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": site.key("disks")}
    return {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": name, "Ebs": disk} for name in ("/dev/xvda", "/dev/xvdb")],
        **different,
    }


def make_pool(site: Site, name: str, **different: Any) -> None:
    pool = site.environment.cluster.pools[name]
    asked: dict[str, Any] = {
        "clusterName": site.prefix,
        "nodegroupName": name,
        "nodeRole": site.role_arn("node"),
        "subnets": site.ids["subnets"]["nodes"],
        "capacityType": "SPOT" if pool.kind == "spot" else "ON_DEMAND",
        "amiType": "BOTTLEROCKET_x86_64",
        "launchTemplate": {"id": site.ids[f"template {name}"], "version": "1"},
        "scalingConfig": {
            "minSize": pool.min_nodes,
            "maxSize": pool.max_nodes,
            "desiredSize": pool.min_nodes,
        },
        "nodeRepairConfig": {"enabled": True},
        "tags": site.tags,
    }
    site.client("eks").create_nodegroup(**{**asked, **different})


def let_in(site: Site, principal: str, policy: str) -> None:
    eks = site.client("eks")
    eks.create_access_entry(clusterName=site.prefix, principalArn=principal, type="STANDARD", tags=site.tags)
    eks.associate_access_policy(
        clusterName=site.prefix,
        principalArn=principal,
        policyArn=f"arn:aws:eks::aws:cluster-access-policy/{policy}",
        accessScope={"type": "cluster"},
    )


def registry(site: Site) -> None:
    ecr = site.client("ecr")
    for module in site.environment.modules:
        ecr.create_repository(
            repositoryName=f"{site.prefix}/{module}",
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            encryptionConfiguration={"encryptionType": "KMS", "kmsKey": site.key("registry")},
            tags=site.pairs(),
        )
    ecr.put_registry_scanning_configuration(
        scanType="ENHANCED",
        rules=[{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}],
    )


def entry(site: Site) -> None:
    elb = site.client("elbv2")
    made = elb.create_load_balancer(
        Name=site.prefix,
        Subnets=site.ids["subnets"]["public"],
        SecurityGroups=[site.ids["groups"]["entry"]],
        Tags=site.pairs(),
    )
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    pods = elb.create_target_group(
        Name=site.prefix, Protocol="HTTPS", Port=8443, VpcId=site.ids["vpc"], TargetType="ip"
    )
    forward = {"Type": "forward", "TargetGroupArn": pods["TargetGroups"][0]["TargetGroupArn"]}
    certificate = site.client("acm").request_certificate(DomainName="data.example.com", Tags=site.pairs())
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[forward],
    )
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )
    waf = site.client("wafv2")
    acl = waf.create_web_acl(
        Name=site.prefix,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=SEEN,
        Rules=firewall_rules(),
        Tags=site.pairs(),
    )["Summary"]
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer)
    waf.put_logging_configuration(
        LoggingConfiguration={
            "ResourceArn": acl["ARN"],
            "LogDestinationConfigs": [names.log_group_arn(site.target, "waf")],
        }
    )
    site.ids.update(balancer=balancer, firewall=acl)


def firewall_rules(action: str = "None") -> list[dict[str, Any]]:
    managed = [
        {
            "Name": name,
            "Priority": place,
            "OverrideAction": {action: {}},
            "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}},
            "VisibilityConfig": SEEN,
        }
        for place, name in enumerate(_MANAGED)
    ]
    rate = {
        "Name": "rate",
        "Priority": 10,
        "Action": {"Block": {}},
        "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
        "VisibilityConfig": SEEN,
    }
    return [*managed, rate]


def observability(site: Site) -> None:
    counts = {"AWS/ElastiCache": site.environment.cache.replicas + 1, "AWS/NATGateway": len(site.target.zones)}
    site.client("logs").put_metric_filter(
        logGroupName=names.log_group(site.target, "trail"),
        filterName="lake-denials",
        filterPattern='{ ($.eventSource = "s3.amazonaws.com") && ($.errorCode = "AccessDenied") }',
        metricTransformations=[
            {"metricName": "LakeDenials", "metricNamespace": f"Terrace/{site.prefix}", "metricValue": "1"}
        ],
    )
    arns: list[str] = []
    for namespace, metric in [*SIGNALS, (f"Terrace/{site.prefix}", "LakeDenials")]:
        for number in range(counts.get(namespace, 1)):
            for severity in ("warning", "critical"):
                name = f"{site.prefix}-{metric}-{number}-{severity}"
                site.client("cloudwatch").put_metric_alarm(
                    AlarmName=name,
                    Namespace=namespace,
                    MetricName=metric,
                    Dimensions=[{"Name": "Place", "Value": str(number)}],
                    Statistic="Maximum",
                    Period=300,
                    EvaluationPeriods=3,
                    Threshold=1,
                    ComparisonOperator="GreaterThanThreshold",
                    AlarmActions=[names.topic_arn(site.target, severity)],
                    Tags=site.pairs(),
                )
                arns.append(names.arn(site.target, "cloudwatch", f"alarm:{name}"))
    site.ids["alarms"] = arns
    draw(site, arns)


def draw(site: Site, alarms: list[str]) -> None:
    widgets = [{"type": "metric", "properties": {"annotations": {"alarms": [alarm]}}} for alarm in alarms]
    head = {"type": "alarm", "properties": {"title": "Objective: 99.9 % of requests succeed", "alarms": alarms}}
    site.client("cloudwatch").put_dashboard(
        DashboardName=site.prefix, DashboardBody=json.dumps({"widgets": [head, *widgets]})
    )


def audit(site: Site) -> None:
    trail = site.client("cloudtrail")
    trail.create_trail(
        Name=site.prefix,
        S3BucketName=names.bucket(site.target, "audit"),
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=site.key("audit"),
        TagsList=site.pairs(),
    )
    trail.start_logging(Name=site.prefix)
    record(site, list(LAYERS))
    detector = site.client("guardduty").create_detector(
        Enable=True, Features=[{"Name": name, "Status": "ENABLED"} for name in _FEATURES], Tags=site.tags
    )
    site.ids["detector"] = detector["DetectorId"]
    config = site.client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": site.prefix,
            "roleARN": site.role_arn("config"),
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(
        DeliveryChannel={"name": site.prefix, "s3BucketName": names.bucket(site.target, "audit")}
    )
    config.start_configuration_recorder(ConfigurationRecorderName=site.prefix)
    for rule in _BASELINE:
        needed = {"InputParameters": json.dumps({"tag1Key": "environment"})} if rule == "REQUIRED_TAGS" else {}
        config.put_config_rule(
            ConfigRule={
                "ConfigRuleName": f"{site.prefix}-{rule.lower().replace('_', '-')}",
                "Source": {"Owner": "AWS", "SourceIdentifier": rule},
                **needed,
            }
        )


def record(site: Site, layers: list[Any]) -> None:
    """Choose what the trail records: every call, and the objects of some layers."""
    arns = [f"{names.bucket_arn(site.target, layer)}/" for layer in layers]
    objects = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": arns},
    ]
    site.client("cloudtrail").put_event_selectors(
        TrailName=site.prefix,
        AdvancedEventSelectors=[
            {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
            {"Name": "Lake objects", "FieldSelectors": objects},
        ],
    )


def backup(site: Site) -> None:
    for region in (site.away, None):
        client = site.client("backup", region)
        vault = client.create_backup_vault(
            BackupVaultName=site.prefix, EncryptionKeyArn=site.key("backups", region), BackupVaultTags=site.tags
        )
        client.put_backup_vault_lock_configuration(
            BackupVaultName=site.prefix, MinRetentionDays=1, MaxRetentionDays=120, ChangeableForDays=3
        )
        site.ids[f"vault {region or site.target.region}"] = vault["BackupVaultArn"]
    client = site.client("backup")
    plan = client.create_backup_plan(BackupPlan=backup_plan(site), BackupPlanTags=site.tags)["BackupPlanId"]
    site.ids["plan"] = plan
    layers = [names.bucket_arn(site.target, layer) for layer in ("silver", "gold", "platinum")]
    client.create_backup_selection(
        BackupPlanId=plan,
        BackupSelection={
            "SelectionName": "platform",
            "IamRoleArn": site.role_arn("backup"),
            "Resources": [site.ids["database"], *layers],
        },
    )


def backup_plan(site: Site, schedule: str = "cron(0 2/12 * * ? *)") -> dict[str, Any]:
    spec = site.environment.backup
    return {
        "BackupPlanName": site.prefix,
        "Rules": [
            {
                "RuleName": "daily",
                "TargetBackupVaultName": site.prefix,
                "ScheduleExpression": schedule,
                "Lifecycle": {"DeleteAfterDays": spec.retention_days},
                "CopyActions": [{"DestinationBackupVaultArn": site.ids[f"vault {site.away}"]}],
            }
        ],
    }


def cost(site: Site) -> None:
    people = [{"SubscriptionType": "EMAIL", "Address": "platform@example.com"}]
    site.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": site.prefix,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": str(site.environment.cost.budget_usd), "Unit": "USD"},
        },
        NotificationsWithSubscribers=[
            {
                "Notification": {
                    "NotificationType": kind,
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": threshold,
                    "ThresholdType": "PERCENTAGE",
                },
                "Subscribers": people,
            }
            for kind, threshold in (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
        ],
    )
    scheduler, sleep = site.client("scheduler"), site.environment.cost.sleep
    assert sleep is not None
    scheduler.create_schedule_group(Name=f"{site.prefix}-sleep", Tags=site.pairs())
    for name, pool in site.environment.cluster.pools.items():
        for word, at, size in (("down", sleep.down, 0), ("up", sleep.up, pool.min_nodes)):
            hour, minute = (int(part) for part in at.split(":"))
            wanted = {
                "ClusterName": site.prefix,
                "NodegroupName": name,
                "ScalingConfig": {"MinSize": size, "DesiredSize": size},
            }
            scheduler.create_schedule(
                Name=f"{site.prefix}-nodes-{name}-{word}",
                GroupName=f"{site.prefix}-sleep",
                ScheduleExpression=f"cron({minute} {hour} ? * MON-FRI *)",
                ScheduleExpressionTimezone=sleep.timezone,
                FlexibleTimeWindow={"Mode": "OFF"},
                State="ENABLED",
                Target={
                    "Arn": "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig",
                    "RoleArn": site.role_arn("scheduler"),
                    "Input": json.dumps(wanted),
                },
            )


def build(site: Site) -> None:
    for step in (cluster, registry, entry, observability, audit, backup, cost):
        step(site)
