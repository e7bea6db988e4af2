"""`python -m stacks` as a child process: the CDK and its Node kernel live and die there, not in the command."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from terrace.deployment.project import Project
from terrace.errors import TerraceError


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
