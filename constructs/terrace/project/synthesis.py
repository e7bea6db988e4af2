"""Synthesis in child processes (`python -m stacks`), so that the command itself never loads the CDK and Node.

`synthesize_on_clouds` runs one process per cloud, because a process loads the bindings of one cloud.
"""

import errno
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
from terrace.spans import span


class SynthesisFailed(TerraceError):
    """Synthesis failed. The exit code is the child's."""


def synthesize(
    project: Project,
    *stacks: str,
    cloud: str = "",
    state: str = "",
    unprotect: bool = False,
    environ: Mapping[str, str] = os.environ,
    python: str = sys.executable,
) -> list[Path]:
    """Synthesize stacks, named by their ids, and return the directory of each.

    `unprotect` removes deletion protection, for a destroy; `python` is the interpreter of the child.
    Raises SynthesisFailed with the child's error message.
    """
    settings = {"TERRACE_CLOUD": cloud, "TERRACE_STATE": state, "TERRACE_UNPROTECT": "1" if unprotect else ""}
    variables = {name: value for name, value in environ.items() if name not in ("TERRACE_UNPROTECT", "PYTHONSAFEPATH")}
    variables |= {name: value for name, value in settings.items() if value}
    written = project.synthesized / project.stacks_in
    written.mkdir(parents=True, exist_ok=True)
    if not os.access(written, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(written))
    variables["TERRACE_OUT"] = str(project.synthesized)
    variables["TERRACE_OUTPUTS"] = str(project.outputs)
    with span("synthesize", stacks=" ".join(stacks)):
        finished = subprocess.run(
            [python, "-m", "stacks", *stacks],
            cwd=project.root,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode != 0:
        output = finished.stderr.strip() or finished.stdout.strip() or "no output"
        message, _, hint = output.removeprefix("error: ").partition("\n\nhint: ")
        failed = SynthesisFailed(message, where="" if "error: " in output else "python -m stacks", hint=hint)
        failed.exit_code = finished.returncode if finished.returncode in (1, 2) else 3
        raise failed
    directories = [project.stack(id) for id in stacks]
    for directory in directories:
        if not (directory / "cdk.tf.json").is_file():
            raise SynthesisFailed("synthesis wrote no cdk.tf.json", where=project.display(directory))
    return directories


@dataclass(frozen=True)
class CloudSynthesis:
    """The result of one cloud: each environment's stack directory, or the failure, and the duration in seconds."""

    cloud: str
    stacks: Mapping[str, Path]
    seconds: float
    failure: SynthesisFailed | None = None


def synthesize_on_clouds(
    project: Project,
    environments: Sequence[str],
    clouds: Sequence[str],
    *,
    state: str = "",
    on_result: Callable[[CloudSynthesis], None] = lambda result: None,
) -> list[CloudSynthesis]:
    """Synthesize environments on several clouds in parallel, and return the results in the order of `clouds`.

    The stacks go to CLOUD/ENV in the project's output, so they do not overwrite those of `synthesize`. The depth is the
    same, because the path of a local state is relative. `on_result` receives each result as soon as it is there.
    """
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max(len(clouds), 1)) as pool:
        runs = [pool.submit(_on_cloud, project, environments, cloud, state, Path(scratch)) for cloud in clouds]
        for run in as_completed(runs):
            on_result(run.result())
        return [run.result() for run in runs]


def _on_cloud(project: Project, environments: Sequence[str], cloud: str, state: str, scratch: Path) -> CloudSynthesis:
    started = time.monotonic()
    isolated = replace(project, synthesized_to=scratch / cloud)
    stacks: dict[str, Path] = {}
    try:
        for environment, written in zip(
            environments, synthesize(isolated, *environments, cloud=cloud, state=state), strict=True
        ):
            stacks[environment] = project.synthesized / cloud / environment
            # merges into the directory, which may contain Terraform's files
            shutil.copytree(written, stacks[environment], dirs_exist_ok=True)
    except SynthesisFailed as failure:
        return CloudSynthesis(cloud, {}, time.monotonic() - started, failure)
    return CloudSynthesis(cloud, stacks, time.monotonic() - started)
