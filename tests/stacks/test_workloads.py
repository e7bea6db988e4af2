"""The workloads stack: the same bytes on any machine, no bindings of a cloud, charts beside the stack."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load
from tests.conftest import ROOT
from tests.workloads.trial import Trial, app, write

UPSTREAM = """\
chart: {repository: 'https://charts.example.com', name: store, version: 2.1.0}
images: [{repository: registry.example.com/store, tag: v1}]
"""
TEMPLATE = """\
region: {{ foundation.region | tojson }}
bucket: {{ foundation.buckets.gold | tojson }}
query: "sum(rate(x[$__rate_interval])) ${NAME} %{if} {{ '{{' }} .label }}"
"""


def project(folder: Path) -> Path:
    """A project whose environments enable two modules: one with a chart of its own, and an upstream one."""
    shutil.copytree(ROOT / "environments", folder / "environments")
    shutil.copy(ROOT / "cdktf.json", folder)
    write(folder, {"shop": app(module="needs: {modules: [store]}\n"), "store": Trial(UPSTREAM, TEMPLATE)})
    own = load("dev", project=ROOT).environment.modules
    lines = [f"  {name}: {{enabled: false}}" for name in own] + [f"  {n}: {{enabled: true}}" for n in ("shop", "store")]
    dev = folder / "environments" / "dev.yaml"
    text = dev.read_text()
    assert "\nmodules:" not in text
    dev.write_text(text + "\nmodules:\n" + "\n".join(lines) + "\n")
    return folder


def synthesize(root: Path, *stacks: str, **variables: str) -> subprocess.CompletedProcess[str]:
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    paths = {
        "TERRACE_OUT": str(root / "cdktf.out"),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "constructs"))),
    }
    command = [sys.executable, "-m", "stacks", *stacks]
    return subprocess.run(
        command, cwd=root, env=cleared | paths | variables, capture_output=True, text=True, check=False
    )


def directory(root: Path) -> Path:
    return root / "cdktf.out" / "stacks" / "dev-workloads"


def stack(root: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory(root) / "cdk.tf.json").read_text())
    return document


def releases(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {body["name"]: body for body in document["resource"]["helm_release"].values()}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = project(tmp_path_factory.mktemp("here"))
    ended = synthesize(root, "dev-workloads")
    assert ended.returncode == 0, ended.stderr
    return root


def test_each_release_is_atomic_waits_and_comes_after_what_it_needs(here: Path) -> None:
    found = releases(stack(here))
    assert {"shop-base", "shop", "store-base", "store"} <= set(found)
    for release in found.values():
        assert (release["atomic"], release["wait"], release["wait_for_jobs"]) == (True, True, True)
        assert release["timeout"] >= 300
    needed = " ".join(found["shop"]["depends_on"])
    assert "helm_release.store_" in needed and "shop-base" in needed


def test_values_reach_helm_as_they_are(here: Path) -> None:
    (text,) = releases(stack(here))["store"]["values"]
    values = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
    assert values["query"] == "sum(rate(x[$__rate_interval])) ${NAME} %{if} {{ .label }}"
    assert "$${NAME}" in text and "%%{if}" in text
    assert values["bucket"].startswith("stand-in-")


def test_the_provider_logs_in_with_a_token_of_this_command(here: Path) -> None:
    (provider,) = stack(here)["provider"]["helm"]
    assert set(stack(here)["provider"]) == {"helm"}
    assert provider["kubernetes"]["exec"] == {
        "api_version": "client.authentication.k8s.io/v1",
        "command": "terrace",
        "args": ["kube", "token", "dev", "--cloud", "aws"],
    }
    required = stack(here)["terraform"]["required_providers"]
    assert list(required) == ["helm"] and required["helm"]["version"] == ">= 3.1, < 4"


def test_its_state_is_its_own(here: Path) -> None:
    backend = stack(here)["terraform"]["backend"]
    assert backend == {"local": {"path": "../../../.terrace/state/dev-aws-workloads.tfstate"}}


def test_charts_of_the_project_are_beside_the_stack(here: Path) -> None:
    for release in releases(stack(here)).values():
        if "repository" not in release:
            assert release["chart"].startswith("./charts/")
            assert (directory(here) / release["chart"] / "Chart.yaml").is_file()
    assert releases(stack(here))["store"]["repository"] == "https://charts.example.com"
    assert releases(stack(here))["store"]["version"] == "2.1.0"


def test_another_folder_gives_the_same_bytes(here: Path, tmp_path: Path) -> None:
    there = project(tmp_path / "another place")
    assert synthesize(there, "dev-workloads", HOME=str(tmp_path), TZ="Pacific/Auckland").returncode == 0
    first = {path.relative_to(here): path.read_bytes() for path in directory(here).rglob("*") if path.is_file()}
    second = {path.relative_to(there): path.read_bytes() for path in directory(there).rglob("*") if path.is_file()}
    assert first == second and len(first) > 3
    assert str(here) not in (directory(here) / "cdk.tf.json").read_text()


def test_both_stacks_together_give_the_same_bytes(here: Path, tmp_path: Path) -> None:
    there = project(tmp_path / "both")
    assert synthesize(there, "dev", "dev-workloads").returncode == 0
    assert stack(there) == stack(here)
    foundation = json.loads((there / "cdktf.out" / "stacks" / "dev" / "cdk.tf.json").read_text())
    assert "helm" not in foundation["provider"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_bindings_of_a_cloud_are_loaded(here: Path, cloud: str, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from terrace.stacks.synthesis import synthesize\n"
        f"synthesize(['dev-workloads'], project=Path('.'), out={str(tmp_path)!r})\n"
        "print([name for name in sys.modules if name.startswith('cdktn_provider_')"
        " and not name.startswith('cdktn_provider_helm')])"
    )
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=here, text=True, capture_output=True, check=True,
        env=cleared | {"TERRACE_CLOUD": cloud, "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"},
    )  # fmt: skip
    assert ended.stdout == "[]\n"


def test_vendored_charts_are_copied_and_stale_ones_removed(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    source, vendored = tmp_path / "store", tmp_path / "vendored"
    source.mkdir()
    vendored.mkdir()
    (source / "Chart.yaml").write_text("apiVersion: v2\nname: store\nversion: 2.1.0\n")
    with tarfile.open(vendored / "store-2.1.0.tgz", "w:gz") as archive:
        archive.add(source, "store")
    stale = directory(root) / "charts" / "old-1.0.0.tgz"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert synthesize(root, "dev-workloads", TERRACE_CHART_DIR=str(vendored)).returncode == 0
    store = releases(stack(root))["store"]
    assert store["chart"] == "./charts/store-2.1.0.tgz" and "repository" not in store
    assert (directory(root) / store["chart"]).read_bytes() == (vendored / "store-2.1.0.tgz").read_bytes()
    assert not stale.exists()


def test_an_error_in_a_template_is_printed_without_a_traceback(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "modules" / "shop" / "values.yaml.j2").write_text("a: {{ nothing }}\n")
    ended = synthesize(root, "dev-workloads")
    assert ended.returncode == 1
    assert "modules/shop/values.yaml.j2:1 'nothing' is undefined." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_synthesis_with_outputs_has_no_stand_ins(here: Path, tmp_path: Path) -> None:
    from terrace.environment import target
    from terrace.workloads import standins

    root = project(tmp_path / "project")
    environment = load("dev", project=root).environment
    text = standins.stand_ins(environment, target(environment)).model_dump_json()
    certificate = "LS0tLS1CRUdJTg=="
    document = json.loads(text.replace("stand-in-", "real-"))
    document["cluster"]["certificate_authority"] = certificate
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "dev-aws.json").write_text(json.dumps(document))
    assert synthesize(root, "dev-workloads", TERRACE_OUTPUTS=str(tmp_path / "outputs")).returncode == 0
    assert "stand-in-" in (directory(here) / "cdk.tf.json").read_text()
    assert "stand-in-" not in (directory(root) / "cdk.tf.json").read_text()
