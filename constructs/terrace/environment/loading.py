"""Load an environment: merge its files, check the types and apply the rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from terrace.capabilities import effects
from terrace.capabilities.cloud import CLOUDS
from terrace.documents import messages, suggestions
from terrace.documents.document import Node, along, plain
from terrace.documents.reading import read
from terrace.environment import contracts, extensions, moved, rules
from terrace.environment.accounts import unused_accounts, with_account
from terrace.environment.overlay import chain, merged
from terrace.environment.rules import cross_environment
from terrace.environment.schema import Environment, without_off
from terrace.errors import InvalidEnvironment, InvalidFile, InvalidModules, Problem, UsageError
from terrace.variables import CLOUD

DIRECTORY = "environments"


@dataclass(frozen=True)
class Loaded:
    """A valid environment with the provenance of its values.

    `files` are the account file and the chain of environment files, base first, as messages name them. `document` is
    the merged plain data, without defaults. `extensions` is `file:line:column` of each extension's function.
    """

    environment: Environment
    files: tuple[str, ...]
    document: dict[str, Any]
    root: Node
    extensions: Mapping[str, str] = field(default_factory=dict)

    def where(self, path: str) -> str:
        """`file:line:column` of a dotted path, or of its nearest ancestor that is set; "" for a default."""
        node, rest = find(self.root, path)
        return "" if rest and _exists(self.environment, path) else node.where

    def without_effect(self) -> dict[str, str]:
        """The settings that the files have and that change nothing on the environment's cloud, with the reasons."""
        settings = effects.without_effect(self.environment.cloud)
        return {path: reason for path, reason in settings.items() if not find(self.root, path)[1]}


def find(root: Node, path: str) -> tuple[Node, list[str]]:
    """The node of a dotted path, or its nearest ancestor's and the words that are left."""
    words = path_words(path)
    nodes = along(root, words)
    if nodes[-1].value is None and len(nodes) > 1:
        nodes.pop()
    return nodes[-1], words[len(nodes) - 1 :]


def path_words(path: str) -> list[str]:
    """The words of a dotted path; the first item of a list is .0 or [0]."""
    return [word for word in path.replace("[", ".").replace("]", "").split(".") if word]


def _exists(value: object, path: str) -> bool:
    for word in path_words(path):
        if isinstance(value, dict):
            if word not in value:
                return False
            value = value[word]
        elif hasattr(type(value), "model_fields"):
            if word not in type(value).model_fields:  # type: ignore[attr-defined]
                return False
            value = getattr(value, word)
        else:
            return False
    return True


def names(project: Path = Path()) -> list[str]:
    """The project's environments, sorted: the files of environments/ that have a `name`, so not base.yaml.

    Includes files that cannot be read, so that `load` reports why.
    """
    environments = []
    for path in sorted((project / DIRECTORY).glob("*.yaml")):
        try:
            node = read(path, _shown(path, project)).root
        except InvalidFile:
            environments.append(path.stem)
        else:
            if isinstance(node.value, dict) and "name" in node.value:
                environments.append(path.stem)
    return environments


@dataclass(frozen=True)
class Merged:
    """An environment file, the files it extends and its account file, merged but not validated.

    `problems` were found while merging; they report the missing settings in `reported`.
    """

    root: Node
    files: tuple[str, ...]
    problems: tuple[Problem, ...]
    reported: frozenset[str] = frozenset()


def merge(name_or_path: str, *, project: Path = Path(), cloud: str | None = None) -> Merged:
    """Merge an environment's files. Raises InvalidEnvironment when one cannot be read, UsageError as `load` does."""
    path = _path(name_or_path, project)
    try:
        links = chain(path, _shown(path, project))
        root, problems = merged(links)
        problems += [_located(problem, root) for problem in _name_problems(root, path)]
        complete = with_account(_on_cloud(root, cloud), path, _shown(path, project))
    except InvalidFile as error:
        raise InvalidEnvironment(error.problems) from error
    files = (*complete.files, *(shown for shown, _ in links))
    return Merged(complete.root, files, (*problems, *complete.problems), complete.reported)


