"""`terrace env list|show|explain|diff|migrate|schema` as it is typed."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from terrace.environment import load
from tests.cli.test_validate import ROOT, Terrace, terrace

__all__ = ["terrace"]


def test_list(terrace: Terrace) -> None:
    Path("environments/qa.yaml").write_text("extends: dev.yaml\nname: qa\ncache: {size: huge}\n")
    code, out, _ = terrace("env", "list")
    assert code == 0
    bases = "< environments/base.yaml < environments/clouds/aws.yaml"
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "name tier cloud region files",
        f"dev dev aws frankfurt environments/dev.yaml {bases}",
        f"prod prod aws frankfurt environments/prod.yaml {bases}",
        "qa invalid run `terrace validate qa`",
        f"staging staging aws frankfurt environments/staging.yaml {bases}",
    ]
    assert json.loads(terrace("env", "list", "--json")[1])[2] == {"name": "qa", "problems": 2}


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
@pytest.mark.parametrize("options", [(), ("--origins",), ("--defaults",), ("--origins", "--defaults")])
def test_what_show_prints_is_the_environment(terrace: Terrace, name: str, options: tuple[str, ...]) -> None:
    """Saved as a file of its own, it is the same environment, extending nothing."""
    code, out, _ = terrace("env", "show", name, *options)
    assert code == 0
    expected = load(name).environment
    for file in Path("environments").glob("*.yaml"):
        file.unlink()
    Path(f"environments/{name}.yaml").write_text(out)
    assert load(name).environment == expected


def test_show_with_origins_names_the_line_behind_each_value(terrace: Terrace) -> None:
    lines = terrace("env", "show", "dev", "--origins")[1].splitlines()
    assert [" ".join(line.split()) for line in lines if "cidr" in line or "version: 16" in line] == [
        "cidr: 10.40.0.0/16 # environments/base.yaml:16:9",
        "cidr: 0.0.0.0/0 # environments/base.yaml:21:21",
        "version: 16 # environments/base.yaml:51:12",
    ]
    assert all("#" in line or line.endswith(":") for line in lines)


def test_show_as_json(terrace: Terrace) -> None:
    assert json.loads(terrace("env", "show", "dev", "--json")[1]) == load("dev").document
    whole = json.loads(terrace("env", "show", "dev", "--json", "--defaults")[1])
    assert whole["database"]["slow_query_ms"] == 1000 and whole["backup"]["every"] == "P1D"


def test_explain_a_value_that_was_overridden(terrace: Terrace) -> None:
    assert terrace("env", "explain", "prod", "database.size")[1] == (
        "database.size = xlarge\n"
        "  set in environments/prod.yaml:28:9\n"
        "  overrides medium in environments/base.yaml:52:9\n"
        "  on aws: db.r6g.2xlarge, 8 vCPU, 64 GB\n"
        "\n"
        "  Server size; docs/environments.md lists the machine types on each cloud.\n"
        "  One of small, medium, large, xlarge.\n"
        "  Required.\n"
    )


def test_explain_a_default_and_a_removal(terrace: Terrace) -> None:
    assert terrace("env", "explain", "dev", "database.slow_query_ms")[1] == (
        "database.slow_query_ms = 1000\n"
        "  default; not set in any file\n"
        "\n"
        "  Statements slower than this are logged (DB-7).\n"
        "  0 to 60000 ms.\n"
        "  Default: 1000.\n"
    )
    removed = terrace("env", "explain", "dev", "cluster.pools.general")[1].splitlines()
    assert removed[:2] == ["cluster.pools.general is not set", "  removed in environments/dev.yaml:31:5"]
    assert removed[2].endswith("in environments/base.yaml:44:5")


def test_explain_works_for_an_environment_that_is_not_valid(terrace: Terrace) -> None:
    Path("environments/qa.yaml").write_text("extends: base.yaml\nname: qa\ntier: dev\ncache: {size: huge}\n")
    code, out, _ = terrace("env", "explain", "qa", "cache.size")
    assert code == 0
    assert out.startswith("cache.size = huge\n  set in environments/qa.yaml:4:15\n  overrides medium in ")


def test_explain_names_another_cloud_as_the_cause(terrace: Terrace) -> None:
    lines = terrace("env", "explain", "dev", "cloud", "--cloud", "gcp")[1].splitlines()
    assert lines[:3] == ["cloud = gcp", "  set in --cloud", "  overrides aws in environments/dev.yaml:6:8"]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("database.sise", "unknown setting database.sise", "Did you mean 'size'?"),
        ("databse.size", "unknown setting databse", "Did you mean 'database'?"),
        ("database.size.small", "unknown setting database.size.small", ""),
        (".", "no setting given; for example `terrace env explain dev database.size`", ""),
    ],
)
def test_explain_what_cannot_be_set(terrace: Terrace, path: str, message: str, hint: str) -> None:
    code, out, err = terrace("env", "explain", "dev", path)
    assert (code, out) == (2, "")
    assert message in err and hint in err


def test_explain_every_value_there_is(terrace: Terrace) -> None:
    """No path that an environment has may be unknown to explain."""
    from terrace.environment.explanation import explain
    from terrace.environment.rendering import leaves

    for name in ("dev", "staging", "prod"):
        loaded = load(name)
        effective = leaves(loaded.environment)
        assert len(effective) > 120
        for path, value in effective.items():
            explained = explain(loaded.root, path)
            assert explained.value == without_nulls(value), path
            assert explained.description, path


UNSET = (None, [])


def without_nulls(value: object) -> object:
    """A value without the keys that no file sets, in the elements of a list."""
    if isinstance(value, list):
        return [{k: v for k, v in one.items() if v not in UNSET} if isinstance(one, dict) else one for one in value]
    return value


def test_diff(terrace: Terrace) -> None:
    code, out, _ = terrace("env", "diff", "dev", "prod")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert code == 0
    assert rows["path"] == ["dev", "prod"]
    assert rows["database.size"] == ["small", "xlarge"]
    assert rows["recovery_region"] == ["-", "paris"]
    assert rows["cost.sleep.down"] == ["20:00", "-"]
    assert "keys.deletion_window_days" not in rows
    assert terrace("env", "diff", "dev", "dev")[1] == "dev and dev do not differ.\n"
    assert json.loads(terrace("env", "diff", "dev", "prod", "--json")[1])["network.zones"] == {"dev": 1, "prod": 3}


def test_schema_is_written_and_checked(terrace: Terrace) -> None:
    files = ["schema.json", *(f"clouds/{cloud}.schema.json" for cloud in ("aws", "azure", "gcp"))]
    current = [f"environments/{file}: up to date" for file in files]
    assert terrace("env", "schema", "--check") == (0, "\n".join(current) + "\n", "")
    path = Path("environments/clouds/gcp.schema.json")
    path.unlink()
    code, _, err = terrace("env", "schema", "--check")
    assert code == 1 and str(path) in err
    assert terrace("env", "schema")[1].splitlines() == [*current[:3], f"{path}: written"]
    path = Path("environments/schema.json")
    path.write_text("{}")
    code, out, err = terrace("env", "schema", "--check")
    assert (code, out) == (1, "")
    assert "environments/schema.json" in err and "run `terrace env schema`" in err
    assert terrace("env", "schema")[1].splitlines()[0] == "environments/schema.json: written"
    assert path.read_bytes() == (ROOT / path).read_bytes()
    assert terrace("env", "schema", "--print")[1] == path.read_text()


def test_show_is_yaml_that_others_read(terrace: Terrace) -> None:
    out = terrace("env", "show", "prod")[1]
    assert YAML(typ="safe", pure=True).load(out)["cluster"]["version"] == "1.35"


def test_migrate(terrace: Terrace) -> None:
    file = Path("environments/qa.yaml")
    file.write_text("extends: dev.yaml\nname: qa\nmodules:\n  etl: {enabled: true, lake: {gold: write}}\n")
    assert "modules.etl.lake: moved to modules/etl/module.yaml, needs.lake." in terrace("validate", "qa")[1]
    listed = (
        "modules/etl/module.yaml: new, with the needs of etl\n"
        "modules/etl/README.md: new\n"
        "environments/qa.yaml: without modules.etl.lake\n"
    )
    code, out, err = terrace("env", "migrate", "--check")
    assert (code, out) == (1, listed)
    assert "hint: run `terrace env migrate`" in err
    assert not Path("modules/etl").exists()
    reminder = "Replace each CHANGEME in modules/etl/module.yaml, modules/etl/README.md, then run `terrace validate`.\n"
    assert terrace("env", "migrate", "qa") == (0, listed + reminder, "")
    assert file.read_text().endswith("  etl: {enabled: true}\n")
    assert terrace("env", "migrate") == (0, "nothing to migrate\n", "")
