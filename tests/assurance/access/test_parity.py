"""The same environment allows the same on the three clouds; what one cloud needs besides has a reason."""

import json

import pytest

from terrace.assurance import access
from terrace.assurance.access.declared import grants, paths
from terrace.assurance.access.model import Grant, Path
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from tests.assurance.conftest import Written
from tests.conftest import ROOT

PARTIES = {"internet", "entry", "nodes", "control", "endpoints", "database", "cache"}
"""Paths between them are those of each cloud's `flows.py`, each with its purpose there."""


def stack(written: Written, cloud: str, environment: str) -> Subject:
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    return Subject(View(json.loads(written(cloud, environment))), loaded, target(loaded))


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_edge_is_neutral_or_has_a_reason(written: Written, cloud: str, environment: str) -> None:
    subject = stack(written, cloud, environment)
    found, declared = access.read(subject), access.declarations(subject)
    common = {*grants(subject.environment), *paths(subject.environment)}
    reasons = dict(declared.reasons)
    assert [reason for reason in reasons.values() if len(reason) < 10] == []
    own: list[Path | Grant] = [edge for edge in found.grants if edge not in common]
    own += [edge for edge in found.paths if edge not in common and not {edge.source, edge.destination} <= PARTIES]
    without = [
        str(edge)
        for edge in own
        if not any(type(other) is type(edge) and other.covers(edge) for other in reasons)  # type: ignore[arg-type]
    ]
    assert without == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_clouds_agree_on_who_reaches_what(written: Written, environment: str) -> None:
    """Ports are those of each cloud's service."""
    pairs = {}
    for cloud in CLOUDS:
        subject = stack(written, cloud, environment)
        reasons = {
            (edge.source, edge.destination)
            for edge, _ in access.declarations(subject).reasons
            if isinstance(edge, Path)
        }
        found = {(path.source, path.destination) for path in access.read(subject).paths}
        flows = {pair for pair in found if set(pair) <= PARTIES}
        pairs[cloud] = (flows, reasons)
    for cloud, (flows, _) in pairs.items():
        for other, (others, _) in pairs.items():
            unexplained = flows - others - pairs[cloud][1] - pairs[other][1]
            assert unexplained == set(), f"{cloud} allows what {other} does not"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_clouds_agree_on_what_modules_may_do(written: Written, environment: str) -> None:
    allowed = {
        cloud: {
            grant
            for grant in access.read(stack(written, cloud, environment)).grants
            if grant.principal.startswith(("module ", "pods "))
        }
        for cloud in CLOUDS
    }
    explained = {
        edge for cloud in CLOUDS for edge, _ in access.declarations(stack(written, cloud, environment)).reasons
    }
    for cloud in CLOUDS:
        for other in CLOUDS:
            assert {str(grant) for grant in allowed[cloud] - allowed[other] - explained} == set(), (cloud, other)
