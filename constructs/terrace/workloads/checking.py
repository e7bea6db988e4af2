"""Checks of modules: what their charts render to, on every cloud and tier, before any cluster exists.

One `Checker` checks one environment after the other in one process and returns its part; `report` puts parts together.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from terrace.capabilities.spec import present
from terrace.errors import TerraceError
from terrace.modules.enabled import EnabledModule
from terrace.modules.loading import LoadedModule
from terrace.workloads import connectors, images, inventory, namespaces, password_file, policies, schemas, value_keys
from terrace.workloads.context import Context, Object
from terrace.workloads.policy_evaluation import violations
from terrace.workloads.policy_scope import CLUSTER_SCOPED, TEMPLATES, resource_of, title_of
from terrace.workloads.release import WIRING
from terrace.workloads.releases import releases
from terrace.workloads.rendering import Rendered, Renderer, installed
from terrace.workloads.schemas import DEFINITION, Schemas
from terrace.workloads.selection import Selection, module_of

_PINNED = "images-pinned-by-digest"
_SHOWN = 3


class Key(NamedTuple):
    """A finding without its places."""

    module: str
    check: str
    message: str
    hint: str
    error: bool


@dataclass(frozen=True)
class Found:
    """Something wrong with a module. `where` names where: prod on aws; empty: everywhere."""

    module: str
    check: str
    message: str
    hint: str = ""
    error: bool = True
    where: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f" and {len(self.where) - _SHOWN} more" if len(self.where) > _SHOWN else ""
        places = f" ({', '.join(self.where[:_SHOWN])}{more})" if self.where else ""
        return f"{self.module}: {self.message}{places}"

    def as_data(self) -> dict[str, Any]:
        severity = "error" if self.error else "warning"
        named = {"module": self.module, "check": self.check, "severity": severity}
        return {**named, "message": self.message, "hint": self.hint, "where": list(self.where)}


@dataclass
class Part:
    """What the checks of some environments found.

    `rendered` has what each module's charts rendered to. Of the modules in `incomplete`, a chart was not rendered:
    their inventories are neither compared nor written.
    """

    places: dict[Key, list[str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    rendered: dict[str, inventory.Names] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    checked: list[str] = field(default_factory=list)

    def add(self, other: "Part") -> None:
        """Add another part."""
        for key, places in other.places.items():
            self.places.setdefault(key, []).extend(places)
        self.skipped |= other.skipped
        self.counts += other.counts
        self.checked += other.checked
        self.incomplete |= other.incomplete
        for module, names in other.rendered.items():
            mine = self.rendered.setdefault(module, {})
            for kind, values in names.items():
                mine.setdefault(kind, set()).update(values)


@dataclass(frozen=True)
class Report:
    """The result. `skipped` are releases whose charts were not rendered, with the reason."""

    found: tuple[Found, ...]
    skipped: dict[str, str]
    counts: dict[str, int]

    @property
    def errors(self) -> list[Found]:
        return [one for one in self.found if one.error]

    def as_data(self) -> dict[str, Any]:
        found = [one.as_data() for one in self.found]
        return {"found": found, "skipped": self.skipped, "counts": self.counts}


def report(part: Part) -> Report:
    """The report of a part, with each finding once. A finding in all places names none."""
    every = len(set(part.checked))
    found = []
    for key, places in part.places.items():
        distinct = tuple(dict.fromkeys(places))
        found.append(Found(*key, where=distinct if len(distinct) < every else ()))
    found.sort(key=lambda one: (not one.error, one.module, one.check, one.message))
    return Report(tuple(found), dict(sorted(part.skipped.items())), dict(part.counts))


def check_inventories(part: Part, modules: Mapping[str, LoadedModule]) -> None:
    """Compare what the charts rendered to in all environments with the modules' inventories."""
    for name, module in modules.items():
        if problem := inventory.version_problem(module):
            _note(part, name, "inventory", problem, hint=inventory.WRITE)
        elif name in part.rendered and name not in part.incomplete:
            for problem in inventory.problems(module, part.rendered[name]):
                _note(part, name, "inventory", problem, hint=inventory.WRITE)


def write_inventories(part: Part, modules: Mapping[str, LoadedModule]) -> list[str]:
    """Write the inventories of modules whose charts were rendered, and return the names of those that changed."""
    return [
        name
        for name, module in modules.items()
        if name in part.rendered and name not in part.incomplete and inventory.write(module, part.rendered[name])
    ]


def _note(
    part: Part, module: str, check: str, message: str, place: str = "", hint: str = "", *, error: bool = True
) -> None:
    places = part.places.setdefault(Key(module, check, message, hint, error), [])
    if place:
        places.append(place)


