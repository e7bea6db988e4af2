"""The bootstrap stack, and what its foundation knows of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.deployment import bootstrapped
from terrace.deployment.deployment import Deployment
from terrace.project import basis
from terrace.project.discovery import Project
from terrace.state.local import LocalHome
from tests.conftest import Foundations, path_of

Documents = dict[str, dict[str, Any]]


@pytest.fixture(params=CLOUDS)
def prod(request: pytest.FixtureRequest, shared: Path, foundation: Foundations) -> Documents:
    """The stacks of prod as written, by id."""
    foundation("prod", request.param)
    stacks = shared / f"cdktf.out-{request.param}" / "stacks"
    return {id: json.loads((stacks / id / "cdk.tf.json").read_text()) for id in ("prod", "prod-bootstrap")}


def addresses(document: dict[str, Any]) -> set[str]:
    return {f"{type}.{name}" for type, group in document["resource"].items() for name in group}


def test_a_destroy_of_the_foundation_leaves_the_pipelines_their_rights(prod: Documents) -> None:
    """No identity, role or trust of the pipelines, and nothing that these rest on, is in the foundation."""
    shared = {one for one in addresses(prod["prod"]) if one.startswith("google_project_service.")}  # never disabled
    assert not addresses(prod["prod-bootstrap"]) & addresses(prod["prod"]) - shared
    paths = {path_of(body) for group in prod["prod"]["resource"].values() for body in group.values()}
    assert not [path for path in paths if path.startswith(("pipelines/", "group", "governance/boundary"))]
    assert [path for group in prod["prod-bootstrap"]["resource"].values() for path in map(path_of, group.values())]


def test_a_foundation_that_made_the_identities_forgets_them(prod: Documents) -> None:
    """An earlier version had them in the state of the foundation: an apply must not destroy them."""
    removed = prod["prod"]["removed"]
    assert {one["from"] for one in removed} == addresses(prod["prod-bootstrap"]) - addresses(prod["prod"])
    assert all(one["lifecycle"] == {"destroy": False} for one in removed)


def test_checks_read_the_foundation_with_what_it_rests_on(prod: Documents) -> None:
    joined = basis.joined(prod["prod"])
    assert addresses(joined) == addresses(prod["prod"]) | addresses(prod["prod-bootstrap"])
    assert "removed" not in joined and "bootstrap" not in joined["//"]


def test_the_state_of_the_bootstrap_is_beside_the_others(prod: Documents) -> None:
    backends = {id: next(iter(one["terraform"]["backend"].values())) for id, one in prod.items()}
    assert json.dumps(backends["prod-bootstrap"]) == json.dumps(backends["prod"]).replace("/foundation", "/bootstrap")


def test_a_plan_tells_when_a_person_has_to_run_the_bootstrap(prod: Documents, tmp_path: Path) -> None:
    home = LocalHome(tmp_path / "state")
    cloud = next(iter(prod["prod"]["provider"]))
    made, foundation = (
        Deployment(Project(tmp_path, synthesized_to=tmp_path), "prod", cloud, layer=layer)
        for layer in ("bootstrap", "foundation")
    )

    def written(deployment: Deployment, document: dict[str, Any]) -> None:
        directory = deployment.project.stack(deployment.stack_id)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cdk.tf.json").write_text(json.dumps(document))

    written(made, prod["prod-bootstrap"])
    written(foundation, prod["prod"])
    assert not bootstrapped.is_outdated(foundation, home)  # not known
    bootstrapped.record(made, home)
    assert not bootstrapped.is_outdated(foundation, home)
    edited = json.loads(json.dumps(prod["prod"]).replace("environment:prod", "environment:prod-2"))
    assert edited != prod["prod"]
    written(foundation, edited)
    assert bootstrapped.is_outdated(foundation, home)
    assert bootstrapped.known_outdated(foundation, lambda: home)
    elsewhere = Deployment(Project(tmp_path, synthesized_to=tmp_path / "elsewhere"), "prod", cloud)
    assert not bootstrapped.known_outdated(elsewhere, lambda: home)
    assert "run `terrace bootstrap prod`" in bootstrapped.sentence("prod")
