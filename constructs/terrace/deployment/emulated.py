"""The deployments of an environment on an emulated cloud."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from terrace.assurance import gate
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.emulator import Emulator
from terrace.environment import Loaded
from terrace.project.discovery import Project


def deployments(
    project: Project,
    loaded: Loaded,
    running: Emulator,
    *,
    provider_mirror: Path | None,
    on_message: Callable[[str], None],
    on_event: Callable[[Event], None],
) -> tuple[Deployment, Deployment]:
    """The bootstrap's and the foundation's, which is applied after it. Their state is in the project's scratch, and no
    run can reach a real account."""
    environment = loaded.environment
    foundation = Deployment(
        project=project,
        environment=environment.name,
        cloud=environment.cloud,
        variables=running.child_environment(os.environ),
        provider_mirror=provider_mirror,
        state="local",
        on_message=on_message,
        on_event=on_event,
        gate=gate.of_plans(project.root, loaded, ends=False),  # expired waivers do not matter in an emulated account
    )
    bootstrap = replace(foundation, layer="bootstrap", gate=gate.of_bootstrap_plans(project, loaded, ends=False))
    return bootstrap, foundation
