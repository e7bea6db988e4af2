"""Drift of dev, graded by the guarantees that it breaks and the access that it changes."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from terrace.assurance.drift_severity import Grade, grader
from terrace.environment import load
from tests.assurance.conftest import Written
from tests.assurance.plans import replanned
from tests.conftest import ROOT

Edit = Callable[[dict[str, Any]], None]


def graded(written: Written, cloud: str, type: str, path: str, edit: Edit | None) -> Grade:
    """The grade after `edit` of the resource at a construct path; None deletes it."""
    stack = json.loads(written(cloud, "dev"))
    live = copy.deepcopy(stack)
    group = live["resource"][type]
    (name,) = [name for name, body in group.items() if body["//"]["metadata"]["path"].startswith(f"dev/{path}")][:1]
    if edit:
        edit(group[name])
    else:
        del group[name]
    address = f"{type}.{name}"
    plan = replanned(live, stack)
    return grader(ROOT, load("dev", project=ROOT, cloud=cloud))(plan, json.dumps(stack), [address])[address]


@pytest.mark.parametrize(
    ("cloud", "type", "path", "edit", "severity", "guarantee"),
    [
        ("aws", "aws_db_instance", "database/server", {"publicly_accessible": True}, "security", "DB-1"),
        ("aws", "aws_db_instance", "database/server", {"backup_retention_period": 1}, "availability", "DB-5"),
        (
            "azure",
            "azurerm_postgresql_flexible_server",
            "database",
            {"backup_retention_days": 1},
            "availability",
            "DB-5",
        ),
        ("gcp", "google_sql_database_instance", "database", {"deletion_protection": False}, "cosmetic", ""),
        ("gcp", "google_storage_bucket", "lake", {"public_access_prevention": "inherited"}, "security", "LAKE-1"),
    ],
)
def test_a_changed_attribute_has_the_severity_of_the_guarantee_that_it_breaks(
    written: Written, cloud: str, type: str, path: str, edit: dict[str, Any], severity: str, guarantee: str
) -> None:
    """dev asks for no deletion protection, so its loss breaks nothing."""
    grade = graded(written, cloud, type, path, lambda body: body.update(edit))
    assert (grade.severity, guarantee in grade.guarantees) == (severity, bool(guarantee)), grade
    if guarantee:
        assert any(reason.startswith(f"{guarantee} ") for reason in grade.reasons)


def test_a_changed_tag_is_cosmetic_as_its_guarantee_is_rated_low(written: Written) -> None:
    grade = graded(written, "aws", "aws_sns_topic", "observability", lambda body: body.update(tags={"owner": "x"}))
    assert grade.severity == "cosmetic", grade


def test_a_deleted_firewall_rule_takes_access_away(written: Written) -> None:
    grade = graded(written, "aws", "aws_vpc_security_group_ingress_rule", "network/openings/nodes-to-database-in", None)
    assert any(reason.startswith("access - ") for reason in grade.reasons), grade
    assert grade.severity in ("availability", "security")


def test_an_opened_firewall_rule_is_security(written: Written) -> None:
    def open_to_all(body: dict[str, Any]) -> None:
        body.pop("referenced_security_group_id", None)
        body["cidr_ipv4"] = "0.0.0.0/0"

    grade = graded(
        written, "aws", "aws_vpc_security_group_ingress_rule", "network/openings/nodes-to-database-in", open_to_all
    )
    assert grade.severity == "security"
    assert any(reason.startswith("access + internet -> ") for reason in grade.reasons), grade


def test_what_cannot_be_graded_counts_as_security() -> None:
    grades = grader(ROOT, load("dev", project=ROOT, cloud="aws"))({"resource_changes": []}, "{}", ["aws_x.a"])
    assert grades["aws_x.a"].severity == "security"
    assert "cannot be graded" in grades["aws_x.a"].reasons[0]
