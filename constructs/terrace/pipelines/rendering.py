"""Workflow files for a project, rendered from its environments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.environment import Loaded
from terrace.errors import TerraceError, UsageError
from terrace.pipelines.deployments import environments

Host = Literal["github"]
"""What runs the pipelines, as commands name it."""
HOSTS: tuple[Host, ...] = get_args(Host)

_TEMPLATES = Path(__file__).parent / "templates"
_FILES: dict[Host, dict[str, str]] = {
    "github": {
        "plan.yml.j2": ".github/workflows/plan.yml",
        "apply.yml.j2": ".github/workflows/apply.yml",
        "drift.yml.j2": ".github/workflows/drift.yml",
    },
}


@dataclass(frozen=True)
class Difference:
    """A rendered file that the project lacks or that has other content."""

    path: str
    missing: bool

    def __str__(self) -> str:
        return f"{self.path}: {'missing' if self.missing else 'differs from what the environments render to'}"


def render(root: Path, host: Host) -> dict[str, str]:
    """The files for a host: path below the project to content, which is valid YAML.

    Raises InvalidEnvironment, UsageError if no environment has remote state or if they name several repositories.
    """
    stages = environments(root)
    first = stages[0].environment.identity
    for one in stages[1:]:
        if (one.environment.identity.repository, one.environment.identity.main_branch) != (
            first.repository,
            first.main_branch,
        ):
            raise UsageError(
                f"environments {stages[0].environment.name} and {one.environment.name} name different repositories or "
                "main branches; one pipeline deploys all of them",
                where=one.where("identity.repository"),
                hint="set identity.repository and identity.main_branch in environments/base.yaml only",
            )
    # GitHub's own expressions are ${{ }}, so Terrace's are [[ ]].
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES / host),
        undefined=StrictUndefined,
        autoescape=False,  # YAML, in which every value is written as JSON
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    content = {
        path: templates.get_template(name).render(
            stages=_stages(stages),
            main_branch=first.main_branch,
            azure=any(one.environment.cloud == "azure" for one in stages),
            clouds=sorted({one.environment.cloud for one in stages}),
        )
        for name, path in _FILES[host].items()
    }
    for path, text in content.items():
        try:
            YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise TerraceError(f"the rendered file is not valid YAML: {error}", where=path) from error
    return content


def _stages(loaded: list[Loaded]) -> list[dict[str, str]]:
    """What templates know of each environment, in the order of promotion; `after` is the one before, or ""."""
    found = [one.environment for one in loaded]
    before = ["", *(one.name for one in found)]
    return [
        {"name": one.name, "cloud": one.cloud, "tier": one.tier, "after": after}
        for one, after in zip(found, before, strict=False)
    ]


def differences(directory: Path, files: dict[str, str]) -> list[Difference]:
    """What of the rendered files a directory lacks, or has with other content."""
    found = []
    for path, text in files.items():
        try:
            current = (directory / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            found.append(Difference(path, missing=True))
            continue
        if current != text:
            found.append(Difference(path, missing=False))
    return found
