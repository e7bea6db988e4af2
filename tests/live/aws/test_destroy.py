"""Preflight, purge, leftovers and injected drift, each on a copy of the deployment."""

from typing import Any

import pytest

from terrace.aws import names
from terrace.demo.inject_drift import Drift
from terrace.demo.inject_drift.aws import inject_drift
from terrace.errors import AnswerIsNo
from terrace.live import Inventory, Obstacle
from terrace.live.aws import leftovers, preflight
from terrace.purge import Emptied
from terrace.purge.aws import empty_buckets
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot

ACCESS = "bucket dpf-prod-access-123456789012"


def obstacles(site: Site) -> list[Obstacle]:
    return preflight(site.environment, site.target)


def obstacles_with_objects(site: Site) -> list[Obstacle]:
    _fill(site, "gold")
    _fill(site, "bronze")
    site.client("rds").create_db_snapshot(DBSnapshotIdentifier=f"{site.prefix}-final", DBInstanceIdentifier=site.prefix)
    zones = site.client("route53").list_hosted_zones_by_name(DNSName=site.environment.network.entry.domain)
    zone = zones["HostedZones"][0]["Id"]
    record = {"Name": "airflow.data.example.com", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    site.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    return preflight(site.environment, site.target)


def _fill(site: Site, bucket: Any, **more: Any) -> str:
    """Two versions of an object, a delete marker, and a second object."""
    s3, name = site.client("s3"), names.bucket(site.target, bucket)
    for body in (b"one", b"two"):
        s3.put_object(Bucket=name, Key="orders/1.parquet", Body=body, **more)
    s3.put_object(Bucket=name, Key="orders/2.parquet", Body=b"three", **more)
    s3.delete_object(Bucket=name, Key="orders/1.parquet")
    return name


def emptied(site: Site) -> tuple[list[Emptied], int]:
    name = _fill(site, "gold")
    done = empty_buckets(site.environment, site.target)
    left = site.client("s3").list_object_versions(Bucket=name)
    return done, len(left.get("Versions", [])) + len(left.get("DeleteMarkers", []))


def emptied_of_many(site: Site) -> tuple[list[Emptied], int, list[int]]:
    """A thousand and one versions of one object, which is more than a page of a listing."""
    name, reports = names.bucket(site.target, "gold"), list[int]()
    s3 = site.client("s3")
    for _ in range(1001):
        s3.put_object(Bucket=name, Key="orders/1.parquet", Body=b"")

    def report(bucket: str, removed: int) -> None:
        if bucket == name:
            reports.append(removed)

    done = empty_buckets(site.environment, site.target, report)
    return done, len(s3.list_object_versions(Bucket=name).get("Versions", [])), reports


def refused(site: Site) -> None:
    _fill(site, "gold")
    site.client("s3").put_object(Bucket=names.bucket(site.target, "bronze"), Key="events/1.json", Body=b"locked")
    empty_buckets(site.environment, site.target)


def count_after_a_refusal(site: Site) -> int:
    with pytest.raises(AnswerIsNo):
        refused(site)
    found = site.client("s3").list_object_versions(Bucket=names.bucket(site.target, "gold"))
    return len(found["Versions"])


def inventory_of_prod(site: Site) -> Inventory:
    return leftovers(site.environment, site.target)


def inventory_after_deletions(site: Site) -> Inventory:
    site.client("kms").schedule_key_deletion(KeyId=site.key("cache").rpartition("/")[2], PendingWindowInDays=30)
    secret = f"{site.prefix}/spark/app"
    site.client("secretsmanager").remove_regions_from_replication(
        SecretId=secret, RemoveReplicaRegions=[site.recovery_region]
    )
    site.client("secretsmanager").delete_secret(SecretId=secret, RecoveryWindowInDays=30)
    site.client("rds").create_db_snapshot(DBSnapshotIdentifier=f"{site.prefix}-final", DBInstanceIdentifier=site.prefix)
    site.client("sns").create_topic(
        Name=f"{site.prefix}-eu-warning",
        Tags=[{"Key": "environment", "Value": "prod-eu"}, {"Key": "managed-by", "Value": "terrace"}],
    )
    return leftovers(site.environment, site.target)


def inventory_of_another_environment(site: Site) -> Inventory:
    """Of an environment of another name in the same account."""
    other = site.environment.model_copy(update={"name": "demo"})
    from terrace.environment import target

    return leftovers(other, target(other))


def drifted(site: Site) -> tuple[list[Drift], dict[str, Any]]:
    before = _state(site)
    drifts = inject_drift(site.environment, site.target)
    after = _state(site)
    return drifts, {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _state(site: Site) -> dict[str, Any]:
    ec2, s3 = site.client("ec2"), site.client("s3")
    vpc = ec2.describe_vpcs(VpcIds=[site.vpc])["Vpcs"][0]
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [site.security_group("database")]}]
    )
    seen = {f"tag {tag['Key']}": tag["Value"] for tag in vpc["Tags"]}
    seen["rules"] = len(rules["SecurityGroupRules"])
    for bucket in ("silver", "gold"):
        blocks = s3.get_public_access_block(Bucket=names.bucket(site.target, bucket))["PublicAccessBlockConfiguration"]
        seen |= {f"{bucket} {flag}": value for flag, value in blocks.items()}
    return seen


