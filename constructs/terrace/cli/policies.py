"""`terrace policies`: the cluster's policies, rendered for an environment."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, environment_argument

FORMATS = ("kyverno", "vap")


@click.group("policies")
def command() -> None:
    """Write the policies that a cluster enforces."""


@command.command("export")
@environment_argument
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="kyverno",
    show_default=True,
    help="vap: native ValidatingAdmissionPolicies with their bindings, for clusters without Kyverno.",
)
@cloud_option
@click.pass_context
def export(ctx: click.Context, environment: str, directory: Path | None, form: str, cloud: str | None) -> None:
    """Write the policies of ENV as YAML: a file for each policy in DIR, or all to standard output.

    A native policy has the same CEL expressions. Policies that look up other objects, verify signatures, change or
    create objects have no native form; they are listed on standard error.
    """
    from terrace.cli.console import warn, write
    from terrace.cli.options import workloads_of
    from terrace.workloads import native_policies, policies

    context = workloads_of(ctx, environment, cloud)
    rendered = policies.rendered(context.root, policies.parameters(context))
    if form == "vap":
        files = native_policies.native(rendered)
        for policy in rendered:
            if reason := native_policies.carries_over(policy):
                warn(f"{policy['metadata']['name']} has no native form: {reason}")
    else:
        files = {policy["metadata"]["name"]: [policy] for policy in rendered}
    if directory is None:
        write(policies.dumped([one for objects in files.values() for one in objects]), newline=False)
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name, objects in files.items():
        (directory / f"{name}.yaml").write_text(policies.dumped(objects), encoding="utf-8")
    write(f"{directory}: {len(files)} policies written")
