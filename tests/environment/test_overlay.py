"""Merging of files, and the provenance of each value."""

from pathlib import Path

import pytest

from terrace.environment import Loaded, load, names
from terrace.environment.loading import between, merge, unused
from terrace.errors import InvalidEnvironment, UsageError
from tests.environment.conftest import HERE, Write


def test_mappings_merge_by_key_and_scalars_replace(write: Write) -> None:
    loaded = load("qa", project=write("database:\n  size: large\n"))
    database = loaded.environment.database
    assert (database.size, database.storage_gb) == ("large", 100)


def test_lists_replace(write: Write) -> None:
    loaded = load("qa", project=write("observability:\n  escalation:\n    critical: [pager]\n"))
    assert loaded.environment.observability.escalation.critical == ("pager",)


def test_null_removes_a_key(write: Write) -> None:
    loaded = load("qa", project=write("cluster:\n  pools:\n    general: null\nbackup:\n  archive_after_days: null\n"))
    assert list(loaded.environment.cluster.pools) == ["system"]
    assert loaded.environment.backup.archive_after_days is None
    assert "general" not in loaded.document["cluster"]["pools"]


def test_a_removed_key_can_be_set_again(write: Write) -> None:
    project = write(
        "cluster:\n  pools:\n    general: {kind: general, size: small, min_nodes: 1, max_nodes: 2}\n", base="mid.yaml"
    )
    (project / "environments" / "mid.yaml").write_text("extends: base.yaml\ncluster:\n  pools:\n    general: null\n")
    assert load("qa", project=project).environment.cluster.pools["general"].size == "small"


def test_a_chain_is_merged_base_first(write: Write) -> None:
    project = write("cache: {replicas: 2}\n", base="mid.yaml")
    (project / "environments" / "mid.yaml").write_text("extends: base.yaml\ncache: {replicas: 0, size: large}\n")
    loaded = load("qa", project=project)
    assert (loaded.environment.cache.replicas, loaded.environment.cache.size) == (2, "large")
    files = ("clouds/aws.yaml", "base.yaml", "mid.yaml", "qa.yaml")
    assert loaded.files == tuple(f"environments/{file}" for file in files)
    assert loaded.where("cache.size") == "environments/mid.yaml:2:28"


def test_lake_layers_have_aliases(write: Write) -> None:
    project = write(
        "lake:\n  lifecycle:\n    raw: {expire_after_days: 500}\n"
        "data_products:\n"
        "  - {name: orders, owner: sales, classification: internal, layers: [raw, staging], retention_days: 1}\n"
    )
    loaded = load("qa", project=project)
    assert loaded.environment.lake.lifecycle["bronze"].expire_after_days == 500
    assert loaded.environment.lake.lifecycle["bronze"].cool_after_days == 30
    assert loaded.environment.data_products[0].layers == ("bronze", "silver")
    assert loaded.where("lake.lifecycle.bronze.expire_after_days") == "environments/qa.yaml:5:30"


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("database.size", "environments/qa.yaml:4:9"),  # set here
        ("database.replicas", "environments/base.yaml:42:13"),  # set by the base
        ("database", "environments/qa.yaml:3:1"),  # a section: its key
        ("database.slow_query_ms", ""),  # a default
        ("observability.thresholds.node_cpu_percent", ""),  # a default in a section that is one
        ("network.hybrid.peer_cidrs.0", "environments/base.yaml:25:18"),  # an item
        ("network.hybrid.peer_cidrs[0]", "environments/base.yaml:25:18"),
        ("network.egress.destinations.https.cidr", "environments/base.yaml:19:21"),  # in one line
        ("cluster.pools.nope.size", "environments/base.yaml:32:3"),  # the nearest ancestor
        ("nope", "environments/qa.yaml:1:1"),
    ],
)
def test_where_returns_file_line_and_column(write: Write, path: str, where: str) -> None:
    assert load("qa", project=write("database:\n  size: large\n")).where(path) == where


