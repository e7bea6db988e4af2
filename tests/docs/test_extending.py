"""The checklists of docs/extending are executed: each step is applied to a copy of the tree, then its commands run.

A step is a sentence that names a file, followed by a block of code:

    Create `path`:                              the block is the file
    In `path`, below `line`:                    the block goes after the first line that contains `line`
    In `path`, replace `text` by:               the block replaces the text
    Copy `path` to `other`, replacing `a` by `b`, `c` by `d`.   no block
    Run:                                        the block is commands, which must succeed
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = sorted(path for path in (ROOT / "docs" / "extending").glob("*.md") if path.name != "README.md")
STEP = re.compile(
    r"^(?:\d+\. )?(?P<verb>Create|In|Copy|Run)\b(?P<rest>[^\n]*?(?:\n(?!\n|```)[^\n]*)*)"
    r"(?:\n\n(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)\n(?P=indent)```)?$",
    re.DOTALL | re.MULTILINE,
)
QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Step:
    """One instruction of a checklist."""

    verb: str
    rest: str
    code: str

    @property
    def quoted(self) -> list[str]:
        return QUOTED.findall(self.rest)


def steps(page: Path) -> Iterator[Step]:
    """The instructions of a page, in order."""
    for match in STEP.finditer(page.read_text()):
        indent = len(match["indent"] or "")
        code = "\n".join(line[indent:] for line in (match["code"] or "").splitlines())
        if code or match["verb"] == "Copy":
            yield Step(match["verb"], " ".join(match["rest"].split()), code)


def apply(step: Step, tree: Path) -> None:
    """Change the tree as the step says. An anchor that does not exist fails the test: the page is outdated."""
    if step.verb == "Copy":
        source, target, *pairs = step.quoted
        _copy(tree / source, tree / target, list(zip(pairs[::2], pairs[1::2], strict=True)))
        return
    path = tree / step.quoted[0]
    if step.verb == "Create":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{step.code}\n")
        return
    content, anchor = path.read_text(), step.quoted[1]
    assert anchor in content, f"{step.quoted[0]} has no {anchor!r}"
    if " replace " in step.rest:
        path.write_text(content.replace(anchor, step.code, 1))
    else:
        end = content.index("\n", content.index(anchor)) + 1
        path.write_text(f"{content[:end]}{step.code}\n{content[end:]}")


def _copy(source: Path, target: Path, pairs: list[tuple[str, str]]) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in [target] if target.is_file() else target.rglob("*"):
        if path.is_file():
            content = path.read_text()
            for old, new in pairs:
                content = content.replace(old, new)
            path.write_text(content)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_step_of_a_checklist_fits_the_tree(page: Path, tree: Path) -> None:
    listed = list(steps(page))
    assert any(step.verb == "Run" for step in listed)
    for step in listed:
        if step.verb != "Run":
            apply(step, tree)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=[] if page.stem == "setting" else [pytest.mark.e2e]) for page in PAGES],
)
def test_a_checklist_can_be_followed(page: Path, tree: Path) -> None:
    """Its commands succeed after its steps."""
    listed = list(steps(page))
    for step in listed:
        if step.verb == "Run":
            run(step.code, tree)
        else:
            apply(step, tree)


def run(commands: str, tree: Path) -> None:
    """Run commands in the tree, with its code; they must succeed."""
    bash = shutil.which("bash")
    assert bash
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TERRACE_"))}
    ended = subprocess.run(
        [bash, "-euo", "pipefail", "-c", commands],
        cwd=tree,
        env={**variables, "NO_COLOR": "1", "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'constructs'}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ended.returncode == 0, f"{commands}\n---\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"


def test_each_kind_of_extension_has_a_checklist() -> None:
    assert {page.stem for page in PAGES} == {"capability", "cloud", "guarantee", "setting"}
