"""Velero schedules."""

from datetime import timedelta
from pathlib import Path

import pytest

from terrace.workloads import backups

from . import crds
from .modules_fixture import PROVIDERS, context, one


def test_schedule_has_interval_and_retention_of_the_environment(tmp_path: Path) -> None:
    of = context(tmp_path, "prod", velero=PROVIDERS["velero"], database="backup: true", app="")
    schedule = one(backups.objects(of.modules["database"], of), "Schedule")
    assert schedule["metadata"]["namespace"] == "velero-ns"
    assert schedule["spec"]["schedule"].endswith(" */12 * * *")
    template = schedule["spec"]["template"]
    assert template["includedNamespaces"] == ["database-ns"]
    assert template["ttl"] == "2880h0m0s"  # 120 days
    assert template["snapshotVolumes"] is True
    assert template["excludedResources"] == ["secrets"]
    assert one(backups.objects(of.modules["app"], of), "Schedule")["spec"]["template"]["snapshotVolumes"] is False


def test_nothing_without_a_provider_of_backup(tmp_path: Path) -> None:
    of = context(tmp_path, app="backup: true")
    assert backups.objects(of.modules["app"], of) == []


@pytest.mark.parametrize(("hours", "expected"), [(24, "2 * * *"), (12, "*/12 * * *"), (6, "*/6 * * *")])
def test_cron(hours: int, expected: str) -> None:
    minute, rest = backups.cron(timedelta(hours=hours), "app").split(" ", 1)
    assert rest == expected and 0 <= int(minute) < 60


def test_modules_begin_at_different_minutes() -> None:
    minutes = {backups.cron(timedelta(days=1), name).split()[0] for name in ("airflow", "trino", "nessie", "mlflow")}
    assert len(minutes) > 1


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    of = context(tmp_path, velero=PROVIDERS["velero"], app="backup: true")
    assert crds.errors(backups.objects(of.modules["app"], of)) == []
