"""`terrace modules images`: every image that modules pull."""

import click

from terrace.cli.options import cloud_option, json_option, load, project_of


@click.command("images")
@click.argument("environment", metavar="[ENV]", required=False)
@cloud_option
@click.option("--check", is_flag=True, help="Exit code 1 when an image is not pinned by digest.")
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str | None, cloud: str | None, check: bool, as_json: bool) -> None:
    """List every image that the modules of ENV, or all modules, pull, with its digest.

    The list is what a registry without access to others must hold. Images that are not pinned by digest are marked:
    the policies of staging and prod refuse their pods.
    """
    from terrace.cli.console import table, warn, write, write_json
    from terrace.modules.loading import folders
    from terrace.words import counted
    from terrace.workloads import bootstrap, images, selection

    project = project_of(ctx)
    if environment:
        enabled = load(ctx, environment, cloud).environment.enabled_modules
        modules = [(name, module.contract) for name, module in enabled.items()]
    else:
        valid, problems = selection.modules(project.root, folders(project.root))
        modules = [(name, module.contract) for name, module in valid.items()]
        for problem in problems:
            warn(str(problem))
    pulled = [(name, module.images) for name, module in modules]
    if any(module.needs.database for _, module in modules):
        pulled.append(("database-bootstrap", bootstrap.IMAGES))
    found = images.declared(pulled)
    if as_json:
        write_json([one.as_data() for one in found])
    else:
        write(
            table(
                ["image", "pinned", "modules"],
                [[one.reference, "yes" if one.pinned else "no", ", ".join(one.modules)] for one in found],
            )
        )
    loose = [one for one in found if not one.pinned]
    if loose:
        warn(f"{counted(len(loose), 'image')} of {len(found)} not pinned by digest")
    if loose and check:
        ctx.exit(1)