def load(name_or_path: str, *, project: Path = Path(), cloud: str | None = None) -> Loaded:
    """The environment with a name (dev), or in a file (environments/dev.yaml, relative to the working directory).

    `cloud`, else TERRACE_CLOUD, overrides the file's cloud.
    Raises InvalidEnvironment with all problems, UsageError for an unknown environment or cloud.
    """
    merge_result = merge(name_or_path, project=project, cloud=cloud)
    root, files = merge_result.root, merge_result.files
    old = list(moved.problems(root))
    old_paths = {problem.path for problem in old}
    problems = [*merge_result.problems, *old, *messages.placeholders(root, Environment)]
    problems += [each for each in messages.removals(root, Environment) if each.path not in old_paths]
    document = plain(root)
    partial = False
    try:
        environment = Environment.of(document)
    except ValidationError as error:
        from terrace.environment.partial import partial_environment

        partial = True
        reported = {(problem.where, problem.path) for problem in problems}
        found = messages.problems(error, root, Environment)
        type_problems = [each for each in found if each.path not in merge_result.reported]
        problems += [problem for problem in type_problems if (problem.where, problem.path) not in reported]
        environment = partial_environment(without_off(document), error)
    environment, module_problems = _with_modules(environment, project)
    problems += [problem if problem.where else _located(problem, root) for problem in module_problems]
    environment, contract_problems = _with_contracts(environment, project)
    problems += [problem if problem.where else _located(problem, root) for problem in contract_problems]
    functions, function_problems = ({}, []) if partial else extensions.places(environment, project)
    problems += [_located(problem, root) for problem in function_problems]
    reported_paths = {problem.path for problem in problems}
    broken_rules = rules.check(environment, partial=partial)
    problems += [_located(problem, root) for problem in broken_rules if problem.path not in reported_paths]
    if problems:
        raise InvalidEnvironment(_in_order(problems, files))
    return Loaded(environment, files, document, root, functions)


def _with_modules(environment: Environment, project: Path) -> tuple[Environment, tuple[Problem, ...]]:
    """The environment with its enabled modules read from their folders, and the problems found in them."""
    try:
        chosen, more, tier = environment.modules, environment.modules_from, environment.tier
        cloud = environment.cloud
        gpu = any(pool.kind == "gpu" for pool in environment.pools.values())
        oidc, managed = environment.identity.oidc, environment.managed_services
    except AttributeError:  # an invalid value of a partial environment, which is reported
        return environment, ()
    if not chosen:
        return environment, ()
    from terrace.modules import loading, resolution

    try:
        available = loading.folders(project, more)
    except InvalidModules as error:
        return environment.with_modules({}), tuple(error.problems)
    clients = oidc.clients if oidc else ()
    result = resolution.resolve(
        chosen, available, project=project, cloud=cloud, tier=tier, gpu=gpu, clients=clients, managed=managed
    )
    return environment.with_modules(result.enabled), result.problems


def _with_contracts(environment: Environment, project: Path) -> tuple[Environment, tuple[Problem, ...]]:
    """The environment with the tables of its data products, and the problems found in their contracts."""
    tables: list[contracts.Table] = []
    problems: list[Problem] = []
    for number, product in enumerate(getattr(environment, "data_products", ())):  # a partial environment may have none
        if not product.contract:
            continue
        path = project / product.contract
        if not path.is_file():
            message = f"file {product.contract!r} does not exist."
            problems.append(
                Problem(message, path=f"data_products.{number}.contract", hint="Name a file of the project.")
            )
            continue
        try:
            tables += contracts.load(product.name, path, _shown(path, project))
        except InvalidFile as error:
            problems += error.problems
    return environment.with_product_tables(tuple(tables)), tuple(problems)


