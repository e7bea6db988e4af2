"""`terrace plan`."""

import json

from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_lifecycle import two


def test_a_summary_by_capability(terrace: Command) -> None:
    """The whole of what a user reads."""
    terrace.small.stack(two())
    ended = terrace.run("plan", "dev")
    assert ended.stdout == (
        "capability  add  change  replace  destroy\n"
        "database      1       0        0        0\n"
        "lake          1       0        0        0\n"
        "all           2       0        0        0\n"
    )
    assert "the plan does not pass the gate:\n  aws." in ended.stderr
    saved = "Saved as .terrace/plans/dev-aws.tfplan; `terrace apply dev` refuses this."
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == saved
    assert (terrace.small.root / ".terrace/plans/dev-aws.tfplan").stat().st_mode & 0o077 == 0


def test_a_replacement_names_its_reason_and_the_environment_line(terrace: Command) -> None:
    terrace.small.stack(two())
    terrace.run("plan", "dev")
    terrace.run("apply", "dev", "--yes", *GLASS)
    terrace.small.stack(two(second="c"))
    ended = terrace.run("plan", "dev")
    assert "  replace terraform_data.two (dev/database/two), because of triggers_replace" in ended.stdout
    assert "set in environments/" in ended.stdout
    assert "Saved as" in ended.stderr


def test_offline_saves_nothing_that_apply_would_take(terrace: Command) -> None:
    """The whole of what a user reads, and an apply that finds no plan."""
    terrace.small.stack(two())
    ended = terrace.run("plan", "dev", "--offline")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1] == "all           2       0        0        0"
    said = "No cloud was asked for anything: this is a plan as if nothing existed yet, and it is not saved."
    assert ended.stderr.splitlines()[-1] == said
    applied = terrace.run("apply", "dev", "--yes", *GLASS)
    assert (applied.returncode, "nothing is planned for dev on aws" in applied.stderr) == (2, True)
    assert list(terrace.small.root.rglob("*.tfplan")) == []


def test_offline_has_no_state_to_recover(terrace: Command) -> None:
    assert terrace.run("plan", "dev", "--offline", "--recover").returncode == 2


def test_json_holds_each_change(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    ended = terrace.run("plan", "dev", "--json")
    assert ended.returncode == 1
    data = json.loads(ended.stdout)
    assert not data["gate"]["passes"]
    assert data["counts"] == {"add": 1, "change": 0, "replace": 0, "destroy": 0, "import": 0, "forget": 0}
    assert data["changes"][0]["construct"] == "dev/lake/one"


def test_a_stack_that_does_not_synthesize(terrace: Command) -> None:
    """The child's own sentence and exit code, not a traceback of ours."""
    script = "import sys\nprint('error: no such size\\n\\nhint: take small', file=sys.stderr)\nsys.exit(1)\n"
    (terrace.small.root / "stacks/__main__.py").write_text(script)
    ended = terrace.run("plan", "dev")
    assert (ended.returncode, ended.stderr) == (1, "error: no such size\n\nhint: take small\n")


def test_no_credentials_is_one_sentence(terrace: Command) -> None:
    terrace.small.stack(
        {"aws_sns_topic": {"t": resource("dev/observability/t", name="t")}}, provider={"aws": [{"region": "eu-west-1"}]}
    )
    ended = terrace.run("plan", "dev", AWS_EC2_METADATA_DISABLED="true", HOME=str(terrace.small.root))
    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-3].startswith("error: there are no credentials for the cloud in this shell")
    assert "`aws sso login`, or set AWS_PROFILE" in ended.stderr
