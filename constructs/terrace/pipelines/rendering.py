"""The pipeline files of a project, rendered from its environments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.capabilities import ci
from terrace.capabilities.ci import TITLES, CiName
from terrace.capabilities.identity import IdentitySpec
from terrace.environment import Loaded
from terrace.errors import TerraceError, UsageError
from terrace.pipelines.deployments import environments
from terrace.pipelines.sign_in import audiences

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Difference:
    """A rendered file that the project lacks or that has other content."""

    path: str
    missing: bool

    def __str__(self) -> str:
        return f"{self.path}: {'missing' if self.missing else 'differs from what the environments render to'}"


def render(root: Path, name: CiName) -> dict[str, str]:
    """The files for a CI system: path below the project to content, which is valid YAML.

    Raises InvalidEnvironment, UsageError if no environment has remote state, or if they name several repositories or
    another CI system.
    """
    stages = environments(root)
    first = stages[0].environment.identity
    for one in stages[1:]:
        if _of(one.environment.identity) != _of(first):
            raise UsageError(
                f"environments {stages[0].environment.name} and {one.environment.name} name different repositories or "
                "main branches; one pipeline deploys all of them",
                where=one.where("identity.repository"),
                hint="set identity.repository and identity.main_branch in environments/base.yaml only",
            )
    if first.ci != name:
        raise UsageError(
            f"the environments' CI system is {first.ci}, so no cloud would trust jobs of {TITLES[name]}",
            where=stages[0].where("identity.ci"),
            hint=f"set `identity.ci: {name}`, or run `terrace ci render {first.ci}`",
        )
    # GitHub's own expressions are ${{ }}, so Terrace's are [[ ]].
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES / name),
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
    of_templates = _stages(stages)
    content = {
        path: templates.get_template(template).render(
            stages=of_templates,
            expiring=[one for one in of_templates if one["expires"]],
            main_branch=first.main_branch,
            tokens=first.tokens,
            azure=any(one.environment.cloud == "azure" for one in stages),
            clouds=sorted({one.environment.cloud for one in stages}),
        )
        for template, path in ci.system("terrace.pipelines", name).FILES.items()
    }
    for path, text in content.items():
        try:
            YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise TerraceError(f"the rendered file is not valid YAML: {error}", where=path) from error
    return content


def _of(identity: IdentitySpec) -> tuple[str, ...]:
    return identity.ci, identity.repository, identity.main_branch, identity.issuer


def _stages(loaded: list[Loaded]) -> list[dict[str, Any]]:
    """What templates know of each environment, in the order of promotion; `after` is the one before, or "", `audiences`
    are those of a pipeline's token for the cloud, and `expires` is whether it has a last day."""
    found = [one.environment for one in loaded]
    before = ["", *(one.name for one in found)]
    return [
        {
            "name": one.name,
            "cloud": one.cloud,
            "tier": one.tier,
            "after": after,
            "audiences": audiences(one),
            "expires": one.expires is not None,
        }
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
