"""Each file in bad/ is invalid, with exactly the message in the .txt file of the same name.

bad/<case>.yaml is environments/qa.yaml next to good/base.yaml; bad/<case>/ has several files. To update the messages,
run TERRACE_WRITE_EXPECTED=1 pytest tests/environment/test_bad.py and review the diff.
"""

import os
import shutil
from pathlib import Path

import pytest

from terrace.environment import load
from terrace.errors import InvalidEnvironment

BAD = Path(__file__).parent / "bad"
CASES = sorted(path for path in BAD.iterdir() if path.suffix != ".txt")


def test_each_case_has_a_message() -> None:
    assert len(CASES) >= 60
    expected = {path.stem for path in BAD.glob("*.txt")}
    assert expected == {case.stem for case in CASES}, "case without message, or message without case"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_load_reports_the_expected_message(case: Path, project: Path) -> None:
    environments = project / "environments"
    name = "qa"
    if case.is_dir():
        shutil.copytree(case, environments, dirs_exist_ok=True)
        name = next(stem for stem in ("qa", "acceptance") if (case / f"{stem}.yaml").exists())
    else:
        shutil.copy(case, environments / "qa.yaml")
    with pytest.raises(InvalidEnvironment) as raised:
        load(name, project=project)
    expected = BAD / f"{case.stem}.txt"
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        expected.write_text(f"{raised.value}\n")
    assert f"{raised.value}\n" == expected.read_text()
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_reported_position_exists(case: Path) -> None:
    """Each problem starts with file:line:column of an existing line. Lines of YAML to paste have no position."""
    lines = (BAD / f"{case.stem}.txt").read_text().splitlines()
    assert lines[0].startswith("environments/")
    for line in lines:
        where = line.split(" ", 1)[0]
        if not where.startswith("environments/"):
            continue
        file, row, column = where.rsplit(":", 2)
        source = {
            "environments/base.yaml": BAD.parent / "good" / "base.yaml",
            "environments/qa.yaml": case / "qa.yaml" if case.is_dir() else case,
        }.get(file, case / Path(file).relative_to("environments"))
        rows = source.read_bytes().decode("utf-8", "replace").splitlines() or [""]
        assert 1 <= int(row) <= len(rows) + 1, line
        assert 1 <= int(column) <= len((*rows, "")[int(row) - 1]) + 1, line
