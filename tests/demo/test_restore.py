"""A rehearsed restore of a real PostgreSQL server."""

from pathlib import Path

import pytest

from terrace.demo import restore


@pytest.fixture
def installed() -> None:
    try:
        restore.tools()
    except restore.MissingTools as missing:
        pytest.skip(f"PostgreSQL or pgBackRest: {missing}")


@pytest.mark.usefixtures("installed")
def test_a_lost_server_comes_back_at_the_chosen_moment() -> None:
    measured = restore.rehearse(rows=2_000, writing_seconds=1.0)
    assert measured.whole, measured
    assert measured.rows > 2_000
    assert measured.rto_milliseconds > 0
    assert 0 <= measured.rpo_milliseconds < 60_000


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(restore, "_SERVERS", tmp_path)
    with pytest.raises(restore.MissingTools, match="PostgreSQL and pgBackRest not installed"):
        restore.tools()
