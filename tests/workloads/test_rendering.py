"""terrace.workloads.rendering and helm: real helm on small charts."""

from pathlib import Path

import pytest

from terrace.workloads.helm import Helm, HelmFailed
from terrace.workloads.release import Release
from terrace.workloads.releases import releases
from terrace.workloads.rendering import Renderer
from tests.helm import found_or_skipped
from tests.workloads.trial import app, context_of


@pytest.fixture(scope="module")
def helm() -> Helm:
    return found_or_skipped()


def test_a_chart_renders_with_its_values(helm: Helm, tmp_path: Path) -> None:
    context = context_of(tmp_path, {"shop": app(template="replicas: 4\n")})
    renderer = Renderer(helm, None)
    by_name = {release.name: renderer.render(release, context) for release in releases(context)}
    (deployment,) = by_name["shop"].objects
    assert (deployment["metadata"]["name"], deployment["spec"]["replicas"]) == ("shop", 4)
    assert by_name["shop-base"].objects and not any(one.skipped for one in by_name.values())


def test_equal_renders_run_helm_once(helm: Helm, tmp_path: Path) -> None:
    context = context_of(tmp_path, {"shop": app()})
    renderer = Renderer(helm, None)
    for _ in range(3):
        for release in releases(context):
            renderer.render(release, context)
    assert renderer.runs == 1


def test_the_wiring_chart_renders_exactly_its_objects(helm: Helm, tmp_path: Path) -> None:
    """Objects of our own are not rendered with helm elsewhere, since the result is the same."""
    context = context_of(tmp_path, {"shop": app(), "law": app(module="provides: [admission]\n")})
    for release in releases(context):
        if release.name in ("shop-base", "law-base", "policies"):
            assert isinstance(release.chart, Path)
            rendered = helm.template(release, release.chart, kubernetes="1.35.0")
            named = {(one["kind"], one["metadata"]["name"]): one for one in rendered}
            assert named == {(one["kind"], one["metadata"]["name"]): one for one in release.values["objects"]}


def test_without_helm_or_chart_a_release_is_skipped_with_the_reason(tmp_path: Path) -> None:
    upstream = "chart: {repository: 'https://charts.example.com', name: shop, version: 1.0.0}\n"
    shop = app()
    modules = {"own": shop, "shop": type(shop)(upstream, shop.template, None)}
    context = context_of(tmp_path, modules)
    skipped = {one.name: Renderer(None, None).render(one, context).skipped for one in releases(context)}
    assert skipped["own"] == "helm is not installed"
    assert skipped["shop"] == "the chart shop 1.0.0 is not at hand"
    assert skipped["own-base"] == skipped["shop-base"] == ""


def test_an_error_of_a_chart_names_the_release(helm: Helm, tmp_path: Path) -> None:
    shop = app(templates__deployment_yaml='{{ required "image is required" .Values.missing }}\n')
    context = context_of(tmp_path, {"shop": shop})
    with pytest.raises(HelmFailed, match=r"release shop: helm template failed: .*image is required"):
        for release in releases(context):
            Renderer(helm, None).render(release, context)


def test_a_chart_that_renders_no_objects_is_an_error(helm: Helm, tmp_path: Path) -> None:
    context = context_of(tmp_path, {"shop": app(templates__deployment_yaml="just: text\n")})
    with pytest.raises(HelmFailed, match=r"release shop: .*document that is no object|release shop: .*no valid kind"):
        for release in releases(context):
            Renderer(helm, None).render(release, context)


def test_repositories_and_plugins_of_the_user_do_not_matter(
    helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("HELM_PLUGINS", str(tmp_path))
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: one\nversion: 1.0.0\n")
    (folder / "templates" / "a.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: {{ .Release.Namespace }}}\n"
    )
    (rendered,) = helm.template(Release("one", "here", "one", folder, {}), folder, kubernetes="1.35.0")
    assert rendered["metadata"]["namespace"] == "here"
