"""A module in another folder gets exactly what it declares from the foundation of each cloud."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from terrace.project import basis
from tests.conftest import ROOT, SynthesizedStack
from tests.privileges import aws, azure, gcp
from tests.privileges.expectations import findings, lakes_of

TRACKER = """\
summary: Experiments and models of a test
category: machine-learning
home: https://example.org
licence: Apache-2.0
version: 3.1.0
needs:
  lake: {platinum: write, artifacts: write}
"""
REPORTS = """\
summary: Reports of a test
category: analytics
home: https://example.com
licence: Apache-2.0
version: 1.0.0
needs:
  lake: {gold: read}
"""
COLLECTOR = """\
summary: Puts the events of a test into bronze
category: streaming
home: https://example.net
licence: Apache-2.0
version: 1.0.0
needs:
  lake: {bronze: add}
  topics: {"*": read}
"""
CERTIFICATES = """\
summary: Certificates of a test
category: certificates
home: https://cert-manager.io
licence: Apache-2.0
version: 1.19.0
needs:
  identities:
    cert-manager: {service_account: solver}
"""
ENVIRONMENT = """\
extends: dev.yaml
name: qa
modules_from: [more]
data_products:
  - {name: models, owner: ml, classification: public, layers: [platinum], retention_days: 9, modules: {tracker: write}}
  - {name: sales, owner: sales, classification: internal, layers: [gold], retention_days: 30, modules: {reports: read}}
  - name: shop
    owner: sales
    classification: internal
    layers: [bronze, silver]
    retention_days: 30
    topics: [clicks]
    modules: {collector: write}
modules:
  tracker: {enabled: true, namespace: models}
  reports: {enabled: true}
  collector: {enabled: true}
  certificates: {enabled: true}
"""
ACCOUNTS = """\
aws: {account_id: "111122223333", admin_role: admins}
azure:
  subscription_id: 00000000-0000-4000-8000-000000000001
  tenant_id: 00000000-0000-4000-8000-000000000002
  admin_group_id: 00000000-0000-4000-8000-000000000003
gcp:
  project_id: acme-data-dev
  project_number: "123456789012"
  billing_account: 000000-111111-222222
  admin_group: admins@example.com
"""
WRITTEN = {"platinum": "models", "artifacts": "tracker"}
"""Bucket to the folder that tracker writes."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "environments", project / "environments")
    for name, text in {
        "tracker": TRACKER,
        "reports": REPORTS,
        "collector": COLLECTOR,
        "certificates": CERTIFICATES,
    }.items():
        folder = project / "more" / name
        folder.mkdir(parents=True)
        (folder / "module.yaml").write_text(text)
        (folder / "README.md").write_text(f"# {name}\n")
    base = YAML(typ="safe").load(ROOT / "environments" / "base.yaml")
    without = "".join(f"  {name}: null\n" for name in base["modules"])
    (project / "environments" / "qa.yaml").write_text(ENVIRONMENT + without + ACCOUNTS)
    return project


