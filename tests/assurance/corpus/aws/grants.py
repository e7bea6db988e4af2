"""Grants by identities' own policies: inline and managed policies, boundaries."""

import json
from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, also, every, inside, put, statement, to

POLICY = "aws_iam_role_policy"
AIRFLOW = ("aws_iam_role_policy", "workloads/module-airflow-lake")
ACCOUNT = "777788889999"


def role(path: str) -> Any:
    return to("aws_iam_role", path, "name")


def policy(path: str, of: str, **content: Any) -> Edit:
    """One more inline policy of a role."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **content}]}
    return add(POLICY, path, {"name": path.rpartition("/")[2], "role": role(of), "policy": json.dumps(document)})


def attach(path: str, of: str, managed: str) -> Edit:
    """One more managed policy of a role."""
    arn = managed if managed.startswith("arn:") else f"arn:aws:iam::aws:policy/{managed}"
    return add("aws_iam_role_policy_attachment", path, {"role": role(of), "policy_arn": arn})


DANGERS = [
    Danger(
        "grants",
        "a module reads every bucket by a wildcard",
        policy("workloads/everything", "workloads/module-airflow", Action="s3:*", Resource="arn:aws:s3:::*"),
        f"{POLICY} workloads/everything",
    ),
    Danger(
        "grants",
        "a module writes gold",
        policy(
            "workloads/gold",
            "workloads/module-airflow",
            Action="s3:PutObject",
            Resource=f"arn:aws:s3:::dpf-prod-gold-{ACCOUNT}/*",
        ),
        f"{POLICY} workloads/gold",
    ),
    Danger(
        "grants",
        "a module's statement gets a wildcard inside the bucket's name",
        inside(*AIRFLOW, "policy", statement(0, Resource=f"arn:aws:s3:::dpf-*-{ACCOUNT}/*")),
        " ".join(AIRFLOW),
    ),
    Danger(
        "grants",
        "a module may do everything but change identities, on the lake",
        inside(*AIRFLOW, "policy", also(NotAction="iam:*", Resource=f"arn:aws:s3:::dpf-prod-*-{ACCOUNT}*")),
        " ".join(AIRFLOW),
    ),
    Danger(
        "grants",
        "a module reads all but one bucket",
        inside(*AIRFLOW, "policy", also(Action="s3:Get*", NotResource=f"arn:aws:s3:::dpf-prod-audit-{ACCOUNT}/*")),
        " ".join(AIRFLOW),
    ),
    Danger(
        "grants",
        "a module deletes buckets",
        inside(*AIRFLOW, "policy", also(Action="s3:DeleteBucket*", Resource=f"arn:aws:s3:::dpf-prod-bronze-{ACCOUNT}")),
        " ".join(AIRFLOW),
    ),
    Danger(
        "grants",
        "a module overrides the lock of bronze",
        inside(
            *AIRFLOW,
            "policy",
            also(Action="s3:BypassGovernanceRetention", Resource=f"arn:aws:s3:::dpf-prod-bronze-{ACCOUNT}/*"),
        ),
        " ".join(AIRFLOW),
    ),
    Danger(
        "grants",
        "a module sends data to a bucket outside the platform",
        policy(
            "workloads/partner",
            "workloads/module-spark",
            Action=["s3:PutObject", "s3:PutObjectAcl"],
            Resource="arn:aws:s3:::partner-exchange/*",
        ),
        f"{POLICY} workloads/partner",
    ),
    Danger(
        "grants",
        "a module reads the secrets of all modules",
        policy(
            "workloads/secrets",
            "workloads/module-jaeger",
            Action="secretsmanager:GetSecretValue",
            Resource=f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:dpf-prod*",
        ),
        f"{POLICY} workloads/secrets",
    ),
    Danger(
        "grants",
        "external-secrets reads secrets with its own identity, and decrypts them",
        policy(
            "workloads/read-all",
            "workloads/external-secrets",
            Action=["secretsmanager:GetSecretValue", "kms:Decrypt"],
            Resource=["arn:aws:secretsmanager:*:*:secret:*", "arn:aws:kms:*:*:key/*"],
        ),
        f"{POLICY} workloads/read-all",
    ),
    Danger(
        "grants",
        "a module logs in to the database as another one",
        inside(
            POLICY,
            "workloads/module-superset-database",
            "policy",
            statement(0, Resource=f"arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser:*/*"),
        ),
        f"{POLICY} workloads/module-superset-database",
    ),
    Danger(
        "grants",
        "a module uses another module's user of the cache",
        inside(
            POLICY,
            "workloads/module-superset-cache",
            "policy",
            also(Action="elasticache:*", Resource=f"arn:aws:elasticache:eu-central-1:{ACCOUNT}:user:dpf-prod-airflow"),
        ),
        f"{POLICY} workloads/module-superset-cache",
    ),
    Danger(
        "grants",
        "external-dns changes every zone of the account",
        inside(
            POLICY, "workloads/external-dns-rights", "policy", statement(0, Resource="arn:aws:route53:::hostedzone/*")
        ),
        f"{POLICY} workloads/external-dns-rights",
    ),
    Danger(
        "grants",
        "the load balancer's controller changes security groups",
        inside(
            POLICY,
            "workloads/load-balancer-rights",
            "policy",
            also(Action="ec2:AuthorizeSecurityGroup*", Resource="*"),
        ),
        f"{POLICY} workloads/load-balancer-rights",
    ),
    Danger(
        "grants",
        "the plan's identity changes security groups",
        inside(
            POLICY,
            "pipelines/plan-state",
            "policy",
            also(Action="ec2:AuthorizeSecurityGroupIngress", Resource="*"),
        ),
        f"{POLICY} pipelines/plan-state",
    ),
    Danger(
        "grants",
        "the plan's identity reads all objects again",
        inside(POLICY, "pipelines/plan-no-data", "policy", statement(1, Action=["s3:GetObjectVersion"])),
        "aws_iam_role_policy_attachment pipelines/plan-ReadOnlyAccess",
    ),
    Danger(
        "grants",
        "the plan's identity writes every state",
        inside(
            POLICY,
            "pipelines/plan-state",
            "policy",
            statement(0, Resource="arn:aws:s3:::dpf-*/*"),
        ),
        f"{POLICY} pipelines/plan-state",
    ),
    Danger(
        "grants",
        "the plan's identity replaces bundles of plans",
        inside(POLICY, "pipelines/plan-state", "policy", statement(0, Condition=None)),
        f"{POLICY} pipelines/plan-state",
    ),
    Danger(
        "grants",
        "the plan's identity opens what is sealed with any key",
        inside(POLICY, "pipelines/plan-state", "policy", also(Action="kms:Decrypt", Resource="*")),
        f"{POLICY} pipelines/plan-state",
    ),
    Danger(
        "grants",
        "the apply's identity changes roles without the boundary",
        inside(POLICY, "pipelines/apply-roles", "policy", statement(0, Condition=None)),
        f"{POLICY} pipelines/apply-roles",
    ),
    Danger(
        "grants",
        "the apply's identity passes any role to any service",
        inside(
            POLICY,
            "pipelines/apply-roles",
            "policy",
            statement(5, Condition=None, Resource=f"arn:aws:iam::{ACCOUNT}:role/*"),
        ),
        f"{POLICY} pipelines/apply-roles",
    ),
    Danger(
        "grants",
        "the apply's identity creates users",
        inside(POLICY, "pipelines/apply-roles", "policy", also(Action="iam:*", Resource="*")),
        f"{POLICY} pipelines/apply-roles",
    ),
    Danger(
        "grants",
        "velero reads the audit logs",
        inside(
            POLICY,
            "backup/velero-bucket",
            "policy",
            statement(0, Resource=f"arn:aws:s3:::dpf-prod-?u*-{ACCOUNT}/*"),
        ),
        f"{POLICY} backup/velero-bucket",
    ),
    Danger(
        "grants",
        "velero deletes any snapshot",
        inside(POLICY, "backup/velero-volumes", "policy", also(Action="ec2:ModifySnapshotAttribute", Resource="*")),
        f"{POLICY} backup/velero-volumes",
    ),
    Danger(
        "grants",
        "the trail's role deletes its own logs",
        inside(POLICY, "audit/trail-role-write-logs", "policy", also(Action="logs:Delete*", Resource="*")),
        f"{POLICY} audit/trail-role-write-logs",
    ),
    Danger(
        "grants",
        "the replication's role writes the home buckets",
        inside(
            POLICY,
            "lake/replication-copy",
            "policy",
            statement(2, Resource=f"arn:aws:s3:::dpf-prod-*-{ACCOUNT}/*"),
        ),
        f"{POLICY} lake/replication-copy",
    ),
    Danger(
        "grants",
        "nodes are power users",
        attach("cluster/node-power", "cluster/node-role", "PowerUserAccess"),
        "aws_iam_role_policy_attachment cluster/node-power",
    ),
    Danger(
        "grants",
        "a module is an administrator",
        attach("workloads/admin", "workloads/module-spark", "AdministratorAccess"),
        "aws_iam_role_policy_attachment workloads/admin",
    ),
    Danger(
        "grants",
        "nodes write to every bucket by a managed policy",
        attach("cluster/node-s3", "cluster/node-role", "AmazonS3FullAccess"),
        "aws_iam_role_policy_attachment cluster/node-s3",
    ),
    Danger(
        "grants",
        "a component has a managed policy of the customer that is not in the stack",
        attach("workloads/own", "workloads/cert-manager", f"arn:aws:iam::{ACCOUNT}:policy/shared"),
        "aws_iam_role_policy_attachment workloads/own",
    ),
    Danger(
        "grants",
        "a policy of the stack gives administration to the plan's identity",
        every(
            [
                add(
                    "aws_iam_policy",
                    "pipelines/wide",
                    {
                        "name": "dpf-prod-wide",
                        "policy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": {"Effect": "Allow", "Action": "*", "Resource": ["*"]},
                            }
                        ),
                    },
                ),
                add(
                    "aws_iam_role_policy_attachment",
                    "pipelines/plan-wide",
                    {
                        "role": role("pipelines/plan"),
                        "policy_arn": lambda stack: to("aws_iam_policy", "pipelines/wide", "arn")(stack),
                    },
                ),
            ]
        ),
        "aws_iam_role_policy_attachment pipelines/plan-wide",
    ),
    Danger(
        "grants",
        "a managed policy in the role itself",
        put(
            "aws_iam_role",
            "workloads/module-opencost",
            "managed_policy_arns",
            ["arn:aws:iam::aws:policy/PowerUserAccess"],
        ),
        "aws_iam_role workloads/module-opencost",
    ),
    Danger(
        "grants",
        "an inline policy in the role itself",
        put(
            "aws_iam_role",
            "workloads/module-opencost",
            "inline_policy",
            [
                {
                    "name": "debug",
                    "policy": json.dumps(
                        {
                            "Version": "2012-10-17",
                            "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}],
                        }
                    ),
                }
            ],
        ),
        "aws_iam_role workloads/module-opencost",
    ),
    Danger(
        "grants",
        "a module has no permissions boundary",
        put("aws_iam_role", "workloads/module-spark", "permissions_boundary", None),
        "aws_iam_role workloads/module-spark",
    ),
    Danger(
        "grants",
        "a module decrypts with the lake's key outside object storage",
        inside("aws_kms_key", "keys/lake", "policy", statement(1, Condition=None)),
        "aws_kms_key keys/lake",
    ),
]
