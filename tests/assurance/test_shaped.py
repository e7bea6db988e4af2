"""An environment with the lines of several pages of docs/guides/, and a later PostgreSQL, on every cloud: what follows
from each. One stack for each cloud shows them all."""

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from terrace.assurance import checks
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Result
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.outputs import Outputs
from terrace.environment import load, target
from terrace.environment.schema import Environment, NamingSpec, TagKeys
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from terrace.workloads.standins import stand_ins
from tests.conftest import ROOT, Foundations

GUIDES = ("leave-out", "names-and-tags")
OF_EXTENSIONS = ("own-resources", "storage-integration", "shape")
"""Pages with functions and their `extensions`: one for every cloud, or one for each in order."""
MORE = ("inner", "bare")
"""Environments like dev that leave out what the further examples of the first page do."""
OF_CACHE = ("CACHE-1", "CACHE-2", "CACHE-3")
OF_DATABASE = ("SEC-2", "OBS-5", *(f"DB-{number}" for number in range(1, 11)))
OF_CLUSTER = ("BAK-2", *(f"K8S-{number}" for number in range(1, 12)))
KEPT = ("keys/", "observability/cache-")
"""The key, and on AWS the log groups, which cost nothing while they are empty."""
SERVING_THE_ENTRY = tuple(f"workloads/{name}" for name in ("external-dns", "cert-manager", "load-balancer"))
SERVERS = {
    "aws": ("aws_db_instance", "engine_version", "18"),
    "azure": ("azurerm_postgresql_flexible_server", "version", "18"),
    "gcp": ("google_sql_database_instance", "database_version", "POSTGRES_18"),
}
PUBLIC: dict[str, tuple[str, dict[str, object]]] = {
    "aws": ("aws_s3_bucket_public_access_block", {"block_public_policy": False}),
    "azure": ("azurerm_storage_container", {"container_access_type": "blob"}),
    "gcp": ("google_storage_bucket", {"public_access_prevention": "inherited"}),
}
"""What makes a bucket public, or lets it be made so."""
Stacks = Callable[..., tuple[Environment, str]]


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """dev with the guides' lines, or one that leaves out more, and its stack."""
    lines = [blocks(guide, "yaml")[0] for guide in GUIDES]
    _, without_database, *without_more = blocks("leave-out", "yaml")

    @cache
    def made(cloud: str) -> Project:
        project = tmp_path_factory.mktemp(f"shaped-{cloud}")
        for folder in ("environments", "modules", "stacks"):
            shutil.copytree(ROOT / folder, project / folder)
        extensions: dict[str, object] = {}
        for guide in OF_EXTENSIONS:
            function = of_cloud(blocks(guide, "python"), cloud)
            written = of_cloud([one for one in blocks(guide, "yaml") if one.startswith("extensions:")], cloud)
            (project / re.findall(r"stacks/\w+\.py", function)[0]).write_text(function)
            extensions |= yaml.safe_load(written)["extensions"]
        of_extensions = json.dumps({"extensions": extensions}).replace("dpf-dev", "acme-dev-dpf")
        shutil.copy(ROOT / "cdktf.json", project)
        dev = project / "environments" / "dev.yaml"
        text = re.sub(r"^cache:\n(  .*\n)+", "", dev.read_text(), flags=re.MULTILINE)
        assert "database:\n  size" in text
        text = text.replace("database:\n", "database:\n  version: 18\n")
        (pool,) = (one for one in blocks("shape", "yaml") if one.startswith("cluster:\n  pools:\n"))
        text = text.replace("    spot:", f"{pool.splitlines()[2]}\n    spot:")
        plain = (ROOT / "environments" / "dev.yaml").read_text().replace("name: dev\n", "")
        (project / "environments" / "plain.yaml").write_text(plain)
        dev.write_text("\n".join([text, *lines, of_extensions.removeprefix("{").removesuffix("}")]))
        lean = "extends: dev.yaml\nname: lean\nextensions: null\n"
        lean += "network: {cidr: 10.46.0.0/16, entry: {domain: lean.example.com}}\n"
        (project / "environments" / "lean.yaml").write_text(lean + without_database)
        accounts = project / "environments" / "clouds" / f"{cloud}.yaml"
        dev_account = yaml.safe_load(accounts.read_text())["environments"]["dev"]
        for number, (name, lines_of_guide) in enumerate(zip(MORE, without_more, strict=True)):
            (project / "environments" / f"without-{name}.yaml").write_text(f"extends: plain.yaml\n{lines_of_guide}")
            own = f"extends: without-{name}.yaml\nname: {name}\nnetwork: {{cidr: 10.{47 + number}.0.0/16}}\n"
            (project / "environments" / f"{name}.yaml").write_text(own)
        names = ("lean", *MORE)
        others = "".join(f"  {name}: {json.dumps(dev_account)}\n" for name in names)
        accounts.write_text(f"{accounts.read_text()}{others}")
        written = Project(project)
        synthesize(written, "dev", *names, cloud=cloud, state="local")
        return written

    def of(cloud: str, name: str = "dev") -> tuple[Environment, str]:
        project = made(cloud)
        environment = load(name, project=project.root, cloud=cloud).environment
        return environment, (project.stack(name) / "cdk.tf.json").read_text()

    return of


