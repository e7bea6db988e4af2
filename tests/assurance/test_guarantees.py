"""The table of guarantees: ids and sentences."""

import re
from collections import Counter
from pathlib import Path

import pytest

from terrace.assurance.aliases import IDS
from terrace.assurance.checks import of_cloud
from terrace.assurance.guarantees import BY_ID, GUARANTEES, TABLE, InvalidGuarantees, cluster_policies, load
from terrace.assurance.guarantees import FAMILIES as ORDER
from tests.conftest import ROOT

# how many rows each family has; a number here changes only together with the table, so that no row goes unnoticed
FAMILIES = {
    "NET": 8, "KEY": 3, "SEC": 4, "K8S": 11, "DB": 10, "CACHE": 3, "STREAM": 5, "LAKE": 8, "OBS": 5, "AUD": 6, "BAK": 4,
    "COST": 2, "GOV": 4, "ID": 2,
}  # fmt: skip


def test_every_family_has_all_its_rows_once() -> None:
    assert Counter(row.id.rpartition("-")[0] for row in GUARANTEES) == FAMILIES
    assert (*FAMILIES, "WL") == ORDER
    assert len(BY_ID) == len(TABLE)
    for family, count in FAMILIES.items():
        assert [row.id for row in GUARANTEES if row.id.startswith(f"{family}-")] == [
            f"{family}-{number}" for number in range(1, count + 1)
        ]


def test_each_sentence_is_one_sentence_that_fits_a_line() -> None:
    for row in TABLE:
        assert re.fullmatch(r"[A-Z].{20,118}[^.\s]", row.sentence), row


def test_each_capability_is_a_contract_and_a_construct_of_that_name() -> None:
    for row in GUARANTEES:
        for folder in ("capabilities", "aws"):
            assert (ROOT / "constructs" / "terrace" / folder / f"{row.capability}.py").is_file(), row


def test_every_id_is_named_in_the_aws_constructs() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "constructs" / "terrace" / "aws").glob("*.py"))
    missing = [row.id for row in GUARANTEES if not row.stack_only and not re.search(rf"\b{row.id}\b", code)]
    assert missing == []


def test_every_renamed_check_has_a_current_id() -> None:
    current = {id for cloud in ("aws", "azure", "gcp") for id in of_cloud(cloud)}
    renamed = {old: new for old, new in IDS.items() if not old.startswith("gate.")}
    assert set(renamed.values()) <= current
    assert not set(renamed) & current


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "DB-2:\n  sentence: Every database connection requires TLS\n  cloud: aws\n",
            "database.yaml:3:10 cloud: DB-2:",
        ),
        ("DB-2:\n  sentence: Too short\n", "database.yaml:2:13 sentence: DB-2:"),
        ("XX-1:\n  sentence: Every database connection requires TLS\n", "database.yaml:1:1 invalid id 'XX-1'"),
        ("DB-2:\n  clouds: {}\n", "database.yaml:1:1 sentence: DB-2:"),
        (
            "DB-2:\n  sentence: Every database connection requires TLS\n  clouds:\n    aws: [tls]\n",
            "database.yaml:4:11 clouds.aws.0: DB-2:",
        ),
    ],
)
def test_a_problem_in_the_table_is_reported_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "database.yaml").write_text(text)
    with pytest.raises(InvalidGuarantees) as raised:
        load(tmp_path)
    assert problem in str(raised.value)


def test_what_the_cluster_enforces_has_a_policy() -> None:
    rows = {row.id: row.in_cluster for row in TABLE if row.in_cluster}
    assert {id for id in rows if id.startswith("K8S")} == {"K8S-4", "K8S-5", "K8S-8", "K8S-9", "K8S-10"}
    named = {id for policies in rows.values() for id in policies}
    policies = cluster_policies(ROOT)
    assert policies["kyverno.no-host-network"] == ROOT / "policies" / "kyverno" / "no-host-network" / "policy.yaml"
    assert policies["falco.node-is-written-to"] == ROOT / "policies" / "falco" / "rules.yaml"
    assert named <= set(policies)


def test_an_id_is_defined_in_one_file_only(tmp_path: Path) -> None:
    for name in ("database", "cache"):
        (tmp_path / f"{name}.yaml").write_text("DB-2:\n  sentence: Every database connection requires TLS\n")
    with pytest.raises(InvalidGuarantees, match=r"database\.yaml:1:1 DB-2 is already defined at .*cache\.yaml:1:1"):
        load(tmp_path)
