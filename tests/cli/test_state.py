"""`terrace state show`, `mv`, `rm`, `import` and `unlock`, with real Terraform on a local state."""

import json

import pytest

from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource


@pytest.fixture
def applied(terrace: Command) -> Command:
    """Two resources: one with a sensitive value, and one that can be imported."""
    secret = {"input": '${sensitive("swordfish")}'}
    terrace.small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", **secret), "two": resource("dev/database/two", input="b")}}
    )
    terrace.run("plan", "dev")
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0
    return terrace


def addresses(terrace: Command) -> list[str]:
    found = json.loads(terrace.run("state", "show", "dev", "--json").stdout)["resources"]
    return [one["address"] for one in found]


def recorded(terrace: Command) -> list[tuple[str, str, bool]]:
    """The changes of states in the evidence: what, and whether it passed."""
    records = json.loads(terrace.run("evidence", "list", "dev", "--json").stdout)["records"]
    return [(one["stack"], one["detail"], one["passed"]) for one in records if one["kind"] == "state"]


def test_resources_have_their_constructs_and_sensitive_values_are_hidden(applied: Command) -> None:
    listed = applied.run("state", "show", "dev")
    assert listed.stdout == (
        "address             construct\nterraform_data.one  dev/lake/one\nterraform_data.two  dev/database/two\n"
    )
    shown = applied.run("state", "show", "dev", "terraform_data.one")
    assert "input             (sensitive)\n" in shown.stdout
    absent = applied.run("state", "show", "dev", "terraform_data.nope")
    assert (absent.returncode, absent.stderr.splitlines()[0]) == (
        1,
        "error: the state of dev on aws has no terraform_data.nope",
    )


def test_a_change_keeps_a_copy_and_is_recorded(applied: Command) -> None:
    moved = applied.run("state", "mv", "dev", "terraform_data.two", "terraform_data.three", "--yes")
    assert (moved.returncode, moved.stdout) == (0, "dev on aws: move terraform_data.two to terraform_data.three\n")
    assert "the state before is backup serial-" in moved.stderr
    removed = applied.run("state", "rm", "dev", "terraform_data.three", "--yes")
    assert removed.returncode == 0 and addresses(applied) == ["terraform_data.one"]
    imported = applied.run("state", "import", "dev", "terraform_data.two", "an-id", "--yes")
    assert imported.returncode == 0, imported.stderr
    assert addresses(applied) == ["terraform_data.one", "terraform_data.two"]
    assert recorded(applied) == [
        ("dev", "move terraform_data.two to terraform_data.three", True),
        ("dev", "remove terraform_data.three", True),
        ("dev", "import an-id as terraform_data.two", True),
    ]
    (state,) = json.loads(applied.run("state", "list", "dev", "--json").stdout)["states"]
    assert {version["resources"] for version in state["versions"]} >= {1, 2}


def test_a_refused_change_is_recorded_as_failed(applied: Command) -> None:
    refused = applied.run("state", "rm", "dev", "terraform_data.nope", "--yes")
    assert refused.returncode == 3 and "error: `terraform state` failed" in refused.stderr
    assert recorded(applied) == [("dev", "remove terraform_data.nope: TerraformFailed", False)]


def test_without_a_terminal_a_change_needs_yes(applied: Command) -> None:
    asked = applied.run("state", "rm", "dev", "terraform_data.one")
    assert (asked.returncode, "pass --yes" in asked.stderr) == (2, True)
    assert len(addresses(applied)) == 2 and recorded(applied) == []


def test_a_lock_that_is_not_held_cannot_be_released(applied: Command) -> None:
    completed = applied.run("state", "unlock", "dev", "0c2a9f1e-0000-0000-0000-000000000000", "--yes")
    assert completed.returncode == 3 and "error: `terraform force-unlock` failed" in completed.stderr
