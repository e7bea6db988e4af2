"""S3 buckets on AWS (LAKE-1 to LAKE-6)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from terrace.capabilities.lake import BUCKETS, REPLICATED
from terrace.capabilities.spec import LAYERS
from tests.conftest import SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")
HOME = {f"lake/{name}" for name in BUCKETS}
RECOVERY = {f"lake/{name}-recovery" for name in REPLICATED}


def folders(environment: str) -> set[str]:
    return HOME | RECOVERY if environment == "prod" else HOME


def by_bucket(stack: SynthesizedStack, type: str) -> dict[str, dict[str, Any]]:
    """Attributes by the folder (lake/bronze) of the bucket that the resource configures."""
    by_folder = {}
    for path, body in stack.all(type):
        folder = stack.resolve(body["bucket"]).rsplit("/", 1)[0]
        assert path.rsplit("/", 1)[0] == folder, f"{path} configures another bucket, {folder}"
        by_folder[folder] = body
    return by_folder


def statements(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in json.loads(body["policy"])["Statement"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_bucket_can_be_public(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    assert {path.rsplit("/", 1)[0] for path, _ in stack.all("aws_s3_bucket")} == folders(environment)
    blocks = by_bucket(stack, "aws_s3_bucket_public_access_block")
    assert blocks.keys() == folders(environment)  # LAKE-1
    flags = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    for body in [*blocks.values(), stack.one("aws_s3_account_public_access_block", "lake/account-public-access")]:
        assert all(body[flag] is True for flag in flags)
    owners = by_bucket(stack, "aws_s3_bucket_ownership_controls")
    assert owners.keys() == folders(environment)
    assert {body["rule"]["object_ownership"] for body in owners.values()} == {"BucketOwnerEnforced"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_bucket_is_encrypted_with_the_key_of_its_purpose(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    by_folder = by_bucket(stack, "aws_s3_bucket_server_side_encryption_configuration")
    assert by_folder.keys() == folders(environment)
    for folder, body in by_folder.items():
        rule = body["rule"][0]
        default = rule["apply_server_side_encryption_by_default"]
        name = folder.removeprefix("lake/")
        if name == "access":
            assert default == {"sse_algorithm": "AES256"}
            continue
        purpose = {"audit": "audit", "backups": "backups"}.get(name.removesuffix("-recovery"), "lake")
        suffix = "-recovery" if name.endswith("-recovery") else ""
        assert default["sse_algorithm"] == "aws:kms"  # LAKE-2
        assert stack.resolve(default["kms_master_key_id"]) == f"keys/{purpose}{suffix}"
        assert rule["bucket_key_enabled"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_plain_http_and_old_tls_are_denied_to_all(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    policies = by_bucket(stack, "aws_s3_bucket_policy")
    assert policies.keys() == folders(environment)
    for folder, body in policies.items():
        arn = f"arn:aws:s3:::{stack.one('aws_s3_bucket', f'{folder}/bucket')['bucket']}"
        for sid, condition in {
            "RefusePlainHttp": {"Bool": {"aws:SecureTransport": "false"}},
            "RefuseOldTls": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        }.items():
            refusal = statements(body)[sid]  # LAKE-2
            assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
            assert refusal["Resource"] == [arn, f"{arn}/*"]
            assert refusal["Condition"] == condition


def test_writes_to_a_layer_use_its_key_or_none(foundation: Foundation) -> None:
    stack = foundation("prod")
    for layer in LAYERS:
        refusal = statements(stack.one("aws_s3_bucket_policy", f"lake/{layer}/policy"))["RefuseOtherKeys"]
        assert refusal["Action"] == "s3:PutObject"
        condition = refusal["Condition"]
        # denied if both match: the request names an encryption, and not this key
        assert condition["Null"] == {"s3:x-amz-server-side-encryption": "false"}
        key = condition["StringNotEquals"]["s3:x-amz-server-side-encryption-aws-kms-key-id"]
        assert stack.resolve(key) == "keys/lake"


def test_services_write_only_for_this_account_and_below_their_own_prefix(foundation: Foundation) -> None:
    stack = foundation("prod")
    audit, access = (
        statements(stack.one("aws_s3_bucket_policy", f"lake/{name}/policy")) for name in ("audit", "access")
    )
    trail = audit["TrailWrites"]
    assert trail["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "777788889999",
        "aws:SourceArn": "arn:aws:cloudtrail:eu-central-1:777788889999:trail/dpf-prod",
    }
    assert trail["Resource"].endswith("/trail/AWSLogs/777788889999/*")
    assert audit["ConfigWrites"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "777788889999"}}
    assert access["BucketLogs"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "777788889999"}}
    balancer = stack.all("aws_lb")[0][1]["access_logs"]
    assert access["LoadBalancerLogs"]["Resource"].endswith(f"/{balancer['prefix']}/AWSLogs/777788889999/*")


@pytest.mark.parametrize(
    ("environment", "bronze", "audit", "mode"),
    [("dev", 1, 400, "GOVERNANCE"), ("staging", 7, 400, "GOVERNANCE"), ("prod", 30, 731, "COMPLIANCE")],
)
def test_bronze_and_the_audit_logs_are_immutable(
    foundation: Foundation, environment: str, bronze: int, audit: int, mode: str
) -> None:
    stack = foundation(environment)
    versioned = by_bucket(stack, "aws_s3_bucket_versioning")
    assert versioned.keys() == folders(environment)  # LAKE-3
    assert {body["versioning_configuration"]["status"] for body in versioned.values()} == {"Enabled"}
    expected = {"lake/bronze": bronze, "lake/audit": audit}
    if environment == "prod":
        expected["lake/bronze-recovery"] = bronze
    locks = by_bucket(stack, "aws_s3_bucket_object_lock_configuration")
    assert {at: body["rule"]["default_retention"] for at, body in locks.items()} == {
        at: {"mode": mode, "days": days} for at, days in expected.items()
    }
    lockable = {p.rsplit("/", 1)[0] for p, b in stack.all("aws_s3_bucket") if b["object_lock_enabled"]}
    assert lockable == expected.keys()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_bucket_has_the_lifecycle_of_its_layer(foundation: Foundation, environment: str) -> None:
    by_folder = by_bucket(foundation(environment), "aws_s3_bucket_lifecycle_configuration")
    assert by_folder.keys() == folders(environment)  # LAKE-4
    days = {"bronze": (30, 90, 365, 30), "gold": (60, 180, None, 30), "access": (30, 60, 400, 7)}
    for name, (cool, archive, end, superseded) in days.items():
        rule = by_folder[f"lake/{name}"]["rule"][0]
        assert rule["status"] == "Enabled"
        assert rule["filter"] == [{}]
        assert rule["transition"] == [
            {"days": cool, "storage_class": "STANDARD_IA"},
            {"days": archive, "storage_class": "GLACIER_IR"},
        ]
        assert rule.get("expiration") == ([{"days": end}] if end else None)
        assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": superseded}]
        assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_buckets_are_not_replicated_unless_required(foundation: Foundation, environment: str) -> None:
    assert foundation(environment).all("aws_s3_bucket_replication_configuration") == []


def test_prod_is_replicated_to_the_recovery_region_within_fifteen_minutes(foundation: Foundation) -> None:
    stack = foundation("prod")
    by_folder = by_bucket(stack, "aws_s3_bucket_replication_configuration")
    assert by_folder.keys() == {f"lake/{name}" for name in REPLICATED}  # LAKE-5
    for folder, body in by_folder.items():
        rule, copy = body["rule"][0], stack.one("aws_s3_bucket", f"{folder}-recovery/bucket")
        destination = rule["destination"]
        assert copy["provider"] == "aws.recovery"
        assert destination["bucket"] == f"arn:aws:s3:::{copy['bucket']}"
        purpose = "backups" if folder == "lake/backups" else "lake"
        key = destination["encryption_configuration"]["replica_kms_key_id"]
        assert stack.resolve(key) == f"keys/{purpose}-recovery"
        assert rule["source_selection_criteria"]["sse_kms_encrypted_objects"]["status"] == "Enabled"
        assert rule["delete_marker_replication"]["status"] == "Enabled"
        assert destination["replication_time"] == {"status": "Enabled", "time": {"minutes": 15}}
        waits = {name.rsplit("_", 1)[0] for name in body["depends_on"]}
        assert any(name.endswith(f"{folder.split('/')[1]}-recovery_versioning") for name in waits)


def test_the_replication_role_reads_at_home_and_writes_only_copies(foundation: Foundation) -> None:
    stack = foundation("prod")
    rights = json.loads(stack.one("aws_iam_role_policy", "lake/replication-copy")["policy"])["Statement"]
    for statement in rights:
        writes = "s3:ReplicateObject" in statement["Action"]
        assert all(("-recovery-" in arn) is writes for arn in statement["Resource"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_access_to_every_bucket_is_logged_under_its_name(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    by_folder = by_bucket(stack, "aws_s3_bucket_logging")
    assert by_folder.keys() == HOME - {"lake/access"}  # LAKE-6
    for folder, body in by_folder.items():
        assert stack.resolve(body["target_bucket"]) == "lake/access/bucket"
        assert body["target_prefix"] == f"s3/{folder.removeprefix('lake/')}/"


def test_bronze_is_searched_for_sensitive_data_if_required(foundation: Foundation) -> None:
    """LAKE-8"""
    assert foundation("dev").all("aws_macie2_classification_job") == []
    stack = foundation("prod")
    job = stack.one("aws_macie2_classification_job", "lake/discovery-job")
    assert (job["job_type"], job["schedule_frequency"]["weekly_schedule"]) == ("SCHEDULED", "MONDAY")
    (searched,) = job["s3_job_definition"]["bucket_definitions"]
    assert [stack.resolve(bucket) for bucket in searched["buckets"]] == ["lake/bronze/bucket"]
    key = json.loads(stack.one("aws_kms_key", "keys/lake")["policy"])["Statement"]
    (reads,) = [one for one in key if one["Sid"] == "DataDiscovery"]
    assert reads["Action"] == "kms:Decrypt"
    assert reads["Condition"]["ArnEquals"]["aws:PrincipalArn"].endswith("/AWSServiceRoleForAmazonMacie")
