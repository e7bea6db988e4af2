"""checkov in process: the same results as the checkov command, and no error is lost."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terrace.assurance import checkov_kubernetes, checkov_run, gate
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.view import View
from tests.assurance.conftest import Written
from tests.conftest import ROOT
from tests.trust_stacks import TrustStacks

HCL = Path(__file__).parent / "hcl"
ENFORCED = "ENFORCED_BLOCK_AND_AUDIT_LOG"
ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def stack(**types: dict[str, Any]) -> View:
    """A view of resources by type and name."""
    return View({"resource": types})


def failed(view: View, *policies: Path) -> set[tuple[str, str]]:
    """(check, address) of what fails."""
    ran = checkov_run.run(view, policies)
    return {(id, address) for id, address, status in answers(ran) if status == "failed"}


def answers(run: checkov_run.Run) -> set[tuple[str, str, str]]:
    """(check, address, passed or failed) of every check that is conclusive."""
    words = {True: "passed", False: "failed"}
    return {
        (outcome.id, observation.resource, words[observation.ok])
        for outcome in run.outcomes
        for observation in outcome.observations
    }


def errors(run: checkov_run.Run) -> list[tuple[str, str]]:
    """(id, address) of every error."""
    return [(error.id, address) for error in run.errors for address in error.inconclusive or ("",)]


def plain(directory: Path, framework: str, *more: str) -> set[tuple[str, str, str]]:
    """The results of the checkov command on a directory, in its own process: (check, address, result)."""
    command = [sys.executable, "-m", "checkov.main", "-d", str(directory), "--framework", framework, "-o", "json"]
    ended = subprocess.run(
        [*command, "--skip-download", *more], capture_output=True, text=True, check=False, cwd=directory
    )
    reports = json.loads(ended.stdout)
    found = set()
    for report in reports if isinstance(reports, list) else [reports]:
        for kind in ("passed", "failed"):
            results = report.get("results", {}).get(f"{kind}_checks", [])
            found |= {(one["check_id"], one["resource"], kind) for one in results}
    return found


def of_hcl() -> View:
    """The resources of the HCL fixture as the CDK would write them."""
    import hcl2

    with (HCL / "main.tf").open() as file:
        written = hcl2.load(file)
    resources: dict[str, dict[str, Any]] = {}
    for block in written["resource"]:
        for type, named in block.items():
            for name, body in named.items():
                resources.setdefault(type, {})[name] = _simple(body)
    return View({"resource": resources})


def _simple(value: Any, key: str = "") -> Any:
    """Unwrap what the HCL parser wraps in lists, without its line numbers."""
    if isinstance(value, dict):
        return {
            name: _simple(inner, name)
            for name, inner in value.items()
            if not name.startswith("__") and "_line" not in name
        }
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], dict):
        return _simple(value[0])
    if isinstance(value, str):
        return value.replace('\\"', '"')  # it leaves the escapes of HCL in
    return [_simple(entry) for entry in value] if isinstance(value, list) else value


def test_the_same_results_as_the_command_on_the_same_resources_in_hcl(tmp_path: Path) -> None:
    """Resource by resource; each difference is one of those listed, with its reason."""
    view = of_hcl()
    assert len({one.type for one in view}) >= 20
    ours = answers(checkov_run.run(view))
    theirs = plain(HCL, "terraform")
    listed = [line for line in (HCL / "differences.txt").read_text().splitlines() if line[:1] not in ("#", "")]
    expected = {tuple(line.partition("#")[0].split()) for line in listed}
    differences = {("plain", *one) for one in theirs - ours} | {("gate", *one) for one in ours - theirs}
    assert differences == expected
    assert len(ours & theirs) > 100


def test_the_same_results_as_the_command_on_our_plan(written: Written, tmp_path: Path) -> None:
    view = View(json.loads(written("gcp", "dev")))
    (tmp_path / "plan.json").write_text(json.dumps(plan_of(view)))
    ours = answers(checkov_run.run(view))
    assert plain(tmp_path, "terraform_plan") == ours


@pytest.mark.parametrize(
    "resource",
    [
        {"aws_iam_policy": {"it": {"policy": ALL}}},
        {"aws_iam_role_policy": {"it": {"role": "r", "policy": ALL}}},
        {"aws_iam_user_policy": {"it": {"user": "u", "policy": ALL}}},
        {"aws_iam_group_policy": {"it": {"group": "g", "policy": ALL}}},
    ],
)
def test_policies_are_analysed_as_json_text(resource: dict[str, Any]) -> None:
    (type,) = resource
    assert ("CKV_AWS_290", f"{type}.it") in failed(stack(**resource))


def test_a_policy_that_refers_to_other_resources_is_analysed() -> None:
    """A real plan shows it only once they exist."""
    policy = ALL.replace('"Action": "*"', '"Action": ["s3:*", "iam:PassRole"]').replace(
        '"Resource": "*"', '"Resource": ["*", "${aws_s3_bucket.a.arn}"]'
    )
    view = stack(aws_iam_policy={"it": {"policy": policy}}, aws_s3_bucket={"a": {"bucket": "a"}})
    assert ("CKV_AWS_290", "aws_iam_policy.it") in failed(view)


def test_an_inline_policy_of_a_role_fails() -> None:
    """checkov does not read it, so our policy rejects inline policies."""
    role = {"assume_role_policy": ALL, "inline_policy": [{"name": "n", "policy": ALL}]}
    assert ("CKV2_TERRACE_2", "aws_iam_role.it") in failed(stack(aws_iam_role={"it": role}), ROOT / "policies/checkov")


def test_a_policy_as_a_document_of_the_stack_is_analysed_there() -> None:
    statement = [{"effect": "Allow", "actions": ["*"], "resources": ["*"]}]
    view = View(
        {
            "resource": {"aws_iam_policy": {"it": {"policy": "${data.aws_iam_policy_document.d.json}"}}},
            "data": {"aws_iam_policy_document": {"d": {"statement": statement}}},
        }
    )
    ran = checkov_run.run(view)
    assert not ran.errors
    assert "data.aws_iam_policy_document.d" in {address for _, address, status in answers(ran) if status == "failed"}


@pytest.mark.parametrize("policy", ['${file("elsewhere.json")}', "not json", "${module.other.policy}"])
def test_a_policy_that_cannot_be_read_is_an_error(policy: str) -> None:
    ran = checkov_run.run(stack(aws_iam_policy={"it": {"policy": policy}}))
    assert errors(ran) == [("gate.unreadable-policy", "aws_iam_policy.it")]


def test_checkov_makes_no_network_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("checkov opens a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert checkov_run.run(stack(aws_s3_bucket={"a": {"bucket": "a"}})).outcomes


def test_every_resource_reaches_the_checks(written: Written) -> None:
    view = View(json.loads(written("aws", "dev")))
    ran = checkov_run.run(view)
    assert sorted(ran.addresses) == sorted(one.address for one in view)
    assert not ran.errors


def test_the_terraform_block_does_not_stop_the_checks() -> None:
    view = View({"terraform": {"required_version": ">= 1"}, "resource": {"aws_s3_bucket": {"a": {"bucket": "a"}}}})
    assert checkov_run.run(view).outcomes


def test_repeated_blocks_raise_no_error(written: Written) -> None:
    rule = {"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}
    view = stack(aws_security_group={"a": {"description": "x", "ingress": [rule, {**rule, "from_port": 1}]}})
    ran = checkov_run.run(view)
    assert not ran.errors
    assert ("CKV_AWS_24", "aws_security_group.a", "failed") in answers(ran)


@pytest.mark.parametrize(
    "id, types, good, bad",
    [
        ("CKV2_TERRACE_2", "aws_iam_role", {"assume_role_policy": "{}"}, {"inline_policy": [{"policy": "{}"}]}),
        (
            "CKV2_TERRACE_3",
            "azurerm_role_assignment",
            {"role_definition_name": "Reader"},
            {"role_definition_name": "Owner"},
        ),
        ("CKV2_TERRACE_3", "google_project_iam_member", {"role": "roles/viewer"}, {"role": "roles/owner"}),
        ("CKV2_TERRACE_4", "google_storage_bucket_iam_member", {"member": "user:a@b.c"}, {"member": "allUsers"}),
        (
            "CKV2_TERRACE_5",
            "aws_ebs_snapshot_block_public_access",
            {"state": "block-all-sharing"},
            {"state": "unblocked"},
        ),
        (
            "CKV2_TERRACE_6",
            "aws_ec2_instance_metadata_defaults",
            {"http_tokens": "required", "http_put_response_hop_limit": 1},
            {"http_tokens": "required", "http_put_response_hop_limit": 2},
        ),
        (
            "CKV2_TERRACE_7",
            "aws_s3_account_public_access_block",
            {
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
            {"block_public_acls": True, "block_public_policy": True, "ignore_public_acls": True},
        ),
        (
            "CKV2_TERRACE_8",
            "google_binary_authorization_policy",
            {"default_admission_rule": {"evaluation_mode": "ALWAYS_DENY", "enforcement_mode": ENFORCED}},
            {"default_admission_rule": {"evaluation_mode": "ALWAYS_ALLOW", "enforcement_mode": ENFORCED}},
        ),
        ("CKV2_TERRACE_9", "google_dns_policy", {"enable_logging": True}, {"enable_logging": False}),
    ],
)  # fmt: skip
def test_each_of_our_policies_passes_the_good_and_fails_the_bad_example(
    id: str, types: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    ran = checkov_run.run(stack(**{types: {"good": good, "bad": bad}}), [ROOT / "policies/checkov"])
    results = {address: status for check, address, status in answers(ran) if check == id}
    assert results == {f"{types}.good": "passed", f"{types}.bad": "failed"}


def test_a_key_in_a_provider_block_is_found() -> None:
    provider = {
        "aws": [{"region": "eu-west-1"}, {"alias": "other", "access_key": "AKIAIOSFODNN7EXAMPLE"}]
    }  # AWS's own example
    ran = checkov_run.run(View({"resource": {"aws_s3_bucket": {"a": {"bucket": "a"}}}, "provider": provider}))
    found = {address: status for check, address, status in answers(ran) if check == "CKV_AWS_41"}
    assert found == {"aws.default": "passed", "aws.other": "failed"}


def test_every_static_key_fails() -> None:
    assert ("CKV2_TERRACE_1", "aws_iam_access_key.k") in failed(
        stack(aws_iam_access_key={"k": {"user": "u"}}), ROOT / "policies/checkov"
    )


def test_the_checkov_command_accepts_our_folder(tmp_path: Path) -> None:
    """A team without Terrace's command can run its own with our policies."""
    (tmp_path / "plan.json").write_text(json.dumps(plan_of(stack(aws_iam_access_key={"k": {"user": "u"}}))))
    found = plain(tmp_path, "terraform_plan", "--external-checks-dir", str(ROOT / "policies/checkov"))
    assert ("CKV2_TERRACE_1", "aws_iam_access_key.k", "failed") in found


