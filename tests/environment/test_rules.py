"""Each rule is asked, is shown at work by a file of bad/, and says nothing about what is right."""

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from terrace.environment import Environment, load, names, rules
from terrace.environment.rules import aws, azure, data, gcp, network, resilience, workloads
from terrace.environment.rules import location as place
from terrace.errors import InvalidEnvironment, Problem
from tests.environment.conftest import HERE, Write

BAD = HERE / "bad"
TOPICS: tuple[ModuleType, ...] = (aws, azure, data, gcp, network, place, resilience, workloads)


def test_every_rule_stands_in_the_list() -> None:
    written = {
        rule
        for topic in TOPICS
        for name, rule in vars(topic).items()
        if inspect.isfunction(rule) and rule.__module__ == topic.__name__ and not name.startswith("_")
    }
    assert written == set(rules.RULES)
    assert len(rules.RULES) == len(set(rules.RULES))


def test_every_rule_is_shown_by_a_bad_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoke: set[str] = set()

    def listening(rule: rules.Rule) -> rules.Rule:
        def asked(environment: Environment) -> Iterator[Problem]:
            for problem in rule(environment):
                spoke.add(rule.__name__)
                yield problem

        return asked

    monkeypatch.setattr(rules, "RULES", tuple(map(listening, rules.RULES)))
    for case in BAD.glob("*.yaml"):
        shutil.copy(case, project / "environments" / "qa.yaml")
        with pytest.raises(InvalidEnvironment):
            load("qa", project=project)
    for case in BAD.glob("names_too_long/*.yaml"):
        shutil.copy(case, project / "environments")
        with pytest.raises(InvalidEnvironment):
            load(case.stem, project=project)
    monkeypatch.undo()
    assert {rule.__name__ for rule in rules.RULES} - spoke == set()


def test_what_is_right_is_not_blamed(write: Write) -> None:
    """The edges that are still allowed."""
    project = write(
        "network:\n  cidr: 100.64.0.0/20\n  hybrid: {peer_cidrs: [100.64.16.0/20]}\n"
        "cluster:\n  service_cidr: 172.20.0.0/24\n  api_access: {public_from: {office: 203.0.113.7/32}}\n"
        "lake:\n  lifecycle:\n    silver: {cool_after_days: 60, archive_after_days: 90, expire_after_days: 91}\n"
        "    audit: {expire_after_days: 401}\n    backups: {expire_after_days: 120}\n"
        "backup: {every: PT6H, rpo: PT6H, rto: PT15M, archive_after_days: 30, retention_days: 120}\n"
        "observability: {retention_days: 90}\n"
        "data_products:\n"
        "  - {name: one, owner: a, classification: confidential, layers: [bronze], retention_days: 365}\n"
        "  - {name: two, owner: a, classification: public, layers: [gold], retention_days: 10950}\n"
        "modules:\n  postgres: {enabled: true}\n  great-expectations-suites: {enabled: true}\n".replace("-suites", "")
    )
    assert load("qa", project=project).environment.backup.retention_days == 120


def test_dev_may_do_without(write: Write) -> None:
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


def test_problems_of_types_and_of_rules_come_together(write: Write) -> None:
    with pytest.raises(InvalidEnvironment) as refused:
        load("qa", project=write("cache: {size: huge, replicas: 0}\nkeys: {rotation_days: 1}\nnetwork: {zones: 2}\n"))
    assert [problem.path for problem in refused.value.problems] == [
        "cache.size",
        "cache.replicas",
        "keys.rotation_days",
        "network.zones",
    ]


def test_a_fault_of_a_rule_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule may miss what is wrong by type; on a whole environment an AttributeError is a fault of ours."""

    def faulty(environment: Environment) -> Iterator[Problem]:
        yield Problem(environment.nothing_of_the_kind)  # type: ignore[attr-defined]

    monkeypatch.setattr(rules, "RULES", (faulty,))
    root = HERE.parents[1]
    with pytest.raises(AttributeError):
        load(names(root)[0], project=root)
