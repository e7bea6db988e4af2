"""`terrace ci comment` of plans that real Terraform made."""

import json
from pathlib import Path

from terrace.deployment import mirror
from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import REGION, client
from tests.deployment.test_lifecycle import two


def test_saved_plans_become_one_comment_in_a_file(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    completed = terrace.run("ci", "comment", "--output", "comment.md")
    assert (completed.returncode, completed.stdout) == (0, "")
    text = (terrace.small.root / "comment.md").read_text()
    assert text.startswith("<!-- terrace ci comment -->\n## Terrace: 2 changes, risk none, the gate refuses 1 plan\n")
    assert "| dev | AWS | 2 | 0 | 0 | 0 | none | **refuses** |" in text
    assert "| database | 1 | 0 | 0 | 0 | 0 | none | airflow, superset |" in text
    assert "terraform_data.one" not in text
    assert "`terraform_data.one` (`dev/lake/one`)" in (terrace.small.root / "comment-all.md").read_text()


def test_the_output_of_plan_is_read_too(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    (terrace.small.root / "plan.json").write_text(terrace.run("plan", "dev", "--offline", "--json").stdout)
    completed = terrace.run("ci", "comment", "plan.json")
    assert completed.returncode == 0
    assert "This plan assumes that nothing exists yet." in completed.stdout
    assert "- **lake** 1: 1 `terraform_data`" in completed.stdout


def test_a_file_that_is_no_plan_is_one_error(terrace: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"environment": "dev", "cloud": "aws"}))
    completed = terrace.run("ci", "comment", str(wrong))
    assert completed.returncode == 2
    assert completed.stderr == (
        f"error: {wrong}: 0.changes: field required\n\nhint: expected what `terrace plan ENV --json` writes\n"
    )


def test_without_a_saved_plan_the_command_asks_for_one(terrace: Command) -> None:
    completed = terrace.run("ci", "comment")
    assert completed.returncode == 2
    assert "no saved plan in this project" in completed.stderr


def test_a_provider_version_that_was_never_tried_is_said_in_the_plan_and_in_the_comment(
    terrace: Command, aws: Emulator, tmp_path: Path
) -> None:
    """The version of the provider on this machine, under another number."""
    host = "registry.terraform.io"
    installed = mirror.choose(providers=["hashicorp/aws"], host=host).path
    assert installed
    (tried,) = (installed / host / "hashicorp/aws").glob("5.100.0/*")
    newer = tmp_path / "mirror" / host / "hashicorp/aws" / "5.101.0"
    newer.mkdir(parents=True)
    (newer / tried.name).symlink_to(tried)
    terrace.small.stack({"aws_sqs_queue": {"q": resource("dev/lake/q")}}, provider={"aws": [{"region": REGION}]})
    variables = aws.environment() | {"TERRACE_PROVIDER_MIRROR": str(tmp_path / "mirror")}
    sentence = "Terrace was never tried with hashicorp/aws 5.101.0, which its range allows; tried: 5.100.0"
    assert sentence in terrace.run("plan", "dev", **variables).stderr
    planned = terrace.run("plan", "dev", "--json", **variables)
    (terrace.small.root / "plan.json").write_text(planned.stdout)
    assert f"- ⚠️ dev on AWS: {sentence}\n" in terrace.run("ci", "comment", "plan.json").stdout
    del variables["TERRACE_PROVIDER_MIRROR"]
    assert "never tried" not in terrace.run("plan", "dev", **variables).stderr


def test_an_opening_to_the_internet_is_said_in_words(terrace: Command, aws: Emulator) -> None:
    def stack(source: str) -> None:
        terrace.small.stack(
            {
                "aws_vpc": {"v": resource("dev/network/vpc", cidr_block="10.0.0.0/16")},
                "aws_security_group": {
                    "g": resource("dev/network/openings/database-group", name="commented", vpc_id="${aws_vpc.v.id}")
                },
                "aws_vpc_security_group_ingress_rule": {
                    "r": resource(
                        "dev/network/openings/database",
                        security_group_id="${aws_security_group.g.id}",
                        cidr_ipv4=source,
                        ip_protocol="tcp",
                        from_port=5432,
                        to_port=5432,
                    )
                },
            },
            provider={"aws": [{"region": REGION}]},
        )

    variables = aws.environment()
    stack("10.0.0.0/16")
    terrace.run("plan", "dev", **variables)
    assert terrace.run("apply", "dev", "--yes", *GLASS, **variables).returncode == 0
    stack("0.0.0.0/0")
    terrace.run("plan", "dev", **variables)
    text = terrace.run("ci", "comment", **variables).stdout
    assert "## Terrace: 1 change, risk downtime, the gate refuses 1 plan\n" in text
    assert "- ⚠️ **new**: the internet can reach " in text
    assert "  - `cidr_ipv4`: `10.0.0.0/16` → `0.0.0.0/0`; downtime, traffic that the new rule does not allow" in text


