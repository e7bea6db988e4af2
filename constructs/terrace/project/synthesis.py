"""`python -m stacks` as a child process: the CDK and its Node kernel live and die there, not in the command.

`on_clouds` is several of them at once, one a cloud: a process loads one cloud's bindings.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from terrace.errors import TerraceError
from terrace.project.discovery import Project


class SynthesisFailed(TerraceError):
    """The stacks did not synthesize. The exit code is the child's own."""


def synthesize(
    project: Project,
    *environments: str,
    cloud: str = "",
    state: str = "",
    unprotect: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> list[Path]:
    """Synthesize the stacks of the environments, and return the directory of each one's foundation stack.

    `unprotect` switches deletion protection off, as a destroy has to. Raises SynthesisFailed with what the child said.
    """
    wanted = {"TERRACE_CLOUD": cloud, "TERRACE_STATE": state, "TERRACE_UNPROTECT": "1" if unprotect else ""}
    variables = {name: value for name, value in environ.items() if name not in ("TERRACE_UNPROTECT", "PYTHONSAFEPATH")}
    variables |= {name: value for name, value in wanted.items() if value}
    project.synthesized.mkdir(parents=True, exist_ok=True)
    variables["TERRACE_OUT"] = str(project.synthesized)
    ended = subprocess.run(
        [sys.executable, "-m", "stacks", *environments],
        cwd=project.root,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        said = ended.stderr.strip() or ended.stdout.strip() or "it said nothing"
        message, _, hint = said.removeprefix("error: ").partition("\n\nhint: ")
        failed = SynthesisFailed(message, where="" if "error: " in said else "python -m stacks", hint=hint)
        failed.exit_code = ended.returncode if ended.returncode in (1, 2) else 3
        raise failed
    directories = [project.stack(environment) for environment in environments]
    for directory in directories:
        if not (directory / "cdk.tf.json").is_file():
            raise SynthesisFailed("it left no cdk.tf.json", where=project.shown(directory))
    return directories


@dataclass(frozen=True)
class OnCloud:
    """What became of a cloud's stacks: the directory of each environment's, or why there are none; wall seconds."""

    cloud: str
    stacks: Mapping[str, Path]
    seconds: float
    failure: SynthesisFailed | None = None


def on_clouds(
    project: Project,
    environments: Sequence[str],
    clouds: Sequence[str],
    *,
    state: str = "",
    tell: Callable[[OnCloud], None] = lambda made: None,
) -> list[OnCloud]:
    """Synthesize environments on several clouds at once, and return what became of each, in the order of `clouds`.

    The stacks go to CLOUD/ENV below the project's output: beside those that `synthesize` writes and not over them, and
    no deeper, because the path of a local state is relative. `tell` hears of each cloud as soon as it is done.
    """
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max(len(clouds), 1)) as pool:
        runs = [pool.submit(_on_cloud, project, environments, cloud, state, Path(scratch)) for cloud in clouds]
        for run in as_completed(runs):
            tell(run.result())
        return [run.result() for run in runs]


def _on_cloud(project: Project, environments: Sequence[str], cloud: str, state: str, scratch: Path) -> OnCloud:
    started = time.monotonic()
    apart = replace(project, synthesized_to=scratch / cloud)
    stacks: dict[str, Path] = {}
    try:
        for environment, written in zip(
            environments, synthesize(apart, *environments, cloud=cloud, state=state), strict=True
        ):
            stacks[environment] = project.synthesized / cloud / environment
            # what Terraform has put beside the stack stays there
            shutil.copytree(written, stacks[environment], dirs_exist_ok=True)
    except SynthesisFailed as failure:
        return OnCloud(cloud, {}, time.monotonic() - started, failure)
    return OnCloud(cloud, stacks, time.monotonic() - started)
