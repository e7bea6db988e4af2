"""`terrace state list`: the states of an environment, their locks and the versions to go back to."""

import click

from terrace.cli.options import cloud_option, environment_argument, json_option


@click.command("list")
@environment_argument
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, as_json: bool) -> None:
    """List the states of ENV with their locks, and the versions and backups that `terrace state restore` accepts."""
    import os

    from terrace.cli.console import table, write, write_json
    from terrace.cli.options import load, project_of
    from terrace.project.stack_ids import LAYERS
    from terrace.state import home, state_name, states

    loaded = load(ctx, environment, cloud).environment
    kept = home(loaded, project=project_of(ctx), state=os.environ.get("TERRACE_STATE", ""))
    found = []
    for layer in LAYERS:
        name = state_name(loaded.name, loaded.cloud, layer)
        stored, lock = kept.read(name), kept.lock(name)
        current = states.summary(stored.content, where=name) if stored else None
        if not current and not lock:
            continue
        found.append(
            {
                "layer": layer,
                "name": name,
                "serial": current.serial if current else None,
                "resources": current.resources if current else 0,
                "lock": states.described(lock) if lock else None,
                "versions": [
                    {
                        "id": version.id,
                        "serial": version.summary.serial,
                        "written": version.written.isoformat(timespec="seconds"),
                        "resources": version.summary.resources,
                    }
                    for version in states.versions(kept, loaded.name, loaded.cloud, layer)
                ],
            }
        )
    if as_json:
        write_json({"environment": loaded.name, "cloud": loaded.cloud, "home": kept.place, "states": found})
        return
    if not found:
        write(f"{kept.place} has no state of {loaded.name} on {loaded.cloud}")
    for state in found:
        write(f"{state['name']}: serial {state['serial']}, {state['resources']} resources")
        if state["lock"]:
            write(f"locked: {state['lock']}")
        headers = ["version", "serial", "written", "resources"]
        versions = state["versions"]
        assert isinstance(versions, list)
        write(table(headers, [[row["id"], row["serial"], row["written"], row["resources"]] for row in versions]))