@pytest.fixture(scope="module")
def stacks(project: Path) -> dict[str, SynthesizedStack]:
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    found = {}
    for cloud in CLOUDS:
        out = project / f"out-{cloud}"
        variables = {"TERRACE_OUT": str(out), "TERRACE_CLOUD": cloud}
        variables["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'constructs'}"
        subprocess.run([sys.executable, "-m", "stacks", "qa"], cwd=project, env={**cleared, **variables}, check=True)
        found[cloud] = SynthesizedStack(basis.joined(json.loads((out / "stacks" / "qa" / "cdk.tf.json").read_text())))
    return found


@pytest.mark.parametrize("cloud", [aws, azure, gcp])
def test_its_identity_may_do_what_it_declares_and_nothing_else(
    project: Path, stacks: dict[str, SynthesizedStack], cloud: ModuleType
) -> None:
    name = cloud.__name__.rsplit(".", 1)[1]
    lakes = lakes_of(load("qa", project=project, cloud=name).environment)
    cases = cloud.cases(stacks[name], lakes)
    assert findings(cases) == []
    for module in ("tracker", "reports", "collector"):
        assert {case.declared for case in cases if case.module == module} == {True, False}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_modules_that_need_it_have_an_identity_a_secret_and_a_repository(
    project: Path, stacks: dict[str, SynthesizedStack], cloud: str
) -> None:
    outputs = {name: body["value"] for name, body in stacks[cloud].document["output"].items()}
    own = list(load("qa", project=project, cloud=cloud).environment.foundation_modules)
    assert {"tracker", "reports"} <= set(own) and "certificates" not in own
    assert list(outputs["identities"]) == list(outputs["secrets"]) == list(outputs["repositories"]) == own
    assert outputs["database"]["roles"] == {} == outputs["cache"]["users"]


def test_platinum_and_artifacts_can_be_written_on_aws(stacks: dict[str, SynthesizedStack]) -> None:
    stack = stacks["aws"]
    policy = json.loads(stack.one("aws_iam_role_policy", "workloads/module-tracker-lake")["policy"])["Statement"]
    (written,) = [each["Resource"] for each in policy if "s3:PutObject" in each["Action"]]
    assert written == [f"arn:aws:s3:::dpf-qa-{bucket}-111122223333/{folder}/*" for bucket, folder in WRITTEN.items()]
    keys = json.loads(stack.one("aws_iam_role_policy", "workloads/module-tracker-keys")["policy"])["Statement"]
    (lake,) = [each for each in keys if each["Sid"] == "LakeKey"]
    assert "kms:GenerateDataKey" in lake["Action"] and stack.resolve(lake["Resource"]) == "keys/lake"


def test_platinum_and_artifacts_can_be_written_on_azure(stacks: dict[str, SynthesizedStack]) -> None:
    for bucket, folder in WRITTEN.items():
        grant = stacks["azure"].one("azurerm_role_assignment", f"workloads/module-tracker-{bucket}-write")
        assert f"path] StringLike '{folder}/*'" in grant["condition"]
        assert stacks["azure"].resolve(grant["role_definition_id"]) == "blob-writer"
        assert grant["scope"].endswith(f"/containers/{bucket}")


def test_platinum_and_artifacts_can_be_written_on_google_cloud(stacks: dict[str, SynthesizedStack]) -> None:
    for bucket, folder in WRITTEN.items():
        grant = stacks["gcp"].one("google_storage_bucket_iam_member", f"workloads/module-tracker-{bucket}-{folder}")
        assert (grant["role"], grant["bucket"]) == ("roles/storage.objectUser", f"dpf-qa-{bucket}-123456789012")


def test_identities_are_bound_to_the_accounts_that_modules_name(stacks: dict[str, SynthesizedStack]) -> None:
    binding = stacks["aws"].one("aws_eks_pod_identity_association", "workloads/cert-manager-identity")
    assert (binding["namespace"], binding["service_account"]) == ("certificates", "solver")
    binding = stacks["azure"].one("azurerm_federated_identity_credential", "workloads/cert-manager-identity")
    assert binding["subject"] == "system:serviceaccount:certificates:solver"
    binding = stacks["gcp"].one("google_service_account_iam_member", "workloads/cert-manager-identity")
    assert binding["member"].endswith("[certificates/solver]")
    binding = stacks["aws"].one("aws_eks_pod_identity_association", "workloads/module-tracker-identity")
    assert (binding["namespace"], binding["service_account"]) == ("models", "tracker")


def _policy(stack: SynthesizedStack, **keys: object) -> None:
    body = stack.one("aws_iam_role_policy", "workloads/module-collector-lake")
    document = json.loads(body["policy"])
    (added,) = document["Statement"]
    added.update(keys)
    body["policy"] = json.dumps(document)


def _role(stack: SynthesizedStack, *actions: str) -> None:
    (permissions,) = stack.one("azurerm_role_definition", "blob-adder")["permissions"]
    permissions["data_actions"] = [
        f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{one}" for one in actions
    ]


def _binding(stack: SynthesizedStack, **keys: object) -> None:
    stack.one("google_storage_bucket_iam_member", "workloads/module-collector-bronze-shop").update(keys)


ADDING: dict[str, tuple[ModuleType, Callable[[SynthesizedStack], None], str]] = {
    "aws, reading": (aws, lambda one: _policy(one, Action="s3:*Object", Condition={}), "s3:GetObject on"),
    "aws, replacing": (aws, lambda one: _policy(one, Condition={}), "s3:PutObject on"),
    "aws, deleting": (aws, lambda one: _policy(one, Action="s3:Delete*", Condition={}), "s3:DeleteObject on"),
    "aws, every product": (aws, lambda one: _policy(one, Resource="arn:aws:s3:::dpf-qa-bronze-*/*"), "/other/"),
    "aws, nothing": (aws, lambda one: _policy(one, Effect="Deny"), "if it is new is denied"),
    "azure, reading": (azure, lambda one: _role(one, "add/action", "read"), "blobs/read on"),
    "azure, replacing": (azure, lambda one: _role(one, "add/action", "write"), "blobs/write on"),
    "azure, nothing": (azure, lambda one: _role(one), "add/action on"),
    "gcp, replacing": (gcp, lambda one: _binding(one, role="roles/storage.objectUser"), "storage.objects.delete on"),
    "gcp, reading": (gcp, lambda one: _binding(one, role="roles/storage.objectViewer"), "storage.objects.get on"),
    "gcp, another layer": (gcp, lambda one: _binding(one, bucket="dpf-qa-silver-123456789012"), "is denied"),
}  # fmt: skip
"""Changes of the rights of a module that only adds objects, and a part of what is found."""


@pytest.mark.parametrize("mutant", ADDING)
def test_a_module_that_only_adds_can_neither_read_nor_replace(
    project: Path, stacks: dict[str, SynthesizedStack], mutant: str
) -> None:
    cloud, change, expected = ADDING[mutant]
    name = cloud.__name__.rsplit(".", 1)[1]
    lakes = [
        one for one in lakes_of(load("qa", project=project, cloud=name).environment) if one.module.name == "collector"
    ]
    stack = SynthesizedStack(copy.deepcopy(stacks[name].document))
    change(stack)
    assert [one for one in findings(cloud.cases(stack, lakes)) if expected in one]


@pytest.mark.parametrize(("cloud", "change"), [
    pytest.param("aws", lambda one: _policy(one, Action=["s3:PutObject", "s3:GetObject"]), id="aws"),
    pytest.param("azure", lambda one: _role(one, "add/action", "read"), id="azure"),
    pytest.param("gcp", lambda one: _binding(one, role="roles/storage.objectUser"), id="gcp"),
])  # fmt: skip
def test_the_gate_finds_that_a_module_reads_what_it_only_adds(
    project: Path, stacks: dict[str, SynthesizedStack], cloud: str, change: Callable[[SynthesizedStack], None]
) -> None:
    environment = load("qa", project=project, cloud=cloud).environment

    def broken(stack: SynthesizedStack) -> list[str]:
        results = evaluate(Subject(View(stack.document), environment, target(environment)))
        return [one.reason for one in results if one.guarantee.id in ("LAKE-7", "KEY-3") and one.status == "broken"]

    stack = SynthesizedStack(copy.deepcopy(stacks[cloud].document))
    assert broken(stack) == []
    change(stack)
    assert [one for one in broken(stack) if "collector" in one]


def test_a_module_that_only_adds_gets_what_a_product_lets_it_write(project: Path) -> None:
    environment = load("qa", project=project, cloud="aws").environment
    collector = environment.enabled_modules["collector"]
    assert environment.lake_access(collector) == {"bronze": {"shop": "add"}}
    assert environment.topic_access(collector) == {"clicks": "read"}
    assert "clicks" in environment.all_topics
    products = tuple(
        one.model_copy(update={"modules": {"collector": "read"}} if one.name == "shop" else {})
        for one in environment.data_products
    )
    less = environment.model_copy(update={"data_products": products})
    assert less.lake_access(collector) == {}