def test_the_checkov_command_silently_reads_nothing_from_cdk_output(tmp_path: Path) -> None:
    """Why the gate makes a plan. If this fails, checkov can read it, and docs/gate.md is out of date."""
    stack = {"resource": {"aws_iam_access_key": {"k": {"user": "u"}}}}
    own = ("--external-checks-dir", str(ROOT / "policies/checkov"))
    (tmp_path / "cdk.tf.json").write_text(json.dumps(stack, indent=2))
    assert ("CKV2_TERRACE_1", "aws_iam_access_key.k", "failed") in plain(tmp_path, "terraform_json", *own)
    with_version = {"terraform": {"required_version": ">= 1.11"}, **stack}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(with_version, indent=2))
    assert plain(tmp_path, "terraform_json", *own) == set()


def test_every_check_that_runs_is_rated(written: Written) -> None:
    rated = gate.policies(ROOT).severities.ratings
    for cloud in ("aws", "azure", "gcp"):
        for environment in ("dev", "prod"):
            ran = checkov_run.run(View(json.loads(written(cloud, environment))), [ROOT / "policies/checkov"])
            assert {outcome.id for outcome in ran.outcomes} - set(rated) == set()


def test_every_rated_check_exists_in_checkov() -> None:
    known = {*checkov_run.names(), *checkov_kubernetes.names()}
    rated = {id for id in gate.policies(ROOT).severities.ratings if id.startswith("CKV") and "TERRACE" not in id}
    assert rated - known == set()