class Checker:
    """Checks environments, each distinct render and object once. `cache` is a folder for what charts contain."""

    def __init__(self, renderer: Renderer, cache: Path, today: date | None = None) -> None:
        self.part = Part()
        self._renderer = renderer
        self._cache = cache
        self._today = today or datetime.now(UTC).date()
        self._schemas: dict[str, Schemas] = {}
        self._rendered_twice: set[str] = set()
        self._passed_on: set[tuple[str, tuple[str, ...]]] = set()
        self._ignored: dict[tuple[str, tuple[str, ...]], bool] = {}

    def taken(self) -> Part:
        """What was found since the last call."""
        found, self.part = self.part, Part()
        found.counts["renders"] = self._renderer.runs
        self._renderer.runs = 0
        return found

    def check(self, selection: Selection) -> None:
        """Check the selected modules of an environment."""
        context = selection.context
        place = f"{context.environment.name} on {context.environment.cloud}"
        self.part.checked.append(place)
        complete = set(selection.modules) == set(context.environment.enabled_modules)
        for problem in selection.problems:
            _note(self.part, module_of(problem), "contract", str(problem), place)
        failed: dict[str, TerraceError] = {}
        wired = releases(context, failed.__setitem__)
        for module, error in failed.items():
            if complete or module in selection.modules:
                self._failed(module, error, place)
        for name, connector in context.connectors.items():
            if name in selection.modules:
                self._check_connector(connector, context, place)
        rendered = []
        for release in wired:
            if not complete and release.module not in selection.modules:
                continue
            try:
                rendered.append(self._renderer.render(release, context))
            except TerraceError as error:
                self._failed(release.module, error, place)
        for one in rendered:
            self.part.counts["objects"] += len(one.objects)
            if one.skipped:
                self.part.skipped[one.release.name] = one.skipped
                self.part.incomplete.add(one.release.module)
            elif one.chart:
                self._check_chart(one, context.modules[one.release.module], context, place)
                if context.modules[one.release.module].other_version:
                    self.part.incomplete.add(one.release.module)  # the inventory is that of the module's own version
        self._check_logins(rendered, context, place)
        self._check_schemas(rendered, context, place, complete=complete)
        self._check_policies(rendered, context, place)
        for name in selection.modules:
            self._check_contract(context.environment.enabled_modules[name])
        self.part.counts["combinations"] += len(selection.modules)

    def _failed(self, module: str, error: TerraceError, place: str) -> None:
        for message in str(error).splitlines():
            _note(self.part, module, "render", message, place, error.hint)

    def _check_connector(self, module: EnabledModule, context: Context, place: str) -> None:
        try:
            found = connectors.connector(module, context)
        except TerraceError as error:
            self._failed(module.name, error, place)
        else:
            self.part.counts["resources"] += sum(len(named) for named in found.resources.values())

    def _check_contract(self, module: EnabledModule) -> None:
        for image in module.contract.images:
            if image.digest is None:
                message = (
                    f"image {image.repository}:{image.tag} is not pinned by digest: staging and prod refuse its pods"
                )
                _note(self.part, module.name, "images", message, error=False)
        for exception in module.contract.exceptions:
            if exception.until < self._today:
                message = f"its exception from the policy {exception.policy} ended on {exception.until}"
                hint = "meet the policy, or extend the exception with a reason"
                _note(self.part, module.name, "policy", message, hint=hint)

    def _check_logins(self, rendered: Sequence[Rendered], context: Context, place: str) -> None:
        """The pods that log in may be of any of a module's charts."""
        skipped = {one.release.module for one in rendered if one.skipped}
        objects: dict[str, list[Object]] = {}
        for one in rendered:
            if one.chart and one.release.module not in skipped:
                objects.setdefault(one.release.module, []).extend(one.objects)
        for name, found in objects.items():
            for problem in password_file.problems(context.modules[name], found):
                _note(self.part, name, "database", problem, place, "use database_login in values.yaml.j2")

    def _check_chart(self, one: Rendered, module: EnabledModule, context: Context, place: str) -> None:
        """What the module's chart renders to, compared with what the module declares."""
        assert one.chart is not None
        names = self.part.rendered.setdefault(module.name, {})
        for kind, values in inventory.names(one.objects).items():
            names.setdefault(kind, set()).update(values)
        for path in sorted(value_keys.unknown(one.chart, one.release.values), key=len):
            if self._is_ignored(one, path, context):
                hint = "correct it in values.yaml.j2; Helm ignores it silently"
                message = f"its chart does not know the value {'.'.join(path)}"
                _note(self.part, module.name, "values", message, place, hint)
        for problem in images.undeclared(module, one.objects, context.outputs.repositories.get(module.name, "")):
            _note(self.part, module.name, "images", problem, place, "declare it in module.yaml under images")
        for problem in namespaces.undeclared(module, one.objects):
            _note(self.part, module.name, "priority", problem, place, "declare it in module.yaml at its component")
        for document in one.objects:
            if document["kind"] == "NetworkPolicy":
                message = f"its chart opens paths with the NetworkPolicy {document['metadata']['name']}"
                hint = "disable it in values.yaml.j2, and declare the paths in module.yaml under network"
                _note(self.part, module.name, "network", message, place, hint)
        if one.release.name not in self._rendered_twice and value_keys.may_vary(one.chart):
            self._rendered_twice.add(one.release.name)
            if self._renderer.again(one.release, context) != one.objects:
                hint = "a value is random or depends on the time: set it, or refer to a secret"
                _note(self.part, module.name, "render", "two renders of its chart differ", place, hint)

    def _is_ignored(self, one: Rendered, path: tuple[str, ...], context: Context) -> bool:
        """Whether the chart renders the same without a value. A chart may pass a whole mapping on to a program."""
        name = one.release.name
        if any((name, path[:length]) in self._passed_on for length in range(1, len(path))):
            return False
        key = (name, path)
        if key not in self._ignored:
            without = replace(one.release, values=value_keys.without(one.release.values, path))
            self._ignored[key] = self._renderer.render(without, context).objects == one.objects
            if not self._ignored[key]:
                self._passed_on.add((name, path[:-1]))
        return self._ignored[key]

    def _check_schemas(self, rendered: Sequence[Rendered], context: Context, place: str, *, complete: bool) -> None:
        """Each object is valid for the cluster's version, or for its custom resource definition."""
        version = present(context.environment.cluster).version
        known = self._schemas.setdefault(version, Schemas(version))
        for one in rendered:
            if one.chart:
                known.add(schemas.definitions(one.chart, self._cache))
            known.add(document for document in one.objects if document["kind"] == DEFINITION)
        before = known.validated
        complete = complete and not any(one.skipped for one in rendered)
        for one in rendered:
            for document in one.objects:
                if document["kind"] == DEFINITION:
                    continue
                title = f"{document['kind']} {document['metadata'].get('name', '')}"
                problems = known.problems(document)
                if problems is None and complete:
                    message = f"no schema is known of {document['apiVersion']} {document['kind']}"
                    _note(self.part, one.release.module, "schema", message, place, error=False)
                for problem in problems or ():
                    _note(self.part, one.release.module, "schema", f"{title}: {problem}", place)
                own = one.release.chart == WIRING and document["kind"] not in CLUSTER_SCOPED
                if own and not document["metadata"].get("namespace"):
                    _note(self.part, one.release.module, "namespace", f"{title} has no namespace", place)
        self.part.counts["objects validated"] += known.validated - before

    def _check_policies(self, rendered: Sequence[Rendered], context: Context, place: str) -> None:
        """No object violates a policy, unless a declared exception covers it."""
        law = next(
            (list(one.objects) for one in rendered if one.release.name == policies.NAME),
            None,
        ) or policies.rendered(context.root, policies.parameters(context))
        objects: list[Object] = []
        modules: dict[str, str] = {}
        by_title: dict[str, Object] = {}
        for one in rendered:
            for document in one.objects:
                placed = installed(document, one.release)
                objects.append(placed)
                modules[title_of(placed)] = one.release.module
                by_title[title_of(placed)] = placed
        exceptions = [document for document in objects if document["kind"] == "PolicyException"]
        text = json.dumps(law)  # policies name the resources that they are about, and those that they look up
        about = {
            kind
            for kind in {document["kind"] for document in objects}
            if kind in TEMPLATES or f'"{resource_of(kind)}"' in text or f"'{resource_of(kind)}'" in text
        }
        relevant = [document for document in objects if document["kind"] in {*about, "Namespace"}]
        for violation in violations(relevant, law, exceptions, today=self._today):
            module = modules.get(violation.object, "environment")
            if violation.policy == _PINNED and _declared_loose(context, module, by_title[violation.object]):
                continue  # a warning of the image itself
            message = f"{violation.object}: {violation.message}"
            _note(self.part, module, "policy", message, place, f"policies/kyverno/{violation.policy}")
        self.part.counts["objects evaluated"] += len(relevant)


def _declared_loose(context: Context, module: str, document: Object) -> bool:
    """Whether the images without a digest that an object pulls are all declared without one."""
    declared = context.modules[module].contract.images if module in context.modules else ()
    loose = {(image.repository, image.tag) for image in declared if image.digest is None}
    pulled = [images.parts(reference) for _, reference in images.of([document])]
    return all((repository, tag) in loose for repository, tag, digest in pulled if not digest)
