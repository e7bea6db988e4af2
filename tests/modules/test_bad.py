"""Each module in bad/ is invalid, with exactly the message in the .txt file of the same name.

bad/<case>.yaml is modules/shop/module.yaml; bad/<case>/ is modules/, with one module. To update the messages, run
TERRACE_WRITE_EXPECTED=1 pytest tests/modules/test_bad.py and review the diff.
"""

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from terrace.errors import InvalidModules
from terrace.modules.loading import load
from tests.modules.conftest import HERE

BAD = HERE / "bad"
CASES = sorted(path for path in BAD.iterdir() if path.suffix != ".txt")
TODAY = date(2026, 11, 20)


def written(case: Path, modules: Path) -> Path:
    """The folder of a case's module."""
    if case.is_dir():
        shutil.copytree(case, modules)
        return next(modules.iterdir())
    folder = modules / "shop"
    folder.mkdir(parents=True)
    shutil.copy(case, folder / "module.yaml")
    (folder / "README.md").write_text("# Shop\n")
    if "\nchart:" in case.read_text():
        (folder / "values.yaml.j2").write_text("{}\n")
    return folder


def test_each_case_has_a_message() -> None:
    assert len(CASES) >= 40
    expected = {path.stem for path in BAD.glob("*.txt")}
    assert expected == {case.stem for case in CASES}, "case without message, or message without case"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_load_reports_the_expected_message(case: Path, tmp_path: Path) -> None:
    folder = written(case, tmp_path / "modules")
    with pytest.raises(InvalidModules) as raised:
        load(folder, f"modules/{folder.name}", today=TODAY)
    expected = BAD / f"{case.stem}.txt"
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        expected.write_text(f"{raised.value}\n")
    assert f"{raised.value}\n" == expected.read_text()
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_reported_position_exists(case: Path, tmp_path: Path) -> None:
    """Each problem starts with a file of the module; with a line and a column, except for one that is missing."""
    folder = written(case, tmp_path / "modules")
    for line in (BAD / f"{case.stem}.txt").read_text().splitlines():
        where = line.split(" ", 1)[0]
        file, *position = where.split(":")
        path = tmp_path / file
        assert path == folder or path.is_relative_to(folder), line
        if position:
            rows = path.read_text().splitlines()
            assert 1 <= int(position[0]) <= len(rows) + 1, line
            assert 1 <= int(position[1]) <= len((*rows, "")[int(position[0]) - 1]) + 1, line
        else:
            assert path.exists(), line


def test_an_exception_ends_only_when_a_day_is_given(tmp_path: Path) -> None:
    folder = written(BAD / "exception_has_ended.yaml", tmp_path / "modules")
    assert load(folder, "modules/shop").contract.exceptions[0].until == date(2026, 1, 31)
