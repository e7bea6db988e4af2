"""`terrace modules show`: what a module is and what it needs."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, load, project_of

if TYPE_CHECKING:
    from terrace.modules.contract import Module
    from terrace.modules.loading import LoadedModule


def _modules(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a module's name."""
    try:
        from terrace.modules.loading import folders

        return [name for name in folders(project_of(ctx).root) if name.startswith(incomplete)]
    except Exception:  # a traceback would garble the user's prompt
        return []


@click.command("show")
@click.argument("module", metavar="NAME", shell_complete=_modules)
@click.option("--env", "environment", metavar="ENV", help="Search the folders of its `modules_from` too.")
@json_option
@click.pass_context
def command(ctx: click.Context, module: str, environment: str | None, as_json: bool) -> None:
    """Show what a module is, what it needs and provides, its network paths and its images.

    --json prints module.yaml with its defaults.
    """
    from terrace.cli.console import write, write_json
    from terrace.documents import suggestions
    from terrace.errors import UsageError
    from terrace.modules import loading

    project = project_of(ctx).root
    available = loading.folders(project, load(ctx, environment, None).environment.modules_from if environment else ())
    if module not in available:
        raise UsageError(f"unknown module {module!r}", hint=suggestions.hint(module, list(available)))
    loaded = loading.load(available[module], loading.shown(available[module], project))
    if as_json:
        data = loaded.contract.model_dump(mode="json")
        write_json({"name": loaded.name, "folder": loaded.shown, **data})
    else:
        write("\n".join(_lines(loaded)))


def _lines(loaded: "LoadedModule") -> Iterator[str]:
    module = loaded.contract
    yield f"{loaded.name} {module.version}: {module.summary}"
    yield f"  {module.category}; {module.licence}; {module.home}"
    yield f"  {loaded.shown}/"
    for heading, lines in (
        ("clouds", [] if module.clouds == CLOUDS else [", ".join(module.clouds)]),
        ("chart", list(_chart(module))),
        ("connector", [f"{module.connector.source} {module.connector.versions}"] if module.connector else []),
        ("provides", [", ".join(module.provides)] if module.provides else []),
        ("conflicts with", [", ".join(module.conflicts)] if module.conflicts else []),
        ("needs", list(_needs(module))),
        ("components", list(_components(module))),
        ("network", list(_network(module))),
        ("images", [_image(image.repository, image.tag, image.digest) for image in module.images]),
        ("policy exceptions", [f"{each.policy} until {each.until}: {each.reason}" for each in module.exceptions]),
        ("settings", [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in module.settings.items()]),
    ):
        if lines:
            yield ""
            yield heading
            yield from (f"  {line}" for line in lines)


def _chart(module: "Module") -> Iterator[str]:
    for chart in module.all_charts:
        yield f"{chart.name} {chart.version} of {chart.repository or 'the module itself'}"


def _needs(module: "Module") -> Iterator[str]:
    from terrace.modules.resolution import services

    needs = module.needs
    if needs.modules:
        yield f"modules: {', '.join(needs.modules)}"
    if needed := services(module):
        yield f"services: {', '.join(needed)}"
    if needs.database is not None:
        extensions = ", ".join(needs.database.extensions)
        yield f"database{f' with {extensions}' if extensions else ''}"
    if needs.cache:
        yield "cache"
    for words, access in (("lake", needs.lake), ("topics", needs.topics)):
        if access:
            yield f"{words}: {', '.join(f'{name} ({verb})' for name, verb in access.items())}"
    for secret, keys in needs.secrets.items():
        yield f"secret {secret}: {', '.join(keys)}"
    for identity, need in needs.identities.items():
        yield f"cloud identity of {identity} for the service account {need.service_account}"
    for host, need_of_host in needs.hosts.items():
        cors = f", called from {', '.join(need_of_host.cors)}" if need_of_host.cors else ""
        to = f"{need_of_host.service}:{need_of_host.port}"
        yield f"host name {host}: {to}, login {need_of_host.login}, bodies to {need_of_host.max_body}{cors}"
    if needs.features:
        yield f"cluster with {', '.join(needs.features)}"


def _components(module: "Module") -> Iterator[str]:
    for name, component in module.components.items():
        sizes = (f"{size} {pods.replicas} x {pods.cpu}, {pods.memory}" for size, pods in component.sizes.items())
        yield f"{name}: {'; '.join(sizes)}{'; spot' if component.spot else ''}"


def _network(module: "Module") -> Iterator[str]:
    network = module.network
    for name, port in network.ports.items():
        callers = ", ".join(network.called_by.get(name, ())) or "no other module"
        yield f"{name} ({port}) is called by {callers}"
    if network.calls:
        yield f"calls {', '.join(network.calls)}"


def _image(repository: str, tag: str, digest: str | None) -> str:
    return f"{repository}:{tag}{f'@{digest}' if digest else ' (not pinned by digest)'}"
