"""`terrace synth`, as it is typed."""

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.conftest import ROOT, Foundations
from tests.deployment.conftest import resource


def stack(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one"), "two": resource("dev/lake/two")}})


def test_stacks_go_where_the_cdk_puts_them(terrace: Command) -> None:
    stack(terrace)
    done = terrace.run("synth", "dev")
    assert (done.returncode, done.stdout) == (0, "dev: 2 resources in cdktf.out/stacks/dev\n")
    (row,) = json.loads(terrace.run("synth", "dev", "--json").stdout)
    assert row == {"environment": "dev", "resources": 2, "directory": "cdktf.out/stacks/dev"}


def test_a_place_that_is_not_there_yet_is_made(terrace: Command, tmp_path: Path) -> None:
    stack(terrace)
    assert terrace.run("synth", "dev", "--out", str(tmp_path / "a" / "b")).returncode == 0
    assert (tmp_path / "a" / "b" / "stacks" / "dev" / "cdk.tf.json").is_file()


def test_all_clouds_stand_beside_what_was_there(terrace: Command) -> None:
    stack(terrace)
    out = terrace.small.root / "cdktf.out"
    for kept in (out / "stacks" / "dev" / "cdk.tf.json", out / "azure" / "dev" / ".terraform.lock.hcl"):
        kept.parent.mkdir(parents=True)
        kept.write_text("kept")
    done = terrace.run("synth", "dev", "--all")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["cloud", "environment", "resources", "directory"],
        *([cloud, "dev", "2", f"cdktf.out/{cloud}/dev"] for cloud in ("aws", "azure", "gcp")),
    ]
    assert sorted(line.split(":")[0] for line in done.stderr.splitlines()[:-1]) == ["aws", "azure", "gcp"]
    assert kept.read_text() == "kept"
    assert (out / "stacks" / "dev" / "cdk.tf.json").read_text() == "kept"
    rows = json.loads(terrace.run("--quiet", "synth", "dev", "--all", "--json").stdout)
    assert rows[2] == {"cloud": "gcp", "environment": "dev", "resources": 2, "directory": "cdktf.out/gcp/dev"}


def test_a_cloud_that_fails_does_not_stop_the_others(terrace: Command) -> None:
    stack(terrace)
    main = terrace.small.root / "stacks" / "__main__.py"
    broken = "if os.environ['TERRACE_CLOUD'] == 'azure': sys.exit('error: no such thing\\n\\nhint: mend it')"
    main.write_text(main.read_text().replace("name = ", f"{broken}\nname = "))
    done = terrace.run("synth", "dev", "--all")
    assert done.returncode == 1
    assert "cdktf.out/gcp/dev" in done.stdout and "azure" not in done.stdout
    assert "azure: failed" in done.stderr and "no such thing" in done.stderr and "hint: mend it" in done.stderr


def test_all_and_one_exclude_each_other(terrace: Command) -> None:
    done = terrace.run("synth", "--all", "--cloud", "gcp")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--all is every cloud" in done.stderr


def test_all_gives_what_each_cloud_gives_alone(terrace: Command, tmp_path: Path, foundation: Foundations) -> None:
    done = terrace.run("--project", str(ROOT), "synth", "dev", "--all", "--out", str(tmp_path), TERRACE_STATE="")
    assert done.returncode == 0, done.stderr
    for cloud in ("aws", "azure", "gcp"):
        written = json.loads((tmp_path / cloud / "dev" / "cdk.tf.json").read_text())
        assert written == foundation("dev", cloud=None if cloud == "aws" else cloud).document
