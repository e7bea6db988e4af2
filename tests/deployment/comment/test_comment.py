"""What the comment says, and that it stays small and the same."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.assurance.gate_verdict import AccessChange, GateVerdict
from terrace.capabilities.effects import Effect
from terrace.deployment.changes import Verb
from terrace.deployment.comment import LARGEST, MARKER, Findings, Subject, findings, write
from terrace.deployment.comment.records import (
    ChangeRecord,
    DriftRecord,
    FindingRecord,
    GateRecord,
    PlanRecord,
    StackRecord,
    read,
)
from terrace.deployment.values import ValueChange


def change(
    address: str, verb: Verb, effect: Effect = "none", *, capability: str = "database", settings: tuple[str, ...] = ()
) -> ChangeRecord:
    return ChangeRecord(
        address=address,
        type=address.partition(".")[0],
        action=verb,
        construct=f"dev/{capability}/x",
        capability=capability,
        environment_line="environments/dev.yaml:45:3",
        settings=settings,
        effect=effect,
    )


def plan(*changes: ChangeRecord, access: tuple[AccessChange, ...] = (), blocking: tuple[str, ...] = ()) -> PlanRecord:
    risks: list[Effect] = [one.effect for one in changes]
    return PlanRecord(
        environment="dev",
        cloud="aws",
        changes=changes,
        gate=GateVerdict(not blocking, blocking, access=access) if changes else None,
        risk="data-loss" if "data-loss" in risks else risks[0] if risks else "none",
    )


def test_a_lost_database_comes_first() -> None:
    text = write(
        [
            Subject(
                plan(
                    change("aws_sns_topic.a", "add", capability="alarms"),
                    change("aws_iam_role.b", "destroy", "unknown"),
                    change("aws_db_instance.c", "replace", "data-loss"),
                )
            )
        ]
    ).text
    assert text.splitlines()[:2] == [MARKER, "## Terrace: 3 changes, data loss in 1 resource"]
    order = [text.index(part) for part in ("Data is lost", "aws_db_instance.c", "aws_iam_role.b", "Created: 1")]
    assert order == sorted(order)
    assert "**replace** `aws_db_instance.c` (`dev/database/x`), set in `environments/dev.yaml:45:3`" in text


def test_a_change_in_place_has_its_documented_effect() -> None:
    changed = replace(
        change("aws_db_instance.c", "change", "downtime", settings=("instance_class", "vpc_security_group_ids[0]")),
        values=(
            ValueChange("address", "db.example", "(known after apply)"),
            ValueChange("instance_class", "db.m7g.large", "db.m7g.xlarge"),
            ValueChange("vpc_security_group_ids[]", None, "sg-1"),
        ),
    )
    text = write([Subject(plan(changed))]).text
    assert "`aws_db_instance.c` (`dev/database/x`): **downtime**, set in `environments/dev.yaml:45:3`" in text
    assert "  - `instance_class`: `db.m7g.large` → `db.m7g.xlarge`; downtime, the database is unavailable" in text
    assert "its instance changes (Amazon RDS" in text
    assert "  - `vpc_security_group_ids[]`: + `sg-1`; unknown\n" in text
    assert "`address`" not in text  # computed


def test_what_cannot_be_undone_has_a_section_of_its_own() -> None:
    locked = replace(change("google_storage_bucket.b", "change"), irreversible=("locked becomes true: for good",))
    text = write([Subject(plan(locked, change("aws_sns_topic.a", "change")))]).text
    section = text.partition("#### ⛔ Cannot be undone\n\n")[2]
    assert section.startswith("- `google_storage_bucket.b` (`dev/database/x`): locked becomes true: for good, set in `")
    assert text.count("becomes true") == 1


def test_a_provider_version_that_was_never_tried_is_below_the_table() -> None:
    text = write([Subject(replace(plan(), untried_provider="never tried with 8.1.0"))]).text
    assert "nothing to do |  |\n\n- ⚠️ dev on AWS: never tried with 8.1.0\n" in text


def test_what_the_internet_can_reach_is_said_in_words() -> None:
    access = (
        AccessChange("remove", "grant", "nodes", "view", "lake/gold"),
        AccessChange("add", "grant", "module airflow", "view", "lake/gold"),
        AccessChange("add", "path", "internet", "tcp 5432", "database", ("dev/network/entry", "dev/database/server")),
    )
    text = write([Subject(plan(change("aws_security_group.a", "change"), access=access))]).text
    assert [line for line in text.splitlines() if "new**" in line or "no longer" in line] == [
        "- ⚠️ **new**: the internet can reach the database on tcp 5432, by `dev/network/entry` and "
        "`dev/database/server`",
        "- **new**: module airflow may view lake/gold",
        "- no longer: the nodes may view lake/gold",
    ]


def test_many_findings_that_block_are_folded() -> None:
    blocking = tuple(f"finding {number}" for number in range(12))
    text = write([Subject(plan(change("aws_sns_topic.a", "change"), blocking=blocking))]).text
    assert (
        "- finding 9\n\n<details><summary>2 more findings</summary>\n\n- finding 10\n- finding 11\n\n</details>\n"
        in text
    )
    found = tuple(FindingRecord(f"F-{number}", "broken", "high", "a sentence") for number in range(50))
    text = write([Subject(plan(change("aws_sns_topic.a", "change")), Findings(new=found))]).text
    assert "`F-9`: a sentence\n\n<details><summary>30 more findings</summary>\n\n- high `F-10`" in text
    assert "- and 10 more\n\n</details>\n" in text


def test_no_changes_are_one_line_and_no_section() -> None:
    text = write([Subject(plan())]).text
    assert "## Terrace: no changes" in text
    assert "| dev | AWS | 0 | 0 | 0 | 0 | none | nothing to do |" in text
    assert "###" not in text


def test_findings_are_new_fixed_or_as_before() -> None:
    def result(*found: FindingRecord) -> list[GateRecord]:
        return [GateRecord((StackRecord("dev", "aws", found),))]

    old, new, gone = (FindingRecord(id, "broken", "high", f"sentence of {id}", construct="dev/x") for id in "ONG")
    compared = findings(result(old, new), result(old, gone), plan())
    assert compared and (compared.new, compared.remaining, compared.fixed) == ((new,), (old,), (gone,))
    alone = findings(result(old), [], plan())
    assert alone and (alone.new, alone.remaining, alone.compared) == ((), (old,), False)
    assert findings([], [], plan()) is None


@pytest.mark.parametrize("verb", ["add", "replace", "change"])
@pytest.mark.parametrize(("plans", "changes"), [(1, 418), (1, 5_000), (150, 20)])
def test_any_plan_fits_and_the_attachment_names_the_rest(verb: Verb, plans: int, changes: int) -> None:
    many = [
        replace(
            change(f"aws_db_instance.{'x' * 60}_{index}", verb, "data-loss" if verb == "replace" else "unknown",
                   capability=f"c{index % 100}", settings=("engine", "port")),
            values=tuple(ValueChange(name, "a" * 200, "b" * 200) for name in ("engine", "port")),
        )
        for index in range(changes)
    ]  # fmt: skip
    written = write([Subject(plan(*many))] * plans, attachment="all.md")
    assert len(written.text.encode()) <= LARGEST
    assert "all.md" in written.text
    assert f"_{changes - 1}`" in written.attachment


def test_the_same_plan_gives_the_same_comment() -> None:
    changes = [change(f"aws_sns_topic.t{index}", "add", capability=f"c{index % 3}") for index in range(30)]
    assert write([Subject(plan(*changes))]) == write([Subject(plan(*reversed(changes)))])


def test_the_drift_of_all_deployments_is_shown_at_its_stack(tmp_path: Path) -> None:
    drifted = {"address": "aws_s3_bucket.a", "kind": "changed", "severity": "security"}
    deployments = [
        {"environment": "dev", "cloud": "aws", "layer": "foundation", "status": "drifted", "drift": [drifted]},
        {"environment": "dev", "cloud": "aws", "layer": "workloads", "status": "not_deployed"},
    ]
    file = tmp_path / "drift.json"
    file.write_text(json.dumps({"deployments": deployments, "counts": {}}))
    found = read(file, DriftRecord, "terrace drift --json")
    assert [one.concerns(plan()) for one in found] == [True, False]
    text = write([Subject(plan(), drift=found[0])]).text
    assert "- `aws_s3_bucket.a` was changed; security\n" in text


def test_identities_that_a_person_has_to_change_are_named_though_the_plan_is_empty() -> None:
    """The pipelines' identities are in no plan of the foundation."""
    outdated = "identity changed: run `terrace bootstrap dev`"
    assert outdated in write([Subject(replace(plan(), bootstrap_outdated=True))]).text
    assert outdated not in write([Subject(plan())]).text