def write_policy(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    (folder / name).write_text(content)
    return folder


OWN = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class Own(BaseResourceCheck):
    def __init__(self):
        super().__init__("own", "CKV2_OWN_1", [CheckCategories.IAM], ["aws_s3_bucket"])

    def scan_resource_conf(self, conf):
        {body}


check = Own()
"""


def test_a_check_that_raises_is_an_error(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "p", "throws.py", OWN.format(body='raise KeyError("x")'))
    ran = checkov_run.run(stack(aws_s3_bucket={"a": {"bucket": "a"}}), [folder])
    assert errors(ran) == [("gate.check-error", "aws_s3_bucket.a")]
    assert ran.errors[0].reason.startswith("CKV2_OWN_1: KeyError")


def test_a_check_that_times_out_is_one_error_for_all_resources(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "p", "hangs.py", OWN.format(body="while True: pass"))
    view = stack(aws_s3_bucket={name: {"bucket": name} for name in "abc"})
    ran = checkov_run.run(view, [folder], seconds=0.3)
    assert errors(ran) == [("gate.check-timeout", "aws_s3_bucket.a")]
    expected = "CKV2_OWN_1: it timed out after 0.3 s of processor time; skipped on 2 more resources"
    assert ran.errors[0].reason == expected


@pytest.mark.parametrize(
    "name, content",
    [
        ("no_id.yaml", "definition: {}\n"),
        ("not.yaml", "a: [\n"),
        ("a_list.yaml", "- 1\n"),
        ("no_operator.yaml", "metadata: {id: CKV2_OWN_2, name: n, category: IAM}\ndefinition: {cond_type: nothing}\n"),
        ("empty.py", ""),
        ("broken.py", "def ("),
    ],
)
def test_a_policy_that_does_not_load_is_an_error(tmp_path: Path, name: str, content: str) -> None:
    ran = checkov_run.run(stack(aws_s3_bucket={"a": {"bucket": "a"}}), [write_policy(tmp_path / "p", name, content)])
    assert [(error.id, error.reason.partition(":")[0]) for error in ran.errors] == [("gate.unreadable-check", name)]
    assert ran.outcomes


def test_policies_of_one_run_do_not_remain_for_the_next(tmp_path: Path) -> None:
    view = stack(aws_s3_bucket={"a": {"bucket": "a"}})
    checkov_run.run(view, [write_policy(tmp_path / "p", "own.py", OWN.format(body="return CheckResult.FAILED"))])
    assert "CKV2_OWN_1" not in {outcome.id for outcome in checkov_run.run(view).outcomes}


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_a_subject_with_the_ids_of_a_repository_is_accepted(cloud: str, trust_stacks: TrustStacks) -> None:
    """checkov itself refuses GitHub's form of a subject since July 2026, and still refuses any repository."""
    text = json.dumps(trust_stacks(cloud)["github"])
    ids = {"CKV_AWS_393", "CKV_GCP_125"}

    def refused(document: str) -> set[str]:
        return {check for check, _ in failed(View(json.loads(document)))} & ids

    assert "acme@583231/terrace@1296269" in text
    assert refused(text) == set()
    assert refused(text.replace("acme@583231/terrace@1296269", "*")) & ids
