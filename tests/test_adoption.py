"""A team adopts Terrace from a wheel: a project in an empty folder, with nothing of this repository.

The wheel is installed without what it requires into an environment that sees the installed packages of this one, so
that no test downloads anything.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment import binary, mirror
from tests.conftest import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean build: from a copy of what git tracks."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment with the wheel, and without this repository on its path."""
    directory = tmp_path_factory.mktemp("venv")
    venv.create(directory, symlinks=True)
    packages = directory / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    zipfile.ZipFile(wheel).extractall(packages)  # what `pip install --no-deps --no-compile` does
    # A folder that a .pth file adds is on the path; its own .pth files, one of which adds this repository, are not.
    (packages / "requirements.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    command = directory / "bin" / "terrace"
    main = 'from terrace.cli.main import main\nif __name__ == "__main__":\n    main()\n'
    command.write_text(f"#!{directory}/bin/python\n{main}")
    command.chmod(0o755)
    return directory / "bin"


@pytest.fixture(scope="session")
def run_in(installed: Path) -> Callable[[Path], Run]:
    """Runs the installed command in a directory."""

    def of(directory: Path) -> Run:
        def run(*command: str) -> "subprocess.CompletedProcess[str]":
            kept = ("TERRACE_PROVIDER_MIRROR", "TERRACE_TERRAFORM")
            hidden = ("PYTHON", "TERRACE_")
            clean = {name: value for name, value in os.environ.items() if name in kept or not name.startswith(hidden)}
            clean |= {"PATH": f"{installed}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
            return subprocess.run(command, cwd=directory, env=clean, capture_output=True, text=True, check=False)

        return run

    return of


@pytest.fixture(scope="session")
def projects(run_in: Callable[[Path], Run], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """A project on each cloud, by `terrace init`: what runs commands in it."""
    folder = tmp_path_factory.mktemp("projects")
    for cloud in CLOUDS:
        made = run_in(folder)("terrace", "init", cloud, "--name", "demo", "--cloud", cloud, "--yes")
        assert (made.returncode, made.stdout) == (0, f"{cloud}: a project on {cloud}\n"), made.stderr
    return {cloud: run_in(folder / cloud) for cloud in CLOUDS}


def test_the_package_of_the_wheel_is_in_use(projects: Mapping[str, Run], installed: Path) -> None:
    found = projects["aws"](str(installed / "python"), "-c", "import terrace; print(terrace.__file__)")
    assert found.stdout.startswith(str(installed.parent)), found.stderr


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_projects_files_are_valid_and_current(projects: Mapping[str, Run], cloud: str) -> None:
    for command in (["validate"], ["env", "schema", "--check"], ["ci", "render", "github", "--check"]):
        ended = projects[cloud]("terrace", *command)
        assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("cloud", [CLOUDS[0], *(pytest.param(cloud, marks=pytest.mark.e2e) for cloud in CLOUDS[1:])])
def test_the_gate_of_prod_passes_with_the_policies_of_the_wheel(projects: Mapping[str, Run], cloud: str) -> None:
    ended = projects[cloud]("terrace", "gate", "prod")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"prod on {cloud}: passes" in ended.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_project_is_planned_without_an_account(projects: Mapping[str, Run], cloud: str) -> None:
    try:
        mirror.choose(providers=[facts(cloud).provider], host=binary.locate(ROOT).registry_host)
    except mirror.NoProviders as error:
        pytest.skip(str(error))
    ended = projects[cloud]("terrace", "plan", "dev", "--offline")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.e2e
def test_the_two_commands_of_the_readme(projects: Mapping[str, Run], installed: Path) -> None:
    (installed.parent / ".ready").touch()  # installed already, from the same wheel
    for target in ("test", "demo"):
        ended = projects["aws"]("make", target, f"VENV={installed.parent}")
        assert ended.returncode == 0, ended.stdout + ended.stderr
