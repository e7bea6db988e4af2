"""docs/guides/data-access.md as written: its files are valid, and the command prints what the page shows."""

import re
from collections.abc import Callable
from pathlib import Path

from terrace.environment import load
from terrace.environment.data_access import answer
from tests.cli.test_validate import terrace
from tests.conftest import ROOT

__all__ = ["terrace"]

PAGE = (ROOT / "docs" / "guides" / "data-access.md").read_text()


def test_the_example_works_as_written(terrace: Callable[..., tuple[int, str, str]]) -> None:
    for name, text in re.findall(r"```yaml\n# (\S+\.yaml)\n(.*?)```", PAGE, re.DOTALL):
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            file.write(text)
    code, out, err = terrace("access", "data", "dev")
    assert (code, err) == (0, "")
    (shown,) = re.findall(r"^group .*?\n(analysts .*?)\n", PAGE, re.DOTALL | re.MULTILINE)
    assert re.split(r"  +", shown) in [re.split(r"  +", line) for line in out.splitlines()]
    environment = load("dev").environment
    assert answer(environment, "analysts", "marts", "orders", "email") == "masked"
    assert answer(environment, "analysts", "marts", "drafts", "id") == "denied"
    assert answer(environment, "data-engineers", "raw", "anything", "email") == "clear"
    assert answer(environment, "data-engineers", "marts", "orders", "email") == "denied"
