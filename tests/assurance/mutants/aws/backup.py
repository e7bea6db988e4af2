"""Backups, cost, ownership, pipelines (BAK-1 to ID-1)."""

from tests.assurance.mutants import add, also, drop, every, inside, mutant, point, put, remove, statement, without

DB = ("aws_db_instance", "database/server")
TEMPLATE = ("aws_launch_template", "cluster/template-system")
PLAN = ("aws_backup_plan", "backup/plan")
BOUNDARY = ("aws_iam_policy", "governance/boundary")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant("BAK-1 BAK-3", "weekly backups", put(*PLAN, "rule.schedule", "cron(0 5 ? * SUN *)")),
    mutant("BAK-1", "short backup retention", put(*PLAN, "rule.lifecycle.delete_after", 1)),
    mutant("BAK-1", "backup vault without a lock", remove("aws_backup_vault_lock_configuration", "backup/home/lock")),
    mutant(
        "BAK-1",
        "vault lock in governance mode",
        drop("aws_backup_vault_lock_configuration", "backup/home/lock", "changeable_for_days"),
        only="prod",
    ),
    mutant(
        "BAK-1",
        "backup vault with the wrong key",
        point("aws_backup_vault", "backup/home/vault", "kms_key_arn", LOGS_KEY),
    ),
    mutant("ID-2", "backup deletion not denied", remove("aws_backup_vault_policy", "backup/home/policy")),
    mutant("BAK-1", "no backup in the recovery region", drop(*PLAN, "rule.copy_action"), only="prod"),
    mutant(
        "BAK-1", "database missing in the backup plan", drop("aws_backup_selection", "backup/platform", "resources.0")
    ),
    mutant("BAK-1", "backups in the default vault", put(*PLAN, "rule.target_vault_name", "Default")),
    mutant(
        "BAK-2 LAKE-7 ID-2",
        "Velero with write access everywhere",
        inside("aws_iam_role_policy", "backup/velero-bucket", "policy", statement(0, Resource="*")),
    ),
    mutant("BAK-2 LAKE-7", "Velero without write access", remove("aws_iam_role_policy", "backup/velero-bucket")),
    mutant(
        "BAK-2",
        "Velero without snapshots",
        inside("aws_iam_role_policy", "backup/velero-volumes", "policy", statement(1, Action=["ec2:CreateVolume"])),
    ),
    mutant("BAK-2 ID-2", "Velero without snapshot permissions", remove("aws_iam_role_policy", "backup/velero-volumes")),
    mutant("ID-2", "Velero without an identity", remove("aws_eks_pod_identity_association", "backup/velero-pods")),
    mutant(
        "BAK-3",
        "backups less frequent than the objective",
        put(*PLAN, "rule.schedule", "cron(0 5 * * ? *)"),
        only="prod",
    ),
    mutant("BAK-3", "backup start window too long", put(*PLAN, "rule.start_window", 1440)),
    mutant(
        "BAK-3",
        "no alert on failed backups",
        put("aws_backup_vault_notifications", "backup/trouble", "backup_vault_events", []),
    ),
    mutant("BAK-4", "copies not reported", remove("aws_backup_report_plan", "backup/copy-report")),
    mutant(
        "BAK-4",
        "reports in another bucket",
        put("aws_backup_report_plan", "backup/backup-report", "report_delivery_channel.s3_bucket_name", "elsewhere"),
    ),
    mutant("BAK-4", "failed backups without an alarm", remove("aws_cloudwatch_event_rule", "backup/failed-backup")),
    mutant("BAK-4", "failed copies not sent", remove("aws_cloudwatch_event_target", "backup/failed-copy-to-people")),
    mutant(
        "BAK-4",
        "expired backups without an alarm",
        inside(
            "aws_cloudwatch_event_rule",
            "backup/failed-backup",
            "event_pattern",
            lambda pattern: pattern["detail"].update(state=["FAILED"]),
        ),
    ),
    mutant("BAK-3 DB-5", "no point-in-time recovery", put(*DB, "backup_retention_period", 0)),
    mutant("COST-1", "no budget alert at 50 %", drop("aws_budgets_budget", "cost/budget", "notification.0")),
    mutant("COST-1", "budget too high", put("aws_budgets_budget", "cost/budget", "limit_amount", "999999")),
    mutant(
        "COST-1",
        "budget alert without a recipient",
        every(
            [
                put("aws_budgets_budget", "cost/budget", "notification.1.subscriber_email_addresses", []),
                put("aws_budgets_budget", "cost/budget", "notification.1.subscriber_sns_topic_arns", []),
            ]
        ),
    ),
    mutant("COST-1", "yearly budget", put("aws_budgets_budget", "cost/budget", "time_unit", "ANNUALLY")),
    mutant(
        "COST-2", "node pool not scaled down", remove("aws_scheduler_schedule", "cost/nodes-system-down"), only="dev"
    ),
    mutant(
        "COST-2",
        "node pool not scaled up",
        put("aws_scheduler_schedule", "cost/nodes-system-up", "state", "DISABLED"),
        only="dev",
    ),
    mutant(
        "COST-2",
        "schedule in another time zone",
        put("aws_scheduler_schedule", "cost/nodes-spot-down", "schedule_expression_timezone", "Asia/Tokyo"),
        only="dev",
    ),
    mutant(
        "COST-2",
        "node pool scaled down to one node",
        inside(
            "aws_scheduler_schedule",
            "cost/nodes-system-down",
            "target.input",
            lambda d: d["ScalingConfig"].update(DesiredSize=1),
        ),
        only="dev",
    ),
    mutant("COST-2", "database not stopped", remove("aws_scheduler_schedule", "cost/database-down"), only="dev"),
    mutant(
        "GOV-1", "owner tag missing", lambda stack: stack["provider"]["aws"][0]["default_tags"][0]["tags"].pop("owner")
    ),
    mutant(
        "GOV-1",
        "recovery region without default tags",
        lambda stack: stack["provider"]["aws"][1].pop("default_tags"),
        only="prod",
    ),
    mutant("GOV-1", "nodes without tags", put(*TEMPLATE, "tag_specifications.0.tags", {"Name": "x"})),
    mutant("GOV-1", "resource with a conflicting tag", put("aws_vpc", "network/vpc", "tags", {"environment": "other"})),
    mutant("GOV-1", "recovery points without tags", drop(*PLAN, "rule.recovery_point_tags")),
    mutant("GOV-2", "resource in another region", lambda stack: stack["provider"]["aws"][0].update(region="us-east-1")),
    mutant(
        "GOV-2",
        "images replicated to another region",
        put(
            "aws_ecr_replication_configuration",
            "registry/replication",
            "replication_configuration.rule.destination.0.region",
            "us-east-1",
        ),
        only="prod",
    ),
    mutant("GOV-2", "other regions not denied", inside("aws_iam_policy", "governance/boundary", "policy", without(1))),
    mutant(
        "GOV-2",
        "one service exempt from the region denial",
        inside(
            "aws_iam_policy", "governance/boundary", "policy", lambda d: d["Statement"][1]["NotAction"].append("rds:*")
        ),
    ),
    mutant(
        "GOV-2",
        "role without the permissions boundary",
        drop("aws_iam_role", "workloads/module-airflow", "permissions_boundary"),
    ),
    mutant(
        "ID-1",
        "apply identity open to any workflow",
        inside(
            "aws_iam_role",
            "pipelines/apply",
            "assume_role_policy",
            lambda d: d["Statement"][0]["Condition"]["StringEquals"].pop("token.actions.githubusercontent.com:sub"),
        ),
    ),
    mutant(
        "ID-1",
        "plan identity open to another repository",
        inside(
            "aws_iam_role",
            "pipelines/plan",
            "assume_role_policy",
            lambda d: d["Statement"][0]["Condition"]["StringEquals"].update(
                {"token.actions.githubusercontent.com:sub": "repo:other/x:ref"}
            ),
        ),
    ),
    mutant(
        "ID-1",
        "apply role open to a user",
        inside(
            "aws_iam_role",
            "pipelines/apply",
            "assume_role_policy",
            also(Principal={"AWS": "arn:aws:iam::777788889999:user/x"}, Action="sts:AssumeRole"),
        ),
    ),
    mutant(
        "ID-2 KEY-3 SEC-3 K8S-10 LAKE-7",
        "plan identity with write access",
        put(
            "aws_iam_role_policy_attachment",
            "pipelines/plan-ReadOnlyAccess",
            "policy_arn",
            "arn:aws:iam::aws:policy/PowerUserAccess",
        ),
    ),
    mutant(
        "ID-2",
        "plan identity with one write permission",
        inside("aws_iam_role_policy", "pipelines/plan-state", "policy", also(Action="rds:*", Resource="*")),
    ),
    mutant("LAKE-7 SEC-3", "plan identity may read data", remove("aws_iam_role_policy", "pipelines/plan-no-data")),
    mutant("ID-2", "boundary that lets roles stop the trail", inside(*BOUNDARY, "policy", without(5))),
    mutant(
        "ID-2",
        "boundary that the pipeline may rewrite",
        inside(
            *BOUNDARY,
            "policy",
            statement(
                4,
                Condition={"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::777788889999:role/dpf-prod-ci-apply"]}},
            ),
        ),
        only="prod",
    ),
    mutant(
        "ID-2",
        "boundary that lets roles narrow the trail",
        inside(
            *BOUNDARY,
            "policy",
            lambda document: document["Statement"][5]["Action"].remove("cloudtrail:PutEventSelectors"),
        ),
    ),
    mutant("ID-2", "boundary that lets roles disable rules", inside(*BOUNDARY, "policy", without(6))),
    mutant("ID-2", "boundary that lets roles leave it", inside(*BOUNDARY, "policy", without(2))),
    mutant(
        "ID-1",
        "plan identity replaces bundles",
        inside("aws_iam_role_policy", "pipelines/plan-state", "policy", statement(0, Condition=None)),
    ),
    mutant(
        "ID-1",
        "apply role open to every branch",
        inside(
            "aws_iam_role",
            "pipelines/apply",
            "assume_role_policy",
            lambda d: d["Statement"][0]["Condition"]["StringEquals"].pop("token.actions.githubusercontent.com:ref"),
        ),
    ),
    mutant("ID-1", "static key", add("aws_iam_access_key", "pipelines/mutant", {"user": "x"})),
    mutant("ID-1", "no federated login", remove("aws_iam_openid_connect_provider", "pipelines/github")),
]
