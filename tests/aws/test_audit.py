"""CloudTrail, GuardDuty, Config and Security Hub on AWS, in both regions (AUD-1 to AUD-5)."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from terrace.aws.detection import _BASELINE
from tests.conftest import ACCOUNTS, ROOT, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")
SINGLETONS = (
    "aws_guardduty_detector",
    "aws_guardduty_detector_feature",
    "aws_config_configuration_recorder",
    "aws_config_config_rule",
    "aws_securityhub_account",
    "aws_accessanalyzer_analyzer",
    "aws_ce_anomaly_monitor",
    "aws_s3_account_public_access_block",
)

REQUIRED_TAGS = {"environment", "owner", "cost-centre", "data-classification", "managed-by"}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStack:
    """An environment in an account that another environment owns."""
    project = tmp_path_factory.mktemp("guest")
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, project / folder)
    (project / "environments/qa.yaml").write_text(
        "extends: dev.yaml\nname: qa\nnetwork: {cidr: 10.50.0.0/16}\n"
        f"aws: {{account_id: '{ACCOUNTS['aws']['dev']}', admin_role: admins, owns_account: false}}\n"
    )
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    out = project / "out"
    subprocess.run(
        [sys.executable, "-m", "stacks", "qa"],
        cwd=project,
        env={**cleared, "TERRACE_OUT": str(out), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'constructs'}"},
        check=True,
    )
    return SynthesizedStack(json.loads(Path(out, "stacks/qa/cdk.tf.json").read_text()))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_call_is_recorded_with_log_validation(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    trail = stack.one("aws_cloudtrail", "audit/trail")
    for switch in (
        "is_multi_region_trail",
        "include_global_service_events",
        "enable_logging",
        "enable_log_file_validation",
    ):
        assert trail[switch] is True  # AUD-1
    assert stack.resolve(trail["kms_key_id"]) == "keys/audit"
    assert trail["s3_bucket_name"] == f"dpf-{environment}-audit-{ACCOUNTS['aws'][environment]}"
    assert trail["cloud_watch_logs_group_arn"].endswith(f":log-group:/terrace/dpf-{environment}/trail:*")
    categories = [each["field_selector"][0]["equals"] for each in trail["advanced_event_selector"]]
    assert categories == [["Management"], ["Data"]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_reads_and_writes_of_every_layer_are_recorded(foundation: Foundation, environment: str) -> None:
    objects = foundation(environment).one("aws_cloudtrail", "audit/trail")["advanced_event_selector"][1]
    fields = {each["field"]: each for each in objects["field_selector"]}
    assert fields["resources.type"]["equals"] == ["AWS::S3::Object"]
    assert "readOnly" not in fields  # AUD-1: reads and writes
    assert fields["resources.ARN"]["starts_with"] == [
        f"arn:aws:s3:::dpf-{environment}-{layer}{copy}-{ACCOUNTS['aws'][environment]}/"
        for copy in (("", "-recovery") if environment == "prod" else ("",))
        for layer in ("bronze", "silver", "gold", "platinum")
    ]


@pytest.mark.parametrize(("environment", "kinds"), [("dev", 0), ("staging", 2), ("prod", 2)])
def test_insights_are_enabled_only_if_required(foundation: Foundation, environment: str, kinds: int) -> None:
    trail = foundation(environment).one("aws_cloudtrail", "audit/trail")
    assert len(trail.get("insight_selector") or []) == kinds


def test_trail_deliveries_have_no_subscribers(foundation: Foundation) -> None:
    stack = foundation("prod")
    topic = stack.resolve(stack.one("aws_cloudtrail", "audit/trail")["sns_topic_name"])
    assert topic == "audit/deliveries"
    assert topic not in {stack.resolve(b["topic_arn"]) for _, b in stack.all("aws_sns_topic_subscription")}
    publishers = json.loads(stack.one("aws_sns_topic_policy", "audit/deliveries-policy")["policy"])["Statement"]
    assert [each["Principal"] for each in publishers] == [{"Service": "cloudtrail.amazonaws.com"}]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_guardduty_is_enabled_and_notifies_at_once(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    assert stack.one("aws_guardduty_detector", "audit/detector")["enable"] is True  # AUD-2
    features = {body["name"]: body["status"] for _, body in stack.all("aws_guardduty_detector_feature")}
    assert {"S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING"} <= features.keys()
    assert set(features.values()) == {"ENABLED"}
    rule = json.loads(stack.one("aws_cloudwatch_event_rule", "audit/findings")["event_pattern"])
    assert rule["source"] == ["aws.guardduty"]
    assert rule["detail"] == {"severity": [{"numeric": [">=", 4]}]}
    target = stack.one("aws_cloudwatch_event_target", "audit/findings-to-people")
    assert target["arn"].endswith(f":dpf-{environment}-critical")


@pytest.mark.parametrize(
    ("environment", "frequency"), [("dev", "DAILY"), ("staging", "CONTINUOUS"), ("prod", "CONTINUOUS")]
)
def test_configuration_is_recorded_and_evaluated_against_the_baseline(
    foundation: Foundation, environment: str, frequency: str
) -> None:
    stack = foundation(environment)
    recorder = stack.one("aws_config_configuration_recorder", "audit/recorder")
    assert recorder["recording_group"] == {"all_supported": True, "include_global_resource_types": True}  # AUD-3
    assert recorder["recording_mode"]["recording_frequency"] == frequency
    assert stack.one("aws_config_configuration_recorder_status", "audit/recording")["is_enabled"] is True
    channel = stack.one("aws_config_delivery_channel", "audit/history")
    assert channel["s3_bucket_name"] == f"dpf-{environment}-audit-{ACCOUNTS['aws'][environment]}"
    assert stack.resolve(channel["s3_kms_key_arn"]) == "keys/audit"
    assert stack.resolve(recorder["role_arn"]) == "audit/config-role"
    rules = {body["source"]["source_identifier"] for _, body in stack.all("aws_config_config_rule")}
    assert rules == {*_BASELINE, "REQUIRED_TAGS"}


def test_the_recovery_region_is_watched_too(foundation: Foundation) -> None:
    """AUD-4"""
    stack = foundation("prod")
    for type, name in (
        ("aws_guardduty_detector", "detector"),
        ("aws_config_configuration_recorder", "recorder"),
        ("aws_config_configuration_recorder_status", "recording"),
        ("aws_config_delivery_channel", "history"),
        ("aws_securityhub_account", "security-hub"),
        ("aws_accessanalyzer_analyzer", "outside-access"),
    ):
        assert stack.one(type, f"audit/recovery/{name}")["provider"] == "aws.recovery"
    recorder = stack.one("aws_config_configuration_recorder", "audit/recovery/recorder")
    assert recorder["recording_group"] == {"all_supported": True, "include_global_resource_types": False}
    rules = {path for path, _ in stack.all("aws_config_config_rule") if path.startswith("audit/recovery/")}
    assert "audit/recovery/encrypted-volumes" in rules and "audit/recovery/eks-secrets-encrypted" not in rules
    assert not [path for path, _ in foundation("staging").all("aws_guardduty_detector") if "recovery" in path]


def test_findings_of_every_detector_are_sent(foundation: Foundation) -> None:
    """AUD-5: to the topic, and from the recovery region to the home region's bus."""
    stack = foundation("prod")
    sources = {
        path: json.loads(body["event_pattern"])["source"] for path, body in stack.all("aws_cloudwatch_event_rule")
    }
    home = {source[0] for path, source in sources.items() if path.count("/") == 1 and path.startswith("audit/")}
    away = {source[0] for path, source in sources.items() if path.startswith("audit/recovery/")}
    services = ("guardduty", "securityhub", "access-analyzer", "config", "inspector2", "ecr", "macie")
    assert home == away == {f"aws.{service}" for service in services}
    for path, body in stack.all("aws_cloudwatch_event_target"):
        away_rule = path.startswith("audit/recovery/")
        assert body["arn"].endswith(":event-bus/default" if away_rule else ":dpf-prod-critical"), path
        assert (stack.resolve(body["role_arn"]) if away_rule else None) == (
            "audit/recovery/sender" if away_rule else None
        )


def test_the_tag_rule_requires_the_default_tags(foundation: Foundation) -> None:
    stack = foundation("dev")
    required = json.loads(stack.one("aws_config_config_rule", "audit/required-tags")["input_parameters"])
    assert set(required.values()) == REQUIRED_TAGS
    default = stack.document["provider"]["aws"][0]["default_tags"][0]["tags"]
    assert default.keys() >= REQUIRED_TAGS  # GOV-1


def test_only_the_owner_of_the_account_creates_detectors(foundation: Foundation, guest: SynthesizedStack) -> None:
    for type in SINGLETONS:
        assert foundation("dev").all(type), type
        assert guest.all(type) == [], type
    assert guest.one("aws_cloudtrail", "audit/trail")["name"] == "dpf-qa"  # AUD-1: every environment has a trail
