"""`terrace plan --bundle` and `terrace apply --bundle`."""

import json

from tests.cli.conftest import GLASS, Command
from tests.deployment.test_bundle import commit
from tests.deployment.test_lifecycle import two


def test_a_bundle_is_stored_and_applied_by_its_hash(terrace: Command) -> None:
    terrace.small.stack(two())
    commit(terrace.small.root)
    planned = terrace.run("plan", "dev", "--bundle", "--json")
    assert planned.returncode == 1  # the gate refuses a stack this small
    sha256 = json.loads(planned.stdout)["bundle"]
    (path,) = (terrace.small.root / ".terrace/state").rglob("*.bundle")
    assert path.name == f"{sha256}.bundle"
    refused = terrace.run("apply", "dev", "--bundle", sha256, "--yes")
    assert refused.returncode == 1 and "the plan does not pass the gate" in refused.stderr
    applied = terrace.run("apply", "dev", "--yes", *GLASS, "--bundle")
    assert applied.returncode == 0, applied.stderr
    assert f"applying bundle {sha256[:12]} of 20" in applied.stderr
    records = json.loads(terrace.run("evidence", "list", "dev", "--json").stdout)["records"]
    assert [one["bundle"] for one in records if one["kind"] == "apply"] == [sha256]
    assert applied.stdout == "dev on aws: 2 added\n"
    again = terrace.run("apply", "dev", "--yes", "--bundle", sha256[:8])
    assert (again.returncode, again.stdout) == (0, "dev on aws: no changes\n")


def test_a_wrong_hash_and_changed_files_are_refused_with_a_hint(terrace: Command) -> None:
    terrace.small.stack(two())
    commit(terrace.small.root)
    missing = terrace.run("apply", "dev", "--bundle", "--yes")
    assert missing.returncode == 1
    assert missing.stderr.startswith("error: no bundle for dev on aws and the tree of HEAD, ")
    assert missing.stderr.endswith("hint: make one with `terrace plan dev --bundle` at this commit\n")
    path = terrace.small.root / "environments" / "dev.yaml"
    path.write_text(path.read_text() + "# changed\n")
    changed = terrace.run("plan", "dev", "--bundle")
    assert changed.returncode == 2
    assert changed.stderr.startswith(
        "error: a bundle is the plan of a commit, and files differ from HEAD: environments/d"
    )
    assert terrace.run("apply", "dev", "--bundle", "--recover").returncode == 2
