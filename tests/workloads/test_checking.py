"""terrace.workloads.checking: a good module passes, and each check catches a mutant of it."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from terrace.modules import loading
from terrace.workloads import checking
from terrace.workloads.checking import Checker, Found, Part, Report, check_inventories, write_inventories
from terrace.workloads.rendering import Renderer
from terrace.workloads.selection import Selection
from tests.helm import found_or_skipped
from tests.workloads.trial import DEPLOYMENT, Trial, app, context_of, write

pytest.importorskip("kubernetes_validate")
pytest.importorskip("cel_expr_python")

LOOSE = "image registry.example.com/app:v1 is not pinned by digest: staging and prod refuse its pods"


@pytest.fixture
def check(tmp_path: Path) -> Any:
    helm = found_or_skipped()

    def run(shop: Trial, *, environment: str = "dev", cloud: str = "aws", **others: Trial) -> Report:
        context = context_of(tmp_path, {"shop": shop, **others}, environment=environment, cloud=cloud)
        checker = Checker(Renderer(helm, None), tmp_path / "cache", today=date(2027, 1, 1))
        checker.check(Selection(context, tuple(context.modules), ()))
        return checking.report(checker.taken())

    return run


def errors(report: Report) -> list[tuple[str, str]]:
    return [(one.check, one.message) for one in report.errors]


def test_a_good_module_has_no_errors(check: Any) -> None:
    report = check(app())
    assert errors(report) == []
    assert [one.message for one in report.found] == [LOOSE]
    assert report.skipped == {}
    assert report.counts["objects validated"] >= 5 and report.counts["objects evaluated"] >= 5


def changed(old: str, new: str) -> Trial:
    assert old in DEPLOYMENT
    return app(templates__deployment_yaml=DEPLOYMENT.replace(old, new, 1))


MUTANTS = {
    "values": (
        app(template="replicas: 1\nreplicaz: 2\n"),
        "values",
        "its chart does not know the value replicaz",
    ),
    "images": (
        app(template="image: registry.example.com/other:v1\n"),
        "images",
        "Deployment shop pulls registry.example.com/other:v1, which is not declared",
    ),
    "tag": (
        app(template="image: registry.example.com/app:v2\n"),
        "images",
        "Deployment shop pulls registry.example.com/app:v2, which is not declared; declared: v1",
    ),
    "policy": (
        changed("runAsNonRoot: true, ", ""),
        "policy",
        "Deployment shop/shop: containers must run as a non-root user; set runAsNonRoot: true in the pod's "
        "securityContext or in every container's",
    ),
    "unknown field": (
        changed("  replicas:", "  replicaz: 3\n  replicas:"),
        "schema",
        "Deployment shop: spec: Additional properties are not allowed ('replicaz' was unexpected)",
    ),
    "wrong type": (
        changed("{{ .Values.replicas }}", "many"),
        "schema",
        "Deployment shop: spec.replicas: 'many' is not of type 'integer', 'null'",
    ),
    "network": (
        app(
            templates__open_yaml="apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open}\n"
            "spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}\n"
        ),
        "network",
        "its chart opens paths with the NetworkPolicy open",
    ),
    "random": (
        changed("  replicas:", "  minReadySeconds: {{ randInt 1 1000000 }}\n  replicas:"),
        "render",
        "two renders of its chart differ",
    ),
    "template": (
        app(template="replicas: {{ nothing }}\n"),
        "render",
        "modules/shop/values.yaml.j2:1 'nothing' is undefined.",
    ),
    "chart": (
        app(templates__deployment_yaml='{{ fail "no" }}\n'),
        "render",
        "release shop: helm template failed: ",
    ),
    "expired exception": (
        app(module="exceptions:\n  - {policy: no-host-path, reason: It reads a file of the node, until: 2026-12-31}\n"),
        "policy",
        "its exception from the policy no-host-path ended on 2026-12-31",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_check_catches_its_mutant(check: Any, name: str) -> None:
    mutant, kind, message = MUTANTS[name]
    found = errors(check(mutant))
    assert any(check == kind and text.startswith(message) for check, text in found), found


def test_a_declared_exception_is_honoured(check: Any, tmp_path: Path) -> None:
    mutant = changed("          securityContext:\n", "          securityContext:\n            privileged: true\n")
    text = "Deployment shop/shop: privileged"
    law = app(module="provides: [admission]\n")
    assert [one for _, one in errors(check(mutant, law=law)) if one.startswith(text)]
    declared = (
        "pod_security: privileged\nexceptions:\n"
        "  - {policy: no-privileged-containers, reason: It loads a program into the kernel, until: 2027-06-30}\n"
    )
    shop = Trial(mutant.module + declared, mutant.template, mutant.chart)
    shutil.rmtree(tmp_path / "modules")
    assert [one for _, one in errors(check(shop, law=law)) if one.startswith(text)] == []


def test_a_value_that_a_chart_passes_on_is_known(check: Any) -> None:
    shop = app(
        template="config: {own: {deep: 2}}\n",
        values_yaml="replicas: 1\nimage: registry.example.com/app:v1\nconfig: {own: {other: 1}}\n",
        templates__config_yaml="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
        "data: {all: {{ .Values.config | toJson | quote }}}\n",
    )
    assert errors(check(shop)) == []


def test_the_pods_that_log_in_are_of_any_of_a_modules_charts(tmp_path: Path) -> None:
    upstream = tmp_path / "charts" / "upstream" / "templates"
    upstream.mkdir(parents=True)
    (upstream.parent / "Chart.yaml").write_text("apiVersion: v2\nname: upstream\nversion: 1.0.0\n")
    (upstream.parent / "values.yaml").write_text("image: registry.example.com/app:v1\nreplicas: 1\n")
    template = upstream / "deployment.yaml"
    module = (
        "chart: {repository: 'https://charts.example.com', name: upstream, version: 1.0.0}\n"
        "charts: [{name: rights, version: 1.0.0}]\n"
        "images: [{repository: registry.example.com/app, tag: v1}]\n"
        "needs: {database: {login: password-file}}\n"
    )
    own = {
        "Chart.yaml": "apiVersion: v2\nname: rights\nversion: 1.0.0\n",
        "templates/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rights}\n",
    }
    values = (
        "{% set login = database_login(65532) %}\n"
        "pod: {{ {'volumes': login.volumes, 'initContainers': login.containers} | tojson }}\n"
        "container: {{ {'env': login.env, 'volumeMounts': login.mounts} | tojson }}\n"
    )
    context = context_of(tmp_path, {"shop": Trial(module, values, own), "keys": app(module="provides: [secrets]\n")})
    pod, container = "{{- toYaml .Values.pod | nindent 6 }}\n", "{{- toYaml .Values.container | nindent 10 }}\n"
    reads = DEPLOYMENT.replace("      containers:\n", f"{pod}      containers:\n") + container

    def problems(text: str) -> list[tuple[str, str]]:
        template.write_text(text)
        checker = Checker(Renderer(found_or_skipped(), tmp_path / "charts"), tmp_path / "cache", date(2027, 1, 1))
        checker.check(Selection(context, ("shop",), ()))
        found = checking.report(checker.taken())
        assert not found.skipped
        return [one for one in errors(found) if one[0] == "database"]

    assert problems(reads) == []
    missing = "no pod reads the password file, though module.yaml says needs.database.login: password-file"
    assert problems(DEPLOYMENT) == [("database", missing)]


def test_replicas_and_spread_are_required_in_prod(check: Any) -> None:
    messages = " ".join(text for _, text in errors(check(app(), environment="prod")))
    assert "two replicas are required in prod" in messages and "pods must spread over zones in prod" in messages


def test_a_finding_in_all_places_names_none() -> None:
    part = checking.Part(checked=["dev on aws", "prod on aws"])
    key = checking.Key("shop", "policy", "bad", "", True)
    part.places[key] = ["dev on aws", "prod on aws"]
    assert str(checking.report(part).found[0]) == "shop: bad"
    part.places[key] = ["dev on aws"]
    assert str(checking.report(part).found[0]) == "shop: bad (dev on aws)"
    assert str(Found("shop", "c", "bad", where=("a", "b", "c", "d", "e"))) == "shop: bad (a, b, c and 2 more)"


def test_the_inventory_of_a_module_is_not_compared_while_one_of_its_charts_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"shop": app()})
    (tmp_path / "modules" / "shop" / "inventory.json").write_text(
        '{"chart": "shop", "version": "1.0.0", "objects": {"Deployment": ["shop"], "Service": ["shop"]}}'
    )
    module = loading.load(tmp_path / "modules" / "shop", "shop")
    found = {}
    for incomplete in (set[str](), {"shop"}):
        part = Part(rendered={"shop": {"Deployment": {"shop"}}}, incomplete=incomplete)
        check_inventories(part, {"shop": module})
        found[bool(incomplete)] = [key.message for key in part.places]
        assert write_inventories(part, {"shop": module}) == ([] if incomplete else ["shop"])
    assert found == {False: ["its chart no longer renders Service shop, compared with inventory.json"], True: []}
