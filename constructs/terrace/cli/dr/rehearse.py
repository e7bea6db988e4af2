"""`terrace dr rehearse`: restore a PostgreSQL server to a moment, and compare the times with the objectives."""

from datetime import timedelta

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load


@click.command("rehearse")
@environment_argument
@click.option(
    "--rows", type=click.IntRange(1, 10_000_000), default=100_000, show_default=True, help="Rows before the backup."
)
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, rows: int, cloud: str | None, as_json: bool) -> None:
    """Restore a PostgreSQL server on this machine to a moment, and compare with the objectives of ENV.

    The server is a real one with pgBackRest (Debian: postgresql, pgbackrest), in a temporary directory. Rows are
    written, then the table is dropped and the data directory deleted. Exit code 1 when the restored data is not exactly
    that of the moment, or a measured time is above backup.rpo or backup.rto of ENV.

    \b
    terrace dr rehearse prod --json > restore.json && terrace evidence record prod restore restore.json

    It measures the method and not the cloud: `not_covered` in the output lists what it does not show.
    """
    from terrace.cli.console import info, write, write_json
    from terrace.demo import restore

    spec = load(ctx, environment, cloud).environment.backup
    measured = restore.rehearse(rows=rows, on_step=info)
    rpo, rto = (timedelta(milliseconds=n) for n in (measured.rpo_milliseconds, measured.rto_milliseconds))
    met = measured.whole and rpo <= spec.rpo and rto <= spec.rto
    if as_json:
        objectives = {"rpo": int(spec.rpo.total_seconds()), "rto": int(spec.rto.total_seconds())}
        data = {"environment": environment, "passes": met, "objective_seconds": objectives, **measured.as_data()}
        write_json(data | {"not_covered": list(restore.NOT_COVERED)})
    else:
        write(f"{measured.server}, {measured.backup_bytes / 1e6:.1f} MB in the encrypted repository")
        write(f"RTO {rto.total_seconds():.1f} s (objective {spec.rto})")
        write(f"RPO {rpo.total_seconds():.2f} s (objective {spec.rpo})")
        content = "the same content" if measured.same_content else "other content"
        write(
            f"{measured.rows} of {measured.rows_expected} rows, {content}, {measured.later_rows} from later, "
            f"{measured.checksum_failures} bad pages"
        )
        write("\n".join(["not covered:", *(f"  {one}" for one in restore.NOT_COVERED)]))
    if not met:
        ctx.exit(1)
