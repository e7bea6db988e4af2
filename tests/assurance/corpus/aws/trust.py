"""Who may act as whom: trust policies, pod identities, access entries of the cluster."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, also, every, inside, point, put, statement, to

ACCOUNT = "777788889999"
ISSUER = "token.actions.githubusercontent.com"


def trust(path: str, **statement: Any) -> Edit:
    """One more statement of a role's trust."""
    return inside("aws_iam_role", path, "assume_role_policy", also(**statement))


def subject(path: str, **condition: Any) -> Edit:
    """Another condition of a pipeline's trust."""
    return inside("aws_iam_role", path, "assume_role_policy", statement(0, Condition=condition))


AUDIENCE = {f"{ISSUER}:aud": "sts.amazonaws.com"}

DANGERS = [
    Danger(
        "trust",
        "pull requests may apply",
        subject("pipelines/apply", StringEquals={**AUDIENCE, f"{ISSUER}:sub": "repo:acme/terrace:pull_request"}),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "every branch that names the environment may apply",
        subject(
            "pipelines/apply",
            StringEquals={
                **AUDIENCE,
                f"{ISSUER}:sub": "repo:acme/terrace:environment:prod",
                f"{ISSUER}:environment": "prod",
            },
        ),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "every repository of the organisation may apply",
        subject("pipelines/apply", StringEquals=AUDIENCE, StringLike={f"{ISSUER}:sub": "repo:acme/*:environment:prod"}),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "every repository of GitHub may plan, if the subject is absent or like anything",
        subject("pipelines/plan", StringEquals=AUDIENCE, StringLikeIfExists={f"{ISSUER}:sub": "*"}),
        "aws_iam_role pipelines/plan",
    ),
    Danger(
        "trust",
        "a set operator that an absent subject satisfies",
        subject(
            "pipelines/apply",
            **{
                "StringEquals": AUDIENCE,
                "ForAllValues:StringLike": {f"{ISSUER}:sub": ["repo:acme/terrace:*", "repo:*"]},
            },
        ),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "another identity provider may apply",
        inside(
            "aws_iam_role",
            "pipelines/apply",
            "assume_role_policy",
            statement(0, Principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.example.com"}),
        ),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "a consultant's account becomes the apply's identity",
        trust("pipelines/apply", Principal={"AWS": "arn:aws:iam::999999999999:root"}, Action="sts:AssumeRole"),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "every identity of the account becomes a module",
        trust("workloads/module-airflow", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="sts:AssumeRole"),
        "aws_iam_role workloads/module-airflow",
    ),
    Danger(
        "trust",
        "anyone of any account becomes a module, by a condition that narrows nothing",
        trust(
            "workloads/module-spark",
            Principal={"AWS": "*"},
            Action="sts:AssumeRole",
            Condition={"StringLike": {"aws:PrincipalAccount": "*"}},
        ),
        "aws_iam_role workloads/module-spark",
    ),
    Danger(
        "trust",
        "the nodes become the apply's identity",
        trust(
            "pipelines/apply",
            Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/dpf-prod-node"},
            Action="sts:AssumeRole",
        ),
        "aws_iam_role pipelines/apply",
    ),
    Danger(
        "trust",
        "Lambda becomes a module",
        trust(
            "workloads/module-superset",
            Principal={"Service": "lambda.amazonaws.com"},
            Action="sts:AssumeRole",
            Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
        "aws_iam_role workloads/module-superset",
    ),
    Danger(
        "trust",
        "the trail's service acts for any account",
        inside("aws_iam_role", "audit/trail-role", "assume_role_policy", statement(0, Condition=None)),
        "aws_iam_role audit/trail-role",
    ),
    Danger(
        "trust",
        "pods of any cluster become a module",
        inside("aws_iam_role", "workloads/module-airflow", "assume_role_policy", statement(0, Condition=None)),
        "aws_iam_role workloads/module-airflow",
    ),
    Danger(
        "trust",
        "another workload's pods become a module",
        add(
            "aws_eks_pod_identity_association",
            "workloads/extra-identity",
            {
                "cluster_name": to("aws_eks_cluster", "cluster/control-plane", "name"),
                "namespace": "default",
                "service_account": "default",
                "role_arn": to("aws_iam_role", "workloads/module-airflow", "arn"),
            },
        ),
        "aws_eks_pod_identity_association workloads/extra-identity",
    ),
    Danger(
        "trust",
        "a module's pods become the database's administrator",
        point(
            "aws_eks_pod_identity_association",
            "workloads/module-jaeger-identity",
            "role_arn",
            ("aws_iam_role", "workloads/database-bootstrap"),
        ),
        "aws_eks_pod_identity_association workloads/module-jaeger-identity",
    ),
    Danger(
        "trust",
        "the add-on for logs becomes the backup's identity",
        point(
            "aws_eks_addon",
            "cluster/amazon-cloudwatch-observability",
            "pod_identity_association.0.role_arn",
            ("aws_iam_role", "backup/velero"),
        ),
        "aws_eks_addon cluster/amazon-cloudwatch-observability",
    ),
    Danger(
        "kubernetes",
        "developers administer the cluster",
        every(
            [
                add(
                    "aws_eks_access_entry",
                    "cluster/access-developers",
                    {
                        "cluster_name": to("aws_eks_cluster", "cluster/control-plane", "name"),
                        "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/developers",
                        "kubernetes_groups": ["system:masters"],
                    },
                ),
            ]
        ),
        "aws_eks_access_entry cluster/access-developers",
    ),
    Danger(
        "kubernetes",
        "the plan's identity edits the cluster",
        put(
            "aws_eks_access_policy_association",
            "cluster/access-plan-policy",
            "policy_arn",
            "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        ),
        "aws_eks_access_policy_association cluster/access-plan-policy",
    ),
    Danger(
        "kubernetes",
        "a role of another account administers one namespace",
        add(
            "aws_eks_access_policy_association",
            "cluster/access-partner",
            {
                "cluster_name": to("aws_eks_cluster", "cluster/control-plane", "name"),
                "principal_arn": "arn:aws:iam::999999999999:role/partner",
                "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
                "access_scope": {"type": "namespace", "namespaces": ["airflow"]},
            },
        ),
        "aws_eks_access_policy_association cluster/access-partner",
    ),
]