def test_access_logs_alone_block_the_destroy_of_a_new_prod(snapshot: Snapshot) -> None:
    found = snapshot.run(obstacles)
    # moto delivers access logs at once, S3 within hours
    assert [obstacle.resource for obstacle in found if obstacle.kind == "blocks"] == [ACCESS]
    kept = {obstacle.resource for obstacle in found if obstacle.kind == "retained"}
    assert {"snapshot dpf-prod-final", "keys", "secret dpf-prod/airflow/app"} <= kept
    noted = {obstacle.resource for obstacle in found if "protected" in obstacle.message}
    databases = {"db instance dpf-prod", "db instance dpf-prod-replica-1"}
    assert noted == databases | {"cluster dpf-prod", "load balancer dpf-prod"}


def test_obstacles_that_block_come_first_with_a_remedy(snapshot: Snapshot) -> None:
    found = snapshot.run(obstacles_with_objects)
    blocks = {obstacle.resource: obstacle for obstacle in found if obstacle.kind == "blocks"}
    assert found[: len(blocks)] == list(blocks.values())  # first
    gold = blocks["bucket dpf-prod-gold-123456789012"]
    assert "4 object versions" in gold.message and "--empty-buckets" in gold.remedy
    bronze = blocks["bucket dpf-prod-bronze-123456789012"]
    assert "the newest is locked until" in bronze.message
    assert blocks["snapshot dpf-prod-final"].remedy
    assert "airflow.data.example.com" in blocks["zone data.example.com."].message
    assert set(blocks) - {ACCESS} == {
        gold.resource,
        bronze.resource,
        "snapshot dpf-prod-final",
        "zone data.example.com.",
    }


def test_every_version_is_removed_while_the_bucket_is_listed(snapshot: Snapshot) -> None:
    done, remaining, reports = snapshot.run(emptied_of_many)
    assert [(one.versions, one.delete_markers) for one in done if "-gold-" in one.bucket][:1] == [(1001, 0)]
    assert remaining == 0
    assert reports == [1000, 1001]


def test_purge_removes_every_version(snapshot: Snapshot) -> None:
    done, remaining = snapshot.run(emptied)
    gold = next(bucket for bucket in done if bucket.bucket == "dpf-prod-gold-123456789012")
    assert (gold.versions, gold.delete_markers, remaining) == (3, 1, 0)


