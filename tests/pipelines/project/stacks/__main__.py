"""A small foundation in place of the whole one: the lake's buckets, the budget and, with a tag, a slow part.

`python -m stacks [STACK...]`, as `terrace` calls it. It needs neither the CDK nor Node.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from terrace.aws import names
from terrace.capabilities.lake import BUCKETS
from terrace.environment import load, target
from terrace.environment import names as environments
from terrace.project.stack_ids import parsed

_BLOCKS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


def _limit(name: str, prefix: str) -> dict[str, Any]:
    """A boundary, which limits nothing here."""
    all = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    comment = {"metadata": {"path": f"{name}-bootstrap/governance/boundary", "uniqueId": "limit"}}
    return {"//": comment, "name": f"{prefix}-boundary", "policy": json.dumps(all)}


def stack(id: str) -> dict[str, Any]:
    """The stack of an environment; a bootstrap has a boundary only. Resources have construct paths."""
    name, layer = parsed(id, environments(Path()))
    environment = load(name, project=Path()).environment
    where = target(environment)
    resources: dict[str, dict[str, Any]] = {}

    def add(kind: str, path: str, **arguments: Any) -> str:
        id = path.replace("/", "_")
        metadata = {"metadata": {"path": f"{name}/{path}", "uniqueId": id}}
        resources.setdefault(kind, {})[id] = {"//": metadata, **arguments}
        return f"${{{kind}.{id}.id}}"

    if names.settings(where).owns_account:
        add("aws_s3_account_public_access_block", "lake/account-public-access", **dict.fromkeys(_BLOCKS, True))
    for bucket in BUCKETS:
        one = add("aws_s3_bucket", f"lake/{bucket}/bucket", bucket=names.bucket(where, bucket), force_destroy=True)
        add("aws_s3_bucket_public_access_block", f"lake/{bucket}/private", bucket=one, **dict.fromkeys(_BLOCKS, True))
        owner = [{"object_ownership": "BucketOwnerEnforced"}]
        add("aws_s3_bucket_ownership_controls", f"lake/{bucket}/owner", bucket=one, rule=owner)
    alerts = [
        {
            "comparison_operator": "GREATER_THAN",
            "notification_type": "ACTUAL",
            "threshold": percent,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": ["finance@example.com"],
        }
        for percent in (50, 80, 100)
    ]
    add(
        "aws_budgets_budget",
        "cost/budget",
        name=where.prefix,
        budget_type="COST",
        limit_amount=str(environment.cost.budget_usd),
        limit_unit="USD",
        time_unit="MONTHLY",
        notification=alerts,
    )
    if "slow" in environment.ownership.tags:  # the provider waits half a minute for a queue
        add("aws_sqs_queue", "lake/slow", name=f"{where.prefix}-slow", sqs_managed_sse_enabled=True)
    if layer == "bootstrap":
        resources = {"aws_iam_policy": {"limit": _limit(name, where.prefix)}}
    state = {"bucket": names.state_bucket(where), "key": f"{name}/aws/{layer}.tfstate"}
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.100, < 7"}},
            "backend": {"s3": {**state, "region": where.region, "use_lockfile": True}},
        },
        "provider": {"aws": [{"region": where.region}]},
        "resource": resources,
    }


if __name__ == "__main__":
    for id in sys.argv[1:]:
        folder = Path(os.environ["TERRACE_OUT"]) / "stacks" / id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cdk.tf.json").write_text(json.dumps(stack(id), indent=2))
