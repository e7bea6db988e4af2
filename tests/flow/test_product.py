"""A data product in an environment, without engines."""

from pathlib import Path

import pytest

from terrace.capabilities.spec import present
from terrace.errors import UsageError
from terrace.flow import engines, product
from terrace.project.discovery import Project
from terrace.workloads import bootstrap
from tests.conftest import ROOT

FOLDER = ROOT / product.EXAMPLE


def test_the_declarations_of_the_product_reach_the_platform(tmp_path: Path) -> None:
    read = product.read(Project(ROOT, scratch=tmp_path), "dev", FOLDER, tmp_path / "project")
    assert read.declared.name == "orders"
    assert {one["name"] for one in read.contract["schema"]} == {"orders", "customers", "daily_revenue"}
    schemas = present(read.context.environment.database).schemas
    assert set(schemas) >= {"raw", "staging", "intermediate", "marts"}
    assert "group_analysts" in bootstrap.people(read.context.environment, schemas)["roles"]
    assert read.foundation == "none: stand-ins"
    # the project's own files are not touched
    assert "contract" not in (ROOT / "environments" / "dev.yaml").read_text()


def test_a_folder_without_declarations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no environment.yaml"):
        product.read(Project(ROOT, scratch=tmp_path), "dev", tmp_path, tmp_path / "project")


def test_engines_need_their_requirements(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"requirements/flow.txt does not exist"):
        engines.install(tmp_path, tmp_path / ".tools", print)


def test_every_engine_is_locked_by_hash_and_names_no_index() -> None:
    text = (ROOT / engines.REQUIREMENTS).read_text()
    assert text.count("==") > 50
    for block in text.replace("\\\n", " ").splitlines():
        assert not block.strip() or block.startswith("#") or "--hash=sha256:" in block
    assert "://" not in text and "--find-links" not in text and "--index" not in text
