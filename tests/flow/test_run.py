"""The flow with its real engines: nothing is lost, kills change nothing, and people read what is declared."""

import subprocess
import threading

import pytest

from terrace.flow import lineage, run
from terrace.flow.plane import JobFailed, Plane
from terrace.flow.run import Evidence
from tests.flow.conftest import ROWS, SEED, ask, needs_engines, result

pytestmark = needs_engines


def test_each_event_is_in_silver_or_a_duplicate_or_quarantined_with_a_reason(first: Evidence, plane: Plane) -> None:
    assert first.failures == []
    assert first.events == ROWS == first.silver + first.duplicates + first.quarantined
    assert min(first.silver, first.duplicates, first.quarantined, first.late) > 0
    assert "line: not JSON" in first.reasons
    found = ask(plane, "import json, wiring; t = wiring.table('spark', 'silver', 'quarantine').scan().to_arrow();"
                       "print(json.dumps([t.column_names, t.to_pylist()]))")  # fmt: skip
    assert found[0] == ["object", "line", "event_id", "reason"]
    assert len(found[1]) == first.quarantined
    assert all(one["reason"] for one in found[1])
    assert len({(one["object"], one["line"]) for one in found[1]}) == first.quarantined


def test_silver_has_personal_data_only_as_the_contract_masks_it(first: Evidence, plane: Plane) -> None:
    rows = ask(plane, "import json, wiring; t = wiring.table('spark', 'silver', 'orders').scan().to_arrow();"
                      "print(json.dumps(t.select(['name', 'email', 'phone']).to_pylist()))")  # fmt: skip
    assert len(rows) == first.silver
    assert {one["name"] for one in rows} == {None}
    assert all(len(one["email"]) == 64 and len(one["phone"]) == 4 for one in rows)


def test_a_second_run_adds_nothing(first: Evidence, plane: Plane) -> None:
    states = (
        "import json, wiring; b = wiring.objects('airflow', 'bronze');"
        "o = b.client.list_object_versions(Bucket=b.bucket, Prefix=b.folder);"
        "t = [wiring.table('spark', *x) for x in (('silver', 'orders'), ('silver', 'quarantine'),"
        "('gold', 'customers'), ('gold', 'daily_revenue'))];"
        "print(json.dumps([[v['VersionId'] for v in o['Versions']], [len(x.snapshots()) for x in t]]))"
    )
    before = ask(plane, states)
    assert result(run.flow(plane, ROWS, SEED)) == result(first)
    assert ask(plane, states) == before


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("events", "jobs/events.py"),
        ("bronze", "jobs/bronze.py"),
        ("contract", "jobs/contract.py"),
        ("silver", "jobs/silver.py"),
        ("raw", "jobs/load.py"),
        ("checks of raw", "great-expectations raw"),
        ("publish", "jobs/publish.py"),
        ("dbt", "bin/dbt build"),
        ("checks of marts", "great-expectations marts"),
        ("gold", "jobs/gold.py"),
    ],
)
def test_a_killed_job_changes_no_result(first: Evidence, plane: Plane, step: str, words: str) -> None:
    timers = []

    def kill(process: "subprocess.Popen[str]") -> None:
        command = " ".join(map(str, process.args))  # type: ignore[arg-type]
        if all(word in command for word in words.split()):
            timers.append(threading.Timer(first.seconds[step] * 0.6, process.kill))
            timers[-1].start()

    try:
        killed = run.flow(plane, ROWS, SEED, on_job=kill)
    except JobFailed as error:
        assert "ended with -9" in str(error)
    else:
        assert result(killed) == result(first)  # the job was faster
    finally:
        for timer in timers:
            timer.cancel()
    assert timers
    assert result(run.flow(plane, ROWS, SEED)) == result(first)


def test_lineage_leads_from_bronze_to_each_column_of_gold(first: Evidence) -> None:
    """`flow` says so in its failures, which are none; here, that it needs each job's events."""
    columns = ["gold.customers.spent_eur", "gold.daily_revenue.revenue_eur"]
    assert list(lineage.gaps(first.lineage, columns, "bronze.events")) == []
    assert {edge.job for edge in first.lineage} == {"silver", "load", "dbt", "gold"}
    for job in ("silver", "load", "dbt", "gold"):
        others = [edge for edge in first.lineage if edge.job != job]
        assert len(list(lineage.gaps(others, columns, "bronze.events"))) == len(columns)


def test_a_right_that_no_rule_gives_is_a_failure(first: Evidence, plane: Plane) -> None:
    assert {one["given"] for one in first.rights} == {"clear", "denied"}
    name = plane.database.name
    dbt = plane.database.roles["dbt"]
    plane.server.sql('grant select on marts.customers to "group_analysts"', database=name, user=dbt)
    found = run._rights(plane)
    wrong = [(one["group"], one["column"]) for one in found if one["expected"] != one["given"]]
    assert wrong == [("analysts", "marts.customers.customer")]
    run._people(plane)
    assert [one for one in run._rights(plane) if one["expected"] != one["given"]] == []


def test_people_see_the_rows_of_their_countries(first: Evidence, plane: Plane) -> None:
    run._rights(plane)
    done = plane.server.ask(
        "select distinct country from marts.daily_revenue order by 1",
        database=plane.database.name, user="person of analysts",
    )  # fmt: skip
    assert done.stdout.split() == ["AT", "DE"]