DATABASE = {"engine": "postgres", "allocated_storage": 20, "username": "terrace", "skip_final_snapshot": True}


def create_database(aws: Emulator, identifier: str) -> None:
    """A database that the stack imports, with the arguments DATABASE."""
    client(aws, "rds").create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="terrace",
        MasterUserPassword="only-in-the-emulator",
    )


def test_a_larger_database_is_a_downtime_and_a_replaced_one_loses_its_data(terrace: Command, aws: Emulator) -> None:
    """Encryption cannot be switched on later: the provider replaces the database."""
    larger = {"identifier": "larger", "instance_class": "db.m7g.large"}
    encrypted = {"identifier": "encrypted", "instance_class": "db.t4g.medium", "storage_encrypted": True}
    servers = {
        "larger": resource("dev/database/reader", **larger, **DATABASE),
        "encrypted": resource("dev/database/server", **encrypted, **DATABASE),
    }
    adopted = {"import": [{"to": f"aws_db_instance.{name}", "id": name} for name in servers]}
    terrace.small.stack({"aws_db_instance": servers}, provider={"aws": [{"region": REGION}]}, **adopted)
    for name in servers:
        create_database(aws, name)
    variables = aws.environment()
    terrace.run("plan", "dev", **variables)
    text = terrace.run("ci", "comment", **variables).stdout
    assert "## Terrace: 2 changes, data loss in 1 resource" in text
    assert "| dev | AWS | 0 | 1 | 1 | 0 | **data-loss** |" in text
    assert "`aws_db_instance.larger` (`dev/database/reader`): **downtime**, set in `environments/" in text
    assert "  - `instance_class`: `db.t4g.medium` → `db.m7g.large`; downtime, the database is unavailable" in text
    assert "| database | 0 | 1 | 1 | 0 | 0 | **data-loss** | airflow, superset |" in text
    lost = "- **replace** `aws_db_instance.encrypted` (`dev/database/server`), because of `storage_encrypted`"
    assert text.index("Data is lost") < text.index(lost)


def test_a_plan_without_changes_says_so(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    terrace.run("plan", "dev")
    text = terrace.run("ci", "comment").stdout
    assert "## Terrace: no changes" in text and "###" not in text


def test_a_folder_of_results_is_one_comment_and_a_broken_plan_is_named(terrace: Command, tmp_path: Path) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    (tmp_path / "plan-dev.json").write_text(terrace.run("plan", "dev", "--offline", "--json").stdout)
    finding = {"id": "DB-1", "status": "broken", "severity": "high", "sentence": "public", "construct": "dev/database"}
    stack = {"environment": "dev", "cloud": "aws"}
    (tmp_path / "gate-dev.json").write_text(json.dumps({"stacks": [{**stack, "findings": [finding]}]}))
    (tmp_path / "before-dev.json").write_text(json.dumps({"stacks": [{**stack, "findings": []}]}))
    drifted = {"address": "aws_s3_bucket.a", "kind": "changed", "severity": "security"}
    (tmp_path / "drift-dev.json").write_text(json.dumps({**stack, "drift": [drifted]}))
    (tmp_path / "parity.json").write_text(json.dumps({"cells": []}))
    text = terrace.run("ci", "comment", "--folder", str(tmp_path)).stdout
    assert "New (1):\n\n- high `DB-1` at `dev/database`: public" in text
    assert "`aws_s3_bucket.a` was changed; security" in text and "Every guarantee holds" in text
    for name in ("plan-staging.json", "drift-staging.json", "before-staging.json"):
        (tmp_path / name).touch()
    text = terrace.run("ci", "comment", "--folder", str(tmp_path)).stdout
    assert "## Terrace: 1 plan failed" in text and "- no plan of `staging`: the log of its job has the error" in text
