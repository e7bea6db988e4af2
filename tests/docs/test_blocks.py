"""Every shell block of the README and the guides is run: fenced as `sh`, in order, in a copy of the project.

The long tests run all pages, the others those of IN_EVERY_RUN; these also check that each command and option exists. A
block that needs a cloud account, or shows output, is fenced as `console` or `text`. What is left out is
listed here.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tests.conftest import ROOT
from tests.docs.test_first_real_account import parsed

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# test_extending.py and test_add_a_module.py apply the steps of these first
PAGES = [page for page in PAGES if page.parent.name != "extending" and page.stem != "add-a-module"]
PROVEN_ELSEWHERE = {
    "make demo": "tests/e2e/test_demo.py runs `terrace demo`, which is all that it does after set-up",
    "make test": "this is it",
}
COPIED = (
    "environments",
    "modules",
    "cdktf.json",
    "stacks",
    "constructs",
    "policies",
    "scripts",
    "benchmarks",
    "pyproject.toml",
)


def blocks(page: Path) -> list[str]:
    """The page's runnable blocks, without the lines that are proven elsewhere."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    kept = ["\n".join(line for line in block.splitlines() if line.strip() not in PROVEN_ELSEWHERE) for block in found]
    return [block for block in kept if block.strip()]


IN_EVERY_RUN = ("README.md", "docs/emulators.md", "docs/environments.md")


def cases() -> list[ParameterSet]:
    """The pages with blocks."""
    named = {str(page.relative_to(ROOT)): page for page in PAGES if blocks(page)}
    assert set(IN_EVERY_RUN) <= named.keys()
    return [
        pytest.param(page, id=name, marks=[] if name in IN_EVERY_RUN else [pytest.mark.e2e])
        for name, page in named.items()
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_exists(page: Path) -> None:
    lines = [line.replace(".venv/bin/", "") for block in blocks(page) for line in block.splitlines()]
    written = [re.split(r" [>|] ", line)[0] for line in lines if line.startswith("terrace ")]
    commands = [shlex.split(line, comments=True) for line in written]
    assert commands or page.name == "emulators.md"
    for _, *arguments in commands:
        parsed(arguments)


@pytest.mark.parametrize("page", cases())
def test_the_pages_shell_blocks_run(page, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    (project / ".venv").symlink_to(sys.prefix)
    script = "\n".join(blocks(page))
    bash = shutil.which("bash")
    assert bash
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TERRACE_"))}
    try:
        ended = subprocess.run(
            [bash, "-euo", "pipefail", "-c", script],
            cwd=project,
            # the guides say `terrace`: the README states that the command is .venv/bin/terrace
            env={
                **environment,
                "NO_COLOR": "1",
                "PATH": f"{project / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    finally:
        for cloud in (project / ".terrace" / "emulator").glob("*"):
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "terrace.cli.main",
                    "emulator",
                    "stop",
                    "--cloud",
                    cloud.name,
                ],
                cwd=project,
                check=False,
                capture_output=True,
            )
    assert ended.returncode == 0, f"{script}\n---\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"


def test_every_page_that_shows_commands_has_blocks_that_run():
    shown = [page for page in PAGES if "```console" in page.read_text() or "```sh" in page.read_text()]
    assert ROOT / "README.md" in shown
    assert any(blocks(page) for page in PAGES)
