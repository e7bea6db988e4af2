"""The estimate of an apply's remaining time, on streams of events."""

import json
from pathlib import Path

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment.estimate import Estimate, learned, references
from terrace.deployment.events import ResourceEvent

USUAL = {("cluster", "create"): 900.0, ("pool", "create"): 300.0, ("database", "create"): 1000.0}
AFTER = {"pool.a": {"cluster.a"}, "role.a": {"pool.a"}, "database.a": set[str]()}


def made() -> Estimate:
    return Estimate(dict.fromkeys(("cluster.a", "pool.a", "database.a", "role.a"), ("create",)), USUAL, AFTER)


def test_the_longest_chain_of_what_is_still_to_do_is_left() -> None:
    estimate = made()
    assert (estimate.seconds, str(estimate)) == (1200, "about 20 min left, without 1 other")
    estimate.see(ResourceEvent("apply", "progress", "cluster.a", "create", 600))
    assert estimate.seconds == 1000  # the database, which has not begun
    estimate.see(ResourceEvent("apply", "progress", "database.a", "create", 990))
    assert estimate.seconds == 600
    estimate.see(ResourceEvent("apply", "complete", "cluster.a", "create", 700))
    assert estimate.seconds == 300
    estimate.see(ResourceEvent("apply", "progress", "pool.a", "create", 500))  # longer than usual
    assert (estimate.seconds, str(estimate)) == (10, "less than a minute left, without 1 other")
    estimate.see(ResourceEvent("apply", "complete", "pool.a", "create", 510))
    estimate.see(ResourceEvent("apply", "errored", "database.a", "create", 1000))
    assert (estimate.seconds, str(estimate)) == (0, "")


def test_a_replacement_is_a_deletion_and_a_creation() -> None:
    estimate = Estimate({"pool.a": ("delete", "create")}, USUAL | {("pool", "delete"): 100.0})
    assert estimate.seconds == 400
    estimate.see(ResourceEvent("apply", "complete", "pool.a", "delete", 90))
    assert estimate.seconds == 300


def test_durations_are_learned_from_applies_of_real_clouds(tmp_path: Path) -> None:
    def log(name: str, *seconds: int) -> None:
        hooks = [{"resource": {"addr": "pool.a"}, "action": "create", "elapsed_seconds": each} for each in seconds]
        lines = [json.dumps({"type": "apply_complete", "hook": hook}) for hook in hooks]
        (tmp_path / name).write_text("\n".join([*lines, "not JSON"]))

    log("20261201T100000Z-1-dev-aws-apply-1.jsonl", 0, 200)
    log("20261201T110000Z-1-dev-aws-apply-2.jsonl", 300)
    log("20261201T120000Z-1-dev-aws-emulated-apply-3.jsonl", 5000)
    log("20261201T120000Z-1-dev-aws-plan-4.jsonl", 6000)
    assert learned(tmp_path) == {("pool", "create"): 300.0}
    assert learned(tmp_path / "none") == {}


def test_references_of_a_stack_are_its_own_resources() -> None:
    stack = {"resource": {"a": {"x": {"id": "${b.y.id}", "//": {"path": "b.z"}}}, "b": {"y": {}, "z": {"name": "a.b"}}}}
    assert references(stack) == {"a.x": {"b.y"}, "b.y": set(), "b.z": set()}


def test_documented_durations_have_a_source() -> None:
    rows = [row for cloud in CLOUDS for row in facts(cloud).durations]
    assert rows and all(row.source and row.read and row.action in ("create", "update", "delete") for row in rows)
    assert len({(row.type, row.action) for row in rows}) == len(rows)
