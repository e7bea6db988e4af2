"""The tables of effects: each entry is documented, of the cloud's own types, and no more than a change in place."""

from datetime import date

import pytest

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.effects import exceeds, worst

_PREFIXES = {"aws": "aws_", "azure": "azurerm_", "gcp": "google_"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_entry_has_a_source_and_a_date(cloud: str) -> None:
    table = implementation("terrace", cloud, "effects").EFFECTS
    assert list(table) == sorted(table)
    for type, attributes in table.items():
        assert type == "*" or type.startswith(_PREFIXES[cloud])
        for name, known in attributes.items():
            assert known.effect in ("none", "restart", "downtime"), (type, name)
            assert known.detail and known.source and known.read <= date.today(), (type, name)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_lock_has_a_source_and_a_date(cloud: str) -> None:
    table = implementation("terrace", cloud, "locks").LOCKS
    assert table and list(table) == sorted(table)
    for type, attributes in table.items():
        assert type.startswith(_PREFIXES[cloud])
        for name, lock in attributes.items():
            assert lock.value and lock.detail and lock.source and lock.read <= date.today(), (type, name)


def test_unknown_exceeds_all_but_an_accepted_downtime() -> None:
    assert [exceeds("unknown", risk) for risk in ("none", "restart", "downtime", "data-loss")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert exceeds("data-loss", "downtime") and not exceeds("restart", "restart")
    assert worst(["restart", "unknown", "none"]) == "unknown"
    assert worst([]) == "none"
