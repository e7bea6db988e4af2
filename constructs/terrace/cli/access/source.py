"""What an argument of `terrace access` names: an environment, a file, an environment at a git ref, or a deployment."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import project_of

if TYPE_CHECKING:
    from terrace.assurance.checks import Subject
    from terrace.live.access import Deployed

live_option = click.option("--live", is_flag=True, help="Read the deployment through the cloud's API instead.")


def deployed(ctx: click.Context, text: str, cloud: str | None, environment: str | None = None) -> "Deployed":
    """The live deployment of the environment that `text` names. Raises UsageError, CredentialsError, TerraceError."""
    from terrace.environment import load, target
    from terrace.errors import UsageError
    from terrace.live import access

    name = environment or text.partition("@")[0]
    if name.endswith(".json"):
        raise UsageError(f"{text} does not name its environment", hint="pass --environment ENV")
    loaded = load(name, project=project_of(ctx).root, cloud=cloud).environment
    return access.read(loaded, target(loaded))


def report_unread(found: "Deployed") -> None:
    """Print what of a deployment could not be read, and what no call returns."""
    from terrace.cli.console import info, warn

    for one in found.unread:
        place = f" ({one.region})" if one.region else ""
        warn(f"unproven: {one.service}{place} could not be read: {one.reason}")
    for text in found.not_read:
        info(f"not read: {text}")


def subject(ctx: click.Context, text: str, cloud: str | None, environment: str | None) -> "Subject":
    """The foundation that `text` names, or a plan of it. Raises UsageError, InvalidEnvironment, SynthesisFailed."""
    from terrace.assurance import stack_cache
    from terrace.assurance.checks import Subject
    from terrace.assurance.view import View
    from terrace.environment import load, target
    from terrace.errors import UsageError
    from terrace.project import revision

    project = project_of(ctx)
    file = Path(text) if text.endswith(".json") else None
    if file and environment is None:
        raise UsageError(f"{text} does not name its environment", hint="pass --environment ENV")
    name, _, ref = (environment or "", "", "") if file else text.partition("@")
    with tempfile.TemporaryDirectory() as directory:
        if ref:
            project = revision.project_at(project, ref, Path(directory))
        loaded = load(name, project=project.root, cloud=cloud).environment
        document = _document(file) if file else {}
        if "resource" in document:
            return Subject(View(document), loaded, target(loaded))
        stack = json.loads(stack_cache.stacks(project, [loaded.name], loaded.cloud)[loaded.name])
    view = View.of_plan(document, stack) if file else View(stack)
    return Subject(view, loaded, target(loaded))


def _document(path: Path) -> dict[str, object]:
    from terrace.errors import UsageError

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the stack: {error}", where=str(path)) from error
    if not isinstance(document, dict) or not {"resource", "planned_values"} & set(document):
        hint = "expected a cdk.tf.json, or the output of `terraform show -json PLAN`"
        raise UsageError("neither a stack nor a plan", where=str(path), hint=hint)
    return document
