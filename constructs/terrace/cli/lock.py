"""`terrace lock`: write the provider lock of a stack into the project."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, mirror_option, stack_argument


@click.command("lock")
@stack_argument
@cloud_option
@mirror_option
@click.option("--upgrade", is_flag=True, help="Lock the newest versions that the stack supports.")
@click.pass_context
def command(ctx: click.Context, stack: str, cloud: str | None, provider_mirror: Path | None, upgrade: bool) -> None:
    """Lock the versions and checksums of the providers that STACK uses.

    Writes stacks/CLOUD.lock.hcl, or stacks/workloads.lock.hcl, to be committed. Without --upgrade, versions that are
    locked already stay.
    """
    from terrace.cli.console import info, write
    from terrace.cli.options import deployment_of, load_stack
    from terrace.deployment import provider_locking

    loaded, layer = load_stack(ctx, stack, cloud)
    deployment = deployment_of(ctx, loaded, layer=layer, provider_mirror=provider_mirror)
    path, missing = provider_locking.lock(deployment, upgrade=upgrade)
    write(f"wrote {deployment.project.display(path)}")
    if missing:
        info(f"without checksums for {', '.join(missing)}, which the mirror does not have")
