"""Every file of bad/ is refused with exactly the message beside it.

bad/<case>.yaml is laid over good/base.yaml as environments/qa.yaml; bad/<case>/ holds several files. After a change of
wording: TERRACE_WRITE_EXPECTED=1 pytest tests/environment/test_bad.py, then read the difference.
"""

import os
import shutil
from pathlib import Path

import pytest

from terrace.environment import load
from terrace.errors import InvalidEnvironment

BAD = Path(__file__).parent / "bad"
CASES = sorted(path for path in BAD.iterdir() if path.suffix != ".txt")


def test_there_are_many() -> None:
    assert len(CASES) >= 60
    expected = {path.stem for path in BAD.glob("*.txt")}
    assert expected == {case.stem for case in CASES}, "a case without a message, or a message without a case"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_refused_with_the_message_beside_it(case: Path, project: Path) -> None:
    environments = project / "environments"
    name = "qa"
    if case.is_dir():
        shutil.copytree(case, environments, dirs_exist_ok=True)
        name = next(stem for stem in ("qa", "acceptance") if (case / f"{stem}.yaml").exists())
    else:
        shutil.copy(case, environments / "qa.yaml")
    with pytest.raises(InvalidEnvironment) as refused:
        load(name, project=project)
    message = BAD / f"{case.stem}.txt"
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        message.write_text(f"{refused.value}\n")
    assert f"{refused.value}\n" == message.read_text()
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_place_named_is_there(case: Path) -> None:
    """Each problem begins with file:line:column, and that line exists. YAML to paste has lines of its own."""
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
