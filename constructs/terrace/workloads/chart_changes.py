"""What another version of a module's chart changes, for one release of an environment."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from terrace.workloads import charts, images, inventory, rendering, value_keys
from terrace.workloads.charts import LocalChart
from terrace.workloads.context import Context, Object
from terrace.workloads.helm import Helm
from terrace.workloads.release import Release

What = Literal["version", "unknown value", "default", "definition", "image", "object"]
_DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True)
class ChartChange:
    """`name` has `before` with the old chart and `after` with the new one; empty if it is not there.

    version: of the chart or the software. unknown value: a key that the module or the environment sets and the new
    chart does not know, which Helm would ignore. default: a value that neither sets. definition: a custom resource
    definition with its versions; those that are not served have the mark `-`. image, object: what the chart renders to.
    """

    what: What
    name: str
    before: str
    after: str

    def as_data(self) -> dict[str, str]:
        return asdict(self)


def compare(release: Release, context: Context, helm: Helm, *, old: LocalChart, new: LocalChart) -> list[ChartChange]:
    """The changes, rendered with the values that the module has now. Raises HelmFailed, ChartRefused."""
    before, after = (
        helm.template(
            release,
            chart.path,
            kubernetes=rendering.kubernetes_version(context),
            apis=rendering.apis(context),
            definitions=True,
        )
        for chart in (old, new)
    )
    return [
        *_changes("version", _versions(old), _versions(new)),
        *(ChartChange("unknown value", ".".join(path), "", "") for path in _newly_unknown(release, old, new)),
        *_changes("default", _defaults(old, release.values), _defaults(new, release.values)),
        *_changes("definition", dict(_definitions(before)), dict(_definitions(after))),
        *_changes("image", _images(before), _images(after)),
        *_changes("object", _objects(before), _objects(after)),
    ]


def _changes(what: What, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ChartChange]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield ChartChange(what, name, before.get(name, ""), after.get(name, ""))


def _versions(chart: LocalChart) -> dict[str, str]:
    metadata = charts.metadata(chart.path)
    return {
        key: str(metadata[name]) for key, name in (("chart", "version"), ("software", "appVersion")) if name in metadata
    }


def _newly_unknown(release: Release, old: LocalChart, new: LocalChart) -> list[tuple[str, ...]]:
    before = value_keys.unknown(old, release.values)
    return [path for path in value_keys.unknown(new, release.values) if path not in before]


def _defaults(chart: LocalChart, values: Mapping[str, Any]) -> dict[str, str]:
    """The defaults that `values` do not replace, by path."""
    set_values = dict(_leaves(values))
    return {
        path: value
        for path, value in _leaves(charts.default_values(chart.path))
        if not any(path == one or path.startswith(f"{one}.") for one in set_values)
    }


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path and value of everything below a mapping that is no mapping itself, or an empty one."""
    for key, value in values.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, here)
        else:
            yield here, str(value)


def _definitions(objects: tuple[Object, ...]) -> Iterator[tuple[str, str]]:
    for one in objects:
        if one["kind"] == _DEFINITION:
            versions = [each["name"] if each.get("served") else f"-{each['name']}" for each in one["spec"]["versions"]]
            yield one["metadata"]["name"], ", ".join(versions)


def _images(objects: tuple[Object, ...]) -> dict[str, str]:
    """Repository to the tags or digests that the objects pull."""
    found: dict[str, set[str]] = {}
    for _, reference in images.of(objects):
        repository, tag, digest = images.parts(reference)
        found.setdefault(repository, set()).add(f"{tag}@{digest}" if digest else tag)
    return {repository: ", ".join(sorted(tags)) for repository, tags in found.items()}


def _objects(objects: tuple[Object, ...]) -> dict[str, str]:
    found = inventory.names(one for one in objects if one["kind"] != _DEFINITION)
    return {f"{kind} {name}": "present" for kind, names in found.items() for name in names}
