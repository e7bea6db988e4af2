"""Checks of tags, regions and the expected inventory (GOV-1, GOV-2, GOV-4)."""

import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import condition, statements
from terrace.assurance.evaluation import Observation, check, equal
from terrace.aws import names
from terrace.live.aws import cluster, database, inventory, lake, network
from terrace.live.aws.checks import Deployment
from terrace.live.inventory import complete


def tagged(deployment: Deployment, region: str | None = None) -> list[dict[str, Any]]:
    """The deployment's resources that the tagging API lists in a region, by tags or by the name in the ARN."""
    found = deployment.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", region=region)
    ours = {"environment": deployment.target.environment, "managed-by": "terrace"}
    return [
        entry
        for entry in found
        if ours.items() <= tags(entry.get("Tags", [])).items() or _named(entry["ResourceARN"], deployment.prefix)
    ]


def tags(pairs: list[dict[str, Any]]) -> dict[str, str]:
    """A list of tags as a mapping."""
    return {str(pair["Key"]): str(pair["Value"]) for pair in pairs}


def _named(arn: str, prefix: str) -> bool:
    name = arn.split(":", 5)[-1]
    return any(part == prefix or part.startswith(f"{prefix}-") for part in name.replace(":", "/").split("/"))


@check("GOV-1")
def all_tagged(deployment: Deployment) -> Iterator[Observation]:
    expected = dict(deployment.target.tags)
    carried: dict[str, dict[str, str]] = {
        entry["ResourceARN"]: tags(entry.get("Tags", []))
        for region in (None, deployment.target.recovery_region)
        if region is not None or deployment.target.region
        for entry in tagged(deployment, region)
    }
    # the tagging API omits resources that never had a tag, so the main ones are also read one by one
    if deployment.environment.database:
        server = database.server(deployment)
        carried[server["DBInstanceArn"]] = tags(server.get("TagList", []))
    if deployment.environment.makes_cluster:
        carried[names.cluster_arn(deployment.target)] = dict(cluster.cluster(deployment).get("tags", {}))
    own = not deployment.target.existing.network
    for entry in network.in_vpc(deployment, "describe_subnets", "Subnets") if own else ():
        carried[f"subnet {network.name_of(entry) or entry['SubnetId']}"] = tags(entry.get("Tags", []))
    for _, bucket, region in lake.buckets(deployment):
        found = deployment.call("s3", "get_bucket_tagging", region=region, Bucket=bucket)["TagSet"]
        carried[f"bucket {bucket}"] = tags(found)
    for resource, has in sorted(carried.items()):
        wrong = sorted(key for key, value in expected.items() if has.get(key) != value)
        yield Observation(
            resource, f"lacks {', '.join(wrong)}" if wrong else "has all tags", not wrong, ", ".join(expected)
        )


@check("GOV-2")
def own_regions(deployment: Deployment) -> Iterator[Observation]:
    regions = sorted(region for region in (deployment.target.region, deployment.target.recovery_region) if region)
    arn = names.boundary_arn(deployment.target)
    version = deployment.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = deployment.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
    document = answer["PolicyVersion"]["Document"]
    refusals = [
        sorted(condition(statement, "StringNotEquals", "aws:RequestedRegion"))
        for statement in statements(document if isinstance(document, dict) else json.loads(document))
        if statement.get("Effect") == "Deny"
    ]
    fact = f"other regions are {'denied' if regions in refusals else 'allowed'}"
    yield Observation(
        f"policy {deployment.prefix}-boundary",
        fact,
        regions in refusals,
        f"all regions except {', '.join(regions)} denied",
    )
    for _, bucket, region in lake.buckets(deployment):
        place = deployment.call("s3", "get_bucket_location", region=region, Bucket=bucket)["LocationConstraint"]
        yield equal(f"bucket {bucket}", "region", place or "us-east-1", region)


@check("GOV-4")
def inventory_complete(deployment: Deployment) -> Iterator[Observation]:
    yield from complete(deployment, deployment.environment, deployment.target, inventory.TYPES)
