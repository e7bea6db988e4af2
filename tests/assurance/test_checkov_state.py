"""checkov keeps state for the whole process: nothing of one run is left in the next."""

import sys
from pathlib import Path
from typing import Any

import pytest

from terrace.assurance import checkov_run
from terrace.assurance.view import View
from tests.assurance.test_checkov import ALL, OWN, failed, write_policy
from tests.conftest import ROOT

OF_DATA = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.base_check import BaseDataCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class OfData(BaseDataCheck):
    def __init__(self):
        super().__init__("own", "CKV2_OWN_3", [CheckCategories.IAM], ["aws_iam_policy_document"])

    def scan_data_conf(self, conf):
        return CheckResult.FAILED


class OfEverything(BaseResourceCheck):
    def __init__(self):
        super().__init__("own", "CKV2_OWN_4", [CheckCategories.IAM], ["*"])

    def scan_resource_conf(self, conf):
        return CheckResult.FAILED


checks = OfData(), OfEverything()
"""


def test_no_kind_of_policy_remains_for_the_next_run(tmp_path: Path) -> None:
    """Nor the module of a file, which may have the name of another module."""
    import colorsys

    document = View({"resource": {"aws_s3_bucket": {"a": {}}}, "data": {"aws_iam_policy_document": {"d": {}}}})
    folder = write_policy(tmp_path / "p", "colorsys.py", OF_DATA)
    (folder / "sibling.py").write_text(OWN.format(body="return CheckResult.FAILED"))
    ids = {"CKV2_OWN_1", "CKV2_OWN_3", "CKV2_OWN_4"}
    assert ids <= {outcome.id for outcome in checkov_run.run(document, [folder]).outcomes}
    assert not ids & {outcome.id for outcome in checkov_run.run(document).outcomes}
    assert sys.modules["colorsys"] is colorsys and "sibling" not in sys.modules


NARROW = ALL.replace('"*"', '"s3:GetObject"', 1).replace('"*"', '"arn:aws:s3:::a/b"', 1)
STATEMENT = {"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/b"]}
PUBLIC = {"block_public_acls": False, "block_public_policy": False}
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "an attribute": (
        "CKV_AWS_16",
        {"resource": {"aws_db_instance": {"a": {"storage_encrypted": True}}}},
        {"resource": {"aws_db_instance": {"a": {"storage_encrypted": False}}}},
    ),
    "an IAM policy": (
        "CKV_AWS_290",
        {"resource": {"aws_iam_policy": {"a": {"policy": NARROW}}}},
        {"resource": {"aws_iam_policy": {"a": {"policy": ALL}}}},
    ),
    "an inline IAM policy": (
        "CKV_AWS_288",
        {"resource": {"aws_iam_role_policy": {"a": {"policy": NARROW}}}},
        {"resource": {"aws_iam_role_policy": {"a": {"policy": ALL}}}},
    ),
    "a policy document": (
        "CKV_AWS_111",
        {
            "resource": {"aws_s3_bucket": {"b": {}}},
            "data": {"aws_iam_policy_document": {"a": {"statement": [STATEMENT]}}},
        },
        {
            "resource": {"aws_s3_bucket": {"b": {}}},
            "data": {
                "aws_iam_policy_document": {"a": {"statement": [{**STATEMENT, "actions": ["*"], "resources": ["*"]}]}}
            },
        },
    ),
    "a provider": (
        "CKV_AWS_41",
        {"resource": {"aws_s3_bucket": {"b": {}}}, "provider": {"aws": [{"region": "eu-west-1"}]}},
        {"resource": {"aws_s3_bucket": {"b": {}}}, "provider": {"aws": [{"access_key": "AKIAIOSFODNN7EXAMPLE"}]}},
    ),
    "a connection": (
        "CKV2_AWS_6",
        {
            "resource": {
                "aws_s3_bucket": {"b": {}},
                "aws_s3_bucket_public_access_block": {
                    "b": {"bucket": "${aws_s3_bucket.b.id}", "block_public_acls": True, "block_public_policy": True}
                },
            }
        },
        {
            "resource": {
                "aws_s3_bucket": {"b": {}},
                "aws_s3_bucket_public_access_block": {"b": {"bucket": "${aws_s3_bucket.b.id}", **PUBLIC}},
            }
        },
    ),
    "a policy of the project": (
        "CKV2_TERRACE_5",
        {"resource": {"aws_ebs_snapshot_block_public_access": {"a": {"state": "block-all-sharing"}}}},
        {"resource": {"aws_ebs_snapshot_block_public_access": {"a": {"state": "unblocked"}}}},
    ),
}


@pytest.mark.parametrize(("id", "clean", "bad"), KINDS.values(), ids=KINDS)
def test_the_result_of_one_stack_is_not_that_of_the_one_before(id: str, clean: Any, bad: Any) -> None:
    """In one process, on resources of the same name: clean, bad, clean, and the other way round."""
    for document, fails in ((clean, False), (bad, True), (clean, False), (bad, True)):
        found = failed(View(document), ROOT / "policies/checkov")
        assert (id in {check for check, _ in found}) is fails
