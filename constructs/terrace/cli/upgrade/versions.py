"""`terrace upgrade versions`: how long the versions of an environment are supported, and the steps to newer ones."""

from datetime import UTC, datetime
from typing import Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load, project_of


@click.command("versions")
@environment_argument
@click.option("--to", default="", metavar="VERSION", help="Kubernetes version to reach; by default the newest listed.")
@click.option(
    "--deployed",
    default="",
    metavar="VERSION",
    help="Kubernetes version that runs now; by default the environment's.",
)
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, to: str, deployed: str, cloud: str | None, as_json: bool) -> None:
    """Compare the versions of ENV with policies/versions.yaml, and print the steps to a newer Kubernetes.

    Each step is one change of the environment to apply and verify. Control planes go one minor version at a time, and
    before their node pools. Exit code 1 when a version is not supported any more or not listed, or when the environment
    asks for a version that skips one after --deployed.
    """
    from terrace.assurance import versions
    from terrace.cli.console import write, write_json
    from terrace.errors import AnswerIsNo

    loaded = load(ctx, environment, cloud).environment
    known, today = versions.load(project_of(ctx).root), datetime.now(UTC).date()
    rows: list[dict[str, Any]] = []
    for product, version in versions.current(loaded).items():
        found = versions.supported(known, product, loaded.cloud)
        support = found.get(version)
        rows.append(
            {
                "product": product,
                "version": version,
                "until": support.until.isoformat() if support else None,
                "source": support.source if support else None,
                "problem": versions.unsupported(found, version, today),
            }
        )
    wanted = versions.current(loaded).get("kubernetes")
    if wanted is None:
        raise AnswerIsNo(f"{loaded.name} has no cluster (cluster is off)", hint="its database is upgraded by an apply")
    running = deployed or wanted
    if deployed:
        versions.require_next(deployed, wanted)
    listed = versions.supported(known, "kubernetes", loaded.cloud)
    target = to or versions.newest(list(listed)) or running
    if target not in listed:
        raise AnswerIsNo(
            f"Kubernetes {target} is not listed for {loaded.cloud}",
            where="policies/versions.yaml",
            hint="add it with the date until which the cloud supports it, and the source",
        )
    steps = versions.kubernetes_steps(running, dict.fromkeys(loaded.pools, running), target)
    if as_json:
        planned = [{"what": step.what, "version": step.version} for step in steps]
        write_json(
            {"environment": loaded.name, "cloud": loaded.cloud, "versions": rows, "to": target, "steps": planned}
        )
    else:
        for row in rows:
            problem = f": {row['problem']}" if row["problem"] else ""
            until = f"supported until {row['until']} ({row['source']})" if row["until"] else "not in the list"
            write(f"{row['product']} {row['version']} on {loaded.cloud}: {until}{problem}")
        for number, step in enumerate(steps, 1):
            write(f"{number}. {step}")
        if not steps:
            write(f"kubernetes {target} is the newest that policies/versions.yaml lists")
    if any(row["problem"] in ("unknown", "ended") for row in rows):
        ctx.exit(1)