def blocks(guide: str, language: str) -> list[str]:
    page = (ROOT / "docs" / "guides" / f"{guide}.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def of_cloud(found: list[str], cloud: str) -> str:
    return found[0] if len(found) == 1 else found[CLOUDS.index(cloud)]


def results(environment: Environment, stack: str) -> dict[str, Result]:
    subject = Subject(View(json.loads(stack)), environment, target(environment))
    return {result.guarantee.id: result for result in checks.evaluate(subject)}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_passes_and_those_of_the_cache_are_not_required(cloud: str, shaped: Stacks) -> None:
    found = results(*shaped(cloud))
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert [found[id].status for id in OF_CACHE] == ["not_required"] * 3
    assert found["CACHE-1"].reason == "cache is off"
    assert (found["GOV-1"].status, found["DB-10"].status) == ("holds", "holds")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_the_cache_is_in_the_stack_or_its_outputs(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud)
    document = json.loads(stack)
    assert [path for path in own_paths(document) if "cache" in path and not path.startswith(KEPT)] == []
    assert "cache" not in document["output"]
    outputs = stand_ins(environment, target(environment))
    assert outputs.cache is None
    assert Outputs.model_validate(outputs.model_dump(exclude={"cache"})) == outputs


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_the_database_is_in_a_stack_without_it(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud, "lean")
    found = results(environment, stack)
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert {id for id, result in found.items() if result.reason == "database is off"} == {*OF_DATABASE}
    assert {found[id].status for id in OF_DATABASE} == {"not_required"}
    document = json.loads(stack)
    kept = ("keys/", "observability/", "alarms/database-changed-")  # AUD-6: of any server in the project
    assert [path for path in own_paths(document) if "database" in path and not path.startswith(kept)] == []
    assert "database" not in document["output"]
    outputs = stand_ins(environment, target(environment))
    assert outputs.database is None
    assert Outputs.model_validate(outputs.model_dump(exclude={"cache", "database"})) == outputs


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_the_entry_is_in_a_stack_without_it(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud, "inner")
    found = results(environment, stack)
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert {id for id, result in found.items() if result.reason == "entry is off"} == {"NET-6"}
    assert (found["NET-6"].status, found["OBS-4"].status) == ("not_required", "holds")
    document = json.loads(stack)
    paths = own_paths(document)
    assert [path for path in paths if path.startswith(("entry/", *SERVING_THE_ENTRY))] == []
    assert [path for path in paths if path.startswith("network/openings/") and re.search("entry|public", path)] == []
    assert [path for path in paths if path.startswith("alarms/") and re.search("objective|platform", path)] == []
    assert document["output"].keys().isdisjoint({"domain", "dns_zone", "entry"})
    outputs = stand_ins(environment, target(environment))
    assert (outputs.domain, outputs.dns_zone, outputs.entry) == (None, None, None)
    assert Outputs.model_validate(outputs.model_dump(exclude={"domain", "dns_zone", "entry"})) == outputs


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_the_cluster_is_in_a_stack_without_it(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud, "bare")
    found = results(environment, stack)
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert {id for id, result in found.items() if result.reason == "cluster is off"} == {*OF_CLUSTER}
    assert {found[id].status for id in OF_CLUSTER} == {"not_required"}
    assert {found[id].status for id in ("NET-1", "NET-2", "NET-4", "DB-1", "DB-9", "BAK-1", "LAKE-1", "KEY-1")} <= {
        "holds",
        "excepted",
    }
    document = json.loads(stack)
    without = ("cluster/", "registry/", "workloads/", "entry/", "backup/velero", "backup/cluster", "alarms/nodes-")
    assert [path for path in own_paths(document) if path.startswith(without)] == []
    assert document["output"].keys().isdisjoint({"cluster", "registry", "domain"})
    outputs = stand_ins(environment, target(environment))
    assert (outputs.cluster, outputs.registry, outputs.platform_identities) == (None, None, {})


def own_paths(document: dict[str, Any]) -> list[str]:
    """The construct paths of a stack's resources, without its name."""
    bodies = [body for group in document["resource"].values() for body in group.values()]
    return [str(body["//"]["metadata"]["path"]).partition("/")[2] for body in bodies]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_names_and_tags_are_the_organisations(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud)
    assert target(environment).prefix == "acme-dev-dpf"
    assert "acme-dev-dpf" in stack and "dpf-dev" not in stack and "dpfdev" not in stack
    assert '"cost-center"' in stack and "cost-centre" not in stack and "data-classification" not in stack


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_chosen_version_of_postgresql_is_the_servers(cloud: str, shaped: Stacks) -> None:
    environment, stack = shaped(cloud)
    type, attribute, expected = SERVERS[cloud]
    (server,) = json.loads(stack)["resource"][type].values()
    assert (environment.database.version, server[attribute]) == (18, expected)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_stack_that_is_not_shaped_is_broken(cloud: str, foundation: Foundations) -> None:
    """Mutants: a part exists although it is off, its path is open, and tags have the kit's own keys."""
    environment = load("dev", project=ROOT, cloud=cloud).environment
    spelled = NamingSpec(tag_keys=TagKeys(cost_centre="cost-center"))
    shaped = environment.model_copy(update={"cache": None, "naming": spelled})
    found = results(shaped, json.dumps(foundation("dev", cloud).document))
    assert {found[id].status for id in OF_CACHE} == {"broken"}
    assert "expected no resource, since cache is off" in found["CACHE-1"].reason
    assert found["NET-4"].status == "broken" and "nodes -> cache" in found["NET-4"].reason
    without = results(environment.model_copy(update={"database": None}), json.dumps(foundation("dev", cloud).document))
    assert {without[id].status for id in OF_DATABASE if id.startswith("DB-")} == {"broken"}
    assert without["NET-4"].status == "broken"
    assert any("nodes -> database" in str(one) for one in without["NET-4"].observations)
    assert found["GOV-1"].status == "broken" and "cost-center" in found["GOV-1"].reason
    bare = environment.model_copy(update={"cluster": None}).with_modules({})
    whole = results(bare, json.dumps(foundation("dev", cloud).document))
    assert {whole[id].status for id in OF_CLUSTER if id != "BAK-2"} == {"broken"}
    assert "expected no resource, since cluster is off" in whole["K8S-10"].reason
    assert (whole["NET-4"].status, whole["ID-2"].status) == ("broken", "broken")
    network = environment.network.model_copy(update={"entry": None})
    inner = results(environment.model_copy(update={"network": network}), json.dumps(foundation("dev", cloud).document))
    assert inner["NET-6"].status == "broken" and "expected no resource, since entry is off" in inner["NET-6"].reason
    assert inner["NET-4"].status == "broken"
    assert any("internet -> entry" in str(one) for one in inner["NET-4"].observations)
    broken = [str(one) for one in inner["NET-4"].observations if not one.ok]
    assert any("public-access-list" in one for one in broken) == (cloud == "aws")
    assert inner["ID-2"].status == "broken"
    assert any("external-dns" in str(one) for one in inner["ID-2"].observations if not one.ok)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_an_extension_opens_and_is_not_declared_is_broken(cloud: str, shaped: Stacks) -> None:
    """Mutants: the bucket of the extension is public, and the right of the other one is not declared."""
    environment, text = shaped(cloud)
    stack = json.loads(text)
    type, changed = PUBLIC[cloud]
    paths = {body["//"]["metadata"]["path"].partition("/")[2]: body for body in stack["resource"][type].values()}
    path = next(path for path in paths if path.startswith("extensions/exports/exports/"))
    paths[path] |= changed
    closed = {
        "extensions": {name: one.model_copy(update={"grants": ()}) for name, one in environment.extensions.items()}
    }
    found = results(environment.model_copy(update=closed), json.dumps(stack))
    assert found["LAKE-1"].status == "broken" and path in found["LAKE-1"].reason
    broken = {id for id, result in found.items() if not result.passes} - {"LAKE-1"}
    assert broken == {"LAKE-7", *(("KEY-3", "ID-2") if cloud == "aws" else ())}
    assert "extensions/snowflake/" in found["LAKE-7"].reason and "may read-data lake/gold" in found["LAKE-7"].reason


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_declared_right_that_nothing_gives_is_missing(cloud: str, shaped: Stacks) -> None:
    environment, text = shaped(cloud)
    stack = json.loads(text)
    for group in stack["resource"].values():
        for name in [name for name, body in group.items() if "extensions/snowflake/" in body["//"]["metadata"]["path"]]:
            del group[name]
    assert "no resource allows: " in results(environment, json.dumps(stack))["LAKE-7"].reason


def test_a_type_that_the_model_does_not_know_needs_a_statement(shaped: Stacks) -> None:
    environment, text = shaped("aws")
    stack = json.loads(text)
    stack["resource"]["aws_sqs_queue"] = {
        "queue": {"name": "acme-dev-dpf-exports", "//": {"metadata": {"path": "dev/extensions/exports/queue"}}}
    }
    found = results(environment, json.dumps(stack))["ID-2"]
    assert found.status == "broken" and "extensions/exports/queue: aws_sqs_queue may open a path" in found.reason
    stated = {"aws_sqs_queue": "without a policy of its own it grants nothing"}
    exports = environment.extensions["exports"].model_copy(update={"no_access": stated})
    environment = environment.model_copy(update={"extensions": {**environment.extensions, "exports": exports}})
    assert results(environment, json.dumps(stack))["ID-2"].passes


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_pool_and_the_buckets_of_the_guides_are_in_the_stack(cloud: str, shaped: Stacks) -> None:
    _, text = shaped(cloud)
    buckets = {"aws": "aws_s3_bucket", "azure": "azurerm_storage_account", "gcp": "google_storage_bucket"}
    paths = [body["//"]["metadata"]["path"] for body in json.loads(text)["resource"][buckets[cloud]].values()]
    own = sorted(path.split("/")[-2] for path in paths if path.startswith("dev/extensions/"))
    assert own == ["exports", "inbox", "outbox"]
    pools = {
        "aws": "aws_eks_node_group",
        "azure": "azurerm_kubernetes_cluster_node_pool",
        "gcp": "google_container_node_pool",
    }
    made = [body["//"]["metadata"]["path"] for body in json.loads(text)["resource"][pools[cloud]].values()]
    assert any("reports" in path for path in made)
