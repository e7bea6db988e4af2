"""`terrace history` and `terrace logs`, after real runs."""

import json
import re

from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource


def test_changes_are_listed_newest_first_and_the_log_is_readable(terrace: Command) -> None:
    none = terrace.run("history", "dev")
    assert (none.returncode, "has no record of a change of dev on aws" in none.stdout) == (0, True)
    assert terrace.run("logs", "dev").returncode == 1

    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one", input="a")}})
    terrace.run("plan", "dev")
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0
    assert terrace.run("state", "rm", "dev", "terraform_data.one", "--yes").returncode == 0
    changes = json.loads(terrace.run("history", "dev", "--json").stdout)["changes"]
    assert [(one["kind"], one["passed"]) for one in changes] == [
        ("state", True),
        ("apply", True),
        ("break-glass", False),
    ]
    lines = terrace.run("history", "dev", "--last", "2").stdout.splitlines()
    assert lines[0].split() == ["at", "kind", "stack", "what", "result", "operator", "commit", "run"]
    assert "remove terraform_data.one" in lines[1] and "1 add" in lines[2] and len(lines) == 3

    printed = terrace.run("logs", "dev").stdout.splitlines()
    assert printed[0].startswith(".terrace/logs/")
    assert all(re.match(r"\d\d:\d\d:\d\d  \S", line) for line in printed[1:3])
    listed = terrace.run("logs", "dev", "--list").stdout.splitlines()
    assert f"{listed[0]}:" == printed[0] and len(listed) >= 2