def between(environments: Sequence[Loaded]) -> list[Problem]:
    """Conflicts between two environments of one project, reported for the later one."""
    loaded = {id(each.environment): each for each in environments}
    conflicts = cross_environment.check([each.environment for each in environments])
    return [_located(problem, loaded[id(environment)].root) for environment, problem in conflicts]


def unused(project: Path = Path()) -> list[Problem]:
    """Files without a `name` that no file extends, files in .yml, and accounts of unknown environments."""
    nameless, extended = {}, set()
    for path in sorted((project / DIRECTORY).glob("*.yaml")):
        try:
            root = read(path, _shown(path, project)).root
        except InvalidFile:
            continue
        assert isinstance(root.value, dict)
        if "extends" in root.value:
            extended.add(root.value["extends"].value)
        if "name" not in root.value:
            nameless[path.name] = root
    directory = project / DIRECTORY
    message = "unused file: it has no `name`, and no file extends it."
    without_name = [
        Problem(message, root.at, hint=f"Add `name: {Path(file).stem}`, or delete the file.")
        for file, root in nameless.items()
        if file not in extended
    ]
    other_suffix = [
        Problem(
            "unused file: only files in .yaml are read.", _shown(path, project), hint=f"Rename it to {path.stem}.yaml."
        )
        for path in sorted(directory.rglob("*.yml"))
        if path.name not in extended
    ]
    return [
        *without_name,
        *other_suffix,
        *unused_accounts(directory, _shown(directory, project), names(project)),
    ]


def _located(problem: Problem, root: Node) -> Problem:
    """A rule's problem with the position of its path, or of the nearest ancestor."""
    node = along(root, problem.path.split("."))[-1]
    return replace(problem, where=node.where if node.value is not None else node.key_at)


def _name_problems(root: Node, path: Path) -> Iterator[Problem]:
    node, rest = find(root, "name")
    if not rest and isinstance(node.value, str) and node.value != path.stem:
        yield Problem(f"{node.value!r} differs from the file name.", path="name", hint=f"Use {path.stem}.")


def _in_order(problems: list[Problem], files: tuple[str, ...]) -> list[Problem]:
    """By line, starting with the environment's own file."""
    order = {name: -position for position, name in enumerate(files)}

    def key(problem: Problem) -> tuple[int, list[int]]:
        name, *numbers = problem.where.rsplit(":", 2)
        return order.get(name, 1), [int(number) for number in numbers if number.isdigit()]

    return sorted(dict.fromkeys(problems), key=key)


def _path(name_or_path: str, project: Path) -> Path:
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
        if not path.exists():
            raise UsageError(f"file not found: {name_or_path}")
        return path
    path = project / DIRECTORY / f"{name_or_path}.yaml"
    if not path.exists():
        other = path.with_suffix(".yml")
        hint = suggestions.hint(name_or_path, names(project)) or "The project has no environments."
        if other.exists():
            hint = f"Rename {_shown(other, project)} to {path.name}."
        raise UsageError(f"unknown environment {name_or_path!r}", where=_shown(path.parent, project), hint=hint)
    return path


def _shown(path: Path, project: Path) -> str:
    """A path as messages name it: relative to the project if it is inside."""
    absolute, directory = Path.cwd() / path, Path.cwd() / project
    return str(absolute.relative_to(directory)) if absolute.is_relative_to(directory) else str(path)


def _on_cloud(root: Node, cloud: str | None) -> Node:
    source = "--cloud" if cloud else CLOUD.name
    cloud = cloud or CLOUD.read()
    if not cloud:
        return root
    if cloud not in CLOUDS:
        raise UsageError(f"{source}: unknown cloud {cloud!r}", hint=suggestions.hint(cloud, CLOUDS))
    assert isinstance(root.value, dict)
    node = Node(cloud, source, 0, 0, replaced=root.value.get("cloud"))
    return replace(root, value={**root.value, "cloud": node})
