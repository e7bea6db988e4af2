"""The permissions to apply on AWS, as IAM policies. Loads no CDK."""

import json
from collections.abc import Collection, Mapping
from typing import Any

PASSED_TO = (
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "events.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "s3.amazonaws.com",
    "scheduler.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that the foundation passes roles to."""

_LINKED = (
    "access-analyzer.amazonaws.com",
    "autoscaling.amazonaws.com",
    "config.amazonaws.com",
    "eks-nodegroup.amazonaws.com",
    "eks.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "guardduty.amazonaws.com",
    "inspector2.amazonaws.com",
    "kafka.amazonaws.com",
    "macie.amazonaws.com",
    "malware-protection.guardduty.amazonaws.com",
    "rds.amazonaws.com",
    "replication.ecr.amazonaws.com",
    "reports.backup.amazonaws.com",
    "securityhub.amazonaws.com",
    "spot.amazonaws.com",
    "wafv2.amazonaws.com",
)
"""Services that create a service-linked role in the account on first use."""

_BOUNDED = (
    "AttachRolePolicy",
    "CreateRole",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
)
"""Actions allowed only on roles with one of the kit's permissions boundaries (GOV-2)."""

STATE = ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
"""On the bucket of remote state: the state file and its lock."""

_PARTS = {
    "network": ("acm", "ec2", "elasticloadbalancing", "route53", "route53resolver", "wafv2"),
    "data": ("elasticache", "kafka", "kms", "rds", "s3", "secretsmanager"),
    "cluster": ("backup", "backup-storage", "ecr", "eks", "inspector2"),
    "records": (
        "access-analyzer",
        "cloudtrail",
        "cloudwatch",
        "config",
        "events",
        "guardduty",
        "logs",
        "macie2",
        "securityhub",
    ),
}
"""A managed policy has at most 6144 characters, so the services are spread over several policies; `rest` has IAM and
the others. Source: IAM User Guide, "IAM and AWS STS quotas"."""


def files(types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """File name to content: policies that together allow applying stacks with these resource types.

    `types` maps a resource type to services and their actions.
    """
    services: dict[str, set[str]] = {}
    for actions in types.values():
        for service, words in actions.items():
            services.setdefault(service, set()).update(words.split())
    identity = services.pop("iam", set())
    rest = tuple(sorted(set(services) - {service for part in _PARTS.values() for service in part}))
    parts: dict[str, list[dict[str, Any]]] = {
        name: [_allow(service, services[service]) for service in part if service in services]
        for name, part in {**_PARTS, "rest": rest}.items()
    }
    parts["data"].append(_statement("State", STATE, ["arn:*:s3:::*state*", "arn:*:s3:::*state*/*"]))
    parts["rest"] += _identity(identity)
    return {
        f"{name}.json": json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
        for name, statements in parts.items()
    }


def _identity(words: set[str]) -> list[dict[str, Any]]:
    """IAM's actions: on roles with a permissions boundary only, and passing roles to known services only."""
    bounded = {f"iam:{word}" for word in words.intersection(_BOUNDED)}
    return [
        _allow("iam", words - {"CreateServiceLinkedRole", "PassRole", *_BOUNDED}),
        _statement("Bounded", bounded, StringLike={"iam:PermissionsBoundary": "arn:*:iam::*:policy/*-boundary"}),
        _statement("Passed", {"iam:PassRole"}, StringEquals={"iam:PassedToService": list(PASSED_TO)}),
        _statement("Linked", {"iam:CreateServiceLinkedRole"}, StringEquals={"iam:AWSServiceName": list(_LINKED)}),
    ]


def _allow(service: str, words: Collection[str]) -> dict[str, Any]:
    sid = "".join(word.title() for word in service.split("-"))
    return _statement(sid, {f"{service}:{word}" for word in words})


def _statement(
    sid: str, actions: Collection[str], on: str | list[str] = "*", **condition: Mapping[str, Any]
) -> dict[str, Any]:
    content = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": on}
    return content | ({"Condition": condition} if condition else {})
