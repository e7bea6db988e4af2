"""`terrace plan`."""

import json

from terrace.cli.plan_summary import plan_text
from terrace.deployment.changes import Change, Summary
from terrace.deployment.values import ValueChange
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_lifecycle import two


def test_a_summary_by_capability(terrace: Command) -> None:
    terrace.small.stack(two())
    completed = terrace.run("plan", "dev")
    assert completed.stdout == (
        "capability  add  change  replace  destroy\n"
        "database      1       0        0        0\n"
        "lake          1       0        0        0\n"
        "total         2       0        0        0\n"
    )
    assert "the plan does not pass the gate:\n  aws." in completed.stderr
    saved = "Saved to .terrace/plans/dev-aws.tfplan; Terrace will not apply it."
    assert completed.returncode == 1
    assert completed.stderr.splitlines()[-1] == saved
    assert (terrace.small.root / ".terrace/plans/dev-aws.tfplan").stat().st_mode & 0o077 == 0


def test_a_replacement_is_printed_with_its_reason_and_environment_line(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    terrace.small.stack(two(second="c"))
    completed = terrace.run("plan", "dev")
    assert "  replace terraform_data.two (dev/database/two), because of triggers_replace" in completed.stdout
    assert "set in environments/" in completed.stdout
    assert "Saved to" in completed.stderr


def test_a_replacement_with_a_known_interruption_comes_last_with_its_length() -> None:
    pool = Change(
        "aws_eks_node_group.a", "aws_eks_node_group", "replace", capability="cluster", reasons=("subnet_ids",)
    )
    role = Change("aws_iam_role.a", "aws_iam_role", "replace", capability="cluster")
    listed, interrupted = plan_text(Summary((pool, role))).split("1 resource will be unavailable while being replaced:")
    assert "aws_iam_role.a" in listed and "aws_eks_node_group.a" not in listed
    assert "aws_eks_node_group.a, because of subnet_ids" in interrupted and "its pods wait for minutes" in interrupted


def test_a_change_is_printed_with_its_old_and_new_values_and_its_effect() -> None:
    values = (
        ValueChange("allocated_storage", "20", "40"),
        ValueChange("instance_class", "db.t4g.medium", "db.m7g.large"),
        ValueChange("latest_restorable_time", "x", "(known after apply)"),
        ValueChange("vpc_security_group_ids[]", None, "sg-1"),
    )
    settings = ("allocated_storage", "instance_class", "vpc_security_group_ids")
    server = Change("aws_db_instance.a", "aws_db_instance", "change", settings=settings, values=values)
    text = plan_text(Summary((server,)))
    assert text.splitlines()[-4:] == [
        "  change aws_db_instance.a",
        "    allocated_storage: 20 -> 40 (no interruption: storage grows while the database runs, perhaps more slowly)",
        "    instance_class: db.t4g.medium -> db.m7g.large (downtime: the database is unavailable while its instance "
        "changes)",
        "    vpc_security_group_ids[]: + sg-1 (effect not known)",
    ]
    detailed = plan_text(Summary((server,)), details=True)
    assert "    latest_restorable_time: x -> (known after apply)\n" in detailed


def test_details_list_what_is_added() -> None:
    summary = Summary((Change("aws_iam_role.a", "aws_iam_role", "add", construct="dev/identity/a"),))
    assert "aws_iam_role.a" not in plan_text(summary)
    assert plan_text(summary, details=True).splitlines()[-1] == "  add aws_iam_role.a (dev/identity/a)"


def test_markdown_is_the_comment_on_a_pull_request(terrace: Command) -> None:
    terrace.small.stack(two())
    completed = terrace.run("plan", "dev", "--markdown")
    assert completed.returncode == 1  # the gate refuses the plan
    assert completed.stdout == terrace.run("ci", "comment").stdout
    assert terrace.run("plan", "dev", "--markdown", "--json").returncode == 2


def test_an_offline_plan_is_not_saved(terrace: Command) -> None:
    terrace.small.stack(two())
    completed = terrace.run("plan", "dev", "--offline")
    assert completed.returncode == 1
    assert completed.stdout.splitlines()[-1] == "total         2       0        0        0"
    notice = "This plan assumes that nothing exists yet. No account was used, and the plan is not saved."
    assert completed.stderr.splitlines()[-1] == notice
    applied = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (applied.returncode, "no saved plan for dev on aws" in applied.stderr) == (2, True)
    assert list(terrace.small.root.rglob("*.tfplan")) == []


def test_offline_cannot_be_combined_with_recover(terrace: Command) -> None:
    assert terrace.run("plan", "dev", "--offline", "--recover").returncode == 2


def test_json_contains_each_change(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    completed = terrace.run("plan", "dev", "--json")
    assert completed.returncode == 1
    data = json.loads(completed.stdout)
    assert not data["gate"]["passes"]
    assert data["counts"] == {"add": 1, "change": 0, "replace": 0, "destroy": 0, "import": 0, "forget": 0}
    assert data["changes"][0]["construct"] == "dev/lake/one"


def test_a_failed_synthesis_prints_the_error_of_the_child_process(terrace: Command) -> None:
    script = "import sys\nprint('error: no such size\\n\\nhint: take small', file=sys.stderr)\nsys.exit(1)\n"
    (terrace.small.root / "stacks/__main__.py").write_text(script)
    completed = terrace.run("plan", "dev")
    assert (completed.returncode, completed.stderr) == (1, "error: no such size\n\nhint: take small\n")


def test_missing_credentials_are_one_error(terrace: Command) -> None:
    terrace.small.stack(
        {"aws_sns_topic": {"t": resource("dev/observability/t", name="t")}}, provider={"aws": [{"region": "eu-west-1"}]}
    )
    completed = terrace.run("plan", "dev", AWS_EC2_METADATA_DISABLED="true", HOME=str(terrace.small.root))
    assert completed.returncode == 3
    assert completed.stderr.splitlines()[-3].startswith("error: no credentials for the cloud in this shell")
    assert "`aws sso login`, or set AWS_PROFILE" in completed.stderr


def test_a_risk_above_the_accepted_one_is_a_negative_result(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    terrace.small.stack(two(second="c"))
    completed = terrace.run("plan", "dev", "--risk", "restart")
    assert completed.returncode == 1
    assert (
        "the plan's risk is unknown, above the accepted restart:\n  unknown: replace terraform_data.two"
        in completed.stderr
    )
    accepted = terrace.run("plan", "dev", "--risk")  # the environment accepts a downtime
    assert "the plan's risk" not in accepted.stderr
