"""A project with environment files, written by a test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def unset_terrace_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERRACE_CLOUD", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a base file of production grade, an AWS account and modules, and no environment."""
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "environments").mkdir()
    shutil.copy(HERE / "good" / "base.yaml", tmp_path / "environments")
    shutil.copytree(HERE / "good" / "clouds", tmp_path / "environments" / "clouds")
    shutil.copytree(HERE / "good" / "modules", tmp_path / "modules")
    return tmp_path


@pytest.fixture
def write(project: Path) -> Write:
    """Write environments/qa.yaml, which extends `base`, and return the project."""

    def write_environment(body: str = "", *, name: str = "qa", base: str = "base.yaml") -> Path:
        head = f"extends: {base}\nname: {name}\n" if base else ""
        (project / "environments" / f"{name}.yaml").write_text(head + body)
        return project

    return write_environment
