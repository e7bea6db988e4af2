"""The workloads stack with the connector snowflake on three clouds, as Terraform and the provider judge it."""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.deployment.mirror import ProviderSource
from terrace.environment import load, target
from terrace.workloads import standins
from tests.conftest import ROOT
from tests.people_stacks import IDS
from tests.stacks.test_workloads import directory, stack, synthesize
from tests.workloads import shipped

ACCESS = """
access:
  - {groups: [data-engineers], layers: [gold], personal_data: clear, files: true}
  - {groups: [analysts], layers: [gold, platinum]}

modules:
  snowflake: {enabled: true, settings: {organization: ACME, account: DATA}}
"""
PROVIDERS = ("hashicorp/helm", "snowflakedb/snowflake")
GOLD = {
    "aws": "s3://dpf-dev-gold/",
    "azure": "azure://dpfdevgold.blob.core.windows.net/gold/",
    "gcp": "gcs://dpf-dev-gold/",
}


def project(folder: Path) -> Path:
    """A project whose dev has the connector alone, and a group that reads files of gold."""
    shutil.copytree(ROOT / "environments", folder / "environments")
    shutil.copy(ROOT / "cdktf.json", folder)
    dev = folder / "environments" / "dev.yaml"
    others = load("dev", project=ROOT).environment.modules
    dev.write_text(dev.read_text() + ACCESS + "".join(f"  {name}: {{enabled: false}}\n" for name in others))
    for cloud in CLOUDS:
        settings = folder / "environments" / "clouds" / f"{cloud}.yaml"
        text = settings.read_text()
        assert "environments:\n" in text
        groups = f"groups: {{data-engineers: {IDS[cloud]}}}\n\nenvironments:\n"
        settings.write_text(text.replace("environments:\n", groups, 1))
    return folder


@pytest.fixture(scope="module", params=CLOUDS)
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A cloud, and the project with the synthesized stack."""
    made = project(tmp_path_factory.mktemp(request.param))
    environment = load("dev", project=made, cloud=request.param).environment
    outputs = json.loads(standins.stand_ins(environment, target(environment)).model_dump_json())
    outputs["lake"] = {layer: shipped.lake(request.param, layer) for layer in outputs["lake"]}
    (made / "outputs").mkdir()
    (made / "outputs" / f"dev-{request.param}.json").write_text(json.dumps(outputs))
    variables = {"TERRACE_CLOUD": request.param, "TERRACE_OUTPUTS": str(made / "outputs")}
    ended = synthesize(made, "dev-workloads", **variables)
    assert ended.returncode == 0, ended.stderr
    yield request.param, made


def test_its_resources_are_in_the_stack(root: tuple[str, Path]) -> None:
    cloud, made = root
    found = stack(made)
    assert found["terraform"]["required_providers"]["snowflake"] == {
        "source": "snowflakedb/snowflake", "version": ">= 2.20, < 3",
    }  # fmt: skip
    (provider,) = found["provider"]["snowflake"]
    assert (provider["organization_name"], provider["authenticator"]) == ("ACME", "SNOWFLAKE_JWT")
    assert not {"private_key", "password", "token"} & set(provider)
    resources = {type: named for type, named in found["resource"].items() if type.startswith("snowflake_")}
    warehouse = resources["snowflake_warehouse"]["main"]
    assert (warehouse["warehouse_size"], warehouse["auto_suspend"], warehouse["auto_resume"]) == ("XSMALL", 60, "true")
    (integration,) = (named["lake"] for type, named in resources.items() if "storage_integration" in type)
    allowed = integration["storage_allowed_locations"]
    assert allowed == [GOLD[cloud], GOLD[cloud].replace("gold", "platinum")]
    stages = next(named for type, named in resources.items() if "stage_external" in type)
    assert {stage["url"] for stage in stages.values()} == set(allowed)
    assert not any("snowflake" in body["name"] for body in found["resource"].get("helm_release", {}).values())


def test_only_a_group_that_may_read_files_has_a_role(root: tuple[str, Path]) -> None:
    """The other group reads with masks, which files do not have."""
    found = stack(root[1])["resource"]
    assert {role["name"] for role in found["snowflake_account_role"].values()} == {"DPF_DEV_DATA_ENGINEERS"}
    grants = found["snowflake_grant_privileges_to_account_role"]
    assert {tuple(grant["privileges"]) for grant in grants.values()} == {("USAGE",)}
    assert set(grants) == {f"data-engineers-{on}" for on in ("warehouse", "database", "gold", "gold-files")}


def terraform(folder: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    mirror = Path(os.environ.get("TERRACE_PROVIDER_MIRROR", ""))
    source = ProviderSource("mirror", "of the test", mirror)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "CHECKPOINT_DISABLE": "1", **source.variables(home)}
    return subprocess.run(
        ["terraform", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def initialized(root: tuple[str, Path], tmp_path: Path) -> Path:
    """The folder of the stack, with the real providers."""
    mirror = Path(os.environ.get("TERRACE_PROVIDER_MIRROR") or "/nonexistent")
    for name in PROVIDERS:
        if not (mirror / "registry.terraform.io" / name).is_dir():
            pytest.skip(f"TERRACE_PROVIDER_MIRROR names no mirror with {name}")
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path / "stack"
    shutil.copytree(directory(root[1]), folder)
    document = json.loads((folder / "cdk.tf.json").read_text())
    del document["terraform"]["backend"]
    (folder / "cdk.tf.json").write_text(json.dumps(document))
    done = terraform(folder, "init", "-input=false", home=tmp_path)
    assert done.returncode == 0, done.stderr
    return folder


def test_terraform_and_the_provider_accept_the_stack(initialized: Path, tmp_path: Path) -> None:
    done = terraform(initialized, "validate", "-json", home=tmp_path)
    assert json.loads(done.stdout)["valid"], done.stdout
    document = json.loads((initialized / "cdk.tf.json").read_text())
    changed = copy.deepcopy(document)
    changed["resource"]["snowflake_warehouse"]["main"]["auto_suspended"] = 60
    (initialized / "cdk.tf.json").write_text(json.dumps(changed))
    assert not json.loads(terraform(initialized, "validate", "-json", home=tmp_path).stdout)["valid"]


def test_no_argument_that_is_set_is_a_secret(initialized: Path, tmp_path: Path) -> None:
    """By the provider's own schema: what it marks as sensitive would be in the state."""
    done = terraform(initialized, "providers", "schema", "-json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    known = json.loads(done.stdout)["provider_schemas"]["registry.terraform.io/snowflakedb/snowflake"]
    document = json.loads((initialized / "cdk.tf.json").read_text())
    assert sensitive(known["provider"]["block"], document["provider"]["snowflake"][0]) == []
    for type, named in document["resource"].items():
        if type.startswith("snowflake_"):
            for arguments in named.values():
                assert sensitive(known["resource_schemas"][type]["block"], arguments) == [], type
    assert sensitive(known["provider"]["block"], {"private_key": "x"}) == ["private_key"]


def sensitive(block: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    """The sensitive arguments that are set."""
    found = [name for name in arguments if block.get("attributes", {}).get(name, {}).get("sensitive")]
    for name, inner in block.get("block_types", {}).items():
        given = arguments.get(name) or []
        for one in given if isinstance(given, list) else [given]:
            found += sensitive(inner["block"], one)
    return found
