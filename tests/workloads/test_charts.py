"""terrace.workloads.charts: charts on this machine, and the refusal of those that a module does not pin."""

import tarfile
from pathlib import Path

import pytest

from terrace.errors import UsageError
from terrace.modules.contract import ChartSpec
from terrace.workloads import charts
from terrace.workloads.charts import ChartRefused


def chart(folder: Path, name: str = "shop", version: str = "1.0.0") -> Path:
    (folder / name / "templates").mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (folder / name / "values.yaml").write_text("replicas: 1\n")
    return folder / name


def packed(folder: Path, name: str = "shop", version: str = "1.0.0") -> Path:
    source = chart(folder / "source", name, version)
    archive = folder / f"{name}-{version}.tgz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(source, name)
    return archive


def spec(digest: str | None = None, version: str = "1.0.0") -> ChartSpec:
    return ChartSpec(repository="https://charts.example.com", name="shop", version=version, digest=digest)


def test_an_archive_of_the_pinned_digest_is_used(tmp_path: Path) -> None:
    archive = packed(tmp_path)
    found = charts.find(spec(f"sha256:{charts.local(archive).sha256}"), tmp_path)
    assert found is not None and found.path == archive and found.file_name == "shop-1.0.0.tgz"
    assert charts.default_values(archive) == {"replicas": 1}
    assert charts.metadata(archive)["version"] == "1.0.0"


def test_an_archive_of_another_digest_is_refused(tmp_path: Path) -> None:
    packed(tmp_path)
    with pytest.raises(
        ChartRefused, match=r"the digest of shop-1.0.0.tgz is sha256:.*, but its module pins sha256:000"
    ):
        charts.find(spec("sha256:" + "0" * 64), tmp_path)


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    chart(tmp_path)
    with pytest.raises(ChartRefused, match=r"the version of the chart is 1.0.0, but its module pins 2.0.0"):
        charts.find(spec(version="2.0.0"), tmp_path)


def test_a_chart_that_is_not_there_comes_from_its_repository(tmp_path: Path) -> None:
    assert charts.find(spec(), tmp_path) is None
    assert charts.find(spec(), None) is None


def test_the_name_of_a_folder_beside_a_stack_changes_with_its_content(tmp_path: Path) -> None:
    folder = chart(tmp_path)
    before = charts.local(folder).file_name
    assert before.startswith("shop-") and before == charts.local(chart(tmp_path / "copy")).file_name
    (folder / "templates" / "more.yaml").write_text("a: 1\n")
    assert charts.local(folder).file_name != before


def test_a_directory_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert charts.directory({}) is None
    assert charts.directory({"TERRACE_CHART_DIR": str(tmp_path)}) == tmp_path
    with pytest.raises(UsageError, match="TERRACE_CHART_DIR: no directory /nowhere"):
        charts.directory({"TERRACE_CHART_DIR": "/nowhere"})


def test_a_link_to_nowhere_is_left_out(tmp_path: Path) -> None:
    folder = chart(tmp_path)
    (folder / "LICENSE").symlink_to("../../LICENSE")
    assert [path.name for path in charts.files(folder)] == ["Chart.yaml", "values.yaml"]