def test_objects_in_compliance_mode_stop_the_purge(snapshot: Snapshot) -> None:
    with pytest.raises(AnswerIsNo) as refusal:
        snapshot.run(refused)
    assert "cannot remove 1 locked object version:" in str(refusal.value)
    assert "s3://dpf-prod-bronze-123456789012/events/1.json" in str(refusal.value)
    assert snapshot.run(count_after_a_refusal) == 3


def test_leftovers_list_every_kind_of_resource(snapshot: Snapshot) -> None:
    inventory = snapshot.run(inventory_of_prod)
    assert inventory.unlisted == ()
    kept = {found.id for found in inventory.kept if "terrace bootstrap prod --destroy" in found.kept}
    assert {"dpf-prod-ci-plan", "dpf-prod-ci-apply", "dpf-prod-boundary"} < kept and len(kept) == 4
    others = [found.kept for found in inventory.kept if found.id not in kept]
    assert ["an automated backup" in reason for reason in others] == [True]  # RDS created it
    seen = {(found.service, found.type) for found in inventory.remaining}
    expected = {
        ("s3", "bucket"), ("rds", "db"), ("rds", "pg"), ("rds", "subgrp"), ("elasticache", "replicationgroup"),
        ("elasticache", "user"), ("eks", "cluster"), ("ecr", "repository"), ("elbv2", "loadbalancer"),
        ("wafv2", "regional"), ("iam", "role"), ("kms", "key"),
        ("kms", "alias"), ("secretsmanager", "secret"), ("logs", "log-group"), ("cloudwatch", "alarm"),
        ("cloudwatch", "dashboard"), ("sns", "topic"), ("scheduler", "schedule"), ("cloudtrail", "trail"),
        ("config", "config-rule"), ("guardduty", "detector"), ("backup", "backup-vault"), ("backup", "backup-plan"),
        ("budgets", "budget"), ("ec2", "vpc"), ("ec2", "subnet"), ("ec2", "natgateway"), ("ec2", "elastic-ip"),
        ("ec2", "security-group"), ("ec2", "vpc-endpoint"), ("ec2", "vpn-connection"), ("ec2", "launch-template"),
    }  # fmt: skip
    assert expected - seen == set()
    assert "eu-west-3" in {found.region for found in inventory.remaining if found.service == "kms"}
    assert [found for found in inventory.remaining if found.found_by == "tag"] == []


def test_retained_resources_are_listed_separately(snapshot: Snapshot) -> None:
    inventory = snapshot.run(inventory_after_deletions)
    lasting = [found for found in inventory.kept if "terrace bootstrap" not in found.kept]
    kept = {(found.service, found.type): found for found in lasting if not found.id.startswith("rds:")}
    assert set(kept) == {("kms", "key"), ("secretsmanager", "secret"), ("rds", "snapshot")}
    assert kept["rds", "snapshot"].id == "dpf-prod-final"
    assert all(found.kept for found in inventory.kept)
    assert "dpf-prod-eu-warning" not in {found.id for found in inventory.remaining}  # of another environment


def test_an_environment_that_was_never_deployed_has_no_leftovers(snapshot: Snapshot) -> None:
    inventory = snapshot.run(inventory_of_another_environment)
    # these are named after the account or the domain, which both environments share
    shared = ("detector", "oidc-provider", "certificate", "hostedzone")
    assert {found for found in inventory.remaining if found.type not in shared} == set()


def test_injected_drift_changes_three_resources(snapshot: Snapshot) -> None:
    drifts, changed = snapshot.run(drifted)
    assert [drift.kind for drift in drifts] == ["tag", "public_access", "rule"]
    assert changed == {
        "tag owner": ("data-platform", "another-team"),
        "rules": (1, 0),
        "silver BlockPublicPolicy": (True, False),
    }
    assert {drift.type for drift in drifts} == {
        "aws_vpc",
        "aws_s3_bucket_public_access_block",
        "aws_vpc_security_group_ingress_rule",
    }
