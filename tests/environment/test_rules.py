"""Each rule is in the list, is broken by a file in bad/, and accepts valid values."""

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from terrace.environment import Environment, load, names, rules
from terrace.environment.rules import (
    aws,
    azure,
    data,
    existing,
    extensions,
    gcp,
    lifetime,
    location,
    network,
    resilience,
    services,
    workloads,
)
from terrace.errors import InvalidEnvironment, Problem
from tests.environment.conftest import HERE, Write

BAD = HERE / "bad"
MODULES: tuple[ModuleType, ...] = (
    aws,
    azure,
    data,
    existing,
    extensions,
    gcp,
    lifetime,
    location,
    network,
    resilience,
    services,
    workloads,
)


def test_every_rule_is_in_the_list() -> None:
    defined = {
        rule
        for module in MODULES
        for name, rule in vars(module).items()
        if inspect.isfunction(rule) and rule.__module__ == module.__name__ and not name.startswith("_")
    }
    assert defined == set(rules.RULES)
    assert len(rules.RULES) == len(set(rules.RULES))


def test_every_rule_is_broken_by_a_bad_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[rules.Rule] = set()

    def recorded(rule: rules.Rule) -> rules.Rule:
        def recording_rule(environment: Environment) -> Iterator[Problem]:
            for problem in rule(environment):
                broken.add(rule)
                yield problem

        return recording_rule

    monkeypatch.setattr(rules, "RULES", tuple(map(recorded, rules.RULES)))
    for case in BAD.glob("*.yaml"):
        shutil.copy(case, project / "environments" / "qa.yaml")
        with pytest.raises(InvalidEnvironment):
            load("qa", project=project)
    for folder in ("computed_name_too_long", "product_tables_of_the_same_name"):
        shutil.copytree(BAD / folder, project / "environments", dirs_exist_ok=True)
        for case in (BAD / folder).glob("*.yaml"):
            with pytest.raises(InvalidEnvironment):
                load(case.stem, project=project)
    monkeypatch.undo()
    assert set(rules.RULES) == broken


def test_boundary_values_are_valid(write: Write) -> None:
    project = write(
        "network:\n  cidr: 100.64.0.0/20\n  hybrid: {peer_cidrs: [100.64.16.0/20]}\n"
        "cluster:\n  service_cidr: 172.20.0.0/24\n  api_access: {public_from: {office: 203.0.113.7/32}}\n"
        "  pools: {system: {max_nodes: 3}, general: {max_nodes: 5}}\n"
        "lake:\n  lifecycle:\n    silver: {cool_after_days: 60, archive_after_days: 90, expire_after_days: 91}\n"
        "    audit: {expire_after_days: 401}\n    backups: {expire_after_days: 120}\n"
        "backup: {every: PT6H, rpo: PT6H, rto: PT15M, archive_after_days: 30, retention_days: 120}\n"
        "observability: {retention_days: 90}\n"
        "data_products:\n"
        "  - {name: one, owner: a, classification: confidential, layers: [bronze], retention_days: 365}\n"
        "  - {name: two, owner: a, classification: public, layers: [gold], retention_days: 10950}\n"
        "modules:\n  azuresu: {enabled: true}\n  great-expectations: {enabled: true}\n"
    )
    assert load("qa", project=project).environment.backup.retention_days == 120


def test_dev_needs_no_redundancy(write: Write) -> None:
    project = write(
        "tier: dev\nrecovery_region: null\n"
        "network: {zones: 1, egress: {nat: single}, entry: {firewall: count}}\n"
        "cluster:\n  api_access: {public_from: {anywhere: 0.0.0.0/0}}\n  pools: {system: {min_nodes: 0}}\n"
        "database: {size: small, high_availability: false, deletion_protection: false, replicas: 0}\n"
        "cache: {replicas: 0}\nlake: {replicate: false}\n"
        "backup: {copy_to_recovery_region: false, rto: PT1H}\nobservability: {retention_days: 30}\n"
        "cost: {sleep: {down: '20:00', up: '07:00', timezone: America/New_York}}\n"
    )
    assert load("qa", project=project).environment.tier == "dev"


def test_type_and_rule_problems_are_reported_together(write: Write) -> None:
    with pytest.raises(InvalidEnvironment) as raised:
        load("qa", project=write("cache: {size: huge, replicas: 0}\nkeys: {rotation_days: 1}\nnetwork: {zones: 2}\n"))
    assert [problem.path for problem in raised.value.problems] == [
        "cache.size",
        "cache.replicas",
        "keys.rotation_days",
        "network.zones",
    ]


def test_an_error_in_a_rule_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a partial environment, a rule may raise AttributeError; on a complete one, that is a bug."""

    def faulty(environment: Environment) -> Iterator[Problem]:
        yield Problem(environment.no_such_field)  # type: ignore[attr-defined]

    monkeypatch.setattr(rules, "RULES", (faulty,))
    root = HERE.parents[1]
    with pytest.raises(AttributeError):
        load(names(root)[0], project=root)