def test_every_value_of_the_environments_has_a_position() -> None:
    root = HERE.parents[1]
    for name in names(root):
        loaded = load(name, project=root)

        def check(value: object, path: str, loaded: Loaded = loaded) -> None:
            if isinstance(value, dict):
                for key, inner in value.items():
                    check(inner, f"{path}.{key}" if path else key)
                return
            file, line, column = loaded.where(path).split(":")
            line_text = (root / file).read_text().splitlines()[int(line) - 1][int(column) - 1 :]
            if isinstance(value, list):
                assert line_text.startswith(f"{path.rpartition('.')[2]}:")
            else:
                word = str(value).lower() if isinstance(value, bool) else str(value)
                assert line_text.lstrip("\"'").startswith(word), (path, line_text)

        check(loaded.document, "")


def test_argument_and_variable_override_the_cloud(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    account = "billing_account: 000000-111111-222222, admin_group: admins@example.com"
    project = write(f"gcp: {{project_id: acme-data, project_number: '123456789012', {account}}}\n")
    loaded = load("qa", project=project, cloud="gcp")
    assert (loaded.environment.cloud, loaded.where("cloud")) == ("gcp", "--cloud")
    monkeypatch.setenv("TERRACE_CLOUD", "gcp")
    assert load("qa", project=project).where("cloud") == "TERRACE_CLOUD"
    assert load("qa", project=project, cloud="aws").environment.cloud == "aws"


def test_names_lists_files_with_a_name(write: Write, project: Path) -> None:
    write()
    write("", name="uat")
    (project / "environments" / "broken.yaml").write_text("a: [\n")
    (project / "environments" / "schema.json").write_text("{}")
    assert names(project) == ["broken", "qa", "uat"]


def test_an_unused_file_is_reported(write: Write, project: Path) -> None:
    write()
    assert unused(project) == []
    (project / "environments" / "uat.yaml").write_text("extends: base.yaml\ntier: dev\n")
    assert [str(problem) for problem in unused(project)] == [
        "environments/uat.yaml:1:1 unused file: it has no `name`, and no file extends it. "
        "Add `name: uat`, or delete the file."
    ]


def test_a_file_with_another_suffix_is_reported(write: Write, project: Path) -> None:
    write()
    write("", name="uat")
    uat = project / "environments" / "uat.yaml"
    uat.rename(uat.with_suffix(".yml"))
    assert [str(problem) for problem in unused(project)] == [
        "environments/uat.yml unused file: only files in .yaml are read. Rename it to uat.yaml."
    ]
    with pytest.raises(UsageError) as caught:
        load("uat", project=project)
    assert caught.value.hint == "Rename environments/uat.yml to uat.yaml."


def test_networks_with_hybrid_links_must_not_overlap(write: Write, project: Path) -> None:
    write()
    not_owner = "aws: {owns_account: false}\n"
    write(f"network: {{entry: {{domain: uat.example.com}}, cidr: 10.42.64.0/18}}\n{not_owner}", name="uat")
    write(f"network: {{entry: {{domain: data.example.com}}, hybrid: null}}\n{not_owner}", name="lab")
    conflicts = between([load(name, project=project) for name in ("qa", "uat", "lab")])
    assert [str(problem) for problem in conflicts] == [
        "environments/uat.yaml:3:51 network.cidr: 10.42.64.0/18 overlaps the network of qa (10.42.0.0/16), "
        "and both have a hybrid link.",
        "environments/lab.yaml:3:27 network.entry.domain: 'data.example.com' is already the domain of qa.",
    ]


def test_an_account_has_one_owner(write: Write, project: Path) -> None:
    clouds = project / "environments" / "clouds"
    (clouds / "aws.yaml").write_text(
        'admin_role: admins\naccount_id: "111122223333"\n'
        'environments:\n  uat: {owns_account: false}\n  lab: {account_id: "444455556666"}\n'
    )
    for name in ("qa", "uat", "lab", "try"):
        write(f"network: {{entry: {{domain: {name}.example.com}}, hybrid: null}}\n", name=name)
    loaded = [load(name, project=project) for name in ("qa", "uat", "lab", "try")]
    assert [str(problem) for problem in between(loaded)] == [
        "environments/clouds/aws.yaml:2:13 aws.account_id: '111122223333' is also the account of qa, "
        "and both environments own it. Set owns_account to false in one of them."
    ]


def test_an_environment_overrides_its_account_file(write: Write, project: Path) -> None:
    clouds = project / "environments" / "clouds"
    (clouds / "aws.yaml").write_text(
        'account_id: "111122223333"\nadmin_role: admins\n'
        "environments:\n  qa: {admin_role: others, zones: [eu-central-1a, eu-central-1b, eu-central-1c]}\n"
    )
    loaded = load("qa", project=write("aws: {zones: null}\n"))
    aws = loaded.environment.aws
    assert aws is not None
    assert (aws.account, aws.admin_role, aws.zones) == ("111122223333", "others", ())
    assert loaded.where("aws.account_id") == "environments/clouds/aws.yaml:1:13"
    assert loaded.where("aws.admin_role") == "environments/clouds/aws.yaml:4:20"
    (clouds / "aws.yaml").unlink()
    alone = load("qa", project=write("aws: {account_id: '444455556666', admin_role: mine}\n"))
    assert alone.files == ("environments/base.yaml", "environments/qa.yaml")
    assert alone.environment.aws is not None and alone.environment.aws.account == "444455556666"


def test_only_the_account_file_of_the_cloud_is_read(write: Write, project: Path) -> None:
    (project / "environments" / "clouds" / "gcp.yaml").write_text("nothing: [")
    assert load("qa", project=write()).environment.cloud == "aws"
    with pytest.raises(InvalidEnvironment, match=r"^environments/clouds/gcp\.yaml:1:"):
        load("qa", project=project, cloud="gcp")


def test_the_suggested_yaml_is_valid_except_for_placeholders(write: Write, project: Path) -> None:
    project = write("cloud: gcp\n")
    with pytest.raises(InvalidEnvironment) as raised:
        load("qa", project=project)
    (problem,) = raised.value.problems
    file = project / "environments" / "clouds" / "gcp.yaml"
    file.write_text(problem.hint.split("\n", 1)[1] + "\n")
    with pytest.raises(InvalidEnvironment) as again:
        load("qa", project=project)
    assert all("placeholder 'CHANGEME'" in str(each) for each in again.value.problems)
    assert len(again.value.problems) == 4


def test_unused_accounts_are_reported(write: Write, project: Path) -> None:
    write()
    clouds = project / "environments" / "clouds"
    (clouds / "azure.yaml").write_text("environments:\n  qa: {}\n  qaa: {}\n")
    (clouds / "azur.yaml").write_text("a: 1\n")
    assert [str(problem) for problem in unused(project)] == [
        "environments/clouds/azur.yaml file name is not a cloud. Did you mean 'azure'? "
        "Expected one of: aws, azure, gcp.",
        "environments/clouds/azure.yaml:3:3 environments.qaa: unknown environment 'qaa'. "
        "Did you mean 'qa'? Expected: qa.",
    ]


def test_a_link_to_an_account_file_outside_the_project_is_refused(
    write: Write, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = project / "environments" / "clouds" / "aws.yaml"
    outside = tmp_path_factory.mktemp("outside") / "aws.yaml"
    file.rename(outside)
    file.symlink_to(outside)
    with pytest.raises(
        InvalidEnvironment, match=r"clouds/aws\.yaml file is a symbolic link to a file outside environments/"
    ):
        load("qa", project=write())


def test_merge_returns_an_invalid_environment(write: Write) -> None:
    project = write("database: {size: huge}\n")
    with pytest.raises(InvalidEnvironment):
        load("qa", project=project)
    assert merge("qa", project=project).problems == ()


def test_a_changed_file_is_read_again(write: Write) -> None:
    assert load("qa", project=write("cache: {size: large}\n")).environment.cache.size == "large"
    assert load("qa", project=write("cache: {size: xlarge}\n")).environment.cache.size == "xlarge"
