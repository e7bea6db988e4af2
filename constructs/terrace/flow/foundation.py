"""The foundation of a product's environment, applied to an emulated cloud as `terrace apply` does it."""

import time
from collections.abc import Callable
from pathlib import Path

from terrace.capabilities.outputs import Outputs, parse
from terrace.deployment import emulated, lifecycle
from terrace.emulator import Emulator
from terrace.environment import load
from terrace.flow.product import Product
from terrace.project.discovery import Project


def applied(
    product: Product, running: Emulator, *, provider_mirror: Path | None, on_step: Callable[[str], None]
) -> tuple[Outputs, str]:
    """Its outputs, and what was done.

    Raises NoProviders before anything is applied, and what planning and applying raise.
    """
    context, started = product.context, time.monotonic()
    loaded = load(context.environment.name, project=context.root, cloud=context.environment.cloud)
    bootstrap, foundation = emulated.deployments(
        Project(context.root), loaded, running,
        provider_mirror=provider_mirror, on_message=on_step, on_event=lambda event: None,
    )  # fmt: skip
    for name, deployment in (("bootstrap", bootstrap), ("foundation", foundation)):
        on_step(f"plan the {name}")
        saved = lifecycle.plan(deployment)
        on_step(f"apply the {name}: {saved.summary.count('add')} resources")
        lifecycle.apply(deployment, confirm=lambda saved: True)
    count = len(foundation.terraform().addresses())
    said = f"applied: {count} resources in {round(time.monotonic() - started)} seconds"
    return parse(foundation.terraform().output()), said
