"""Every setting of an environment is used by a stack, or named as one that has no effect on the cloud.

A setting counts as used if the code that builds the stacks of prod and dev reads it. Reading is
observed, so the sweep takes one synthesis for each cloud, instead of one for each setting.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.effects import without_effect
from terrace.capabilities.spec import Spec
from terrace.cli.plan_summary import ineffective_text
from terrace.documents.fields import field
from terrace.environment import load, target
from terrace.environment.explanation import explain
from terrace.environment.schema import Environment
from tests.conftest import ROOT

ELSEWHERE = {
    "BackupSpec.rpo": "rules and reports compare it with what is configured (BAK-3)",
    "BackupSpec.rto": "rules and reports compare it with what is configured (BAK-3)",
    **{f"{cloud}Settings.groups": "with access[].files: tests/people_stacks.py" for cloud in ("Aws", "Azure", "Gcp")},
    "DataProduct.classification": "a register, which a rule compares with the environment's",
    "DataProduct.contract": "its tables, read when the environment is loaded: tests/environment/test_data_access.py",
    "DataProduct.owner": "a register",
    "DataProduct.topics": "the rights of Kafka's clients: tests/workloads/test_kafka.py",
    "DataProduct.retention_days": "a register, which a rule compares with the lake",
    "Environment.extensions": "called by Foundation, judged by the gate: tests/assurance/test_shaped.py",
    "Environment.expires": "terrace env reap",
    "Environment.max_risk": "terrace plan --risk",
    "Environment.topics": "Kafka's topics: tests/workloads/test_kafka.py",
    "TopicSpec.partitions": "as Environment.topics",
    "TopicSpec.retention_hours": "as Environment.topics",
    "Environment.modules": "read when the environment is loaded, as enabled_modules",
    "Environment.modules_from": "read when the environment is loaded, as enabled_modules",
    "IdentitySpec.azure_devops": "required with `ci: azure-devops`",
    "IdentitySpec.gitlab": "required with `ci: gitlab`",
    "IdentitySpec.admin_group": "the name that documents and reports use; the cloud's section has the group's id",
    "Observability.without_metrics": "terrace modules check",
}
"""Settings that something else than a stack uses."""
CHOICES = (
    "AzureDevOpsSpec",
    "DataAccessSpec",
    "DeclaredGrant",
    "DeclaredPath",
    "EmailChannel",
    "ExistingCluster",
    "ExistingMonitoring",
    "ExistingNetwork",
    "ExtensionSpec",
    "GitLabSpec",
    "StreamsSpec",
    "WebhookChannel",
    "ModuleSpec",
    "SignaturesSpec",
)
"""Sections of a setting in ELSEWHERE, or of one that no environment here has."""


def _sections(model: type[Spec], seen: set[type[Spec]]) -> Iterator[type[Spec]]:
    """The models of an environment file: those below Environment, without modules' own files."""
    for info in model.__pydantic_fields__.values():
        for section in _models(info.annotation):
            if section not in seen:
                seen.add(section)
                yield section
                yield from _sections(section, seen)


def _models(annotation: object) -> Iterator[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)
    yield from _models(annotation.__value__) if hasattr(annotation, "__value__") else ()


def _unread(cloud: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The settings, as Section.name, that the synthesis of prod and dev does not read."""
    environments = [load(name, project=ROOT, cloud=cloud).environment for name in ("prod", "dev")]
    from terrace import engine
    from terrace.stacks.bootstrap import Bootstrap
    from terrace.stacks.foundation import Foundation
    from terrace.stacks.workloads import Workloads
    from terrace.workloads.opening import opened

    read: set[str] = set()

    def observed(self: Spec, name: str) -> object:
        if not name.startswith("_") and name in type(self).__pydantic_fields__:
            owner = next(one for one in reversed(type(self).__mro__) if name in getattr(one, "__pydantic_fields__", {}))
            read.update((f"{type(self).__name__}.{name}", f"{owner.__name__}.{name}"))
        return object.__getattribute__(self, name)

    app = engine.app(str(out))
    monkeypatch.setattr(Spec, "__getattribute__", observed)
    for environment in environments:
        account = target(environment)
        Bootstrap(app, f"{environment.name}-bootstrap", environment, account)
        Foundation(app, environment, account)
        context = opened(environment, root=ROOT, outputs=out, account=account)
        Workloads(app, f"{environment.name}-workloads", context, chart_directory=None)
    monkeypatch.undo()
    sections = [Environment, *_sections(Environment, {Environment})]
    own = {"AwsSettings": "aws", "AzureSettings": "azure", "GcpSettings": "gcp", "Settings": ""}
    return {
        f"{section.__name__}.{name}"
        for section in sections
        if own.get(section.__name__, cloud) == cloud and section.__name__ not in CHOICES
        for name in section.__pydantic_fields__
        if name not in CLOUDS
    } - read


def _owner(path: str) -> str:
    """cluster.service_cidr: ClusterSpec.service_cidr."""
    *sections, name = path.split(".")
    model: type[Spec] = Environment
    for section in sections:
        model = next(_models(model.__pydantic_fields__[section].annotation))
    assert field(Environment, path.split("."), {}) is not None, path
    return f"{model.__name__}.{name}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_setting_is_used_or_named_as_without_effect(
    cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {_owner(path) for path in without_effect(cloud)}
    # the network policies of GKE read the range of services, and take the network's; GitHub's claims are made once;
    # Azure refuses backups that are too rare, and has one schedule for all others
    named -= {"ClusterSpec.service_cidr", "IdentitySpec.apply_workflow", "BackupSpec.every"}
    unread = _unread(cloud, tmp_path, monkeypatch) - ELSEWHERE.keys()
    if cloud == "aws":
        unread -= {"ExistingSpec.monitoring"}  # a rule refuses it: each log group has a key of its own
    assert sorted(unread - named) == [], "no stack reads these settings"
    assert sorted(named - unread) == [], "a stack reads these settings, which are named as without effect"


def test_a_setting_without_effect_is_named_and_explained() -> None:
    assert not load("dev", project=ROOT, cloud="aws").without_effect()
    loaded = load("dev", project=ROOT, cloud="gcp")
    assert "backup.lock" in loaded.without_effect()
    assert "backup.archive_after_days" not in loaded.without_effect(), "no file sets it"
    assert "Without effect on Google Cloud: backup.lock, " in ineffective_text(
        loaded.without_effect(), loaded.environment
    )
    explained = explain(loaded.root, "database.insights_days").lines()
    assert any(line.startswith("  no effect on this cloud: Query Insights") for line in explained)
