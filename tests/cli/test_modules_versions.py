"""`terrace modules outdated` and `terrace modules upgrade` as they are typed."""

import json
import tarfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.test_validate import ROOT, Terrace, terrace
from tests.helm import found_or_skipped

__all__ = ["terrace"]

MODULE = """summary: Orders of the shop
category: applications
home: https://example.com/shop
licence: Apache-2.0
version: 1.4.2
chart: {repository: https://charts.example.com, name: shop, version: 1.0.0}
images: [{repository: ghcr.io/acme/shop, tag: 1.4.2}]
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {{{{ .Values.replicas }}}}
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata: {{labels: {{app: shop}}}}
    spec: {{containers: [{{name: web, image: "ghcr.io/acme/shop:{{{{ .Values.tag }}}}"}}]}}
"""
DEFINITION = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.example.com}
spec: {group: example.com, versions: [%s]}
"""


@pytest.fixture
def shop(terrace: Terrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terrace:
    """A project with the module `shop`, whose chart is there in the versions 1.0.0 and 2.0.0."""
    monkeypatch.setenv("TERRACE_HELM", str(found_or_skipped().path))
    Path("modules/shop").mkdir()
    Path("modules/shop/module.yaml").write_text(MODULE)
    Path("modules/shop/README.md").write_text("# shop\n")
    Path("modules/shop/values.yaml.j2").write_text("replicas: 2\ncolour: red\n")
    with Path("environments/dev.yaml").open("a") as file:
        file.write("modules: {shop: {enabled: true}}\n")
    monkeypatch.setenv("TERRACE_CHART_DIR", str(tmp_path / "charts"))
    pack(tmp_path, "1.0.0", "replicas: 1\ncolour: blue\ntag: 1.4.2\n", "web", "{name: v1alpha1, served: true}")
    versions = "{name: v1alpha1, served: false}, {name: v1, served: true}"
    pack(tmp_path, "2.0.0", "replicas: 3\ntag: 2.0.0\nshade: dark\n", "shop", versions)
    return terrace


def pack(tmp_path: Path, version: str, values: str, name: str, definitions: str) -> None:
    source = tmp_path / "source" / version
    for folder in ("templates", "crds"):
        (source / folder).mkdir(parents=True)
    (source / "Chart.yaml").write_text(f"apiVersion: v2\nname: shop\nversion: {version}\nappVersion: 1.4.2\n")
    (source / "values.yaml").write_text(values)
    (source / "templates" / "deployment.yaml").write_text(DEPLOYMENT.format(name=name))
    (source / "crds" / "orders.yaml").write_text(DEFINITION % definitions)
    (tmp_path / "charts").mkdir(exist_ok=True)
    with tarfile.open(tmp_path / "charts" / f"shop-{version}.tgz", "w:gz") as file:
        file.add(source, "shop")


def test_an_upgrade_shows_what_the_chart_changes(shop: Terrace) -> None:
    code, out, _ = shop("modules", "upgrade", "shop", "dev", "2.0.0", "--json")
    assert {(row["what"], row["name"]): (row["before"], row["after"]) for row in json.loads(out)} == {
        ("version", "chart"): ("1.0.0", "2.0.0"),
        ("unknown value", "colour"): ("", ""),
        ("default", "shade"): ("", "dark"),
        ("default", "tag"): ("1.4.2", "2.0.0"),
        ("definition", "orders.example.com"): ("v1alpha1", "-v1alpha1, v1"),
        ("image", "ghcr.io/acme/shop"): ("1.4.2", "2.0.0"),
        ("object", "Deployment web"): ("present", ""),
        ("object", "Deployment shop"): ("", "present"),
    }
    assert code == 1, "the module sets a value that the new chart ignores"


def test_an_upgrade_to_the_same_chart_changes_nothing(shop: Terrace) -> None:
    assert shop("modules", "upgrade", "shop", "dev", "1.0.0") == (
        0,
        "shop 1.0.0 changes nothing that shop uses in dev\n",
        "",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shpo", "dev", "2.0.0"), "module 'shpo' is not enabled in dev"),
        (("jaeger", "dev", "2.0.0"), "module 'jaeger' has no chart of a repository"),
        (("shop", "dev", "2.0.0", "--chart", "shpo"), "module 'shop' has no chart 'shpo'"),
    ],
)
def test_what_cannot_be_upgraded(shop: Terrace, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = shop("modules", "upgrade", *arguments)
    assert (code, err.splitlines()[0]) == (2, f"error: {message}")


def write_versions(modules: object) -> None:
    document = YAML(typ="safe").load(ROOT / "policies" / "versions.yaml")
    Path("policies").mkdir(exist_ok=True)
    YAML().dump({**document, "modules": modules}, Path("policies/versions.yaml"))


def test_outdated_names_newer_versions_and_ended_support(terrace: Terrace) -> None:
    page = "https://example.com/releases"
    newest = {"version": "99.1.0", "seen": "2026-11-01", "source": page}
    write_versions(
        {
            "kyverno": {"newest": newest},
            "keda": {"newest": {**newest, "version": "2.0.0"}},
            "falco": {
                "newest": {**newest, "version": "0.1.0"},
                "supported": {"0.44": {"until": "2026-01-01", "source": page}},
            },
        }
    )
    code, out, _ = terrace("modules", "outdated", "dev", "--json")
    problems = {row["module"]: row["problem"] for row in json.loads(out)}
    assert code == 1
    assert (problems["kyverno"], problems["keda"], problems["falco"]) == ("newer version", "", "support ended")
    assert problems["vector"] == "not listed"


def test_the_modules_are_listed_and_no_others() -> None:
    listed = YAML(typ="safe").load(ROOT / "policies" / "versions.yaml")["modules"]
    assert sorted(listed) == sorted(path.parent.name for path in (ROOT / "modules").glob("*/module.yaml"))
