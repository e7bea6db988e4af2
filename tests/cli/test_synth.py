"""`terrace synth`."""

import json
from pathlib import Path

from terrace.project import basis
from tests.cli.conftest import Command
from tests.conftest import ROOT, Foundations
from tests.deployment.conftest import resource


def stack(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one"), "two": resource("dev/lake/two")}})


def test_stacks_are_written_where_the_cdk_writes_them(terrace: Command) -> None:
    stack(terrace)
    completed = terrace.run("synth", "dev")
    assert (completed.returncode, completed.stdout) == (0, "dev: 2 resources in cdktf.out/stacks/dev\n")
    (row,) = json.loads(terrace.run("synth", "dev", "--json").stdout)
    assert row == {"stack": "dev", "resources": 2, "directory": "cdktf.out/stacks/dev"}


def test_a_missing_output_directory_is_created(terrace: Command, tmp_path: Path) -> None:
    stack(terrace)
    assert terrace.run("synth", "dev", "--out", str(tmp_path / "a" / "b")).returncode == 0
    assert (tmp_path / "a" / "b" / "stacks" / "dev" / "cdk.tf.json").is_file()


def test_all_does_not_change_other_files(terrace: Command) -> None:
    stack(terrace)
    out = terrace.small.root / "cdktf.out"
    for existing in (out / "stacks" / "dev" / "cdk.tf.json", out / "azure" / "dev" / ".terraform.lock.hcl"):
        existing.parent.mkdir(parents=True)
        existing.write_text("existing")
    completed = terrace.run("synth", "dev", "--all")
    assert completed.returncode == 0
    assert [line.split() for line in completed.stdout.splitlines()] == [
        ["cloud", "stack", "resources", "directory"],
        *([cloud, "dev", "2", f"cdktf.out/{cloud}/dev"] for cloud in ("aws", "azure", "gcp")),
    ]
    assert sorted(line.split(":")[0] for line in completed.stderr.splitlines()[:-1]) == ["aws", "azure", "gcp"]
    assert existing.read_text() == "existing"
    assert (out / "stacks" / "dev" / "cdk.tf.json").read_text() == "existing"
    rows = json.loads(terrace.run("--quiet", "synth", "dev", "--all", "--json").stdout)
    assert rows[2] == {"cloud": "gcp", "stack": "dev", "resources": 2, "directory": "cdktf.out/gcp/dev"}


def test_a_cloud_that_fails_does_not_stop_the_others(terrace: Command) -> None:
    stack(terrace)
    main = terrace.small.root / "stacks" / "__main__.py"
    failure = "if os.environ['TERRACE_CLOUD'] == 'azure': sys.exit('error: no such thing\\n\\nhint: fix it')"
    main.write_text(main.read_text().replace("name = ", f"{failure}\nname = "))
    completed = terrace.run("synth", "dev", "--all")
    assert completed.returncode == 1
    assert "cdktf.out/gcp/dev" in completed.stdout and "azure" not in completed.stdout
    assert (
        "azure: failed" in completed.stderr
        and "no such thing" in completed.stderr
        and "hint: fix it" in completed.stderr
    )


def test_all_and_cloud_cannot_be_combined(terrace: Command) -> None:
    completed = terrace.run("synth", "--all", "--cloud", "gcp")
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "--all and --cloud cannot be combined" in completed.stderr


def test_all_writes_the_same_stacks_as_each_cloud_alone(
    terrace: Command, tmp_path: Path, foundation: Foundations
) -> None:
    completed = terrace.run("--project", str(ROOT), "synth", "dev", "--all", "--out", str(tmp_path), TERRACE_STATE="")
    assert completed.returncode == 0, completed.stderr
    for cloud in ("aws", "azure", "gcp"):
        written = json.loads((tmp_path / cloud / "dev" / "cdk.tf.json").read_text())
        assert basis.joined(written) == foundation("dev", cloud=None if cloud == "aws" else cloud).document
